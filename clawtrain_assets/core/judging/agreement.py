"""How far a judge agrees with people, with the uncertainty of few labels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_DRAWS = 2_000
_SEED = 20_260_101


class Agreement(NamedTuple):
    """Judge beside people on the same items.

    ``kappa`` is Cohen's with quadratic weights, ``kappa_low``/``kappa_high`` its 95 % bootstrap
    interval; None where one side gave everything the same score, so that agreement by chance is
    total. ``bias`` is judge minus human, in points. The last four count items by whether judge
    and human reach the threshold; ``keep_precision`` is the share of the judge's keeps that the
    human keeps too, None without any.
    """

    n: int
    exact: float
    within_one: float
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    bias: float
    keep_precision: float | None
    both_keep: int
    only_judge_keeps: int
    only_human_keeps: int
    neither_keeps: int


def agreement(
    judge: Sequence[float],
    human: Sequence[float],
    groups: Sequence[str] | None = None,
    threshold: float = 7.0,
) -> Agreement:
    """Compare paired scores; raises ValueError if there are none or their numbers differ.

    ``groups`` (say, sessions) are redrawn whole in the bootstrap: items of one session are not
    independent, and an interval that ignores it is too narrow.
    """
    if not len(judge) or len(judge) != len(human):
        raise ValueError("agreement needs pairs of scores")
    ours, theirs = np.asarray(judge, float), np.asarray(human, float)
    low, high = _interval(ours, theirs, groups)
    keeps, wanted = ours >= threshold, theirs >= threshold
    kept = int(keeps.sum())
    both = int((keeps & wanted).sum())
    return Agreement(
        n=len(ours),
        exact=float((ours == theirs).mean()),
        within_one=float((np.abs(ours - theirs) <= 1).mean()),
        kappa=quadratic_kappa(ours, theirs),
        kappa_low=low,
        kappa_high=high,
        bias=float((ours - theirs).mean()),
        keep_precision=both / kept if kept else None,
        both_keep=both,
        only_judge_keeps=kept - both,
        only_human_keeps=int((~keeps & wanted).sum()),
        neither_keeps=int((~keeps & ~wanted).sum()),
    )


def quadratic_kappa(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """1 - observed / expected squared difference; None if both give one and the same score.

    With squared weights the expectation over all pairings needs moments only, so scores may be
    medians such as 6.5 and no table of levels is built. Rows may also be vectors (n x d), compared
    by squared distance: over indicators of unordered classes that is Cohen's unweighted kappa.
    """
    observed = np.mean((a - b) ** 2, axis=0).sum()
    expected = (np.var(a, axis=0) + np.var(b, axis=0) + (a.mean(0) - b.mean(0)) ** 2).sum()
    return None if expected == 0 else float(1 - observed / expected)


def _interval(
    a: NDArray[np.float64], b: NDArray[np.float64], groups: Sequence[str] | None
) -> tuple[float | None, float | None]:
    names = np.arange(len(a)) if groups is None else np.unique(groups, return_inverse=True)[1]
    members = [np.flatnonzero(names == name) for name in np.unique(names)]
    random = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(_DRAWS):
        chosen = random.integers(0, len(members), len(members))
        items = np.concatenate([members[index] for index in chosen])
        kappa = quadratic_kappa(a[items], b[items])
        if kappa is not None:
            drawn.append(kappa)
    if not drawn:
        return None, None
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
