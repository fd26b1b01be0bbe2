"""Both replies judged blind: which of them are a pair."""

import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from clawtrain_assets.core.endpoints.types import ChatRequest, EndpointError
from clawtrain_assets.core.shadow.gap import measure
from clawtrain_assets.core.shadow.null_test import in_null_test
from clawtrain_assets.core.turn import Message, Outcome
from clawtrain_tests.core.shadow.comparing import (
    GOOD,
    WEAK,
    Night,
    no_null,
    prefer_first,
    prefer_hello,
)
from clawtrain_tests.core.shadow.fakes import FakeJudge, failing
from clawtrain_tests.core.shadow.samples import a_turn, call, pairs_table


def test_a_wide_gap_is_a_pair(night: Night) -> None:
    (row,) = night.rows(FakeJudge({"hello": [9, 9, 8], "probably": [3, 4, 3]}))
    assert row["status"] == "pair"
    assert row["chosen_arm"] == "reference"
    assert row["gap"] == 6.0
    assert row["order_check"] is None  # far from the threshold
    assert (row["reference_overall"], row["candidate_overall"]) == (9.0, 3.0)
    assert len(json.loads(row["reference_samples"])) == 3
    assert msgspec.json.decode(row["reference"], type=Message) == GOOD
    assert msgspec.json.decode(row["candidate"], type=Message) == WEAK
    assert row["judge_model"] == "nemotron"


def test_the_candidate_can_win_and_has_no_failure_then(night: Night) -> None:
    (row,) = night.rows(FakeJudge({"hello": [3], "probably": [9]}))
    assert (row["status"], row["chosen_arm"], row["gap"]) == ("pair", "candidate", -6.0)
    assert row["failure_class"] is None


@pytest.mark.parametrize(
    ("reference", "candidate", "status"),
    [([8, 8, 8], [6, 6, 6], "no_gap"), ([10, 10, 4], [5, 5, 5], "overlapping")],
)
def test_what_is_no_pair_says_why(
    night: Night, reference: list[int], candidate: list[int], status: str
) -> None:
    (row,) = night.rows(FakeJudge({"hello": reference, "probably": candidate}))
    assert row["status"] == status
    assert row["chosen_arm"] is None
    assert row["gap"] is not None


def _samples(row: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (arm, sample["overall"]["score"])
        for arm in ("reference", "candidate")
        for sample in json.loads(row[f"{arm}_samples"])
    ]


@pytest.mark.parametrize(
    ("reference", "candidate", "status"),
    [
        ([8, 8, 8, 8, 8], [6, 6, 6, 5, 5], "no_gap"),  # a gap of 2 that five samples confirm
        ([8, 8, 8, 9, 9], [6, 6, 5, 4, 4], "pair"),  # and one that they widen
        ([9, 9, 9, 5, 5], [6, 6, 6, 6, 6], "overlapping"),  # a pair of three that was chance
        ([9, 9, 9, 6, 9], [6, 6, 6, 5, 6], "pair"),  # one verdict of ten may be out of line
        ([9, 9, 9, 6, 9], [6, 6, 6, 9, 6], "overlapping"),  # two may not
    ],
)
def test_near_the_threshold_five_samples_of_both_arms_decide(
    night: Night, reference: list[int], candidate: list[int], status: str
) -> None:
    (turn_id,) = no_null(1)
    (row,) = night.rows(
        FakeJudge({"hello": reference, "probably": candidate}, prefer_hello),
        turns=[a_turn(turn_id, response=GOOD)],
    )
    assert row["status"] == status
    assert _samples(row) == [("reference", s) for s in reference] + [
        ("candidate", s) for s in candidate
    ]


@pytest.mark.parametrize(
    ("reference", "candidate", "samples", "asked"),
    [
        (9, 7, 3, 10),
        (9, 8, 3, 6),
        (9, 4, 3, 6),
        (9, 7, 1, 2),
        (9, 7, 2, 4),
        (9, 7, 4, 10),
        (9, 7, 7, 14),
    ],
)
def test_more_is_asked_only_where_a_few_samples_leave_it_open(
    night: Night, reference: int, candidate: int, samples: int, asked: int
) -> None:
    (turn_id,) = no_null(1)
    night.rows(
        FakeJudge({"hello": [reference], "probably": [candidate]}),
        turns=[a_turn(turn_id, response=GOOD)],
        samples=samples,
    )
    scoring = [r for r in night.asked() if "e_overall" in (r.schema or {})["properties"]]
    assert len(scoring) == asked


def test_further_samples_ask_for_nothing_that_is_in_the_journal(night: Night) -> None:
    turns = [a_turn(no_null(1)[0], response=GOOD)]
    judge = FakeJudge({"hello": [9], "probably": [7]})
    night.rows(judge, turns=turns)
    asked = Counter((r.messages[-1].text, r.seed) for r in night.asked())
    assert set(asked.values()) == {1}
    assert sorted(seed for _, seed in asked) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]  # type: ignore[type-var]
    night.rows(judge, turns=turns)
    assert night.asked() == []


def test_the_judge_never_learns_whose_reply_it_reads(night: Night) -> None:
    turn = a_turn(
        response=call(path="secret-of-reference.md"),
        outcome=Outcome(later=(Message("assistant", "what came of it"),)),
    )
    judge = FakeJudge({"secret-of-reference": [8], "secret-of-candidate": [3]})
    night.rows(judge, turns=[turn], candidate=lambda _: call(path="secret-of-candidate.md"))
    for request in night.asked():
        text = "\n".join(message.text for message in request.messages)
        assert "what came of it" not in text
        assert "thoughts" not in text
        assert "sonnet" not in text
        assert "qwen" not in text
        assert "call_1" not in text
        if "b_failure" not in (request.schema or {})["properties"]:
            assert ("secret-of-reference" in text) != ("secret-of-candidate" in text)
    prompts = {request.messages[0].text for request in night.asked()[:2]}
    assert len(prompts) == 1


def test_a_failed_replay_keeps_its_class_and_asks_nothing(night: Night) -> None:
    (row,) = night.rows(FakeJudge({}), candidate=failing("cut_off"))
    assert row["status"] == "cut_off"
    assert row["gap"] is None
    assert row["reference"] is not None
    assert night.asked() == []


def test_a_judgment_that_failed_is_not_a_score(night: Night) -> None:
    good = FakeJudge({"hello": [9]})

    def judge(request: ChatRequest) -> Message:
        if "probably" in request.messages[-1].text:
            raise EndpointError("does_not_fit", "Too long.", item_fault=True)
        return good(request)

    (row,) = night.rows(judge)
    assert row["status"] == "judge_does_not_fit"
    assert row["candidate_overall"] is None
    assert row["gap"] is None
    assert "candidate" in row["error"]


def test_a_turn_that_is_gone_is_a_row(night: Night) -> None:
    (row,) = night.rows(FakeJudge({}), keep=False)
    assert row["status"] == "turn_missing"
    assert measure(pairs_table([row])).series[0].overall.gap.n == 0


def test_nothing_is_asked_twice(night: Night) -> None:
    judge = FakeJudge({"hello": [8], "probably": [4]}, prefer_hello, ("", "drift"))
    turns = [a_turn(f"t{n}", response=GOOD) for n in range(6)]
    first = night.rows(judge, turns=turns)
    assert len(night.asked()) >= 6 * (6 + 2 + 1)
    assert night.rows(failing("unreachable", item_fault=False), turns=turns) == first
    assert night.asked() == []


def test_equal_replies_are_judged_once_and_make_no_pair(night: Night) -> None:
    turn_id = next(f"t{n}" for n in range(99) if not in_null_test(f"t{n}"))
    same = Message("assistant", GOOD.text)
    (row,) = night.rows(
        FakeJudge({"hello": [8, 9, 7]}),
        turns=[a_turn(turn_id, response=GOOD)],
        candidate=lambda _: same,
    )
    assert (row["status"], row["gap"]) == ("no_gap", 0.0)
    assert len(night.asked()) == 3


def test_a_judge_that_dies_ends_the_comparison(night: Night) -> None:
    with pytest.raises(EndpointError):
        night.rows(failing("unreachable", item_fault=False))


def test_everything_the_judge_reads_is_scrubbed(night: Night) -> None:
    judge = FakeJudge({"[name]": [8], "probably": [4]}, prefer_first)
    night.rows(judge, scrub=lambda text: text.replace("hello", "[name]"))
    assert len(night.asked()) >= 8
    assert not [r for r in night.asked() if "hello" in r.messages[-1].text]
