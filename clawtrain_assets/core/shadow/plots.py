"""The plots of the gap page: small SVG drawings whose colours come from the page's style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor

from clawtrain_assets.core.shadow.findings import Cell
from clawtrain_assets.core.shadow.stats import Mean
from clawtrain_assets.core.svg import WIDTH, line, svg, text

_COUNT = 246  # right edge of the column of n, which follows the labels
_LEFT, _PLOT = 270, 270  # where gaps are drawn
_BAR_LEFT, _BAR = 562, 130
_ROW, _HEAD, _AXIS = 30, 26, 38


@dataclass(frozen=True)
class Scale:
    """Points of gap to pixels, the same on every chart of a series so that they compare."""

    low: int
    high: int

    @classmethod
    def over(cls, means: Sequence[Mean]) -> "Scale":
        """The whole points that hold zero and every mean with its interval."""
        ends = [0.0]
        for one in means:
            ends += [end for end in (one.value, one.low, one.high) if end is not None]
        return cls(min(floor(min(ends)), -1), max(ceil(max(ends)), 1))

    def x(self, points: float, left: float, width: float) -> float:
        return left + (points - self.low) / (self.high - self.low) * width

    @property
    def ticks(self) -> list[int]:
        step = 1 if self.high - self.low <= 8 else 2
        return [tick for tick in range(self.low, self.high + 1) if tick % step == 0]


def group_chart(cells: Sequence[Cell], scale: Scale, title: str) -> str:
    """Per group: mean gap with its interval, who was clearly better how often, and n."""
    rows = [(cell.name, cell.gap) for cell in cells]
    drawn = _forest(rows, scale)
    drawn.append(text(_BAR_LEFT, 14, "clearly better", "head"))
    for row, cell in enumerate(cells):
        drawn.append(_bar(cell, _BAR_LEFT, _HEAD + row * _ROW + 7))
    return svg(drawn, _HEAD + len(cells) * _ROW + _AXIS, title)


def dimension_chart(dimensions: Sequence[tuple[str, Mean]], scale: Scale, title: str) -> str:
    """Per dimension of the rubric: mean gap with its interval."""
    drawn = _forest(dimensions, scale)
    return svg(drawn, _HEAD + len(dimensions) * _ROW + _AXIS, title)


def day_chart(days: Sequence[Cell], scale: Scale, title: str) -> str:
    """Mean gap per day, left to right, with intervals where the day has enough turns for one."""
    left, top, height = 62.0, 16.0, 200.0
    width = WIDTH - left - 20

    def y(points: float) -> float:
        return top + height - (points - scale.low) / (scale.high - scale.low) * height

    drawn = []
    for tick in scale.ticks:
        kind = "zero" if tick == 0 else "grid"
        drawn.append(line(left, y(tick), left + width, y(tick), kind))
        drawn.append(text(left - 10, y(tick) + 4, f"{tick:+d}" if tick else "0", "tick", "end"))
    drawn.append(
        f'<text class="tick" transform="translate(14 {top + height / 2}) rotate(-90)" '
        'text-anchor="middle">gap, points of 10</text>'
    )
    step = width / len(days)
    every = ceil(len(days) / 10)
    for position, day in enumerate(days):
        x = left + step * (position + 0.5)
        if day.gap.value is not None:
            drawn.append(f"<g>{_hint(day.name, day.gap)}")
            if day.gap.low is not None and day.gap.high is not None:
                drawn.append(line(x, y(day.gap.low), x, y(day.gap.high), "whisker"))
            kind = "dot" if day.gap.low is not None else "dot few"
            drawn.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y(day.gap.value):.1f}" r="4"/>')
            drawn.append("</g>")
        if position % every == 0:
            drawn.append(text(x, top + height + 20, day.name[5:], "tick", "middle"))
            drawn.append(text(x, top + height + 36, f"n = {day.gap.n}", "tick", "middle"))
    return svg(drawn, int(top + height + 46), title)


def figures(mean: Mean) -> str:
    """A mean in words: value and interval, or why there is none."""
    if mean.value is None:
        return "no data"
    if mean.low is None or mean.high is None:
        return f"{mean.value:+.1f}  (n too small)"
    return f"{mean.value:+.1f}  ({mean.low:+.1f} to {mean.high:+.1f})"


def _forest(rows: Sequence[tuple[str, Mean]], scale: Scale) -> list[str]:
    """Labels, dots with whiskers, axis and figures; rows are ``_ROW`` high from ``_HEAD`` on."""
    bottom = _HEAD + len(rows) * _ROW
    drawn = [
        text(_COUNT, 14, "n", "head", "end"),
        text(WIDTH, 14, "gap (95 % interval)", "head", "end"),
    ]
    for tick in scale.ticks:
        x = scale.x(tick, _LEFT, _PLOT)
        drawn.append(line(x, _HEAD - 4, x, bottom, "zero" if tick == 0 else "grid"))
        drawn.append(text(x, bottom + 16, f"{tick:+d}" if tick else "0", "tick", "middle"))
    drawn.append(text(_LEFT + _PLOT / 2, bottom + 33, "gap, points of 10", "tick", "middle"))
    for row, (name, mean) in enumerate(rows):
        y = _HEAD + row * _ROW + _ROW / 2
        drawn.append(text(0, y + 4, _short(name), "label"))
        drawn.append(text(_COUNT, y + 4, str(mean.n), "tick", "end"))
        drawn.append(text(WIDTH, y + 4, figures(mean), "figure", "end"))
        if mean.value is None:
            continue
        drawn.append(f"<g>{_hint(name, mean)}")
        if mean.low is not None and mean.high is not None:
            low, high = (scale.x(end, _LEFT, _PLOT) for end in (mean.low, mean.high))
            drawn.append(line(low, y, high, y, "whisker"))
        kind = "dot" if mean.low is not None else "dot few"
        x = scale.x(mean.value, _LEFT, _PLOT)
        drawn.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/></g>')
    return drawn


def _bar(cell: Cell, left: float, y: float) -> str:
    parts = (
        ("reference", cell.reference_better, "reference better"),
        ("unclear", cell.unclear, "no clear difference"),
        ("candidate", cell.candidate_better, "local better"),
    )
    drawn, x = [], left
    for kind, count, meaning in parts:
        if not count:
            continue
        width = count / cell.gap.n * _BAR
        drawn.append(
            f"<g><title>{escape(cell.name)}: {meaning} in {count} of {cell.gap.n}</title>"
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="16"/>'
        )
        if width >= 8 * len(str(count)) + 4:
            drawn.append(text(x + width / 2, y + 12, str(count), f"count on-{kind}", "middle"))
        drawn.append("</g>")
        x += width
    return "".join(drawn)


def _hint(name: str, mean: Mean) -> str:
    return (
        f"<title>{escape(name)}: {figures(mean)}, {mean.n} turns of "
        f"{mean.sessions} sessions</title>"
    )


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"
