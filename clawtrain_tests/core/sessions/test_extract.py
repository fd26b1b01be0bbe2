"""What comes out of a history: turns, their context and outcome, and where each line went."""

from pathlib import Path

import pytest
import zstandard

from .history import NO_USAGE, SESSION, START, Script, conversation, read


def test_a_turn_carries_request_context_response_and_outcome(tmp_path: Path) -> None:
    conversation().write(tmp_path)
    turns, extraction = read(tmp_path)
    assert [turn.response.text for turn in turns] == [
        "Looking.",
        "",
        "Milk and bread; it is Saturday.",
        "You are welcome.",
    ]
    second = turns[1]
    assert second.request == "what is in notes.txt?"
    assert [(m.role, m.text) for m in second.context] == [
        ("user", "what is in notes.txt?"),
        ("assistant", "Looking."),
        ("tool", "milk, bread"),
    ]
    assert second.response.tool_calls[0].arguments == {"command": "date"}
    assert [m.text for m in second.outcome.tool_results] == ["Saturday"]
    assert [m.text for m in second.outcome.later] == ["Milk and bread; it is Saturday."]
    assert second.outcome.next_user is not None
    assert second.outcome.next_user.text == "thanks"
    assert turns[3].outcome.next_user is None
    assert [(t.turn_index, t.exchange_index, t.calls_before) for t in turns] == [
        (1, 1, 0),
        (2, 1, 1),
        (3, 1, 2),
        (4, 2, 2),
    ]
    assert (second.is_tool_use, second.tool_call_count) == (True, 1)
    assert (second.cost_usd, second.cost_state, second.cache_read_tokens) == (0.3, "priced", 30)
    assert second.latency_ms == 600
    assert second.day == "2026-03-07"
    assert second.source_file == f"agents/main/sessions/{SESSION}.jsonl"
    assert second.source_line == 6
    assert extraction.report.balanced()
    assert extraction.report.lines == 10
    assert extraction.quarantine == []


def test_what_delivery_tags_said_is_kept_beside_the_envelope(tmp_path: Path) -> None:
    script = Script()
    script.user("[Telegram Ada 2026-03-07 07:00 GMT+1] a picture please")
    script.assistant("[[reply_to: 42]] Here.\nMEDIA:/home/ada/cat.png\n[[audio_as_voice]]")
    script.assistant("[[reply_to_current]] And another [[not a tag]].")
    script.write(tmp_path)
    first, second = read(tmp_path)[0]
    assert (first.request, first.response.text) == ("a picture please", "Here.")
    assert first.request_meta["envelope"]["channel"] == "Telegram"
    assert first.request_meta["reply"] == {
        "reply_to": "42",
        "voice": True,
        "media": ["/home/ada/cat.png"],
    }
    assert second.response.text == "And another [[not a tag]]."
    assert second.request_meta["reply"] == {"reply_to": "current"}


def test_turns_that_are_no_models_work_stay_with_a_reason(tmp_path: Path) -> None:
    script = Script()
    mirror = {"provider": "dna", "model": "delivery-mirror", "usage": NO_USAGE}
    injected = {"provider": "openclaw", "model": "gateway-injected", "usage": NO_USAGE}
    script.user("hi")
    script.assistant("Hello! [[reply_to_current]]")
    script.assistant("Hello!", usage=NO_USAGE, provider="x", model="y")
    script.assistant("report.pdf", **mirror)
    script.assistant("Rate-limited", **injected)
    script.assistant("", stopReason="error", usage=NO_USAGE, errorMessage="overloaded")
    script.assistant("half a", stopReason="aborted")
    script.assistant("")
    script.assistant("NO_REPLY")
    script.assistant("answer by another agent", provider="openclaw", model="acp-runtime")
    script.assistant("one text", api="cli", provider="claude-cli", model="default")
    script.user("Read HEARTBEAT.md if it exists (workspace context). Follow it strictly.")
    script.assistant("Checked all.", calls=(("h", "read", {"path": "HEARTBEAT.md"}),))
    script.result("h", "nothing")
    script.assistant("HEARTBEAT_OK")
    script.user("Pre-compaction memory flush. Store durable memories now.")
    script.assistant("Stored.")
    script.user("A new session was started via /new or /reset. Greet the user.")
    script.assistant("Hey.")
    script.user("go on")
    script.assistant(calls=(("s", "read", {"path": "a"}),))
    script.result(
        "s",
        "[openclaw] missing tool result in session history; inserted synthetic error result for"
        " transcript repair.",
        isError=True,
    )
    script.write(tmp_path)
    turns, extraction = read(tmp_path)
    assert [turn.exclusion_reason for turn in turns] == [
        None,
        "duplicate_mirror",
        "delivery_mirror",
        "gateway_injected",
        "error",
        "aborted",
        "empty",
        "silent_reply",
        "opaque_runtime",
        "opaque_runtime",
        "heartbeat",
        "heartbeat_ack",
        "memory_flush",
        "new_session_greeting",
        "synthetic_tool_result",
    ]
    assert turns[0].response.text == "Hello!"
    assert turns[4].error_message == "overloaded"
    seen = [m.text for m in turns[-1].context]
    assert seen.count("Hello!") == 1
    assert not {"report.pdf", "Rate-limited", "half a"} & set(seen)
    assert sum(extraction.report.excluded.values()) == 14


def test_quarantine_names_the_place_and_the_counts_add_up(tmp_path: Path) -> None:
    path = conversation().write(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = b'{"type":"message",' + b"\xff" + b"\n"
    lines.insert(6, b"\n")
    lines[-1] = lines[-1][:30]
    path.write_bytes(b"".join(lines))
    turns, extraction = read(tmp_path)
    (row,) = extraction.quarantine
    assert (row["source_line"], row["byte_offset"]) == (5, sum(map(len, lines[:4])))
    assert row["reason"] == "not UTF-8"
    assert row["raw"] == lines[4][:-1]
    report = extraction.report
    assert (report.blank, report.unfinished, report.quarantined_lines) == (1, 1, 1)
    assert report.lines == len(lines)
    assert report.balanced()
    assert len(turns) == 3
    assert all(turn.exclusion_reason is None for turn in turns)


def test_compressed_cold_sessions_are_read(tmp_path: Path) -> None:
    path = conversation().write(tmp_path)
    cold = path.parent / "cold" / (path.name + ".zst")
    cold.parent.mkdir()
    cold.write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
    path.unlink()
    turns, _ = read(tmp_path)
    assert len(turns) == 4
    assert {t.source_family for t in turns} == {"cold"}


def test_a_session_larger_than_memory_gives_the_same_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = conversation().write(tmp_path)
    glued = path.read_bytes().replace(b'}\n{"type": "message"', b'}{"type": "message"', 1)
    path.write_bytes(glued)
    expected, _ = read(tmp_path)
    monkeypatch.setattr("clawtrain_assets.core.sessions.session._KEEP_BYTES", 1)
    turns, _ = read(tmp_path)
    assert turns == expected
    assert len(turns) == 4


def test_a_background_command_ends_with_what_was_polled(tmp_path: Path) -> None:
    script = Script()
    script.user("build it")
    script.assistant(calls=(("e", "exec", {"command": "make"}),))
    running = "Command still running (session calm-reef, pid 7). Use process for follow-up."
    script.result("e", running, tool="exec")
    script.assistant(calls=(("p", "process", {"action": "poll", "sessionId": "calm-reef"}),))
    script.result("p", "built\n\nProcess exited with code 0.", tool="process")
    script.assistant("Built.")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    (result,) = turns[0].outcome.tool_results
    assert result.text.startswith(running)
    assert result.text.endswith("Process exited with code 0.")
    assert [m.text for m in turns[0].outcome.later][-1] == "Built."
    assert turns[1].context[-1].text == running


def test_unknown_types_of_entries_are_kept_in_the_chain_and_counted(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.entry("hologram", shape=[1, 2])
    script.assistant("done")
    script.write(tmp_path)
    (turn,), extraction = read(tmp_path)
    assert [message.text for message in turn.context] == ["go"]
    assert extraction.report.entry_types["hologram"] == 1
    assert extraction.quarantine == []
    assert extraction.report.gaps == {}


def test_version_2_hook_messages_are_custom_messages(tmp_path: Path) -> None:
    script = Script(version=2)
    script.user("go")
    hook = {"role": "hookMessage", "customType": "x", "content": "from a hook", "timestamp": START}
    script.entry("message", message=hook)
    script.assistant("done")
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    assert [(m.role, m.text) for m in turn.context] == [("user", "go"), ("user", "from a hook")]
