"""Wherever the pipeline writes or sends text, no value planted in the sample history is in it.

One night, a release, the gate and a run that fails, in a process as the command line starts it
(umask 022 before), with Dagster's own storage in CLAWTRAIN_HOME and its console log kept. The
endpoints are treated as public ones.
"""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.demo.history import SampleHistory, write_sample_history
from clawtrain_assets.instance.prepare import dagster_home
from clawtrain_assets.review.server import review_app
from clawtrain_assets.review.session import ReviewSession
from clawtrain_assets.settings import Settings, load_settings
from clawtrain_tests.scripted_server import Running, scripted_server

RAW = ("archive/", "journal.sqlite", "denylist.toml")
RAW_TABLES = ("raw_turns", "quarantine", "scored_turns", "shadow_replays", "contrastive_pairs")
CANDIDATE_SAYS = "Scripted reply"

_RUNS = """
import sys
from clawtrain_assets.cli import main
main(["release", "--help"], standalone_mode=False)  # what every command begins with
import dagster as dg
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.runs import Runs
from clawtrain_assets.definitions import defs
from clawtrain_assets.settings import load_settings
with Runs(load_settings()) as runs:
    for argument in sys.argv[1:]:
        job, _, day = argument.partition("@")
        result = defs.resolve_job_def(job).execute_in_process(
            instance=runs._instance, partition_key=day or None, raise_on_error=False
        )
        print(job, "succeeded" if result.success else "failed")
    try:
        runs.run(job, day or None)
    except ClawtrainError as error:
        print(error)
"""


@dataclass
class Night:
    settings: Settings
    sample: SampleHistory
    server: Running
    log: str

    def planted_in(self, text: str) -> list[str]:
        """Names of the planted values a text holds, as they are or as JSON escapes them."""
        wanted = {**self.sample.planted}
        wanted |= {f"signature {n}": value for n, value in enumerate(self.sample.signatures)}
        return [
            name
            for name, value in wanted.items()
            if value in text or json.dumps(value)[1:-1] in text
        ]


def _run(home: Path, *jobs: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _RUNS, *jobs],
        env={**os.environ, "CLAWTRAIN_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        umask=0o022,
        check=False,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    root = tmp_path_factory.mktemp("night")
    home = root / "home"
    home.mkdir(mode=0o700)
    sample = write_sample_history(root / "openclaw", date(2026, 3, 8))
    script = {
        "keep": True,
        "says": CANDIDATE_SAYS,
        "scores": [9, 8, 9, 8, 9],
        "rules": [{"match": CANDIDATE_SAYS, "scores": [3, 2, 3, 2, 2]}],
    }
    with scripted_server(script) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAWTRAIN_HOME", str(home))
        for name, text in (
            ("denylist.toml", Denylist(**sample.denylist).to_toml()),
            (
                "clawtrain.toml",
                f'[sources]\nstate_dirs = ["{sample.state_dir}"]\n'
                f'[judge]\nmodel = "judge:1b"\nhosts = ["{server.url}"]\n'
                f'[[candidates]]\nmodel = "candidate:1b"\nhosts = ["{server.url}"]\n'
                '[judging]\nscrub_for_judge = "always"\n'
                "[shadow]\nnightly = 5\n"
                '[review]\nreviewers = ["Ada"]\n',
            ),
        ):
            (home / name).write_text(text)
            (home / name).chmod(0o600)
        log = _run(home, f"nightly@{sample.days[-1]}", "release", "gate")
        server.stop()
        log += _run(home, f"nightly@{sample.days[-2]}")
        yield Night(load_settings(), sample, server, log)


def test_the_night_was_one(night: Night) -> None:
    assert re.findall(r"^\w+ (?:succeeded|failed)$", night.log, re.MULTILINE) == [
        "nightly succeeded",
        "release succeeded",
        "gate succeeded",
        "nightly failed",
    ]
    lake = Lake(night.settings.lake)
    assert "pair" in lake.query("SELECT status FROM p", p="contrastive_pairs")["status"].to_pylist()
    raw = "".join(str(lake.read("raw_turns", day).to_pylist()) for day in lake.days("raw_turns"))
    assert len(night.planted_in(raw)) > 10


def test_logs_and_error_messages(night: Night) -> None:
    assert "No host of judge:1b answers" in night.log
    assert night.log.count("\n") > 100
    assert night.planted_in(night.log) == []


def test_every_file_but_the_raw_ones(night: Night) -> None:
    """Dagster's runs, events and compute logs, reports, releases, reviews, dataset tables."""
    home = night.settings.home
    seen = set()
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if not path.is_file() or name.startswith(RAW):
            continue
        if name.startswith(tuple(f"lake/{table}/" for table in RAW_TABLES)):
            continue
        seen.add(name.split("/")[0])
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            asset, day = path.parent.parent.name, path.parent.name[4:]
            text = str(Lake(night.settings.lake).read(asset, day).to_pylist())
        assert night.planted_in(text) == [], name
    assert {"dagster", "lake", "releases", "reports"} <= seen
    assert list(night.settings.reports.glob("*.html"))
    assert list((dagster_home(home) / "storage").rglob("*.err"))


def test_the_review_page(night: Night) -> None:
    app = review_app(ReviewSession.newest(night.settings, None), "token")
    client = TestClient(app, base_url="http://127.0.0.1", headers={"x-review-token": "token"})
    pages = [client.get(path) for path in ("/?token=token", "/api/examples", "/api/verdicts.csv")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert len(pages[1].text) > 1000
    assert night.planted_in("".join(page.text for page in pages)) == []


def test_what_judge_and_candidate_are_asked(night: Night) -> None:
    asked = [line["asked"] for line in night.server.asked]
    assert {one["model"] for one in asked} == {"judge:1b", "candidate:1b"}
    leaks = {
        (one["model"], name)
        for one in asked
        for name in night.planted_in(json.dumps(one, ensure_ascii=False))
    }
    assert leaks == set()


def test_files_and_directories_are_for_the_owner_alone(night: Night) -> None:
    paths = [night.settings.home, *night.settings.home.rglob("*")]
    open_to_others = [
        path.relative_to(night.settings.home).as_posix()
        for path in paths
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    assert len(paths) > 50
    assert open_to_others == []


_LAUNCH = """
mutation launch($tags: [ExecutionTag!]!) {
  launchRun(executionParams: {
    selector: {
      repositoryLocationName: "clawtrain", repositoryName: "__repository__", jobName: "score"
    },
    runConfigData: {}, executionMetadata: {tags: $tags}
  }) { __typename ... on LaunchRunSuccess { run { runId } } } }
"""
_STATUS = "query status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


@pytest.mark.slow
def test_the_logs_of_up_and_of_a_run_it_starts(night: Night) -> None:
    """The last of the module: it writes to the night's home."""
    home, day = night.settings.home, night.sample.days[-1]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    night.server.start()
    up = subprocess.Popen(
        [sys.executable, "-m", "clawtrain_assets.cli", "up", "--port", str(port)],
        env={**os.environ, "CLAWTRAIN_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        umask=0o022,
    )
    assert up.stdout is not None
    try:
        assert "is up" in up.stdout.readline()
        address = f"http://127.0.0.1:{port}/graphql"
        tags = [{"key": "dagster/partition", "value": day}]
        asked = {"query": _LAUNCH, "variables": {"tags": tags}}
        launched = httpx.post(address, json=asked, timeout=60).json()["data"]["launchRun"]
        asked = {"query": _STATUS, "variables": {"id": launched["run"]["runId"]}}
        deadline = time.monotonic() + 120
        status = ""
        while status not in ("SUCCESS", "FAILURE"):
            assert time.monotonic() < deadline
            time.sleep(1)
            status = httpx.post(address, json=asked, timeout=60).json()["data"]["runOrError"][
                "status"
            ]
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(60)
        night.server.stop()
    assert status == "SUCCESS"
    logs = "".join(path.read_text() for path in (dagster_home(home) / "logs").iterdir())
    assert launched["run"]["runId"] in logs
    assert night.planted_in(logs) == []
    test_every_file_but_the_raw_ones(night)
    test_files_and_directories_are_for_the_owner_alone(night)
