"""When two blind scores are far enough apart to call one reply better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from clawtrain_assets.core.judging.sampling import MORE_SAMPLES

Arm = Literal["reference", "candidate"]

PAIR, NO_GAP, OVERLAPPING, UNCONFIRMED = "pair", "no_gap", "overlapping", "unconfirmed"
NEAR = 1.0  # points from the threshold within which a comparison is looked at more closely
JUDGED = (PAIR, NO_GAP, OVERLAPPING, UNCONFIRMED)


@dataclass(frozen=True)
class Decision:
    """What the rule says: ``gap`` is reference minus candidate, ``chosen`` None unless a pair."""

    status: str
    gap: float
    chosen: Arm | None


def decide(reference: Sequence[float], candidate: Sequence[float], min_gap: float) -> Decision:
    """Compare two arms by their sampled overall scores (0-10, at least one each).

    A pair needs medians at least ``min_gap`` apart and every score of the better arm above every
    score of the worse; of five samples of each arm or more, one may be out of line. With one
    sample the second condition adds nothing and the rule is as weak as a single score: two equal
    answers then make a pair in 8 % of turns at a judge SD of 1 (``benchmarks/false_pairs.py``).
    """
    gap = median(reference) - median(candidate)
    if abs(gap) < min_gap:
        return Decision(NO_GAP, gap, None)
    better, worse = (reference, candidate) if gap > 0 else (candidate, reference)
    if not _apart(sorted(better), sorted(worse)):
        return Decision(OVERLAPPING, gap, None)
    return Decision(PAIR, gap, "reference" if gap > 0 else "candidate")


def wants_more(gap: float, min_gap: float, samples: int) -> bool:
    """Whether three samples (or four) of each arm leave too much to chance."""
    return 3 <= samples < MORE_SAMPLES and abs(abs(gap) - min_gap) <= NEAR


def _apart(better: list[float], worse: list[float]) -> bool:
    if better[0] > worse[-1]:
        return True
    if min(len(better), len(worse)) < MORE_SAMPLES:
        return False
    return better[1] > worse[-1] or better[0] > worse[-2]


def overalls(samples: Sequence[Mapping[str, Any]]) -> list[float]:
    """The overall scores of the valid verdicts."""
    return [float(sample["overall"]["score"]) for sample in samples if "error" not in sample]
