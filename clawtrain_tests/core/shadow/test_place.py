from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.shadow.place import Place, places, without_orphans
from clawtrain_assets.core.turn import Message, ToolCall, Turn
from clawtrain_tests.core.shadow.samples import a_turn

RATIOS = (3.0, 1.0)


def calls(*ids: str) -> Message:
    return Message("assistant", tool_calls=tuple(ToolCall(i, "read", {"path": i}) for i in ids))


def result(call_id: str | None, text: str = "found") -> Message:
    return Message("tool", text, tool_call_id=call_id, tool_name="read")


def a_place(turn: Turn, budget_tokens: int = 10_000) -> Place:
    return next(places(turn, budget_tokens, RATIOS))


def test_a_place_is_what_the_reference_had() -> None:
    context = [Message("user", "look"), calls("a", "b"), result("a"), result("b")]
    place = a_place(a_turn(context=context))
    assert place.messages == [Message("system", "You are a careful assistant."), *context]
    assert place.dropped == 0


def test_the_references_thinking_is_not_handed_over() -> None:
    said = Message("assistant", "Hello", thinking="The user wants a greeting")
    place = a_place(a_turn(context=[Message("user", "hi"), said, Message("user", "again")]))
    assert [message.thinking for message in place.messages] == ["", "", "", ""]
    assert place.messages[2].text == "Hello"


def test_no_system_prompt_is_invented() -> None:
    place = a_place(a_turn(system_prompt=None))
    assert [message.role for message in place.messages] == ["user"]


def test_oldest_messages_go_first_and_results_stay_with_their_call() -> None:
    context = [
        Message("user", "x" * 3_000),
        calls("a", "b"),
        result("a", "y" * 3_000),
        result("b"),
        Message("user", "and now?"),
    ]
    place = a_place(a_turn(context=context), budget_tokens=1_100)
    assert place.messages[1:] == [Message("user", "and now?")]
    assert place.dropped == 4


def test_the_request_survives_even_if_its_message_is_cut_away() -> None:
    context = [
        Message("user", "What do my notes say?" + "x" * 6_000),
        calls("a"),
        result("a"),
    ]
    place = a_place(a_turn(context=context), budget_tokens=600)
    assert place.messages[1:] == [
        Message("user", "What do my notes say?"),
        calls("a"),
        result("a"),
    ]
    assert place.dropped == 1


def test_a_last_message_that_is_too_long_has_no_place() -> None:
    turn = a_turn(context=[Message("user", "x" * 30_000)])
    assert list(places(turn, 1_000, RATIOS)) == []


def test_a_smaller_ratio_cuts_more_and_repeats_nothing() -> None:
    context = [Message("user", f"{n} " + "x" * 500) for n in range(10)]
    kept = [
        len(place.messages) for place in places(a_turn(context=context), 2_000, (3.0, 2.9, 1.5))
    ]
    assert kept == sorted(set(kept), reverse=True)
    assert len(kept) == 2


def test_results_without_an_id_belong_to_what_is_before_them() -> None:
    kept = [calls("a"), result(None), result(None)]
    assert without_orphans(kept) == kept
    assert without_orphans([Message("user", "hi"), result(None)]) == [Message("user", "hi")]


@st.composite
def contexts(draw: Any) -> list[Message]:
    """Conversations cut at any message, as a bounded context may be."""
    messages: list[Message] = []
    for number in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["user", "text", "call"]))
        size = draw(st.integers(1, 800))
        if kind == "call":
            ids = [f"{number}-{n}" for n in range(draw(st.integers(1, 3)))]
            messages += [calls(*ids), *(result(i, "r" * size) for i in ids)]
        else:
            role = "user" if kind == "user" else "assistant"
            messages.append(Message(role, "t" * size))  # type: ignore[arg-type]
    return messages[draw(st.integers(0, len(messages) - 1)) :]


@given(contexts(), st.integers(100, 2_000))
def test_no_place_holds_a_result_without_its_call(context: list[Message], budget: int) -> None:
    turn = a_turn(context=context, system_prompt=None, tools=[])
    for place in places(turn, budget, RATIOS):
        assert without_orphans(place.messages) == place.messages
        assert place.messages[-1] == without_orphans(context)[-1]
