"""Means and shares with the interval that few, correlated rows allow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MIN_TURNS = 10
MIN_SESSIONS = 5
_DRAWS = 2_000
_SEED = 20260314
_Z = 1.959964  # 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Mean:
    """A mean over ``n`` turns of ``sessions`` sessions; None where there is nothing to average.

    ``low`` and ``high`` bound the 95 % interval; both None: too few turns or sessions for one.
    """

    n: int
    sessions: int
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Share:
    """``count`` of ``n`` with its 95 % interval (Wilson); value and bounds are None if n is 0."""

    count: int
    n: int
    value: float | None
    low: float | None
    high: float | None


def mean(values: Sequence[float], sessions: Sequence[str]) -> Mean:
    """Mean with a bootstrap interval that redraws whole sessions.

    Turns of one session resemble each other; redrawing turns would pretend they are independent
    and give intervals that are too narrow. With few sessions the bootstrap itself is too narrow
    (84 % coverage at 5), so its ends are moved out as Student's t does for a mean of that many
    values. Below 10 turns or 5 sessions there is no interval.
    """
    names, of = np.unique(np.asarray(sessions, dtype=str), return_inverse=True)
    n, count = len(values), len(names)
    if n == 0:
        return Mean(0, 0, None)
    value = float(np.mean(values))
    if n < MIN_TURNS or count < MIN_SESSIONS:
        return Mean(n, count, value)
    sums = np.bincount(of, weights=np.asarray(values, dtype=float), minlength=count)
    sizes = np.bincount(of, minlength=count)
    drawn = np.random.default_rng(_SEED).integers(count, size=(_DRAWS, count))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    widen = _few_sessions(count)
    return Mean(n, count, value, value + widen * (low - value), value + widen * (high - value))


def share(count: int, n: int) -> Share:
    """A proportion with Wilson's interval, which stays sensible at 0 of n and at small n."""
    if n == 0:
        return Share(count, 0, None, None, None)
    z = _Z
    rate = count / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    return Share(count, n, rate, max(0.0, centre - half), min(1.0, centre + half))


def _few_sessions(count: int) -> float:
    """Student's 97.5 % point over the normal's (Cornish-Fisher, 1 % off at 4 degrees), and the
    bootstrap's missing factor n / (n - 1) of the variance."""
    z, free = _Z, count - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    return float(t / z * np.sqrt(count / free))
