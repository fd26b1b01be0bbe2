"""Cancelling a night's judging as the UI does it, and going on where it was.

The whole product in its own processes: web server, daemon, code server, run worker, and a judge
on loopback.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

from clawtrain_assets.core.endpoints.host import requests_at_once
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.instance.prepare import dagster_home
from clawtrain_assets.settings import Endpoint, load_settings
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.scripted_server import Running, scripted_server

DAY = "2026-03-01"
TURNS = 60
SLOTS = 2
SECONDS_TO_CANCEL = 15.0  # 1 to 2 on an idle machine

LAUNCH = f"""
mutation {{ launchRun(executionParams: {{
  selector: {{repositoryLocationName: "clawtrain", repositoryName: "__repository__",
              jobName: "score"}},
  mode: "default", runConfigData: "{{}}",
  executionMetadata: {{tags: [{{key: "dagster/partition", value: "{DAY}"}}]}}
}}) {{ __typename ... on LaunchRunSuccess {{ run {{ runId }} }}
       ... on PythonError {{ message }} }} }}
"""
LOADED = '{ pipelineOrError(params: {repositoryLocationName: "clawtrain", '
LOADED += 'repositoryName: "__repository__", pipelineName: "score"}) { __typename } }'


class Product:
    """``clawtrain up`` with a GraphQL client, as the pages of the UI are one."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self._url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str) -> Any:
        reply = httpx.post(self._url, json={"query": query}, timeout=60)
        return reply.json()["data"]

    def launch(self) -> str:
        answer = self.ask(LAUNCH)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run_id: str = answer["run"]["runId"]
        return run_id

    def status(self, run_id: str) -> str:
        found = self.ask(f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ status }} }} }}')
        status: str = found["runOrError"]["status"]
        return status

    def terminate(self, run_id: str) -> None:
        answer = self.ask(
            f'mutation {{ terminateRun(runId: "{run_id}", terminatePolicy: SAFE_TERMINATE) '
            "{ __typename } }"
        )
        assert answer["terminateRun"]["__typename"] == "TerminateRunSuccess"

    def lines(self, run_id: str) -> list[str]:
        with dg.DagsterInstance.from_config(str(dagster_home(self.home))) as instance:
            return [entry.user_message for entry in instance.all_logs(run_id)]


def until(holds: Callable[[], bool], seconds: float, what: str) -> float:
    """Seconds waited; fails after ``seconds``."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, what
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def judge() -> Iterator[Running]:
    with scripted_server({"latency_s": 0.25, "parallel": SLOTS}) as server:
        yield server


@pytest.fixture
def product(home: Path, judge: Running) -> Iterator[Product]:
    (home / "clawtrain.toml").write_text(
        f'[judge]\nmodel = "judge:1b"\nhosts = ["{judge.url}"]\nslots = {SLOTS}\n'
    )
    turns = [tool_turn(number) for number in range(TURNS)]
    Lake(load_settings().lake).write("raw_turns", DAY, turns_table(turns))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "clawtrain_assets.cli", "up", "--port", str(port)],
        env={**os.environ, "CLAWTRAIN_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        process_group=0,
    )
    running = Product(home, port)

    def loaded() -> bool:
        assert process.poll() is None
        try:
            return bool(running.ask(LOADED)["pipelineOrError"]["__typename"] == "Pipeline")
        except (httpx.TransportError, KeyError, ValueError):
            return False

    try:
        until(loaded, 120, "the web server did not load the definitions")
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None


@pytest.mark.slow
def test_cancel_stops_within_seconds_and_the_next_run_asks_only_the_rest(
    product: Product, judge: Running
) -> None:
    lake = Lake(load_settings().lake)
    first = product.launch()
    until(lambda: len(judge.asked) >= 12, 120, "the run did not begin to judge")
    product.terminate(first)
    took = until(lambda: product.status(first) == "CANCELED", SECONDS_TO_CANCEL, "not cancelled")
    print(f"cancelled after {took:.1f} s")  # noqa: T201
    asked = len(judge.asked)
    time.sleep(1.0)
    assert len(judge.asked) == asked  # nobody goes on asking
    assert asked < TURNS
    assert not lake.exists("scored_turns", DAY)
    with Journal(load_settings().journal) as journal:
        kept = sum(row["answers"] for row in journal.summary())
    assert asked - kept <= requests_at_once(Endpoint(model="m", slots=SLOTS))
    assert any(f"{kept} done" in line for line in product.lines(first))

    second = product.launch()
    until(lambda: product.status(second) == "SUCCESS", 120, "the second run did not succeed")
    assert len(judge.asked) == asked + TURNS - kept
    assert lake.read("scored_turns", DAY)["status"].to_pylist() == ["scored"] * TURNS
    assert any(
        f"{TURNS} done ({kept} of them from the journal)" in line for line in product.lines(second)
    )
