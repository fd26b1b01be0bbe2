"""A cluster on one machine: a CLAWTRAIN_HOME for each machine it stands for, and its processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from clawtrain_tests.cluster.services import accepts, free_port, until
from clawtrain_tests.core.sessions.history import START, Script

FIRST_DAY = date(2026, 3, 7)
DAYS = tuple((FIRST_DAY + timedelta(days=number)).isoformat() for number in range(30))
SPREAD = ("scored_turns", "shadow_replays", "contrastive_pairs", "sharegpt_dataset")
TURNS_A_DAY = 12
_READY_YAML = Path(__file__).parents[2] / "docs" / "cluster" / "dagster.yaml"
_SETTINGS = """
start_date = "{first_day}"
lake_url = "{lake}"
journal_url = "{journal}"

[sources]
state_dirs = ["{state_dir}"]

[judge]
hosts = ["{model_server}"]
model = "judge:1b"
slots = 4

[[candidates]]
hosts = ["{model_server}"]
model = "candidate:1b"
slots = 4

[judging]
scrub_for_judge = "never"

[shadow]
nightly = 2
samples = 1
min_gap = 1.0
"""


def write_history(state_dir: Path) -> None:
    """A session a day, with as many turns that use a tool."""
    for number, day in enumerate(DAYS):
        session = f"11111111-2222-4333-8444-{number:012}"
        script = Script(session, start=START + number * 86_400_000)
        for turn in range(TURNS_A_DAY):
            script.user(f"What does shelf {turn} hold on {day}?")
            call = f"c{turn}"
            script.assistant("Looking.", calls=((call, "read", {"path": f"{day}/{turn}.txt"}),))
            script.result(call, f"{turn * 7} jars of {day}")
            script.assistant(f"Shelf {turn} holds {turn * 7} jars.")
        script.write(state_dir)


def write_home(home: Path, **settings: object) -> None:
    home.mkdir(mode=0o700, parents=True)
    (home / "clawtrain.toml").write_text(_SETTINGS.format(first_day=FIRST_DAY, **settings))


def share_files(home: Path, machine: Path) -> None:
    """What an administrator copies to a new machine."""
    machine.mkdir(mode=0o700)
    for name in ("clawtrain.toml", "rubric.toml", "denylist.toml", "pseudonym.key"):
        if (home / name).exists():
            shutil.copy2(home / name, machine / name)


def write_instance(home: Path) -> None:
    """The ready dagster.yaml, with less patience than an installation should have."""
    text = _READY_YAML.read_text()
    for name, seconds in (("poll_interval", 5), ("free_slots_after_run_end", 5)):
        longer = next(line for line in text.splitlines() if f"{name}_seconds:" in line)
        text = text.replace(longer, f"  {name}_seconds: {seconds}")
    (home / "dagster").mkdir(mode=0o700)
    (home / "dagster" / "dagster.yaml").write_text(text)


class Process:
    """A command with its family in a process group, which can be killed as a power cut would."""

    def __init__(
        self, arguments: list[str], home: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "clawtrain_assets.cli", "--home", str(home), *arguments],
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    @property
    def group(self) -> int:
        return self._process.pid

    def has(self, pid: int) -> bool:
        try:
            return os.getpgid(pid) == self.group
        except ProcessLookupError:
            return False

    def kill(self) -> None:
        os.killpg(self.group, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


class Dagster:
    """The GraphQL of a running ``clawtrain up``."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
        )

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Asked again while the server cannot reach its database."""
        for attempt in range(30):
            try:
                reply = self._client.post("/graphql", json={"query": query, "variables": variables})
                body = reply.json()
            except (httpx.TransportError, ValueError):
                body = {"errors": "no answer"}
            if "errors" not in body:
                answer: dict[str, Any] = body["data"]
                return answer
            time.sleep(0.2 * attempt)
        pytest.fail(f"Dagster does not answer: {body['errors']}")

    def run_job(self, job: str, day: str | None = None) -> str:
        """Launch it; returns the run's id."""
        tags = [{"key": "dagster/partition", "value": day}] if day else []
        selector = {
            "repositoryLocationName": "clawtrain",
            "repositoryName": "__repository__",
            "jobName": job,
        }
        answer = self.ask(
            """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
                 __typename ... on LaunchRunSuccess { run { runId } }
                 ... on PythonError { message } } }""",
            p={
                "selector": selector,
                "runConfigData": {},
                "executionMetadata": {"tags": tags},
            },
        )["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def run(self, run_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask(
            """query($id: ID!) { runOrError(runId: $id) {
                 ... on Run { status tags { key value } } } }""",
            id=run_id,
        )["runOrError"]
        return answer

    def cancel(self, run_id: str) -> None:
        answer = self.ask(
            "mutation($id: String!) { terminateRun(runId: $id) { __typename } }", id=run_id
        )["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def backfill(self, assets: list[str]) -> str:
        answer = self.ask(
            """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
                 __typename ... on LaunchBackfillSuccess { backfillId }
                 ... on PythonError { message } } }""",
            p={
                "assetSelection": [{"path": [asset]} for asset in assets],
                "partitionNames": list(DAYS),
            },
        )["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def backfill_status(self, backfill_id: str) -> str:
        answer = self.ask(
            """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
                 ... on PartitionBackfill { status } ... on PythonError { message } } }""",
            id=backfill_id,
        )["partitionBackfillOrError"]
        return str(answer["status"])

    def runs(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.ask(
            """{ runsOrError { ... on Runs { results {
                 runId status jobName tags { key value } } } } }"""
        )["runsOrError"]["results"]
        return listed


def up(home: Path, environment: Mapping[str, str], log: Path) -> tuple[Process, Dagster]:
    port = free_port()
    process = Process(["up", "--port", str(port)], home, environment, log)

    def serving() -> bool:
        if process._process.poll() is not None:
            pytest.fail(log.read_text(errors="replace")[-3000:])
        return accepts(port) and "clawtrain is up" in log.read_text()

    until(serving, "the web UI", 240)
    return process, Dagster(port)
