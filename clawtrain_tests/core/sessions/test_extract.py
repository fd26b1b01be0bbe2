"""What comes out of a history: turns, their context and outcome, and where each line went."""

import io
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pytest
import zstandard

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.extract import Extraction
from clawtrain_assets.core.sessions.sources import ArchivedFile, DirectorySource
from clawtrain_assets.core.sessions.surroundings import stores_of
from clawtrain_assets.settings import Price

from .history import NO_USAGE, SESSION, START, USAGE, Script, conversation, iso, read


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


def test_every_called_tool_is_defined(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant(calls=(("a", "read", {"file_path": "x"}), ("b", "my_tool", {"n": 1})))
    script.result("a", "x")
    script.result("b", "y", tool="my_tool")
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    tools = {tool["function"]["name"]: tool["function"] for tool in turn.tools}
    assert tools["my_tool"]["parameters"]["properties"] == {"n": {"type": "integer"}}
    assert tools["read"]["parameters"]["properties"]["file_path"] == {"type": "string"}
    assert turn.tools_source == "builtin+inferred"


def _catalogue(extraction: Extraction) -> dict[str, dict[str, Any]]:
    """The marks of the last turn's tools, by name."""
    *_, batch = extraction.batches()
    tools = json.loads(batch["tools"][-1].as_py())
    return {
        tool["function"]["name"]: {k: tool[k] for k in ("source", "calls", "arguments")}
        for tool in tools
    }


def test_every_tool_says_where_it_is_from_and_how_often_it_was_called(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant(calls=(("a", "read", {"path": "x"}), ("b", "my_tool", {"n": 1})))
    script.assistant(calls=(("c", "read", {"path": "y", "limit": 5}), ("d", "my_tool", {"n": 2.5})))
    script.assistant(calls=(("e", "edit", {"strange": [1]}),))
    path = script.write(tmp_path)
    path.with_name(f"{path.name}.bak-1-1").write_bytes(path.read_bytes())  # a copy counts once
    turns, extraction = read(tmp_path)
    tools = _catalogue(extraction)
    assert tools["read"] == {
        "source": "builtin",
        "calls": 2,
        "arguments": {"path": 2, "limit": 1},
    }
    assert tools["my_tool"] == {"source": "inferred", "calls": 2, "arguments": {"n": 2}}
    assert tools["edit"] == {"source": "builtin+inferred", "calls": 1, "arguments": {"strange": 1}}
    assert tools["exec"] == {"source": "builtin", "calls": 0, "arguments": {}}
    for turn in turns:  # what a model is given has no marks
        assert all(tool.keys() == {"type", "function"} for tool in turn.definitions)
    mine = next(t["function"] for t in turns[0].tools if t["function"]["name"] == "my_tool")
    assert mine["parameters"]["properties"] == {"n": {"type": "number"}}


def test_recorded_tools_are_marked_so_and_others_as_inferred(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant(calls=(("a", "read", {"path": "x"}), ("b", "my_tool", {})))
    path = script.write(tmp_path)
    compiled = {"tools": [{"name": "read", "parameters": {"properties": {"path": {}}}}]}
    line = {"ts": iso(START), "type": "context.compiled", "data": compiled}
    path.with_name(f"{SESSION}.trajectory.jsonl").write_text(json.dumps(line) + "\n")
    _, extraction = read(tmp_path)
    sources = {name: tool["source"] for name, tool in _catalogue(extraction).items()}
    assert sources == {"read": "trajectory", "my_tool": "inferred"}


def test_repeated_call_ids_pair_with_the_nearest_call(tmp_path: Path) -> None:
    script = Script()
    script.user("twice")
    script.assistant(calls=(("same", "read", {"path": "a"}),))
    script.result("same", "first")
    script.assistant(calls=(("same", "read", {"path": "b"}),))
    script.result("same", "second")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert [t.outcome.tool_results[0].text for t in turns] == ["first", "second"]


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


def test_a_call_without_result_is_left_out_of_later_contexts(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant("Trying.", calls=(("lost", "read", {"path": "a"}),))
    script.user("and?")
    script.assistant("It failed.")
    script.result("nobody", "orphan")
    script.user("ok")
    script.assistant("Yes.")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert turns[0].tool_call_count == 1
    assert [(m.role, m.text, m.tool_calls) for m in turns[2].context] == [
        ("user", "go", ()),
        ("assistant", "Trying.", ()),
        ("user", "and?", ()),
        ("assistant", "It failed.", ()),
        ("user", "ok", ()),
    ]


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


def test_cost_states(tmp_path: Path) -> None:
    script = Script()
    free = {**USAGE, "cost": NO_USAGE["cost"]}
    alias = {"prompt_tokens": 1_000_000, "completion_tokens": 0}
    script.user("go")
    script.assistant("recorded")
    script.assistant("zero cost", usage=free)
    script.assistant("other names", usage=alias, model="local-7b")
    script.assistant("nothing", usage=NO_USAGE)
    script.write(tmp_path)
    prices = (
        Price(model="local-*", since=date(2026, 1, 1), input=2.0, output=0.0),
        Price(model="local-*", since=date(2026, 3, 1), input=3.0, output=0.0),
        Price(model="local-*", since=date(2027, 1, 1), input=9.0, output=0.0),
    )
    turns, _ = read(tmp_path, prices)
    assert [(t.cost_state, t.cost_usd) for t in turns] == [
        ("priced", 0.3),
        ("unpriced", None),
        ("recomputed", 3.0),
        ("none", None),
    ]


def test_attribution_falls_back_with_its_source(tmp_path: Path) -> None:
    script = Script()
    script.entries[0] |= {"provider": "p0", "modelId": "m0"}
    nameless = {"provider": None, "model": None}
    script.user("go")
    script.assistant("a", **nameless)
    script.entry("model_change", provider="p1", modelId="m1")
    script.assistant("b", **nameless)
    script.entry("custom", customType="model-snapshot", data={"provider": "p2", "modelId": "m2"})
    script.assistant("c", **nameless)
    script.assistant("d")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert [(t.provider, t.model, t.attribution_source) for t in turns] == [
        ("p0", "m0", "header"),
        ("p1", "m1", "model_change"),
        ("p2", "m2", "model_snapshot"),
        ("anthropic", "claude-sonnet-4-6", "message"),
    ]


def test_session_key_kind_and_agent(tmp_path: Path) -> None:
    conversation().write(tmp_path, agent="helper")
    store = tmp_path / "agents" / "helper" / "sessions" / "sessions.json"
    store.write_text(f'{{"agent:helper:cron:job1:run:{SESSION}": {{"sessionId": "{SESSION}"}}}}')
    turns, _ = read(tmp_path)
    assert {(t.agent_id, t.session_kind) for t in turns} == {("helper", "cron")}
    assert turns[0].session_key == f"agent:helper:cron:job1:run:{SESSION}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[cron:1a4b nightly] Report", "cron"),
        ("[Subagent Context] You are running as a subagent (depth 1/1)", "subagent"),
        ("[Thu 2026-02-26 19:13 GMT+8] [OpenClaw heartbeat poll]", "heartbeat"),
        ("hello", "main"),
    ],
)
def test_kind_from_the_first_words(tmp_path: Path, text: str, kind: str) -> None:
    script = Script()
    script.user(text)
    script.assistant("done")
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    assert turn.session_kind == kind


def test_context_is_bounded_and_keeps_request_and_last_messages(tmp_path: Path) -> None:
    script = Script()
    script.user("earlier " * 400)
    script.assistant("answer")
    script.user("the request")
    for number in range(40):
        script.assistant(calls=((f"c{number}", "read", {"path": f"file{number}"}),))
        script.result(f"c{number}", f"{number} " + "x" * 300)
    script.assistant("done")
    script.write(tmp_path)
    turns, _ = read(tmp_path, context_chars=2_000)
    last = turns[-1]
    size = sum(len(m.text) + sum(len(str(c)) for c in m.tool_calls) for m in last.context)
    assert size < 3_000  # str(call) counts more than the bound does
    assert last.context[0].text == "the request"
    assert last.context[1].role == "assistant"
    assert last.context[-1].text.startswith("39 ")
    assert last.context_dropped == 83 - len(last.context)
    for turn in turns:
        _assert_paired(turn.context)


def _assert_paired(messages: list) -> None:  # type: ignore[type-arg]
    open_calls: list[str] = []
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id in open_calls
            open_calls.remove(message.tool_call_id)
        else:
            assert not open_calls
            open_calls = [call.id for call in message.tool_calls]
    assert not open_calls


def test_one_huge_result_is_cut_in_the_middle(tmp_path: Path) -> None:
    script = Script()
    script.user("read it")
    calls = tuple((f"c{i}", "read", {"path": "big"}) for i in range(6))
    script.assistant("on it", calls=calls)
    for i in range(6):
        script.result(f"c{i}", f"begin{i} " + "y" * 50_000 + f" end{i}")
    script.assistant("ok")
    script.write(tmp_path)
    turns, _ = read(tmp_path, context_chars=4_000, outcome_chars=4_000)
    _assert_paired(turns[1].context)
    assert [m.role for m in turns[1].context] == ["user", "assistant"] + ["tool"] * 6
    assert sum(len(m.text) for m in turns[1].context) <= 4_000
    for i, result in enumerate(turns[0].outcome.tool_results):
        assert result.text.startswith(f"begin{i}")
        assert result.text.endswith(f"end{i}")
    assert sum(len(m.text) for m in turns[0].outcome.tool_results) <= 4_000
    assert turns[0].outcome.later[-1].text == "ok"


def test_after_a_compaction_the_context_is_summary_and_kept(tmp_path: Path) -> None:
    script = Script()
    script.user("first")
    script.assistant("one")
    kept = script.user("second")
    script.assistant("two")
    script.entry("compaction", summary="They counted.", firstKeptEntryId=kept, tokensBefore=9)
    script.assistant("three")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    texts = [m.text for m in turns[-1].context]
    assert "They counted." in texts[0]
    assert texts[1:] == ["second", "two"]
    assert turns[-1].request == "second"
    assert "one" in [m.text for m in turns[1].context]


def test_a_compaction_keeps_notes_of_earlier_exchanges_but_no_older_summary(tmp_path: Path) -> None:
    script = Script()
    kept = script.user("first")
    script.entry("custom_message", customType="x", content="a note", display=True)
    script.entry("compaction", summary="Older.", firstKeptEntryId=kept, tokensBefore=9)
    script.assistant("one")
    script.user("second")
    script.assistant("two")
    script.entry("compaction", summary="Newer.", firstKeptEntryId=kept, tokensBefore=9)
    script.assistant("three")
    script.write(tmp_path)
    texts = [m.text for m in read(tmp_path)[0][-1].context]
    assert "Newer." in texts[0]
    assert texts[1:] == ["first", "a note", "one", "second", "two"]


def test_version_1_compaction_counts_entries_with_the_header(tmp_path: Path) -> None:
    script = Script(version=None)
    script.user("first")
    script.assistant("one")
    script.user("second")
    script.assistant("two")
    script.entry("compaction", summary="They counted.", firstKeptEntryIndex=3, tokensBefore=9)
    script.user("third")
    script.assistant("three")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert [m.text for m in turns[-1].context][1:] == ["second", "two", "third"]


def test_a_context_tells_custom_messages_and_commands_but_not_private_ones(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.entry("custom_message", customType="note", content="remember the milk", display=False)
    shell = {"role": "bashExecution", "command": "ls", "output": "a b", "timestamp": START}
    script.entry("message", message=shell)
    script.entry("message", message={**shell, "command": "pwd", "excludeFromContext": True})
    script.entry("branch_summary", fromId="x", summary="Tried another way.")
    script.entry("label", targetId="e0000001", label="here")
    script.assistant("fine")
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    texts = [m.text for m in turn.context]
    assert texts[1] == "remember the milk"
    assert "ls" in texts[2]
    assert "Tried another way." in texts[3]
    assert len(texts) == 4


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


def test_a_trajectory_gives_prompt_tools_and_model(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant("done", model=None, provider=None)
    path = script.write(tmp_path)
    line = {"provider": "p", "modelId": "m", "runId": "r", "type": "prompt.submitted"}
    compiled = {
        "systemPrompt": "Be brief.",
        "tools": [{"name": "read", "description": "Reads", "input_schema": {"type": "object"}}],
    }
    lines = [
        {**line, "ts": iso(START)},
        {**line, "ts": iso(START + 500), "type": "context.compiled", "data": compiled},
        {**line, "ts": iso(START + 60_000), "type": "session.ended"},
    ]
    sidecar = path.with_name(f"{SESSION}.trajectory.jsonl")
    sidecar.write_text("".join(json.dumps(item) + "\n" for item in lines) + "broken\n")
    (turn,), _ = read(tmp_path)
    assert (turn.provider, turn.model, turn.attribution_source) == ("p", "m", "trajectory")
    assert turn.system_prompt == "Be brief."
    assert turn.tools_source == "trajectory"
    assert turn.definitions == [
        {
            "type": "function",
            "function": {
                "name": "read",
                "description": "Reads",
                "parameters": {"type": "object", "properties": {}, "required": []},
            },
        }
    ]


def test_all_windows_of_a_rolling_flight_recorder_are_read(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = Script()
    script.user("go")
    script.assistant("one", model=None, provider=None)
    script.ms += 3_600_000
    script.assistant("two", model=None, provider=None)
    path = script.write(state)
    sidecar = path.with_name(f"{SESSION}.trajectory.jsonl")
    for number, start in enumerate((START, START + 3_600_000)):
        seen = {"provider": "p", "modelId": f"m{number}", "runId": number}
        lines = [{**seen, "ts": iso(start + offset)} for offset in (0, 60_000)]
        sidecar.write_text("".join(json.dumps(line) + "\n" for line in lines))
        archive.capture([state], None)
    assert [turn.model for turn in read(archive)[0]] == ["m0", "m1"]


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


class _Counting(DirectorySource):
    """Counts the bytes read of each file."""

    def __init__(self, state: Path) -> None:
        super().__init__([state])
        self.read: Counter[str] = Counter()

    def open(self, file: ArchivedFile) -> BinaryIO:
        source = self

        class Counted(io.FileIO):
            def readinto(self, buffer: Any) -> int:
                count = super().readinto(buffer) or 0
                source.read[file.path.rpartition("/")[2]] += count
                return count

        return io.BufferedReader(Counted(Path(file.root, file.path)))


def test_many_days_are_extracted_in_one_pass_over_the_files(tmp_path: Path) -> None:
    names = [f"{number}1111111-2222-4333-8444-555555555555" for number in range(3)]
    for number, name in enumerate(names):
        script = conversation(name, START + number * 86_400_000)
        script.assistant("x" * 200_000)  # more than a reader's buffer holds
        script.write(tmp_path)
    source = _Counting(tmp_path)
    turns, _ = read(source, days={"2026-03-07", "2026-03-08", "2026-03-09"})
    assert {turn.day for turn in turns} == {"2026-03-07", "2026-03-08", "2026-03-09"}
    for path in tmp_path.rglob("*.jsonl"):  # once, and its first line to know its session
        assert source.read[path.name] <= path.stat().st_size + io.DEFAULT_BUFFER_SIZE


def test_of_one_day_only_the_files_that_hold_it_are_read(tmp_path: Path) -> None:
    opened = set()

    class Noting(Archive):
        def open(self, file: ArchivedFile) -> BinaryIO:
            opened.add(file.session_id)
            return super().open(file)

    names = [f"{number}1111111-2222-4333-8444-555555555555" for number in range(3)]
    for number, name in enumerate(names):
        conversation(name, START + number * 86_400_000).write(tmp_path / "state")
    archive = Noting(tmp_path / "archive")
    archive.capture([tmp_path / "state"], None)
    turns, extraction = read(archive, days={"2026-03-08"})
    assert {turn.session_id for turn in turns} == {names[1]} == opened
    assert extraction.report.files == {"live": 1}


def test_of_a_stores_contents_those_of_the_days_are_read() -> None:
    def stored(day: int, path: str = "agents/main/sessions/sessions.json", status: str = "gone"):
        captured = datetime(2026, 3, day, 12, tzinfo=UTC)
        return ArchivedFile("/r", path, "session_store", None, captured, 1, "", status)

    files = [stored(day) for day in range(1, 20)] + [stored(20, status="present")]
    other = [stored(day, "agents/b/sessions/sessions.json") for day in (2, 9)]
    found = stores_of([*files, *other], {"2026-03-05", "2026-03-06"}, ZoneInfo("UTC"))
    assert [file.captured_at.day for file in found] == [4, 5, 6, 7, 20, 2, 9]
    assert stores_of(files, None, ZoneInfo("UTC")) == files


def test_a_cron_log_names_the_model_last(tmp_path: Path) -> None:
    script = Script()
    script.user("[cron:j nightly] go")
    script.assistant("done", model=None, provider=None)
    script.write(tmp_path)
    log = tmp_path / "cron" / "runs" / "j.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"sessionId": SESSION, "model": "m", "provider": "p"}) + "\n")
    (turn,), _ = read(tmp_path)
    assert (turn.provider, turn.model, turn.attribution_source) == ("p", "m", "cron_log")
