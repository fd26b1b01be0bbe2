import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.shadow.noise import pair_rate, pooled_sd
from clawtrain_assets.core.shadow.rule import decide

SCORES = st.lists(st.integers(0, 10).map(float), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("reference", "candidate", "status", "chosen"),
    [
        ([9, 9, 8], [5, 5, 6], "pair", "reference"),
        ([4, 5, 5], [9, 8, 8], "pair", "candidate"),
        ([9, 9, 9], [7, 7, 7], "no_gap", None),
        ([9, 9, 5], [5, 5, 5], "overlapping", None),  # touching is overlapping
        ([9, 9, 6], [5, 5, 5], "pair", "reference"),
        ([8], [5], "pair", "reference"),
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
        assert min(better) > max(worse)


@pytest.mark.parametrize(
    ("sd", "single", "median_of_three"),
    [(0.5, 0.001, 0.0), (1.0, 0.083, 0.013), (1.5, 0.231, 0.084), (2.0, 0.347, 0.184)],
)
def test_the_simulation_gives_the_published_rates(
    sd: float, single: float, median_of_three: float
) -> None:
    """Two equal answers at a true 7.5: rates of a gap >= 3 worked out independently before."""
    assert pair_rate(7.5, 7.5, sd, 1, separate=False) == pytest.approx(single, abs=0.005)
    assert pair_rate(7.5, 7.5, sd, 3, separate=False) == pytest.approx(median_of_three, abs=0.005)


def test_the_simulation_applies_the_same_rule() -> None:
    """Noiseless verdicts: the vectorized rule must say what ``decide`` says."""
    for reference, candidate in [(9.0, 6.0), (9.0, 7.0), (2.0, 8.0), (5.0, 5.0)]:
        rate = pair_rate(reference, candidate, 0.0, 3, trials=10)
        assert rate == (decide([reference] * 3, [candidate] * 3, 3.0).status == "pair")


def test_judge_sd_is_pooled_over_replies_not_between_them() -> None:
    assert pooled_sd([[9, 9, 9], [2, 2, 2]]) == 0.0
    assert pooled_sd([[6, 8], [1, 3]]) == pytest.approx(2**0.5)
    assert pooled_sd([[7], [3]]) is None
