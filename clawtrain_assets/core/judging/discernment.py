"""Whether a judge tells turns apart, or says the same of everything."""

from collections.abc import Mapping
from typing import NamedTuple

MOST_ALIKE = 0.95  # of the scores: a judge that gives so many of one kind does not look
LEAST = 20  # scores below which nothing is said
CERTAIN = 50  # scores from which it is no chance, and what the judge kept proves nothing

_ENDS = (0.0, 10.0)


class Spread(NamedTuple):
    """How far scores are of one kind: the same number, or the ends of the scale.

    ``distinguishes`` is None where there are too few to say.
    """

    n: int
    distinct: int
    alike: float
    words: str
    distinguishes: bool | None


def spread(counts: Mapping[float, int]) -> Spread:
    """Look at how often each overall was given."""
    n = sum(counts.values())
    number, times = max(counts.items(), key=lambda one: one[1], default=(0.0, 0))
    words = f"{times} of {n} scores are {number:g}"
    ends = sum(counts.get(end, 0) for end in _ENDS)
    if ends > times and ends >= MOST_ALIKE * n:
        times, words = ends, f"{ends} of {n} scores are 0 or 10"
    alike = times / n if n else 0.0
    return Spread(n, len(counts), alike, words, alike < MOST_ALIKE if n >= LEAST else None)
