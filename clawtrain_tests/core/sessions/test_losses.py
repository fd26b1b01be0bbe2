"""The losses OpenClaw and LCM really cause, played through with an hourly capture."""

import json
import sqlite3
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.gaps import begun_before, late_warning

from .history import SESSION, Script, conversation, read

OTHER = "99999999-2222-4333-8444-555555555555"


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


def _rotated(script: Script, keep: int) -> Script:
    """What LCM leaves of a file: header, newest settings, the last messages linked anew."""
    tail = Script(script.session_id)
    settings = next(entry for entry in script.entries if entry["type"] == "model_change")
    kept = [entry for entry in script.entries if entry["type"] == "message"][-keep:]
    tail.entries += [settings, {**kept[0], "parentId": settings["id"]}, *kept[1:]]
    return tail


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
    _rotated(script, 64).write(state)
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
    _rotated(script, 44).write(state)
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
    _rotated(script, 2).write(tmp_path / "rotated")
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


RESET = "reset.2026-03-08T04-00-00.000Z"
DELETED = "deleted.2026-03-08T04-00-00.000Z"
LOSSES = ["rotated to a tail", "reset", "deleted", "cron session pruned"]


def _lose(state: Path, path: Path, script: Script, loss: str) -> None:
    """What OpenClaw or LCM does to a session's file in the end, its traces included."""
    if loss == "rotated to a tail":
        _rotated(script, 64).write(state)
    elif loss == "cron session pruned":
        path.unlink()
    else:  # renamed, and the renamed file pruned after thirty days
        path.rename(path.with_name(f"{path.name}.{RESET if loss == 'reset' else DELETED}"))
        path.with_name(f"{path.name}.{RESET if loss == 'reset' else DELETED}").unlink()
        if loss == "reset":
            conversation(OTHER).write(state)  # the key's next session


@pytest.mark.parametrize("captured", [True, False], ids=["captured", "never captured"])
@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_captured_stays_and_what_was_not_is_reported(
    tmp_path: Path, loss: str, captured: bool
) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    for number in range(100):
        script.ms += 120_000
        script.user(f"question {number}")
        script.assistant(f"answer {number}")
    path = script.write(state)
    (path.parent / "sessions.json").write_text(json.dumps({"agent:main:x": {"sessionId": SESSION}}))
    log = state / "cron" / "runs" / "job.jsonl"
    log.parent.mkdir(parents=True)
    if loss == "cron session pruned":
        log.write_text(json.dumps({"sessionId": SESSION, "action": "finished"}) + "\n")
    before, _ = read(state)
    if captured:
        archive.capture([state], None)
    _lose(state, path, script, loss)
    report = archive.capture([state], None)

    turns, extraction = read(archive)
    own = [turn for turn in turns if turn.session_id == SESSION]
    if captured:
        assert [turn.turn_id for turn in own] == [turn.turn_id for turn in before]
        assert [turn.context for turn in own] == [turn.context for turn in before]
        assert {turn.cost_state for turn in own} == {"priced"}
        assert {turn.exclusion_reason for turn in own} == {None}
        assert (report.missing_sessions, report.cut_sessions, report.warnings) == (0, 0, [])
        assert extraction.report.gaps == {}
        return
    if loss == "rotated to a tail":
        assert [turn.turn_id for turn in own] == [turn.turn_id for turn in before][-32:]
        assert extraction.report.gaps == {before[-32].day: 1}
    else:
        assert own == []
        assert report.missing_sessions >= 1
        assert any("deleted before they could be captured" in line for line in report.warnings)


@pytest.mark.parametrize("loss", ["reset", "deleted", "cron session pruned"])
def test_what_was_said_between_the_last_capture_and_the_end_is_reported(
    tmp_path: Path, loss: str
) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    old = loss == "cron session pruned"  # a day later, but its log knows when the run ended
    now = int(time.time() * 1000)
    script = conversation(start=now - (86_400_000 if old else 600_000))
    path = script.write(state)
    captured, _ = read(state)
    archive.capture([state], None)
    script.ms += 300_000
    script.user("one more thing")
    script.assistant("Of course.")
    script.write(state)
    log = state / "cron" / "runs" / "job.jsonl"
    log.parent.mkdir(parents=True)
    if old:
        line = {"sessionId": SESSION, "runAtMs": script.ms - 1000, "durationMs": 1000}
        log.write_text(json.dumps(line) + "\n")
    _lose(state, path, script, loss)
    report = archive.capture([state], None)
    assert report.cut_sessions == 1
    assert "was deleted while the session went on" in report.warnings[0]
    own = [turn.turn_id for turn in read(archive)[0] if turn.session_id == SESSION]
    assert own == [turn.turn_id for turn in captured]
    assert archive.capture([state], None).cut_sessions == 0  # told once


def test_a_session_that_was_at_rest_when_it_was_pruned_is_no_loss(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation(start=int(time.time() * 1000) - 2 * 3_600_000)
    path = script.write(state)
    (path.parent / "sessions.json").write_text(
        json.dumps({"agent:main:x": {"sessionId": SESSION, "updatedAt": script.ms + 5000}})
    )
    archive.capture([state], None)
    path.unlink()
    report = archive.capture([state], None)
    assert (report.gone, report.cut_sessions, report.warnings) == (1, 0, [])
