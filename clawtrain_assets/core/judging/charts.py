"""The drawings of the judge page, made of the same pieces as the gap page's."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from clawtrain_assets.core.judging.distributions import GOOD, LOW, Distribution
from clawtrain_assets.core.judging.measure import FINE, POOR
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.svg import WIDTH, line, rect, svg, text

NAMES = {
    "tool_correctness": "tool correctness",
    "task_completion": "task completion",
    "instruction_adherence": "instructions",
    "efficiency": "efficiency",
    "overall": "overall",
}
_BANDS = ("reference", "unclear", "candidate")  # poor, in between, good: the page's colours
_LEFT = 170.0
_CELL = 30.0  # of a grid
_MEDIAN = WIDTH - 90.0  # right edge of the column of medians


def score_chart(whole: Distribution, title: str) -> str:
    """Per dimension how often each score was given: poor, middling and good in three colours."""
    bar, height, row = 46.0, 62.0, 92
    most = max((max(whole.counts[name]) for name in SCORES), default=0) or 1
    drawn = [text(_MEDIAN, 14, "median", "head", "end")]
    drawn.append(text(WIDTH, 14, f"{GOOD} or more", "head", "end"))
    for place, name in enumerate(SCORES):
        bottom = 24 + place * row + height
        drawn.append(text(0, bottom - height / 2 + 4, NAMES[name], "label"))
        drawn.append(line(_LEFT, bottom, _LEFT + 11 * bar, bottom, "zero"))
        for score, count in enumerate(whole.counts[name]):
            x = _LEFT + score * bar
            drawn.append(text(x + bar / 2, bottom + 15, str(score), "tick", "middle"))
            if count:
                share = count / most
                top = bottom - max(share * height, 1.5)
                drawn.append(
                    f"<g><title>{NAMES[name]} {score}: {count} of {whole.n}</title>"
                    + rect(x + 2, top, bar - 4, bottom - top, _BANDS[_band(score)])
                    + "</g>"
                )
        median = whole.medians[name]
        good = whole.bands(name)[2] / whole.n if whole.n else 0.0
        middle = bottom - height / 2 + 4
        drawn.append(
            text(_MEDIAN, middle, "n/a" if median is None else f"{median:g}", "figure", "end")
        )
        drawn.append(text(WIDTH, middle, f"{good:.0%}", "figure", "end"))
    return svg(drawn, 24 + len(SCORES) * row, title)


def joint_chart(joint: Sequence[Sequence[int]], title: str) -> str:
    """Tool correctness against task completion; the corner of the early runs is framed."""
    top, bottom = 12.0, 12.0 + 11 * _CELL
    total = sum(map(sum, joint)) or 1
    most = max(map(max, joint)) or 1
    drawn = _scale(bottom)
    for tools, row in enumerate(joint):
        x = _LEFT + (tools + 0.5) * _CELL
        drawn.append(text(x, bottom + 17, str(tools), "tick", "middle"))
        for completion, count in enumerate(row):
            framed = tools >= FINE and completion <= POOR
            said = f"tools {tools}, completion {completion}: {count} of {total}"
            place = (_LEFT + completion * _CELL, bottom - (tools + 1) * _CELL)
            drawn.append(_cell(place, count, count / most, 0 if framed else 2, said))
    drawn.append(rect(_LEFT, top, (POOR + 1) * _CELL, (11 - FINE) * _CELL, "frame"))
    right = _LEFT + 11 * _CELL + 24
    drawn.append(text(right, top + 18, "framed: tools fine, completion poor", "label"))
    drawn.append(
        text(right, top + 38, f"(tools {FINE} or more, completion {POOR} or less)", "tick")
    )
    drawn.append(text(_LEFT + 5.5 * _CELL, bottom + 36, "task completion", "tick", "middle"))
    drawn.append(text(0, top + 5.5 * _CELL, "tool correctness", "tick"))
    return svg(drawn, int(bottom + 46), title)


def length_chart(lengths: Sequence[Distribution], title: str) -> str:
    """Overall by length of the reply: a column a length, its darkest cell what is usual there.

    The line joins the means: level where the judge does not care for length.
    """
    width = 2 * _CELL
    bottom = 12.0 + 11 * _CELL
    drawn, means = _scale(bottom), []
    for column, group in enumerate(lengths):
        x = _LEFT + column * width
        most = max(group.counts["overall"])
        for score, count in enumerate(group.counts["overall"]):
            place = (x, bottom - (score + 1) * _CELL)
            said = f"{group.name} characters, overall {score}: {count} of {group.n}"
            drawn.append(_cell(place, count, count / most, _band(score), said, width))
        drawn.append(text(x + width / 2, bottom + 17, group.name, "tick", "middle"))
        drawn.append(text(x + width / 2, bottom + 33, f"n {group.n}", "tick", "middle"))
        mean = group.means["overall"]
        if mean is not None:
            means.append((x + width / 2, bottom - (mean + 0.5) * _CELL))
    drawn += [line(*here, *there, "whisker") for here, there in pairwise(means)]
    drawn.append(text(_LEFT + 4 * width, bottom + 52, "characters of the reply", "tick", "middle"))
    drawn.append(text(0, 12 + 5.5 * _CELL, "overall", "tick"))
    return svg(drawn, int(bottom + 62), title)


def _scale(bottom: float) -> list[str]:
    """The scores 0 to 10 beside the rows of a grid."""
    return [
        text(_LEFT - 10, bottom - (score + 0.5) * _CELL + 4, str(score), "tick", "end")
        for score in range(11)
    ]


def _cell(
    place: tuple[float, float],
    count: int,
    share: float,
    band: int,
    said: str,
    width: float | None = None,
) -> str:
    x, y, width = *place, width or _CELL
    empty = rect(x + 1, y + 1, width - 2, _CELL - 2, "empty")
    if not count:
        return empty
    return (
        f"{empty}<g><title>{escape(said)}</title>"
        f'<g fill-opacity="{0.15 + 0.85 * share:.2f}">'
        + rect(x + 1, y + 1, width - 2, _CELL - 2, _BANDS[band])
        + "</g>"
        + text(x + width / 2, y + _CELL / 2 + 4, str(count), "cell", "middle")
        + "</g>"
    )


def group_chart(groups: Sequence[Distribution], title: str) -> str:
    """Per group and dimension: how much is poor, in between and good, and the mean."""
    row, head, count_at = 28, 26, 196.0
    step = (WIDTH - count_at - 12) / len(SCORES)
    bar = step - 44
    drawn = [text(count_at, 14, "n", "head", "end")]
    for place, score in enumerate(SCORES):
        drawn.append(text(count_at + 16 + place * step, 14, NAMES[score], "head"))
    for number, group in enumerate(groups):
        y = head + number * row
        drawn.append(text(0, y + 15, _short(group.name), "label"))
        drawn.append(text(count_at, y + 15, str(group.n), "tick", "end"))
        for place, score in enumerate(SCORES):
            x = count_at + 16 + place * step
            drawn.append(_stacked(group, score, x, y + 3, bar))
            drawn.append(text(x + bar + 6, y + 15, f"{group.means[score]:.1f}", "tick"))
    return svg(drawn, head + len(groups) * row + 8, title)


def _stacked(group: Distribution, score: str, left: float, y: float, width: float) -> str:
    bands = group.bands(score)
    said = (
        f"{group.name}, {NAMES[score]}: {bands[0]} below {LOW}, {bands[1]} between, "
        f"{bands[2]} from {GOOD} on"
    )
    drawn, x = [f"<g><title>{escape(said)}</title>"], left
    for kind, count in zip(_BANDS, bands, strict=True):
        if count:
            part = count / group.n * width
            drawn.append(rect(x, y, part, 15, kind))
            x += part
    return "".join([*drawn, "</g>"])


def _band(score: int) -> int:
    return 0 if score < LOW else 1 if score < GOOD else 2


def _short(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:21]}…"
