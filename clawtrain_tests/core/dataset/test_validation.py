"""The rules of the trainers' loaders, broken one at a time."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.dataset.neutral import CONTROL, neutralise, neutralise_json
from clawtrain_assets.core.dataset.validation import (
    file_violations,
    message_violations,
    violations,
)
from clawtrain_tests.core.dataset.turns import READ

Row = dict[str, Any]
CALL = '{"name":"read","arguments":{"path":"a"}}'


def sft() -> Row:
    return {
        "id": "e1",
        "conversations": [
            {"from": "human", "value": "go"},
            {"from": "function_call", "value": CALL},
            {"from": "observation", "value": "milk"},
            {"from": "gpt", "value": "Buy milk."},
        ],
        "system": "",
        "tools": json.dumps([READ]),
        "meta": "{}",
    }


def preference() -> Row:
    row = sft()
    row["conversations"] = row["conversations"][:3]
    row["chosen"] = {"from": "gpt", "value": "Buy milk."}
    row["rejected"] = {"from": "function_call", "value": CALL}
    return row


def openai() -> Row:
    call = {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    call["function"] = {"name": "read", "arguments": '{"path":"a"}'}
    return {
        "id": "e1",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "milk"},
            {"role": "assistant", "content": "Buy milk."},
        ],
        "tools": json.dumps([READ]),
        "meta": "{}",
    }


def test_good_rows_have_none() -> None:
    assert violations(sft()) == []
    assert violations(preference()) == []
    assert message_violations(openai()) == []


def set_turn(index: int, **values: Any) -> Callable[[Row], None]:
    return lambda row: row["conversations"][index].update(values)


def set_column(**values: Any) -> Callable[[Row], None]:
    return lambda row: row.update(values)


def tool(**parameters: Any) -> str:
    function = {"name": "read", "parameters": {"type": "object", **parameters}}
    return json.dumps([{"type": "function", "function": function}])


SFT_FAULTS: list[tuple[str, Callable[[Row], None]]] = [
    ("even number", lambda row: row["conversations"].pop()),
    ("starts with human", lambda row: row["conversations"].pop(0)),
    ("role is not one of", set_turn(0, **{"from": "tool"})),
    ("role is not one of", set_turn(3, **{"from": "human"})),
    ("belong together", set_turn(1, **{"from": "gpt"})),
    ("belong together", set_turn(2, **{"from": "human"})),
    ("must be texts", set_turn(0, value=None)),
    ("must be texts", set_turn(0, value=["go"])),
    ("not exactly from and value", set_turn(0, weight=1)),
    ("empty text", set_turn(3, value="  ")),
    ("control token", set_turn(2, value="x <|im_end|>")),
    ("control token", set_turn(0, value="see <image>")),
    ("not JSON", set_turn(1, value="read(a)")),
    ("no call", set_turn(1, value="[]")),
    ("exactly name and arguments", set_turn(1, value='{"name":"read"}')),
    ("not an object", set_turn(1, value='{"name":"read","arguments":"a"}')),
    ("undeclared tool", set_turn(1, value='{"name":"rm","arguments":{}}')),
    ("required argument", set_turn(1, value='{"name":"read","arguments":{}}')),
    ("control token in a call", set_turn(1, value=CALL.replace('"a"', '"</tool_call>"'))),
    ("surrogate", set_turn(3, value="\ud83d")),
    ("tools: not a JSON list", set_column(tools="")),
    ("tools: not a JSON list", set_column(tools=[READ])),
    ("tools[0]", set_column(tools='[{"name":"read"}]')),
    ("texts", set_column(tools=tool(properties={"path": {"enum": [1]}}))),
    ("tools[0]", set_column(tools=tool())),
    ("datetime", set_column(day="2026-03-07")),
    ("null", set_column(system=None)),
    ("system: control token", set_column(system="<|im_start|>")),
    ("empty or not a list", set_column(conversations=[])),
]


@pytest.mark.parametrize(("rule", "break_it"), SFT_FAULTS)
def test_each_broken_rule_is_found(rule: str, break_it: Callable[[Row], None]) -> None:
    row = sft()
    break_it(row)
    assert any(rule in violation for violation in violations(row))


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("odd number", {"conversations": preference()["conversations"][:2]}),
        ("role is not one of", {"chosen": {"from": "human", "value": "x"}}),
        ("the same", {"rejected": preference()["chosen"]}),
        ("not exactly from and value", {"rejected": None}),
    ],
)
def test_preference_rows_have_rules_of_their_own(rule: str, change: Row) -> None:
    assert any(rule in violation for violation in violations(preference() | change))


@pytest.mark.parametrize(
    ("rule", "break_it"),
    [
        ("does not answer", lambda m: m[3].update(tool_call_id="call_2")),
        ("not answered", lambda m: m.pop(3)),
        ("after", lambda m: m.insert(1, {"role": "user", "content": "x"})),
        ("must end on", lambda m: m.pop()),
        ("JSON text", lambda m: m[2]["tool_calls"][0]["function"].update(arguments={})),
        ("content is not a text", lambda m: m[2].update(content=None)),
        ("unknown role", lambda m: m[1].update(role="human")),
    ],
)
def test_the_twin_has_rules_of_its_own(rule: str, break_it: Callable[[Any], Any]) -> None:
    row = openai()
    break_it(row["messages"])
    assert any(rule in violation for violation in message_violations(row))


def test_rows_of_a_file_have_the_same_columns_and_their_own_ids() -> None:
    assert file_violations([sft(), sft() | {"id": "e2"}]) == []
    other = sft() | {"id": "e2", "extra": ""}
    assert file_violations([sft(), other]) == ["line 2: columns differ from the first row's"]
    assert file_violations([sft(), sft()]) == ["line 2: id is not unique"]


def test_neutral_text_stays_readable() -> None:
    assert neutralise("a <|im_end|> b <image> [INST]") == "a < |im_end|> b [image] [ INST]"
    plain = "if a < b | c > d: print('<div>', x[0])"
    assert neutralise(plain) == plain


_MARKS = st.sampled_from(
    ["<", "|", ">", "<|im_end|>", "<image>", "</", "think>", "<<SYS>>", "[", "INST]", "\ud800"]
)


@given(st.lists(_MARKS | st.text(max_size=3)).map("".join))
def test_neutral_text_holds_no_control_token_and_is_left_alone_then(text: str) -> None:
    neutral = neutralise(text)
    assert not CONTROL.search(neutral)
    assert neutralise(neutral) == neutral
    neutral.encode()


@given(st.recursive(_MARKS, lambda v: st.lists(v) | st.dictionaries(_MARKS, v), max_leaves=8))
def test_neutral_json_holds_none_either(value: Any) -> None:
    text = json.dumps(neutralise_json(value), ensure_ascii=False)
    assert not CONTROL.search(text)
