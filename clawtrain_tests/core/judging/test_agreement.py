"""Agreement with people, checked against the definition and against known cases."""

import json
import os
from collections import Counter
from pathlib import Path

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


def indicators(labels: list[object], classes: tuple[object, ...]) -> np.ndarray:
    return np.array([[label == one for one in classes] for label in labels], float)


def test_unordered_classes_agree_as_cohen_worked_it_out_by_hand() -> None:
    # 50 proposals, two readers: 20 both yes, 15 both no, 5 and 10 apart: 0.7 against 0.5 by chance.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    classes = ("yes", "no")
    found = quadratic_kappa(indicators(first, classes), indicators(second, classes))
    assert found == pytest.approx(0.4)
    third = ["a", "a", "b", "c", "c", "c"]
    fourth = ["a", "b", "b", "c", "c", "a"]
    # Observed 4/6; by chance 2/6*2/6 + 1/6*2/6 + 3/6*2/6 = 1/3.
    abc = ("a", "b", "c")
    found = quadratic_kappa(indicators(third, abc), indicators(fourth, abc))
    assert found == pytest.approx((4 / 6 - 1 / 3) / (1 - 1 / 3))


SHARED = Path(os.environ.get("CLAWTRAIN_SHARED", Path(__file__).parents[4] / "shared"))
PANDALM = SHARED / "data" / "judging"


@pytest.mark.skipif(
    not (PANDALM / "pandalm_testset-v1.json").exists(),
    reason="the public PandaLM labels are not at hand (CLAWTRAIN_SHARED)",
)
def test_the_published_figures_of_the_pandalm_judge() -> None:
    """Judge against the majority of three annotators; its 25 unparsed answers left out."""
    verdicts = {
        one["idx"]: one["gpt_result"]
        for one in json.loads((PANDALM / "pandalm_gpt-3.5-turbo-testset-v1.json").read_text())
    }
    classes = {"1": 1.0, "2": 2.0, "Tie": 0.0}
    judge, human = [], []
    for item in json.loads((PANDALM / "pandalm_testset-v1.json").read_text()):
        votes = Counter(item[f"annotator{number}"] for number in (1, 2, 3))
        if verdicts[item["idx"]] in classes:
            judge.append(classes[verdicts[item["idx"]]])
            human.append(float(votes.most_common(1)[0][0]))
    assert len(judge) == 974
    assert agreement(judge, human).exact == pytest.approx(0.716, abs=5e-4)
    levels = tuple(classes.values())
    found = quadratic_kappa(indicators(judge, levels), indicators(human, levels))
    assert found == pytest.approx(0.493, abs=5e-4)
