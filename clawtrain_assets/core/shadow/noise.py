"""What a noisy judge does to the pair rule: simulated rates of false and missed pairs.

Model: a verdict is the true score plus normal noise, rounded to a whole number and held in 0-10.
"""

from collections.abc import Sequence
from statistics import fmean, variance

import numpy as np

_SEED = 20260314
TRIALS = 200_000


def pair_rate(
    reference: float,
    candidate: float,
    sd: float,
    samples: int,
    min_gap: float = 3.0,
    separate: bool = True,
    trials: int = TRIALS,
) -> float:
    """Share of turns the rule calls a pair, for replies whose true scores are given.

    ``separate=False`` leaves out the condition that the samples must not overlap (the gap of
    medians alone). Equal true scores give the false-pair rate; one minus the rate of unequal ones
    is the missed-pair rate. The vectorized twin of ``rule.decide``.
    """
    random = np.random.default_rng(_SEED)

    def verdicts(true: float) -> np.ndarray:
        noisy = true + sd * random.standard_normal((trials, samples))
        return np.sort(np.clip(np.rint(noisy), 0, 10), axis=1)

    first, second = verdicts(reference), verdicts(candidate)
    gap = np.median(first, axis=1) - np.median(second, axis=1)
    found = np.abs(gap) >= min_gap
    if separate:
        apart = np.where(gap > 0, first[:, 0] > second[:, -1], second[:, 0] > first[:, -1])
        found &= apart
    return float(found.mean())


def pooled_sd(arms: Sequence[Sequence[float]]) -> float | None:
    """The judge's SD: what repeated verdicts on the same reply vary by; None without repetition."""
    variances = [variance(scores) for scores in arms if len(scores) > 1]
    return fmean(variances) ** 0.5 if variances else None
