"""Drawings of the gate's page: how far a condition is, and how it got there."""

import itertools
import math
from collections.abc import Sequence
from datetime import datetime

from clawtrain_assets.core.gate.rules import Verdict
from clawtrain_assets.core.svg import WIDTH, line, rect, svg, text

_LEFT, _RIGHT = 190, 110
_ROW = 34
_TREND = 110


def progress(verdicts: Sequence[Verdict]) -> str:
    """A bar for each condition, as a share of its threshold."""
    room = WIDTH - _LEFT - _RIGHT
    drawn = []
    for row, verdict in enumerate(verdicts):
        y = row * _ROW + 10
        share = min(1.0, verdict.count / verdict.threshold)
        drawn.append(text(_LEFT - 12, y + 13, verdict.name.replace("_", " "), "label", "end"))
        drawn.append(rect(_LEFT, y, room, 18, "unclear"))
        drawn.append(
            rect(_LEFT, y, room * share, 18, "candidate" if verdict.passed else "reference")
        )
        drawn.append(
            text(
                WIDTH - _RIGHT + 12, y + 13, f"{verdict.count:,} of {verdict.threshold:,}", "label"
            )
        )
    title = "; ".join(f"{v.name}: {v.count} of {v.threshold}" for v in verdicts)
    return svg(drawn, len(verdicts) * _ROW + 12, title)


def trend(name: str, points: Sequence[tuple[datetime, int]], threshold: int) -> str:
    """The count over time with the threshold as a line; needs two points or more."""
    (first, _), (last, _) = points[0], points[-1]
    span = (last - first).total_seconds() or 1.0
    top = max(threshold, *(count for _, count in points), 1)
    room, foot, head = WIDTH - _LEFT - _RIGHT, _TREND - 22, 10

    def at(when: datetime, count: int) -> tuple[float, float]:
        across = (when - first).total_seconds() / span
        return _LEFT + room * across, foot - (foot - head) * count / top

    level = at(first, threshold)[1]
    drawn = [
        text(_LEFT - 12, 22, name.replace("_", " "), "label", "end"),
        line(_LEFT, foot, _LEFT + room, foot, "zero"),
        line(_LEFT, level, _LEFT + room, level, "grid"),
        text(_LEFT + room + 12, level + 4, f"{threshold:,} needed", "tick"),
        text(_LEFT, _TREND - 5, f"{first:%Y-%m-%d}", "tick"),
        text(_LEFT + room, _TREND - 5, f"{last:%Y-%m-%d}", "tick", "end"),
    ]
    places = [at(when, count) for when, count in points]
    drawn += [line(*a, *b, "whisker") for a, b in itertools.pairwise(places)]
    x, y = places[-1]
    if math.fabs(y - level) > 14:
        drawn.append(text(x + 12, y + 4, f"{points[-1][1]:,}", "label"))
    return svg(drawn, _TREND, f"{name} from {points[0][1]} to {points[-1][1]}, {threshold} needed")
