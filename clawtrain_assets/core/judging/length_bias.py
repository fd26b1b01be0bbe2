"""Does the judge reward length? The slope of its overall against the length of the reply."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MIN_TURNS = 20
MIN_SESSIONS = 5
_DRAWS = 2_000
_SEED = 20_260_101
_BLOCKS = 2_000  # sessions beyond so many are drawn in groups, or memory would grow with them
_AT_ONCE = 50  # draws; all of them together would take 5 x 8 bytes for each draw and block

Values = Sequence[float] | npt.NDArray[Any]


class Slope(NamedTuple):
    """Points of overall per doubling of the reply, with the 95 % interval.

    All three None below 20 turns or 5 sessions, or if all replies are of one length. A slope is
    no proof of bias: longer replies may do more. One that appears when judge or rubric change is.
    """

    n: int
    per_doubling: float | None
    low: float | None
    high: float | None


def length_slope(
    overall: Values, characters: Values, sessions: Sequence[str] | npt.NDArray[Any]
) -> Slope:
    """Least squares on log2(1 + characters); the bootstrap redraws whole sessions.

    Beyond 2,000 sessions it redraws groups of them: sums over sessions that have nothing to do
    with each other vary as the sessions do, so the interval stays what it was.
    """
    n = len(overall)
    names, of = np.unique(np.asarray(sessions), return_inverse=True)
    if n < MIN_TURNS or len(names) < MIN_SESSIONS:
        return Slope(n, None, None, None)
    x, y = np.log2(1 + np.asarray(characters, float)), np.asarray(overall, float)
    parts = np.stack([np.ones(n), x, y, x * x, x * y])
    sums = np.stack([np.bincount(of, weights=part, minlength=len(names)) for part in parts])
    chance = np.random.default_rng(_SEED)
    if len(names) > _BLOCKS:
        block = chance.permutation(len(names)) % _BLOCKS
        sums = np.stack([np.bincount(block, weights=part, minlength=_BLOCKS) for part in sums])
    drawn = chance.integers(sums.shape[1], size=(_DRAWS, sums.shape[1]))
    parted = [drawn[at : at + _AT_ONCE] for at in range(0, _DRAWS, _AT_ONCE)]
    slopes = np.concatenate([_slope(sums[:, some].sum(axis=2)) for some in parted])
    value = float(_slope(sums.sum(axis=1)))
    if not np.isfinite(value):
        return Slope(n, None, None, None)
    low, high = np.percentile(slopes[np.isfinite(slopes)], (2.5, 97.5))
    return Slope(n, value, float(low), float(high))


def _slope(sums: np.ndarray) -> np.ndarray:
    """From n, sum x, sum y, sum xx, sum xy; NaN where x does not vary."""
    n, x, y, xx, xy = sums
    spread = n * xx - x * x
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 1e-9 * n * n, (n * xy - x * y) / spread, np.nan)
