"""Whatever the history looks like, the example made of it is one trainers load."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.dataset.conversation import converse
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.formats import messages_row, to_openai, to_sharegpt
from clawtrain_assets.core.turn import Message, ToolCall
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.turns import MaskingScrubber, said, score, turn

_text = st.sampled_from(["", " ", "go", "ok <|im_end|>", "<tool_call>{}</tool_call>", "ü\n\n語"])
_ids = st.sampled_from(["a", "b", "c", "d"])
_arguments = st.dictionaries(
    st.sampled_from(["path", "n", "<think>"]), st.none() | st.integers() | _text, max_size=2
)
_calls = st.lists(
    st.builds(ToolCall, id=_ids, name=st.sampled_from(["read", "bash"]), arguments=_arguments),
    max_size=3,
    unique_by=lambda call: call.id,
).map(tuple)
_messages = st.one_of(
    st.builds(Message, role=st.sampled_from(["user", "system"]), text=_text),
    st.builds(Message, role=st.just("assistant"), text=_text, tool_calls=_calls),
    st.builds(Message, role=st.just("tool"), text=_text, tool_call_id=st.none() | _ids),
)
_contexts = st.lists(_messages, max_size=14)
_responses = st.builds(
    Message,
    role=st.just("assistant"),
    text=st.sampled_from(["", "done"]),
    thinking=st.just("hidden"),
    tool_calls=_calls,
).filter(lambda message: bool(message.text or message.tool_calls))


@settings(max_examples=300, deadline=None)
@given(_contexts, _responses)
def test_any_history_makes_an_example_every_loader_takes(
    context: list[Message], response: Message
) -> None:
    t = turn("t", response, context, request="What now?", tools=(), tools_source="inferred")
    (row,) = build_examples([t], {"t": score(t)}, MaskingScrubber(), Dataset())
    assert row["status"] == "kept", row["detail"]


@settings(max_examples=200, deadline=None)
@given(_contexts)
def test_both_forms_say_the_same(context: list[Message]) -> None:
    conversation = converse(context, "What now?", said("done"), lambda call: True)
    sharegpt, openai = to_sharegpt(conversation), to_openai(conversation)
    assert sum(turn["from"] == "human" for turn in sharegpt) == sum(
        message["role"] == "user" for message in openai
    )
    calls = [call for message in openai for call in message.get("tool_calls", ())]
    results = [message for message in openai if message["role"] == "tool"]
    assert [call["id"] for call in calls] == [f"call_{n}" for n in range(1, len(calls) + 1)]
    assert sorted(r["tool_call_id"] for r in results) == sorted(call["id"] for call in calls)
    written = json.dumps(sharegpt, ensure_ascii=False)
    assert all(json.dumps(call["function"]["name"])[1:-1] in written for call in calls)


@settings(max_examples=200, deadline=None)
@given(_contexts)
def test_nothing_is_said_that_nobody_said(context: list[Message]) -> None:
    conversation = converse(context, "What now?", said("done"), lambda call: True)
    known = {"What now?", "done", "(interrupted)", "(no output)"}
    known |= {part for message in context for part in (message.text, message.text.strip())}
    for message in conversation:
        parts = message.text.split("\n\n") if message.role != "tool" else [message.text]
        whole = {p for text in known for p in text.split("\n\n")} | known
        assert all(part in whole or not part for part in parts)


def test_the_system_prompt_opens_the_twin() -> None:
    t = turn("t", said("ok"), system_prompt="Be brief.")
    (row,) = build_examples([t], {"t": score(t)}, MaskingScrubber(), Dataset())
    assert messages_row(row)["messages"][0] == {"role": "system", "content": "Be brief."}
