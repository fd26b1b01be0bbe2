"""Sessions that OpenClaw rotates, resets, deletes or prunes, captured before or not."""

import json
import time
from pathlib import Path

import pytest

from clawtrain_assets.core.sessions.archive import Archive

from .history import OTHER, SESSION, Script, conversation, read, rotated

RESET = "reset.2026-03-08T04-00-00.000Z"
DELETED = "deleted.2026-03-08T04-00-00.000Z"
LOSSES = ["rotated to a tail", "reset", "deleted", "cron session pruned"]


def _lose(state: Path, path: Path, script: Script, loss: str) -> None:
    """What OpenClaw or LCM does to a session's file in the end, its traces included."""
    if loss == "rotated to a tail":
        rotated(script, 64).write(state)
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
