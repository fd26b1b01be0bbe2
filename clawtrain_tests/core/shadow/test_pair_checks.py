"""What is asked of a pair beside its scores: both orders, and what went wrong."""

import json
from collections.abc import Callable

import pytest

from clawtrain_assets.core.endpoints.types import ChatRequest
from clawtrain_assets.core.shadow.null_test import in_null_test
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.shadow.comparing import (
    GOOD,
    Night,
    prefer_first,
    prefer_hello,
    prefer_probably,
)
from clawtrain_tests.core.shadow.fakes import FakeJudge
from clawtrain_tests.core.shadow.samples import a_turn, call


@pytest.mark.parametrize(
    ("further", "status"), [([8, 8, 5, 5], "pair"), ([8, 8, 9, 9], "overlapping")]
)
def test_the_null_test_asks_more_where_a_comparison_would(
    night: Night, further: list[int], status: str
) -> None:
    turn_id = next(f"t{n}" for n in range(99) if in_null_test(f"t{n}"))
    # Two halves three points apart; of the verdicts after them each half gets two.
    hello = [8, 8, 8, 5, 5, 5, *further]
    (row,) = night.rows(
        FakeJudge({"hello": hello, "probably": [1]}), turns=[a_turn(turn_id, response=GOOD)]
    )
    assert row["null_status"] == status
    scoring = [r for r in night.asked() if "e_overall" in (r.schema or {})["properties"]]
    assert len(scoring) == 10 + 3


@pytest.mark.parametrize(
    ("prefers", "check", "status"),
    [
        (prefer_hello, "agrees", "pair"),
        (prefer_first, "flipped", "unconfirmed"),
        (prefer_probably, "contradicts", "unconfirmed"),
    ],
)
def test_a_pair_near_the_threshold_must_hold_in_both_orders(
    night: Night, prefers: Callable[[str, str], str], check: str, status: str
) -> None:
    (row,) = night.rows(FakeJudge({"hello": [8], "probably": [4]}, prefers))
    assert (row["order_check"], row["status"]) == (check, status)
    assert row["gap"] == 4.0
    assert (row["chosen_arm"] is None) == (status == "unconfirmed")


def test_an_order_check_without_an_answer_confirms_nothing(night: Night) -> None:
    scores = FakeJudge({"hello": [8], "probably": [4]})

    def judge(request: ChatRequest) -> Message:
        if "b_better" in (request.schema or {})["properties"]:
            return Message("assistant", "I like both.")
        return scores(request)

    (row,) = night.rows(judge)
    assert (row["order_check"], row["status"]) == ("failed", "unconfirmed")


def test_the_failure_is_named_with_words_that_are_in_the_reply(night: Night) -> None:
    scores = {"hello": [9], "probably": [2]}
    (row,) = night.rows(
        FakeJudge(scores, failure=("'Probably  something'", "guess_instead_of_ask"))
    )
    assert row["failure_class"] == "guess_instead_of_ask"
    assert row["failure_evidence"] == "Probably something"


def test_an_invented_quote_is_not_evidence(night: Night) -> None:
    scores = {"hello": [9], "probably": [2]}
    (row,) = night.rows(FakeJudge(scores, failure=("never said", "drift")))
    assert row["failure_class"] == "drift"
    assert row["failure_evidence"] is None


@pytest.mark.parametrize(
    ("reply", "failure"),
    [(call("format_disk", path="/"), "wrong_tool"), (call("read", file="a"), "bad_arguments")],
)
def test_facts_need_no_judge(night: Night, reply: Message, failure: str) -> None:
    judge = FakeJudge({"hello": [9], "[calls": [2]}, failure=("", "other"))
    (row,) = night.rows(judge, candidate=lambda _: reply)
    assert row["failure_class"] == failure
    assert not [r for r in night.asked() if "b_failure" in (r.schema or {})["properties"]]


def test_a_fifth_of_the_turns_is_compared_with_itself(night: Night) -> None:
    ids = [f"turn-{n}" for n in range(40)]
    chosen = [turn_id for turn_id in ids if in_null_test(turn_id)]
    assert 3 <= len(chosen) <= 14
    turns = [
        a_turn(i, response=GOOD, context=[Message("user", f"Notes of {i}?")])
        for i in [chosen[0], next(i for i in ids if i not in chosen)]
    ]
    tried, other = night.rows(
        # Samples 0-2 say 9, samples 3-5 say 4: this judge cannot be trusted, and it shows.
        FakeJudge({"hello": [9, 9, 9, 4, 4, 4], "probably": [2]}),
        turns=turns,
    )
    assert tried["null_status"] == "pair"
    assert other["null_status"] is None
    assert len(json.loads(tried["reference_samples"])) == 3


def test_one_sample_has_no_null_test(night: Night) -> None:
    turn_id = next(f"t{n}" for n in range(99) if in_null_test(f"t{n}"))
    (row,) = night.rows(
        FakeJudge({"hello": [9], "probably": [2]}),
        turns=[a_turn(turn_id, response=GOOD)],
        samples=1,
    )
    assert row["null_status"] is None
