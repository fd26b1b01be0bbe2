"""What a model had before it when it took a turn: pairs of calls and results, bounds, summaries."""

from pathlib import Path

from .history import START, Script, read


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
