"""The null test: a reply against itself. Whatever the rule calls a pair here is false."""

import hashlib

from clawtrain_assets.core.judging.blind import SCORED, BlindScores
from clawtrain_assets.core.judging.sampling import MORE_SAMPLES
from clawtrain_assets.core.shadow.rule import Decision, decide, wants_more
from clawtrain_assets.settings import Shadow

EVERY = 5  # one turn in so many is tried


def in_null_test(turn_id: str) -> bool:
    """Whether this turn's reference is also compared with itself; the same answer every time."""
    return int(hashlib.sha256(f"null\0{turn_id}".encode()).hexdigest(), 16) % EVERY == 0


def wants_more_halves(scores: BlindScores, shadow: Shadow) -> bool:
    """Whether the two halves are as near the threshold as two arms that get more samples."""
    found = _compared(scores, shadow)
    return found is not None and wants_more(found.gap, shadow.min_gap, shadow.samples)


def null_status(scores: BlindScores | None, shadow: Shadow) -> str | None:
    """What the rule says of one half of a reply's verdicts against the other half.

    None unless both halves hold a verdict. 'pair' is a false pair.
    """
    found = _compared(scores, shadow) if scores is not None else None
    return found.status if found is not None else None


def _compared(scores: BlindScores, shadow: Shadow) -> Decision | None:
    if scores.status != SCORED:
        return None
    halves: tuple[list[float], list[float]] = ([], [])
    for sample in scores.samples:
        if "error" not in sample:
            half = _in_second_half(sample["sample"], shadow.samples)
            halves[half].append(float(sample["overall"]["score"]))
    return decide(*halves, shadow.min_gap) if all(halves) else None


def _in_second_half(sample: int, each: int) -> bool:
    """First ``each`` samples for one half, as many for the other, then what each gets besides."""
    if sample < 2 * each:
        return sample >= each
    return sample - 2 * each >= MORE_SAMPLES - each
