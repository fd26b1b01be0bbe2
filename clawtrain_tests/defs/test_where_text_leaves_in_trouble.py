"""When things go wrong, what was read stays where it is: no error quotes it, no crash leaves it.

Model servers that quote the prompt in their errors, verdicts that quote it, lines that cannot be
read, libraries whose errors quote what they could not convert, a scrubber that fails, processes
that die while they write. Nothing is scrubbed for the models here, so all of it could be quoted.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_tests.defs.nights import Night, leaks_in_files, night_of, open_to_others

_FAULTS = ("echo:500", "quoting", "echo:422", "not_json", "echo:500", "prose", "torn_call")
# Where a library's error would come from, for each asset and the checks.
_FAILING = (
    "archive#clawtrain_assets.core.sessions.archive:Archive.capture",
    "ingest@{day}#clawtrain_assets.defs.raw_turns.extract",
    "score@{day}#clawtrain_assets.defs.scored_turns.judge_turns",
    "shadow@{day}#clawtrain_assets.defs.shadow_replays.draw",
    "dataset@{day}#clawtrain_assets.defs.sharegpt_dataset.build_examples",
    "release#clawtrain_assets.defs.training_release.build_release",
    "gate#clawtrain_assets.defs.model_gap.measure",
    "gate#clawtrain_assets.core.gate.current",
    "canaries#clawtrain_assets.core.judging.canaries.night_rows",
)
_DYING = (
    "dataset@{day}!clawtrain_assets.core.lake:os.fsync",
    "release!clawtrain_assets.core.dataset.release.publish",
    "ingest@{day}!clawtrain_assets.defs.raw_turns.write_quarantine",
)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    script = {"scores": [9, 8, 9, 8, 9], "faults": [{"kind": kind, "times": 1} for kind in _FAULTS]}
    never = '[judging]\nscrub_for_judge = "never"'
    with night_of(tmp_path_factory.mktemp("night"), script, never) as night:
        _spoil_a_line(night)
        day = night.sample.days[-1]
        night.run(f"nightly@{day}", "release", "gate")
        assert "nightly succeeded" in night.log, night.log[-3000:]
        night.run(*(spec.format(day=day) for spec in _FAILING))
        for spec in _DYING:
            night.run(spec.format(day=day), killed=True)
        night.run(f"dataset@{day}#clawtrain_assets.core.privacy.scrub:Scrubber.messages")
        night.server.stop()
        night.command("score", "--day", day, status=1)
        night.command("status")
        night.command("release", "--approve", status=1)
        yield night


def _spoil_a_line(night: Night) -> None:
    """In every file a line that cannot be read and holds all that is private."""
    for file in night.sample.state_dir.rglob("sessions/*.jsonl"):
        first, *rest = file.read_text().splitlines(keepends=True)
        torn = f'{{"type": "message", "message": {night.private.read_text()}, "broken\n'
        file.write_text("".join([first, torn, *rest]))


def test_it_was_a_bad_night(night: Night) -> None:
    statuses = re.findall(r"^\w+ (?:succeeded|failed)$", night.log, re.MULTILINE)
    assert statuses[:3] == ["nightly succeeded", "release succeeded", "gate succeeded"]
    assert len([status for status in statuses if status.endswith("failed")]) == len(_FAILING)
    lake, day = Lake(night.settings.lake), night.sample.days[-1]
    assert {"bad_verdict", "model_error"} & set(
        lake.read("scored_turns", day)["status"].to_pylist()
    )
    assert len(night.planted_in(str(lake.read("quarantine", WHOLE).to_pylist()))) > 10
    assert "quarantined" in lake.read("sharegpt_dataset", day)["status"].to_pylist()


def test_the_log_says_what_failed_and_where_and_not_what_was_read(night: Night) -> None:
    assert night.log.count("ValueError (its message may quote conversations) at") >= len(_FAILING)
    assert night.planted_in(night.log) == []


def test_no_file_but_the_raw_ones_quotes_what_was_read(night: Night) -> None:
    leaks, seen = leaks_in_files(night)
    assert leaks == {}
    assert {"dagster", "lake", "releases", "reports"} <= seen


def test_what_dying_processes_leave_is_the_owners_alone(night: Night) -> None:
    home = night.settings.home
    assert list(home.glob("lake/*/*/*.tmp-*"))
    assert list(home.glob("releases/.building-*"))
    assert open_to_others(home) == []


def test_only_the_home_was_written_to(night: Night, tmp_path: Path) -> None:
    root = night.settings.home.parent
    assert {path.name for path in root.iterdir()} == {"home", "openclaw", "private.json"}
