"""A nightly's cost beside Dagster's own, with models that answer at once.

    python benchmarks/day.py [--quick] [--json] [--turns N] [--days N]

Both sides are `clawtrain up` with web server, daemon, code servers and a process for each run, and
run the job `nightly` once for each day through the queue. Ours archives, extracts, judges, replays,
compares, scrubs and sums up a day of invented turns; the other's seven assets and thirteen checks
do nothing (`empty_day.py`). CPU seconds of the whole family of processes, less what it takes when
idle, for each day. The models' server is a process of its own and not counted.

Days without a turn tell what our process itself adds to Dagster's; what days with turns take
beyond those is their work, which Dagster doing nothing does not have. --quick: two days of each.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import figures
import httpx
from extract_history import write_days
from startup import environment, family_cpu

from clawtrain_tests.scripted_server import scripted_server

_AIM = 1.2
_IDLE_S = 10.0
_FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
_UP = """
import sys
from pathlib import Path
from clawtrain_assets.instance.prepare import prepare_instance, write_workspace
from clawtrain_assets.instance.up import run_up

home, port, module, folder = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
prepare_instance(home, {})
run_up(home, port, write_workspace(home, module, folder))
"""
_SETTINGS = """
start_date = "{first}"
[sources]
state_dirs = ["{state}"]
[judge]
model = "judge:1b"
hosts = ["{models}"]
slots = 4
[[candidates]]
model = "candidate:1b"
hosts = ["{models}"]
slots = 4
"""
_LAUNCH = """
mutation {{ launchRun(executionParams: {{
  selector: {{repositoryLocationName: "clawtrain", repositoryName: "__repository__",
              jobName: "nightly"}},
  mode: "default", runConfigData: "{{}}",
  executionMetadata: {{tags: [{{key: "dagster/partition", value: "{day}"}}]}}
}}) {{ __typename ... on LaunchRunSuccess {{ run {{ runId }} }}
       ... on PythonError {{ message }} }} }}
"""
_STATUS = (
    '{ runsOrError(filter: {pipelineName: "nightly"}) { ... on Runs { results { status } } } }'
)


def measure(days: int, turns: int) -> Iterator[dict[str, Any]]:
    named = [(_FIRST + timedelta(days=number)).date().isoformat() for number in range(2 * days)]
    with tempfile.TemporaryDirectory() as folder, scripted_server({"parallel": 8}) as models:
        with family(Path(folder) / "nothing", "empty_day", "") as cpu_of:
            floor = cpu_of(named[:days])
        state = Path(folder) / "openclaw"
        write_days(state, _FIRST + timedelta(days=2 * days), 1, 1)  # of a day that is not asked for
        settings = _SETTINGS.format(first=named[0], state=state, models=models.url)
        with family(Path(folder) / "ours", "clawtrain_assets.definitions", settings) as cpu_of:
            empty = cpu_of(named[:days])
            write_days(state, _FIRST + timedelta(days=days), days, turns)
            full = cpu_of(named[days:])
        asked = len(models.asked) / days
    yield figures.figure("Dagster's own CPU for a nightly", floor, "s")
    yield figures.figure("ours, no turn in a day", empty, "s")
    yield figures.figure(f"ours, {turns} turns a day", full, "s")
    yield figures.figure("answers of models in it", asked, "")
    yield figures.figure("what a turn adds", (full - empty) / turns * 1000, "ms")
    nothing = "Dagster doing nothing"
    yield figures.figure("the day, no turn", empty / floor, "ratio", _AIM, to=nothing)
    yield figures.figure(f"the day, {turns} turns", full / floor, "ratio", _AIM, to=nothing)


@contextmanager
def family(home: Path, module: str, settings: str) -> Iterator[Callable[[list[str]], float]]:
    """Yields what runs days and tells the CPU seconds of each, beyond those of an idle family."""
    home.mkdir()
    (home / "clawtrain.toml").write_text(settings)
    with serving(home, module) as url:
        start, began = family_cpu(home), time.monotonic()
        time.sleep(_IDLE_S)
        idle = (family_cpu(home) - start) / (time.monotonic() - began)

        def cpu_of(days: list[str]) -> float:
            start, began = family_cpu(home), time.monotonic()
            wanted = len(_ended(url)) + len(days)
            for day in days:
                launched = _ask(url, _LAUNCH.format(day=day))["launchRun"]
                assert launched["__typename"] == "LaunchRunSuccess", launched
            while len(ended := _ended(url)) < wanted:
                time.sleep(1.0)
            assert set(ended) == {"SUCCESS"}, ended
            time.sleep(2.0)  # the runs' processes end and are waited for
            spent = family_cpu(home) - start - idle * (time.monotonic() - began)
            return spent / len(days)

        yield cpu_of


def _ended(url: str) -> list[str]:
    runs = _ask(url, _STATUS)["runsOrError"]["results"]
    return [run["status"] for run in runs if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]


def _ask(url: str, query: str) -> Any:
    return httpx.post(f"{url}/graphql", json={"query": query}, timeout=60).json()["data"]


@contextmanager
def serving(home: Path, module: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = str(Path(__file__).parent)
    process = subprocess.Popen(
        [sys.executable, "-c", _UP, str(home), str(port), module, folder],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "clawtrain is up" in said, said
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(90)


def main() -> None:
    parser = figures.arguments(__doc__)
    parser.add_argument("--turns", type=int, default=50, help="assistant turns a day")
    parser.add_argument("--days", type=int, default=6)
    chosen = parser.parse_args()
    days = 2 if chosen.quick else chosen.days
    figures.show(measure(days, chosen.turns), chosen.json)


if __name__ == "__main__":
    main()
