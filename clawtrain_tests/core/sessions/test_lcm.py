"""lcm.db beside the session files: what both know is one turn, what it alone knows comes back."""

import sqlite3
from pathlib import Path

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.sources import DirectorySource

from .databases import write_lcm
from .history import SESSION, Script, conversation, read


def _tail(script: Script, keep: int) -> Script:
    """The session file after LCM rotated it to its last entries."""
    tail = Script(script.session_id)
    tail.entries += [dict(entry) for entry in script.entries[-keep:]]
    tail.entries[1]["parentId"] = None
    return tail


def test_a_turn_in_both_is_one(tmp_path: Path) -> None:
    for entry_ids in (True, False):
        root = tmp_path / str(entry_ids)
        script = conversation()
        script.write(root)
        expected, _ = read(root)
        lcm = write_lcm(root / "lcm.db", script, entry_ids)
        turns, extraction = read(DirectorySource([root], lcm))
        assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
        assert [t.context for t in turns] == [t.context for t in expected]
        assert {t.copies for t in turns} == {2}
        assert extraction.report.lcm_only_turns == 0
        assert extraction.report.lcm_conflicts == 0


def test_turns_rotated_away_come_back_from_lcm(tmp_path: Path) -> None:
    script = conversation()
    script.write(tmp_path / "whole")
    expected, _ = read(tmp_path / "whole")
    _tail(script, 3).write(tmp_path / "rotated")
    lcm = write_lcm(tmp_path / "lcm.db", script)
    turns, extraction = read(DirectorySource([tmp_path / "rotated"], lcm))
    assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
    assert [[m.text for m in t.context] for t in turns] == [
        [m.text for m in t.context] for t in expected
    ]
    assert [t.turn_index for t in turns] == [1, 2, 3, 4]
    assert [t.source_family for t in turns] == ["lcm", "lcm", "live", "live"]
    assert [t.attribution_source for t in turns] == ["lcm", "lcm", "message", "message"]
    assert [t.cost_state for t in turns] == ["none", "none", "priced", "priced"]
    assert extraction.report.lcm_only_turns == 2


def test_messages_after_the_end_of_the_file_continue_it(tmp_path: Path) -> None:
    script = conversation()
    lcm = write_lcm(tmp_path / "lcm.db", script)
    script.entries = script.entries[:7]
    script.entry("custom", customType="openclaw.cache-ttl", data={})
    script.write(tmp_path / "state")
    turns, _ = read(DirectorySource([tmp_path / "state"], lcm))
    assert len(turns) == 4
    assert all(turn.exclusion_reason is None for turn in turns)
    assert turns[-1].context[-1].text == "thanks"
    assert len(turns[-1].context) == 7


def test_a_session_only_lcm_knows(tmp_path: Path) -> None:
    lcm = write_lcm(tmp_path / "lcm.db", conversation(), key="agent:main:cron:daily")
    turns, _ = read(DirectorySource([], lcm))
    assert {(t.session_id, t.session_kind) for t in turns} == {(SESSION, "cron")}
    assert turns[1].outcome.tool_results[0].text == "Saturday"


def test_lcm_names_a_model_the_file_does_not(tmp_path: Path) -> None:
    script = conversation()
    lcm = write_lcm(tmp_path / "lcm.db", script)
    for entry in script.entries[2:]:
        entry["message"].pop("model", None)
    script.write(tmp_path / "state")
    turns, _ = read(DirectorySource([tmp_path / "state"], lcm))
    assert {(t.model, t.attribution_source) for t in turns} == {("claude-sonnet-4-6", "lcm")}


def test_lcms_last_call_names_the_model_where_nothing_else_does(tmp_path: Path) -> None:
    lcm = write_lcm(tmp_path / "lcm.db", conversation(), models=False, key="agent:main:main")
    with sqlite3.connect(lcm) as db:
        db.execute(
            "CREATE TABLE conversation_compaction_telemetry"
            " (conversation_id INTEGER PRIMARY KEY, provider TEXT, model TEXT)"
        )
        db.execute("INSERT INTO conversation_compaction_telemetry VALUES (1, 'p', 'm')")
    db.close()
    turns, _ = read(DirectorySource([], lcm))
    assert {(t.model, t.attribution_source) for t in turns} == {("m", "session_store")}


def test_thinking_and_calls_come_back_from_lcm(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    thought = {"type": "thinking", "thinking": "I should look.", "thinkingSignature": "s"}
    call = {"type": "toolCall", "id": "a", "name": "read", "arguments": {"path": "x", "n": [1]}}
    script.assistant(content=[thought, {"type": "text", "text": "Looking."}, call])
    script.result("a", "nothing", isError=True)
    script.write(tmp_path / "state")
    (expected,) = read(tmp_path / "state")[0]
    (turn,) = read(DirectorySource([], write_lcm(tmp_path / "lcm.db", script)))[0]
    assert turn.response == expected.response
    assert turn.response.thinking == "I should look."
    assert turn.outcome.tool_results == expected.outcome.tool_results
    assert turn.outcome.tool_results[0].is_error
    assert turn.turn_id == expected.turn_id


def test_differing_words_are_a_conflict_and_the_file_wins(tmp_path: Path) -> None:
    script = conversation()
    lcm = write_lcm(tmp_path / "lcm.db", script)
    script.entries[-1]["message"]["content"][0]["text"] = "You are most welcome."
    script.write(tmp_path / "state")
    turns, extraction = read(DirectorySource([tmp_path / "state"], lcm))
    assert turns[-1].response.text == "You are most welcome."
    assert len(turns) == 4
    assert extraction.report.lcm_conflicts == 1


def test_an_older_database_without_newer_columns(tmp_path: Path) -> None:
    lcm = write_lcm(tmp_path / "lcm.db", conversation(), models=False)
    with sqlite3.connect(lcm) as db:
        for column in ("transcript_entry_id", "large_content"):
            db.execute(f"ALTER TABLE messages DROP COLUMN {column}")
    db.close()
    turns, _ = read(DirectorySource([], lcm))
    assert [t.attribution_source for t in turns] == ["unknown"] * 4


def test_messages_purged_by_lcm_stay_in_the_archive(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    state.mkdir()
    lcm = write_lcm(state / "lcm.db", conversation())
    assert archive.capture([state], None).bytes_copied > 0
    assert archive.capture([state], None).bytes_copied == 0
    expected, _ = read(archive)
    with sqlite3.connect(lcm) as db:
        db.execute("DELETE FROM messages WHERE message_id < 7")
        db.execute("DELETE FROM message_parts WHERE message_id < 7")
    db.close()
    archive.capture([state], None)
    turns, _ = read(archive)
    assert len(expected) == 4
    assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
    assert [t.context for t in turns] == [t.context for t in expected]
