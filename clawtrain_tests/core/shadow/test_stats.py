import numpy as np
import pytest

from clawtrain_assets.core.shadow.stats import mean, share


def test_few_turns_or_few_sessions_have_no_interval() -> None:
    assert mean([], []).value is None
    for values, sessions in [([1.0] * 9, list("abcdefghi")), ([1.0] * 40, list("abcd") * 10)]:
        result = mean(values, sessions)
        assert result.value == 1.0
        assert result.low is None
        assert result.high is None


def test_the_interval_knows_that_turns_of_a_session_are_alike() -> None:
    random = np.random.default_rng(3)
    of_session = random.normal(1.5, 1.0, 20)
    values = np.repeat(of_session, 10) + random.normal(0, 0.2, 200)
    together = mean(list(values), [str(n // 10) for n in range(200)])
    apart = mean(list(values), [str(n) for n in range(200)])
    assert together.low is not None
    assert together.high is not None
    assert apart.low is not None
    assert apart.high is not None
    assert together.high - together.low > 2 * (apart.high - apart.low)


@pytest.mark.parametrize("sessions", [5, 10, 30])
def test_the_interval_covers_the_truth_as_often_as_it_says(sessions: int) -> None:
    random = np.random.default_rng(sessions)
    hits = 0
    for _ in range(150):
        of_session = random.normal(1.5, 1.0, sessions)
        values = [float(m + e) for m in of_session for e in random.normal(0, 2.0, 4)]
        found = mean(values, [str(n // 4) for n in range(len(values))])
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 1.5 <= found.high
    assert hits / 150 > 0.88


def test_a_share_of_nothing_is_not_zero() -> None:
    assert share(0, 0).value is None
    none_of_fifty = share(0, 50)
    assert none_of_fifty.value == 0.0
    assert none_of_fifty.low == 0.0
    assert none_of_fifty.high == pytest.approx(0.071, abs=0.001)  # Wilson's interval, by hand
