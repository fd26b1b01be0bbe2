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
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.instance.prepare import dagster_home
from clawtrain_assets.review.server import review_app
from clawtrain_assets.review.session import ReviewSession
from clawtrain_tests.defs.nights import Night, leaks_in_files, night_of, open_to_others

CANDIDATE_SAYS = "Scripted reply"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    script = {
        "keep": True,
        "says": CANDIDATE_SAYS,
        "scores": [9, 8, 9, 8, 9],
        "rules": [{"match": CANDIDATE_SAYS, "scores": [3, 2, 3, 2, 2]}],
    }
    always = '[judging]\nscrub_for_judge = "always"'
    with night_of(tmp_path_factory.mktemp("night"), script, always) as night:
        night.run(f"nightly@{night.sample.days[-1]}", "release", "gate")
        night.server.stop()
        night.run(f"nightly@{night.sample.days[-2]}")
        yield night


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
    leaks, seen = leaks_in_files(night)
    assert leaks == {}
    assert {"dagster", "lake", "releases", "reports"} <= seen
    assert list(night.settings.reports.glob("*.html"))
    assert list((dagster_home(night.settings.home) / "storage").rglob("*.err"))


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
    assert open_to_others(night.settings.home) == []


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
