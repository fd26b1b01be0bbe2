"""Every scored turn gets a row; what is kept can be loaded by every trainer."""

import json
from typing import Any

import pyarrow as pa
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.formats import sharegpt_jsonl
from clawtrain_assets.core.dataset.validation import violations
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.turns import (
    BASH,
    MaskingScrubber,
    called,
    result,
    said,
    score,
    turn,
    user,
)

READ_CALL = ("toolu_01", "read", {"path": "notes.txt"})


def build(*turns: Turn, **scores: dict[str, Any]) -> list[dict[str, Any]]:
    judged = {t.turn_id: scores.get(t.turn_id, score(t)) for t in turns}
    return build_examples(turns, judged, MaskingScrubber(), Dataset())


def only(*turns: Turn, **scores: dict[str, Any]) -> dict[str, Any]:
    (row,) = build(*turns, **scores)
    assert row["status"] == "kept", row["detail"]
    return row


def roles(row: dict[str, Any]) -> list[str]:
    return [t["from"] for t in json.loads(row["conversations"])]


def values(row: dict[str, Any]) -> list[str]:
    return [t["value"] for t in json.loads(row["conversations"])]


def test_a_plain_answer_becomes_one_exchange() -> None:
    row = only(turn("a", said("Buy milk.")))
    assert json.loads(row["conversations"]) == [
        {"from": "human", "value": "What is in notes.txt?"},
        {"from": "gpt", "value": "Buy milk."},
    ]
    assert json.loads(row["messages"])[-1] == {"role": "assistant", "content": "Buy milk."}
    assert row["system"] == "You are an agent."


def test_reasoning_never_ships() -> None:
    context = [user("hi"), said("hello"), user("again")]
    row = only(turn("a", said("yes"), context, request="again"))
    assert "let me think" not in json.dumps(row)


def test_a_call_and_its_result_and_the_learned_call() -> None:
    context = [user("Do it"), called(READ_CALL), result("toolu_01", "buy milk")]
    response = called(("toolu_02", "bash", {"command": "ls"}), text="Now the shell.")
    row = only(turn("a", response, context))
    assert roles(row) == ["human", "function_call", "observation", "function_call"]
    assert values(row)[1] == '{"name":"read","arguments":{"path":"notes.txt"}}'
    assert values(row)[3] == (
        'Now the shell.\n<tool_call>\n{"name":"bash","arguments":{"command":"ls"}}\n</tool_call>'
    )
    messages = json.loads(row["messages"])
    assert messages[1]["tool_calls"][0]["id"] == "call_1"
    assert messages[2] == {"role": "tool", "tool_call_id": "call_1", "content": "buy milk"}
    assert messages[3]["tool_calls"][0]["id"] == "call_2"
    assert messages[3]["tool_calls"][0]["function"]["arguments"] == '{"command":"ls"}'
    assert messages[3]["content"] == "Now the shell."
    assert row["is_tool_use"] is True


def test_parallel_calls_and_results_are_lists_in_the_calls_order() -> None:
    parallel = called(READ_CALL, ("toolu_02", "bash", {"command": "ls"}))
    context = [user("Do"), parallel, result("toolu_02", "a.txt"), result("toolu_01", "milk")]
    row = only(turn("a", said("Done."), context))
    assert [call["name"] for call in json.loads(values(row)[1])] == ["read", "bash"]
    assert json.loads(values(row)[2]) == ["milk", "a.txt"]
    assert [m.get("tool_call_id") for m in json.loads(row["messages"])[2:4]] == ["call_1", "call_2"]


def test_what_trainers_cannot_hold_is_left_out_of_the_context() -> None:
    context = [
        result("lost", "a result whose call was cut off"),
        said("an answer whose question was cut off"),
        user("one"),
        user("two"),
        called(READ_CALL),  # never answered
        said("first part"),
        said("second part"),
        user("three"),
        said("an attempt right before the turn"),
    ]
    row = only(turn("a", said("done"), context, request="three"))
    assert values(row) == ["one\n\ntwo", "first part\n\nsecond part", "three", "done"]


def test_the_words_beside_an_unanswered_call_stay() -> None:
    context = [user("go"), called(READ_CALL, text="Reading."), user("stop")]
    row = only(turn("a", said("stopped"), context))
    assert values(row) == ["go", "Reading.", "stop", "stopped"]


def test_a_result_the_user_answered_is_closed_as_interrupted() -> None:
    context = [user("go"), called(READ_CALL), result("toolu_01", "milk"), user("no, wait")]
    row = only(turn("a", said("waiting"), context))
    assert roles(row) == ["human", "function_call", "observation", "gpt", "human", "gpt"]
    assert values(row)[3] == "(interrupted)"


def test_a_request_cut_off_by_the_bound_returns_to_the_head() -> None:
    context = [result("toolu_00", "cut"), called(READ_CALL), result("toolu_01", "milk")]
    row = only(turn("a", said("Buy milk."), context, request="What is in notes.txt?"))
    assert roles(row) == ["human", "function_call", "observation", "gpt"]
    assert values(row)[0] == "What is in notes.txt?"


def test_an_empty_result_says_so() -> None:
    context = [user("go"), called(READ_CALL), result("toolu_01", " \n")]
    assert values(only(turn("a", said("ok"), context)))[2] == "(no output)"


@pytest.mark.parametrize("mark", ["<|im_end|>", "<image>", "<tool_call>x</tool_call>", "[INST]"])
def test_control_tokens_are_harmless_wherever_they_are(mark: str) -> None:
    context = [
        user(f"q {mark}"),
        called(("1", "read", {"path": mark, "x": {mark: [mark]}})),
        result("1", f"r {mark}"),
    ]
    tool = {**BASH, "description": mark}
    read = {"name": "read", "parameters": {}}
    t = turn("a", said(f"a {mark}"), context, tools=[tool, read], system_prompt=f"s {mark}")
    assert mark not in json.dumps(only(t))


def test_tools_are_one_json_list_that_declares_every_call() -> None:
    response = called(("1", "fetch", {"url": "https://example.org", "depth": 2}))
    row = only(turn("a", response, tools_source="inferred"))
    tools = {t["function"]["name"]: t["function"] for t in json.loads(row["tools"])}
    assert set(tools) == {"read", "bash", "fetch"}
    assert tools["fetch"]["parameters"]["properties"]["depth"] == {"type": "integer"}
    assert "enum" not in tools["bash"]["parameters"]["properties"]["signal"]
    assert only(turn("b", said("x"), tools=()))["tools"] == "[]"


def test_a_guessed_definition_yields_to_the_call_a_recorded_one_does_not() -> None:
    response = called(("1", "read", {"file_path": "notes.txt"}))
    assert only(turn("a", response, tools_source="builtin"))["status"] == "kept"
    (row,) = build(turn("b", response, tools_source="trajectory"))
    assert row["status"] == "invalid"
    assert "lacks a required argument" in row["detail"]


def test_a_failed_call_of_the_past_goes_with_its_result() -> None:
    context = [
        user("go"),
        called(("1", "nonsense", {})),
        result("1", "unknown tool"),
        called(READ_CALL),
        result("toolu_01", "milk"),
    ]
    row = only(turn("a", said("Buy milk."), context))
    assert roles(row) == ["human", "function_call", "observation", "gpt"]


def test_every_scored_turn_has_a_row_in_the_turns_order() -> None:
    good, low, failed = turn("good", said("1")), turn("low", said("2")), turn("failed", said("3"))
    empty = turn("empty", Message(role="assistant"))
    stuck = turn("stuck", said("unscrubbable"))
    mirror = turn("mirror", said("4"), exclusion_reason="delivery_mirror")
    unjudged = turn("unjudged", said("5"))
    judged = [good, low, failed, empty, stuck, mirror]
    scores = {t.turn_id: score(t) for t in judged}
    scores["low"] = score(low, 6.5)
    scores["failed"] = score(failed, None, "timeout")
    rows = build_examples([*judged, unjudged], scores, MaskingScrubber(), Dataset())
    assert [(row["turn_id"], row["status"]) for row in rows] == [
        ("good", "kept"),
        ("low", "below_threshold"),
        ("failed", "unscored"),
        ("empty", "invalid"),
        ("stuck", "quarantined"),
        ("mirror", "invalid"),
    ]
    assert rows[1]["detail"] == "overall 6.5 < 7"
    assert rows[2]["detail"] == "timeout"
    assert "unscrubbable" not in json.dumps(rows)
    table = pa.Table.from_pylist(rows, schema=schemas.SHAREGPT_DATASET)
    assert table.num_rows == 6
    assert set(rows[0]) == set(schemas.SHAREGPT_DATASET.names)


def test_of_equal_turns_the_best_scored_then_the_earliest_is_kept() -> None:
    late = turn("late", said("Buy  milk."), [user("x"), said("y"), user("z")], minute=5)
    early, best = turn("early", said("Buy milk.")), turn("best", said("Buy milk."), minute=9)
    assert [row["status"] for row in build(late, early)] == ["duplicate", "kept"]
    rows = build(early, best, best=score(best, 9))
    assert [row["status"] for row in rows] == ["duplicate", "kept"]
    assert rows[0]["fingerprint"] == rows[1]["fingerprint"]


def test_scrubbed_values_are_gone_and_counted() -> None:
    context = [user("key secret-1"), called(("1", "read", {"path": "secret-2"})), result("1", "x")]
    tools = [
        {"name": "read", "description": "secret-3", "parameters": {}},
    ]
    t = turn("a", said("secret-4"), context, tools=tools, system_prompt="secret-5")
    row = only(t)
    assert "secret-" not in json.dumps(row)
    assert json.loads(row["redactions"]) == {"secret": 5}


def test_the_days_file_holds_the_kept_rows_and_nothing_else() -> None:
    rows = build(turn("a", said("1")), turn("b", said("2")), b=score(turn("b", said("2")), 3))
    lines = sharegpt_jsonl(rows).decode().splitlines()
    (row,) = map(json.loads, lines)
    assert set(row) == {"id", "conversations", "system", "tools", "meta"}
    assert violations(row) == []
    assert sharegpt_jsonl([]) == b""


def test_the_same_turns_give_the_same_rows() -> None:
    turns = [turn("a", said("1")), turn("b", called(READ_CALL))]
    assert build(*turns) == build(*turns)
