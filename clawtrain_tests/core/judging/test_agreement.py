"""Agreement with people, checked against the definition and against known cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.judging.agreement import agreement, quadratic_kappa

scores = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=40)


def kappa_by_table(a: list[int], b: list[int]) -> float | None:
    """Cohen's weighted kappa from its definition over the 11 x 11 table."""
    table = np.zeros((11, 11))
    for left, right in zip(a, b, strict=True):
        table[left, right] += 1
    table /= len(a)
    weights = np.subtract.outer(np.arange(11), np.arange(11)) ** 2 / 100
    expected = np.outer(table.sum(1), table.sum(0))
    chance = float((weights * expected).sum())
    return None if chance == 0 else 1 - float((weights * table).sum()) / chance


@given(scores)
def test_kappa_is_cohens_with_quadratic_weights(pairs: list[tuple[int, int]]) -> None:
    a, b = [one for one, _ in pairs], [other for _, other in pairs]
    ours = quadratic_kappa(np.array(a, float), np.array(b, float))
    table = kappa_by_table(a, b)
    assert (ours is None) == (table is None)
    if ours is not None and table is not None:
        assert ours == pytest.approx(table, abs=1e-9)


def test_the_confusion_at_the_threshold_adds_up() -> None:
    found = agreement([9, 8, 7, 3, 6.5], [9, 5, 7, 8, 2])
    assert (found.both_keep, found.only_judge_keeps) == (2, 1)
    assert (found.only_human_keeps, found.neither_keeps) == (1, 1)
    assert found.keep_precision == pytest.approx(2 / 3)
    assert found.exact == pytest.approx(2 / 5)
    assert found.bias == pytest.approx((9 + 8 + 7 + 3 + 6.5 - 9 - 5 - 7 - 8 - 2) / 5)


def test_few_labels_give_a_wide_interval_and_sessions_a_wider_one() -> None:
    random = np.random.default_rng(3)
    sessions = [f"s{number // 5}" for number in range(50)]
    base = np.repeat(random.integers(2, 9, 10), 5)
    human = np.clip(base + random.integers(-1, 2, 50), 0, 10)
    judge = np.clip(human + np.repeat(random.integers(-3, 4, 10), 5), 0, 10)
    single = agreement(list(judge), list(human))
    grouped = agreement(list(judge), list(human), sessions)
    assert single.kappa == grouped.kappa
    for found in (single, grouped):
        assert found.kappa_low is not None
        assert found.kappa_high is not None
        assert found.kappa is not None
        assert found.kappa_low < found.kappa < found.kappa_high
    assert grouped.kappa_high - grouped.kappa_low > single.kappa_high - single.kappa_low  # type: ignore[operator]


def test_one_score_for_everything_is_no_agreement_at_all() -> None:
    assert agreement([7, 7, 7], [7, 7, 7]).kappa is None
    assert agreement([7, 7, 7], [2, 9, 5]).kappa == pytest.approx(0, abs=0.2)
    with pytest.raises(ValueError, match="pairs"):
        agreement([], [])
    with pytest.raises(ValueError, match="pairs"):
        agreement([1], [1, 2])
