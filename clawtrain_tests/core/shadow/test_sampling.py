from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.shadow.sampling import Sampled, replayable, sample
from clawtrain_assets.core.shadow.strata import call_band, turn_band
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_tests.core.shadow.samples import a_turn, call

SONNET = ("*claude-sonnet*",)
PROSE = Message("assistant", "Done.")


def draw(turns: list[Turn], **changes: Any) -> list[Sampled]:
    arguments: dict[str, Any] = {
        "scores": {},
        "already": (),
        "nightly": 20,
        "day": "2026-03-14",
        "reference_models": SONNET,
    }
    return sample(turns, **(arguments | changes))


def ids(drawn: list[Sampled]) -> list[str]:
    return [item.turn.turn_id for item in drawn]


@pytest.mark.parametrize(
    ("index", "band"), [(1, "1-3"), (3, "1-3"), (4, "4-5"), (7, "6-7"), (10, "8-10"), (11, "11+")]
)
def test_a_position_falls_into_its_band(index: int, band: str) -> None:
    assert turn_band(index) == band


def test_calls_fall_into_bands() -> None:
    assert [call_band(n) for n in (0, 1, 9, 24, 25)] == ["0", "1-3", "4-9", "10-24", "25+"]


@pytest.mark.parametrize(
    "turn",
    [
        a_turn(model="qwen3:8b"),
        a_turn(model=None),
        a_turn(exclusion_reason="heartbeat"),
        a_turn(context=[]),
        a_turn(context=[Message("user", "hi"), Message("assistant", "half an ans")]),
        a_turn(response=Message("assistant", "  ")),
        a_turn(context=[Message("user", "hi"), Message("tool", "42", tool_call_id="cut away")]),
    ],
)
def test_turns_without_a_place_to_give_away_are_not_drawn(turn: Turn) -> None:
    assert not replayable(turn, SONNET)
    assert draw([turn]) == []


def test_model_patterns_ignore_case() -> None:
    assert replayable(a_turn(model="Anthropic/Claude-Sonnet-4"), SONNET)


def test_a_turn_is_drawn_once_per_candidate() -> None:
    turns = [a_turn("a"), a_turn("b"), a_turn("b")]
    assert ids(draw(turns, already={"a"})) == ["b"]
    assert ids(draw(turns, already={"a"}, backlog=turns)) == ["b"]


def test_tool_use_and_good_turns_come_before_the_rest() -> None:
    plain = [a_turn(f"plain{n}", response=PROSE, turn_index=n) for n in range(1, 30)]
    good = a_turn("good", response=PROSE, turn_index=2)
    tool = a_turn("tool", turn_index=2)
    scores = {"good": 7.0, "plain1": 6.9, "plain2": None}
    drawn = ids(draw([*plain, good, tool], scores=scores))
    assert set(drawn[:2]) == {"good", "tool"}
    assert len(drawn) == 20


def test_a_quiet_day_is_filled_from_the_backlog_and_only_then() -> None:
    today = [a_turn(f"today{n}", response=PROSE) for n in range(5)]
    earlier = [a_turn(f"earlier{n}", day="2026-03-01") for n in range(50)]
    drawn = ids(draw(today, backlog=earlier))
    assert set(drawn[:5]) == {turn.turn_id for turn in today}
    assert len(drawn) == 20
    busy = [a_turn(f"busy{n}") for n in range(20)]
    assert not any(name.startswith("earlier") for name in ids(draw(busy, backlog=earlier)))


def test_every_depth_gets_its_share_although_most_turns_are_early() -> None:
    turns = [a_turn(f"early{n}", turn_index=1) for n in range(200)]
    turns += [
        a_turn(f"deep{depth}-{n}", turn_index=depth, calls_before=depth)
        for depth in (5, 7, 9, 40)
        for n in range(6)
    ]
    drawn = draw(turns, nightly=30)
    bands = Counter(turn_band(item.turn.turn_index) for item in drawn)
    assert bands == {"1-3": 6, "4-5": 6, "6-7": 6, "8-10": 6, "11+": 6}


def test_within_a_depth_rare_tools_are_drawn_too() -> None:
    turns = [a_turn(f"read{n}") for n in range(100)]
    turns += [a_turn("rare", response=call("cron", at="7:00"))]
    assert "rare" in ids(draw(turns))


def test_another_day_draws_other_turns() -> None:
    turns = [a_turn(f"t{n}") for n in range(200)]
    monday, tuesday = draw(turns, day="2026-03-16"), draw(turns, day="2026-03-17")
    assert set(ids(monday)) != set(ids(tuesday))


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_the_draw_depends_on_the_turns_and_the_day_alone(random: Random, count: int) -> None:
    turns = [
        a_turn(
            f"t{n}", turn_index=1 + n % 13, calls_before=n % 7, response=PROSE if n % 3 else call()
        )
        for n in range(count)
    ]
    shuffled = list(turns)
    random.shuffle(shuffled)
    drawn = ids(draw(turns))
    assert ids(draw(shuffled)) == drawn
    assert len(drawn) == len(set(drawn)) == min(20, count)
