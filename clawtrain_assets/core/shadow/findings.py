"""What the gap report holds; the meaning of every figure is said here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clawtrain_assets.core.shadow.curriculum import Lesson
from clawtrain_assets.core.shadow.stats import Mean, Share

LONGER_ALARM = 0.70


class SeriesKey(NamedTuple):
    """What may be averaged together: one candidate judged by one judge with one rubric."""

    candidate_model: str
    candidate_digest: str
    judge_model: str
    judge_digest: str
    rubric_hash: str


@dataclass(frozen=True)
class Cell:
    """A group of turns: the gap in points of overall, and how often each side was clearly better.

    ``reference_better + unclear + candidate_better == gap.n``.
    """

    name: str
    gap: Mean
    reference_better: int
    unclear: int
    candidate_better: int


@dataclass(frozen=True)
class Length:
    """Characters of reply (text and arguments, without thinking) of the two sides of the pairs.

    Tokens are not compared: each model counts its own, and some count thinking.
    """

    chosen_longer: Share
    alarm: bool
    reference_median: float | None
    candidate_median: float | None


@dataclass(frozen=True)
class Economy:
    """``spent``: dollars the judged, priced turns cost. ``saved``: the part of it spent on turns
    where the candidate was not clearly worse. ``latency_ratio``: median of candidate's seconds over
    the reference's, turn by turn."""

    priced: int
    spent: float
    saved: float
    timed: int
    latency_ratio: float | None


@dataclass(frozen=True)
class Trust:
    """How far the figures can be believed.

    ``null_pairs``: the reference judged twice against itself and still called a pair.
    ``judge_sd``: SD of the judge's overall between samples of one reply; ``expected_null`` the
    rate of false pairs that this SD makes in simulation. ``flips``: order checks whose answer
    changed with the order. ``failed``: replays and judgments that ended in an error class.
    """

    null_pairs: Share
    samples: int
    judge_sd: float | None
    expected_null: float | None
    flips: Share
    failed: Share


@dataclass(frozen=True)
class Series:
    """Everything measured about one candidate under one judge and rubric."""

    key: SeriesKey
    statuses: Mapping[str, int]
    overall: Cell
    dimensions: Mapping[str, Mean]
    groups: Mapping[str, Sequence[Cell]]
    days: Sequence[Cell]
    length: Length
    economy: Economy
    trust: Trust
    failures: Mapping[str, int]
    lessons: Sequence[Lesson]
    warnings: Sequence[str]


@dataclass(frozen=True)
class GapReport:
    """One ``Series`` per candidate, judge and rubric, most rows first.

    ``frequency_of``: what the curriculum's frequencies are shares of, "traffic" or "sample".
    """

    rows: int
    first_day: str | None
    last_day: str | None
    min_gap: float
    frequency_of: str
    series: Sequence[Series]
