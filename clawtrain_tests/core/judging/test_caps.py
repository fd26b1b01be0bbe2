"""Facts about a turn, and the scores they bound."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.judging.caps import capped
from clawtrain_assets.core.judging.features import Features, features
from clawtrain_assets.core.judging.rubric import Rubric, default_rubric, load_rubric, read_rubric
from clawtrain_assets.core.turn import Message, Outcome, ToolCall
from clawtrain_tests.core.judging.turns import LISTING, tool_turn

GUESSED = {
    "type": "function",
    "source": "inferred",
    "function": {"name": "teleport", "description": "", "parameters": {"required": []}},
}
TELEPORT = ToolCall("c", "teleport", {})
NO_COMMAND = ToolCall("b", "exec", {"timeout": 1})
TENS: dict[str, float | None] = dict.fromkeys(schemas.SCORES, 10.0)


def calling(*calls: ToolCall, failed: bool | None = True, **changes: Any) -> Features:
    """Features of a turn with these calls; ``failed`` None: their results are not known."""
    results = tuple(
        Message("tool", "said", tool_call_id=call.id, is_error=failed)
        for call in calls
        if failed is not None
    )
    outcome = Outcome(results, (), Message("user", "thanks"))
    response = Message("assistant", tool_calls=calls)
    return features(tool_turn(response=response, outcome=outcome, **changes))


def rubric_with(caps: str) -> Rubric:
    shipped = default_rubric().decode()
    return read_rubric((shipped[: shipped.index("[[caps]]")] + caps).encode(), "mine.toml")


def test_every_feature_is_a_column_and_every_column_of_a_feature_is_one() -> None:
    assert tuple(schemas.FEATURES) == Features._fields
    assert set(schemas.FEATURES) < set(schemas.SCORED_TURNS.names)


def test_features_of_a_good_turn() -> None:
    assert features(tool_turn()) == (True, True, 0.0, 0, False, False, False)


def test_unknown_tools_and_missing_arguments_are_seen_where_the_catalogue_was_recorded() -> None:
    assert calling(TELEPORT).known_tools is False
    assert calling(TELEPORT).arguments_present is True
    assert calling(NO_COMMAND).known_tools is True
    assert calling(NO_COMMAND).arguments_present is False
    assert calling(NO_COMMAND, TELEPORT, failed=None)[:2] == (False, False)


@pytest.mark.parametrize("source", ["builtin", "builtin+inferred", "inferred"])
def test_a_catalogue_that_nobody_recorded_proves_nothing(source: str) -> None:
    unrecorded = [LISTING | {"source": source}]
    assert calling(NO_COMMAND, TELEPORT, tools=unrecorded)[:2] == (None, None)
    assert calling(TELEPORT, tools=[])[:2] == (None, None)


def test_tools_of_a_table_that_tells_no_sources_prove_nothing() -> None:
    older = {name: LISTING[name] for name in ("type", "function")}
    assert calling(TELEPORT, tools=[older])[:2] == (None, None)


def test_a_definition_made_from_the_call_itself_does_not_excuse_it() -> None:
    completed = LISTING | {"source": "trajectory+inferred"}
    assert calling(TELEPORT, tools=[completed, GUESSED]).known_tools is False
    assert calling(TELEPORT, tools=[GUESSED]).known_tools is None


def test_a_call_that_worked_refutes_the_catalogue() -> None:
    assert calling(TELEPORT, failed=False).known_tools is True
    assert calling(NO_COMMAND, failed=False).arguments_present is True


def test_repeated_calls_are_counted_in_the_context_and_in_the_turn() -> None:
    again = ToolCall("z", "exec", {"timeout": 1})
    context = [Message("assistant", tool_calls=(ToolCall("a", "exec", {"timeout": 1}),))]
    assert calling(NO_COMMAND, context=context).repeated_calls == 1
    assert calling(NO_COMMAND, again, context=context).repeated_calls == 2
    assert calling(NO_COMMAND, again, context=[]).repeated_calls == 1


def test_features_see_errors_corrections_repeats_and_aborts() -> None:
    results = (Message("tool", "x", is_error=True), Message("tool", "y"))
    wrong = tool_turn(
        outcome=Outcome(results, (), Message("user", "No, the other one")), stop_reason="aborted"
    )
    found = features(wrong)
    assert found.tool_error_rate == 0.5
    assert found.user_corrects
    assert found.aborted
    repeat = tool_turn(outcome=Outcome((), (), Message("user", "list  the files of PROJECT 1")))
    assert features(repeat).user_repeats
    assert features(repeat).tool_error_rate is None


@pytest.mark.parametrize(
    ("call", "named"),
    [(TELEPORT, "known_tools is false"), (NO_COMMAND, "arguments_present is false")],
)
def test_by_default_a_recorded_fact_keeps_a_turn_out_of_the_dataset(
    call: ToolCall, named: str
) -> None:
    caps = read_rubric(default_rubric(), "shipped").caps
    scores, names = capped(TENS, calling(call), caps)
    assert scores == TENS | {"tool_correctness": 3, "overall": 5}
    assert names == [named]


def test_by_default_hints_and_guesses_cap_nothing() -> None:
    caps = read_rubric(default_rubric(), "shipped").caps
    hints = Features(None, None, 1.0, 9, True, True, True)
    assert capped(TENS, hints, caps) == (TENS, [])


def test_a_cap_lowers_and_never_raises() -> None:
    caps = read_rubric(default_rubric(), "shipped").caps
    low: dict[str, float | None] = dict.fromkeys(schemas.SCORES, 1.0)
    assert capped(low, calling(TELEPORT), caps) == (low, [])
    nothing: dict[str, float | None] = dict.fromkeys(schemas.SCORES)
    assert capped(nothing, calling(TELEPORT), caps) == (nothing, [])


TWO_CAPS = """
[[caps]]
feature = "tool_error_rate"
over = 0.5
at_most = { efficiency = 6, overall = 8 }
because = "most of it failed"

[[caps]]
feature = "user_corrects"
is = true
at_most = { task_completion = 4, efficiency = 5, overall = 6 }
because = "the user said so"
"""


def test_of_several_caps_the_lowest_counts_and_all_are_named() -> None:
    caps = rubric_with(TWO_CAPS).caps
    both = Features(True, True, 0.6, 0, True, False, False)
    scores, names = capped(TENS, both, caps)
    assert scores == TENS | {"task_completion": 4, "efficiency": 5, "overall": 6}
    assert names == ["tool_error_rate over 0.5", "user_corrects is true"]
    assert capped(TENS, both._replace(tool_error_rate=0.5, user_corrects=False), caps)[1] == []


@given(
    st.fixed_dictionaries({name: st.floats(0, 10) for name in schemas.SCORES}),
    st.floats(0, 1),
    st.booleans(),
)
def test_no_score_is_above_a_cap_that_holds(
    medians: dict[str, float | None], errors: float, corrects: bool
) -> None:
    caps = rubric_with(TWO_CAPS).caps
    scores, names = capped(medians, Features(None, None, errors, 0, corrects, False, False), caps)
    assert (scores == medians) == (not names)
    for name, score in scores.items():
        before = medians[name]
        assert score is not None
        assert before is not None
        bounds = [caps[0].at_most.get(name, 10)] * (errors > 0.5)  # type: ignore[call-overload]
        bounds += [caps[1].at_most.get(name, 10)] * corrects  # type: ignore[call-overload]
        assert score == min([before, *bounds])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"tool_error_rate"', '"mood"'), "'mood' is no feature; there are known_tools, "),
        (("efficiency = 6", "charm = 6"), "at_most.charm"),
        (("efficiency = 6", "efficiency = 11"), "at_most.efficiency"),
        (("efficiency = 6, overall = 8", "efficiency = 6"), "needs a dimension and overall"),
        (("efficiency = 6, overall = 8", "overall = 8"), "needs a dimension and overall"),
        (("over = 0.5", "is = true"), "tool_error_rate needs `over` with a number"),
        (("is = true", "over = 1"), "user_corrects needs `is` with true or false"),
        (("is = true", "is = true\nover = 1"), "user_corrects needs `is`"),
        (('because = "the user said so"', ""), "because"),
        (("over = 0.5", "above = 0.5"), "above"),
    ],
)
def test_a_wrong_cap_is_wrong_use_and_says_where(change: tuple[str, str], problem: str) -> None:
    assert change[0] in TWO_CAPS
    with pytest.raises(UsageError, match=f"mine.toml is wrong at caps.*{re.escape(problem)}"):
        rubric_with(TWO_CAPS.replace(*change))


def test_a_rubric_from_before_there_were_caps_has_none(tmp_path: Path) -> None:
    shipped = default_rubric()
    file = tmp_path / "rubric.toml"
    file.write_bytes(shipped[: shipped.index(b"[[caps]]")])
    assert load_rubric(file).caps == ()
    assert load_rubric(file).hash != read_rubric(shipped, "shipped").hash
