"""What was held back is counted, listed without its text, and shown to the user who asks for it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clawtrain_assets.cli import main
from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.dataset.released import Release, scrub_report
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.quarantine import write_quarantine
from clawtrain_tests.core.dataset.lakes import day_turns, pair, release, write_day, write_pairs
from clawtrain_tests.core.dataset.turns import said, turn

DAY = "2026-03-09"


@pytest.fixture
def built(home: Path) -> Release:
    """A lake with something of each sort held back, and its release."""
    lake = Lake(str(home / "lake"))
    turns = [*day_turns(DAY), turn("stuck", said("unscrubbable answer"), day=DAY)]
    write_day(lake, DAY, turns)
    write_pairs(lake, DAY, [pair(turns[2], said("unscrubbable reply"))])
    raw = b'{"type": "message", \x1b[31m"torn in two'
    piece = {"source_file": "s.jsonl", "source_line": 7, "byte_offset": 321, "reason": "not JSON"}
    write_quarantine(lake, [piece | {"raw": raw}])
    return release(lake, home, verify=finds_milk_1)


def finds_milk_1(files: Sequence[Path]) -> ScrubCheck:
    found = [
        Survivor(file.name, number, "email")
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if "milk 1" in line
    ]
    return ScrubCheck(tuple(found), {})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["quarantine", *arguments])


def test_the_report_of_a_release_names_what_was_taken_out_and_why(built: Release) -> None:
    held = {row["turn_id"]: row["found"] for row in scrub_report(built)["held_back"]}
    assert held == {
        f"{DAY}-1-say": ["email"],
        f"{DAY}-1-call": ["quarantined: scrub failed: RuntimeError"],
    }


def test_everything_held_back_is_listed_without_its_text(built: Release) -> None:
    listed = run()
    assert listed.exit_code == 0, listed.output
    assert "1 line: not JSON" in listed.output
    assert "1 example: scrub failed: RuntimeError" in listed.output
    assert f"1 example: found in release {built.release_id}: email" in listed.output
    assert "1 pair: found in release" in listed.output
    assert "s.jsonl:7, byte 321" in listed.output
    for text in ("torn in two", "milk", "unscrubbable"):
        assert text not in listed.output


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("line", "not JSON"), '\\x1b[31m"torn in two'),
        (("example", "scrub failed"), "unscrubbable answer"),
        (("example", "email"), "milk 1"),
        (("pair", "scrub failed"), "unscrubbable reply"),
    ],
)
@pytest.mark.usefixtures("built")
def test_one_of_them_is_shown_by_its_id(words: tuple[str, str], text: str) -> None:
    lines = run().output.split("\n\n")[1].splitlines()
    (line,) = [line for line in lines if all(word in line for word in words)]
    shown = run(line.split()[0][:12])
    assert shown.exit_code == 0, shown.output
    assert text in shown.output


def test_an_unknown_id_and_an_empty_home(home: Path) -> None:
    assert "Nothing is held back." in run().output
    asked = run("abc")
    assert asked.exit_code == 1
    assert "nothing is held back: take a whole id" in asked.output
