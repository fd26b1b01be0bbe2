import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtrain_assets.core.judging.sampling import MORE_SAMPLES
from clawtrain_assets.core.shadow.noise import _SEED, pair_rate, pooled_sd
from clawtrain_assets.core.shadow.rule import decide, wants_more

SCORES = st.lists(st.integers(0, 10).map(float), min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("reference", "candidate", "status", "chosen"),
    [
        ([9, 9, 8], [5, 5, 6], "pair", "reference"),
        ([4, 5, 5], [9, 8, 8], "pair", "candidate"),
        ([9, 9, 9], [7, 7, 7], "no_gap", None),
        ([9, 9, 5], [5, 5, 5], "overlapping", None),  # touching is overlapping
        ([9, 9, 6], [5, 5, 5], "pair", "reference"),
        ([8], [5], "pair", "reference"),
        ([9, 9, 9, 9, 4], [5, 5, 5, 5, 5], "pair", "reference"),  # one of ten out of line
        ([9, 9, 9, 9, 9], [5, 5, 5, 5, 9], "pair", "reference"),
        ([9, 9, 9, 9, 4], [5, 5, 5, 5, 9], "overlapping", None),
        ([9, 9, 9, 9, 4], [5, 5, 5, 5], "overlapping", None),  # four cannot spare any
    ],
)
def test_the_rule(
    reference: list[float], candidate: list[float], status: str, chosen: str | None
) -> None:
    decision = decide(reference, candidate, 3.0)
    assert (decision.status, decision.chosen) == (status, chosen)


@given(SCORES, SCORES, st.sampled_from([1.0, 3.0, 4.5]))
def test_swapping_the_arms_swaps_the_direction_and_nothing_else(
    one: list[float], other: list[float], min_gap: float
) -> None:
    there, back = decide(one, other, min_gap), decide(other, one, min_gap)
    assert there.status == back.status
    assert there.gap == -back.gap
    swapped = {"reference": "candidate", "candidate": "reference", None: None}
    assert there.chosen == swapped[back.chosen]
    if there.status == "pair":
        better, worse = (one, other) if there.chosen == "reference" else (other, one)
        strays = sum(score <= max(worse) for score in better)
        others = sum(score >= min(better) for score in worse)
        assert min(strays, others) <= (min(len(one), len(other)) >= MORE_SAMPLES)


@pytest.mark.parametrize(
    ("sd", "single", "median_of_three"),
    [(0.5, 0.001, 0.0), (1.0, 0.083, 0.013), (1.5, 0.231, 0.084), (2.0, 0.347, 0.184)],
)
def test_the_simulation_gives_the_published_rates(
    sd: float, single: float, median_of_three: float
) -> None:
    """Two equal answers at a true 7.5: rates of a gap >= 3 worked out independently before."""
    assert pair_rate(7.5, 7.5, sd, 1, separate=False) == pytest.approx(single, abs=0.005)
    of_three = pair_rate(7.5, 7.5, sd, 3, separate=False, more=False)
    assert of_three == pytest.approx(median_of_three, abs=0.005)


@settings(max_examples=30)
@given(st.integers(0, 10), st.integers(0, 10), st.sampled_from([0.6, 1.5, 3.0]))
def test_the_simulation_applies_the_same_rule(one: int, other: int, sd: float) -> None:
    """The vectorized rule counts as many pairs as ``decide`` and ``wants_more`` do one by one."""
    trials = 40
    random = np.random.default_rng(_SEED)
    arms = [
        np.clip(np.rint(true + sd * random.standard_normal((trials, MORE_SAMPLES))), 0, 10)
        for true in (one, other)
    ]
    pairs = 0
    for first, second in zip(*(arm.tolist() for arm in arms), strict=True):
        found = decide(first[:3], second[:3], 3.0)
        if wants_more(found.gap, 3.0, 3):
            found = decide(first, second, 3.0)
        pairs += found.status == "pair"
    assert pair_rate(one, other, sd, 3, trials=trials) == pytest.approx(pairs / trials)


@pytest.mark.parametrize("sd", [0.5, 1.0, 1.5, 2.0])
def test_more_samples_near_the_threshold_err_less_both_ways(sd: float) -> None:
    def rates(reference: float, candidate: float) -> tuple[float, float]:
        return pair_rate(reference, candidate, sd, 3), pair_rate(
            reference, candidate, sd, 3, more=False
        )

    now, before = rates(7.5, 7.5)
    assert now <= before
    for candidate in (4.0, 3.0, 2.0):
        now, before = rates(8.0, candidate)
        assert now >= before


def test_judge_sd_is_pooled_over_replies_not_between_them() -> None:
    assert pooled_sd([[9, 9, 9], [2, 2, 2]]) == 0.0
    assert pooled_sd([[6, 8], [1, 3]]) == pytest.approx(2**0.5)
    assert pooled_sd([[7], [3]]) is None
