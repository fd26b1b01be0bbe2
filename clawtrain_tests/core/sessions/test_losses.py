"""The losses OpenClaw and LCM really cause, played through with an hourly capture."""

import json
import sqlite3
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.gaps import begun_before, late_warning

from .history import OTHER, SESSION, Script, conversation, read, rotated


def _ids(archive: Archive) -> set[str]:
    turns, extraction = read(archive)
    assert extraction.report.balanced()
    return {turn.turn_id for turn in turns}


def test_a_session_that_grows_is_reset_pruned_and_rotated_stays_whole(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    path = script.write(state)
    expected = {turn.turn_id for turn in read(state)[0]}

    lines = path.read_bytes().splitlines(keepends=True)
    for count in (3, 5, 8, len(lines)):  # it grows, once caught in the middle of a line
        path.write_bytes(b"".join(lines[:count]) + (lines[count][:20] if count == 5 else b""))
        archive.capture([state], None)
    assert _ids(archive) == expected
    assert len(archive.files()) == 1

    reset = path.rename(path.with_name(f"{path.name}.reset.2026-03-08T04-00-00.000Z"))
    archive.capture([state], None)
    reset.unlink()  # pruned after thirty days
    report = archive.capture([state], None)
    assert report.gone == 1
    assert _ids(archive) == expected


def test_a_cron_session_deleted_after_a_day_stays(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = Script()
    script.user("[cron:job1 nightly] report")
    script.assistant("All well.")
    path = script.write(state)
    archive.capture([state], None)
    path.unlink()
    archive.capture([state], None)
    turns, _ = read(archive)
    assert [(t.session_kind, t.response.text) for t in turns] == [("cron", "All well.")]


def test_rotation_by_lcm_keeps_usage_and_cost(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    script.write(state)
    archive.capture([state], None)
    tail = Script()
    tail.entries += [{**script.entries[-2], "parentId": None}, script.entries[-1]]
    tail.write(state)
    assert archive.capture([state], None).rewritten == 1
    turns, _ = read(archive)
    assert [t.cost_state for t in turns] == ["priced"] * 4
    assert len(turns[-1].context) == 7


def test_a_backfill_years_later_gives_the_same_rows(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    conversation().write(state)
    archive.capture([state], None)
    before, _ = read(archive, days={"2026-03-07"})
    for path in sorted(state.rglob("*.jsonl")):
        path.unlink()
    conversation(OTHER).write(state)
    archive.capture([state], None)
    after = [t for t in read(archive, days={"2026-03-07"})[0] if t.session_id == SESSION]
    strip = [t.turn_id for t in before]
    assert [t.turn_id for t in after] == strip
    assert [t.context for t in after] == [t.context for t in before]


def test_sessions_deleted_before_capture_are_reported(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    path = conversation().write(state)
    (path.parent / "sessions.json").write_text(
        json.dumps(
            {"agent:main:main": {"sessionId": SESSION}, "agent:main:x": {"sessionId": OTHER}}
        )
    )
    report = archive.capture([state], None)
    assert len(report.warnings) == 1
    assert "names 1 sessions" in report.warnings[0]
    assert report.missing_sessions == 1
    conversation(OTHER).write(state)
    assert archive.capture([state], None).warnings == []


def test_a_late_capture_is_reported() -> None:
    assert late_warning(2) is None
    warning = late_warning(49)
    assert warning is not None
    assert "49 hours" in warning


def test_the_time_of_the_last_capture_is_remembered(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    conversation().write(state)
    assert archive.capture([state], None).warnings == []
    with sqlite3.connect(tmp_path / "archive" / "index.sqlite") as index:
        index.execute("UPDATE captures SET at = at - 200000")
    index.close()
    assert "56 hours" in archive.capture([state], None).warnings[0]


def test_a_fork_does_not_count_its_parents_turns_again(tmp_path: Path) -> None:
    script = conversation()
    fork = conversation(OTHER)
    fork.entries[0]["parentSession"] = f"/home/ada/.openclaw/agents/main/sessions/{SESSION}.jsonl"
    fork.user("another way")
    fork.assistant("Done differently.")
    fork.write(tmp_path, "00000000-0000-4000-8000-000000000000.jsonl")
    script.write(tmp_path)
    turns, extraction = read(tmp_path)
    assert [t.response.text for t in turns].count("You are welcome.") == 1
    assert len(turns) == 5
    assert extraction.report.forked_turns == 4
    own = next(t for t in turns if t.response.text == "Done differently.")
    assert own.turn_index == 5
    assert "You are welcome." in [m.text for m in own.context]


def test_rotation_to_a_tail_of_64_messages_between_captures_is_reported(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    script.write(state)
    archive.capture([state], None)
    for number in range(60):
        script.user(f"question {number}")
        script.assistant(f"answer {number}")
    script.ms += 24 * 3_600_000
    for number in range(60, 100):
        script.user(f"question {number}")
        script.assistant(f"answer {number}")
    rotated(script, 64).write(state)
    report = archive.capture([state], None)
    assert report.cut_sessions == 1
    assert "what was said in between is lost" in report.warnings[0]

    turns, extraction = read(archive)
    assert len(turns) == 4 + 32
    assert {turn.exclusion_reason for turn in turns} == {None}  # captured before: no dead branch
    assert turns[3].response.text == "You are welcome."
    assert turns[4].response.text == "answer 68"
    assert "You are welcome." not in [message.text for message in turns[4].context]
    assert extraction.report.gaps == {"2026-03-08": 1}


def test_rotation_that_overlaps_a_capture_leaves_no_gap(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    script.write(state)
    archive.capture([state], None)
    for number in range(20):
        script.user(f"question {number}")
        script.assistant(f"answer {number}")
    rotated(script, 44).write(state)
    report = archive.capture([state], None)
    assert (report.rewritten, report.cut_sessions, report.warnings) == (1, 0, [])
    turns, extraction = read(archive)
    assert len(turns) == 24
    assert {turn.exclusion_reason for turn in turns} == {None}
    assert extraction.report.gaps == {}


def test_a_file_that_was_rotated_before_the_first_capture_is_reported(tmp_path: Path) -> None:
    script = conversation()
    script.entries = [script.entries[0], *script.entries[-2:]]  # their parent is nowhere
    script.write(tmp_path)
    turns, extraction = read(tmp_path)
    assert len(turns) == 1
    assert extraction.report.gaps == {"2026-03-07": 1}


def test_a_rotated_file_whose_links_hide_it_is_told_by_its_header(tmp_path: Path) -> None:
    script = conversation()
    script.ms += 2 * 3_600_000
    script.user("one more thing")
    script.assistant("Of course.")
    script.write(tmp_path / "whole")
    rotated(script, 2).write(tmp_path / "rotated")
    assert read(tmp_path / "whole")[1].report.gaps == {}
    turns, extraction = read(tmp_path / "rotated")
    assert [turn.response.text for turn in turns] == ["Of course."]
    assert extraction.report.gaps == {"2026-03-07": 1}


def test_sessions_that_began_before_the_first_partition_are_named(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    script.result("c2", "x", details={"timestamp": "2011-01-01T00:00:00.000Z"})  # no such session
    script.write(state)
    archive.capture([state], None)
    zone = ZoneInfo("UTC")
    assert begun_before(date(2026, 3, 7), zone, archive.files(), archive.open) is None
    unasked = begun_before(date(2026, 3, 8), zone, archive.files(), archive.open)
    assert unasked == (1, date(2026, 3, 7), date(2026, 3, 8))
    assert 'start_date = "2026-03-07"' in str(unasked)


def test_the_archive_says_what_it_stores_and_saves(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    path = conversation().write(state)
    first = archive.capture([state], None)
    size = path.stat().st_size
    assert first.storage == (1, size, size)
    path.with_name(f"{path.name}.bak-1-1").write_bytes(path.read_bytes())
    second = archive.capture([state], None)
    assert second.storage == (2, 2 * size, size)
    assert second.bytes_copied == 0
