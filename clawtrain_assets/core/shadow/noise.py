"""What a noisy judge does to the pair rule: simulated rates of false and missed pairs.

Model: a verdict is the true score plus normal noise, rounded to a whole number and held in 0-10.
"""

from collections.abc import Sequence
from statistics import fmean, variance

import numpy as np

from clawtrain_assets.core.judging.sampling import MORE_SAMPLES
from clawtrain_assets.core.shadow.rule import NEAR

_SEED = 20260314
TRIALS = 200_000


def pair_rate(
    reference: float,
    candidate: float,
    sd: float,
    samples: int,
    min_gap: float = 3.0,
    separate: bool = True,
    more: bool = True,
    trials: int = TRIALS,
) -> float:
    """Share of turns the rule calls a pair, for replies whose true scores are given.

    ``separate=False`` leaves out the condition that the samples must not overlap (the gap of
    medians alone), ``more=False`` the further samples near the threshold. Equal true scores give
    the false-pair rate; one minus the rate of unequal ones is the missed-pair rate. The vectorized
    twin of ``rule.decide`` and ``rule.wants_more``.
    """
    random = np.random.default_rng(_SEED)
    most = max(samples, MORE_SAMPLES)

    def verdicts(true: float) -> np.ndarray:
        noisy = true + sd * random.standard_normal((trials, most))
        return np.clip(np.rint(noisy), 0, 10)

    first, second = verdicts(reference), verdicts(candidate)
    gap, found = _decided(first[:, :samples], second[:, :samples], min_gap, separate)
    if more and 3 <= samples < MORE_SAMPLES:
        near = np.abs(np.abs(gap) - min_gap) <= NEAR
        found[near] = _decided(first[near], second[near], min_gap, separate)[1]
    return float(found.mean())


def _decided(
    first: np.ndarray, second: np.ndarray, min_gap: float, separate: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Per turn the gap of medians, and whether it is a pair."""
    gap = np.median(first, axis=1) - np.median(second, axis=1)
    found = np.abs(gap) >= min_gap
    if separate:
        swapped = (gap < 0)[:, None]
        better = np.sort(np.where(swapped, second, first), axis=1)
        worse = np.sort(np.where(swapped, first, second), axis=1)
        apart = better[:, 0] > worse[:, -1]
        if first.shape[1] >= MORE_SAMPLES:
            apart |= (better[:, 1] > worse[:, -1]) | (better[:, 0] > worse[:, -2])
        found &= apart
    return gap, found


def pooled_sd(arms: Sequence[Sequence[float]]) -> float | None:
    """The judge's SD: what repeated verdicts on the same reply vary by; None without repetition."""
    variances = [variance(scores) for scores in arms if len(scores) > 1]
    return fmean(variances) ** 0.5 if variances else None
