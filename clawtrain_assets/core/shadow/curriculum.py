"""What to teach the local model first: gap times how often the agent gets into that situation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clawtrain_assets.core.shadow.stats import Mean, mean
from clawtrain_assets.core.shadow.strata import Stratum

MIN_ROWS = 3
_EXAMPLES = 3

# turn band, tool, gap, session_id, turn_id, failure class
Row = tuple[str, str, float, str, str, str | None]


@dataclass(frozen=True)
class Lesson:
    """One situation to train: a tool at a depth.

    ``frequency`` is its share of the traffic (or of the sample), ``weight`` = gap x frequency:
    points of overall per average turn to be won here. ``examples`` are turn_ids, widest gap first.
    """

    turns: str
    tool: str
    gap: Mean
    frequency: float
    weight: float
    failure: str | None
    examples: tuple[str, ...]


def curriculum(rows: Sequence[Row], traffic: Mapping[str, int] | None) -> list[Lesson]:
    """Situations where the reference is ahead, most to win first; at least 3 judged turns each."""
    members: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        members.setdefault((row[0], row[1]), []).append(row)
    frequencies = _traffic_shares(traffic) if traffic else None

    lessons = []
    for (turns, tool), group in members.items():
        gap = mean([row[2] for row in group], [row[3] for row in group])
        if len(group) < MIN_ROWS or gap.value is None or gap.value <= 0:
            continue
        frequency = len(group) / len(rows)
        if frequencies is not None:
            frequency = frequencies.get((turns, tool), 0.0)
        widest = sorted(group, key=lambda row: (-row[2], row[4]))
        failures = Counter(row[5] for row in group if row[5])
        lessons.append(
            Lesson(
                turns=turns,
                tool=tool,
                gap=gap,
                frequency=frequency,
                weight=gap.value * frequency,
                failure=failures.most_common(1)[0][0] if failures else None,
                examples=tuple(row[4] for row in widest[:_EXAMPLES]),
            )
        )
    return sorted(lessons, key=lambda lesson: (-lesson.weight, lesson.turns, lesson.tool))


def _traffic_shares(traffic: Mapping[str, int]) -> dict[tuple[str, str], float]:
    """Shares by turn band and tool from counts by stratum."""
    counts: Counter[tuple[str, str]] = Counter()
    for text, count in traffic.items():
        stratum = Stratum.parse(text)
        counts[stratum.turns, stratum.tool] += count
    return {cell: count / counts.total() for cell, count in counts.items()}
