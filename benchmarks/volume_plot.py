"""A table and a plot of what ``volume.py`` and ``ui.py`` measured, drawn out to ten million turns.

    python benchmarks/volume_plot.py FILE.svg < LINES.jsonl

The lines are those the two print with --json. What ten million turns would cost is the straight
line through the two longest histories or, if that rises faster, the power law with the exponent
between them. Both axes of the plot are logarithmic; what was measured has dots, what is drawn out
is dashed.
"""

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import figures  # noqa: F401  makes the project importable

from clawtrain_assets.core import svg

_TURNS_A_DAY = 500
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 590, 48, 650
_LEAST, _MOST = (10_000, 0.001), (10_000_000, 1_000.0)  # turns and seconds
_ROW = 16  # between two names
_KINDS = (("a release", "release"), ("page", "page"), ("a day's", "day"), ("judging", "day"))
_COLOURS = {"day": "#2a78b8", "all": "#1c1b19", "release": "#c8641b", "page": "#3d8a4e"}
_WORDS = {
    "day": "a day's own step",
    "all": "each night or hour, over all days",
    "release": "each release",
    "page": "a page of the web UI (by the clock)",
}
_STYLE = (
    "polyline { fill: none; stroke-width: 1.7; } .drawn-out { stroke-dasharray: 4 4; }"
    ".lead { stroke-width: .7; } text.name, text.key { font-size: 12px; }"
    + "".join(
        f".{kind} {{ stroke: {colour}; }} rect.{kind} {{ fill: {colour}; }}"
        for kind, colour in _COLOURS.items()
    )
)
_METRIC = re.compile(r"(?P<name>.+), (?P<n>[\d,]+) (?P<unit>turns|days)")

FAR = 10_000_000

Points = dict[int, float]


def read(lines: Iterable[str]) -> dict[str, Points]:
    """Seconds by question and turns."""
    measured: dict[str, Points] = {}
    for line in lines:
        one = json.loads(line)
        found = _METRIC.fullmatch(one["metric"])
        if found is None or one["unit"] != "s":
            continue
        name, turns = found["name"], int(found["n"].replace(",", ""))
        if found["unit"] == "days":
            name, turns = f"page: {name.partition(':')[0]}", turns * _TURNS_A_DAY
        measured.setdefault(name, {})[turns] = one["value"]
    return measured


def drawn_out(points: Points) -> tuple[float, float]:
    """The exponent between the two longest histories, and the seconds at ten million turns."""
    (n, a), (m, b) = sorted(points.items())[-2:]
    exponent = math.log(b / a) / math.log(m / n)
    line = b + (b - a) / (m - n) * (FAR - m)
    return exponent, max(line, b * (FAR / m) ** exponent, b)


def table(measured: dict[str, Points]) -> Iterator[str]:
    """Markdown."""
    sizes = sorted({turns for points in measured.values() for turns in points})
    heads = ["CPU seconds", *(f"{turns:,}" for turns in sizes), "exponent", "10 million"]
    yield f"| {' | '.join(heads)} |"
    yield f"|---{'|---:' * (len(heads) - 1)}|"
    for name, points in measured.items():
        exponent, far = drawn_out(points)
        cells = [_short(points[turns]) if turns in points else "" for turns in sizes]
        beyond = ["", ""] if _kind(name) == "page" else [f"{exponent:.2f}", _short(far)]
        yield f"| {' | '.join([name, *cells, *beyond])} |"


def _short(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 10 else f"{seconds:.0f}"


def drawn(measured: dict[str, Points]) -> str:
    ends = []
    pieces = list(_grid())
    for name, points in measured.items():
        kind = _kind(name)
        places = [_place(*point) for point in sorted(points.items())]
        pieces.append(svg.polyline(places, kind))
        pieces += [svg.rect(x - 2.5, y - 2.5, 5, 5, kind) for x, y in places]
        if kind != "page":
            places = [places[-1], _place(FAR, drawn_out(points)[1])]
            pieces.append(svg.polyline(places, f"{kind} drawn-out"))
        ends.append((places[-1], name, kind))
    pieces += _names(ends)
    return svg.alone(svg.svg(pieces, _BOTTOM + 44, "CPU seconds against turns"), _STYLE)


def _kind(name: str) -> str:
    return next((kind for start, kind in _KINDS if name.startswith(start)), "all")


def _place(turns: float, seconds: float) -> tuple[float, float]:
    across, up = (
        math.log(max(value, least) / least) / math.log(most / least)
        for value, least, most in zip((turns, seconds), _LEAST, _MOST, strict=True)
    )
    return _LEFT + across * (_RIGHT - _LEFT), _BOTTOM - up * (_BOTTOM - _TOP)


def _grid() -> Iterator[str]:
    for power in range(4, 8):
        x, _ = _place(10**power, _LEAST[1])
        yield svg.line(x, _TOP, x, _BOTTOM, "grid")
        yield svg.text(x, _BOTTOM + 18, f"{10**power:,}", "tick", "middle")
    for power in range(-3, 4):
        _, y = _place(_LEAST[0], 10.0**power)
        yield svg.line(_LEFT, y, _RIGHT, y, "grid")
        yield svg.text(_LEFT - 8, y + 4, f"{10.0**power:g}", "tick", "end")
    yield svg.text(_RIGHT, _BOTTOM + 36, "turns", "head", "end")
    yield svg.text(_LEFT - 40, _TOP - 30, "CPU seconds; dashed: drawn out, not measured", "head")
    x = _LEFT
    for kind, words in _WORDS.items():
        yield svg.rect(x, _TOP - 20, 9, 9, kind)
        yield svg.text(x + 14, _TOP - 11, words, "key")
        x += 30 + 6.3 * len(words)


def _names(ends: list[tuple[tuple[float, float], str, str]]) -> Iterator[str]:
    """Names right of the lines, in the order of their ends and never over each other."""
    ordered = sorted(ends, key=lambda end: end[0][1])
    rows = [y for (_, y), _, _ in ordered]
    for place in range(1, len(rows)):
        rows[place] = max(rows[place], rows[place - 1] + _ROW)
    if rows and rows[-1] > _BOTTOM:  # the last ones move up again
        rows[-1] = _BOTTOM
        for place in range(len(rows) - 2, -1, -1):
            rows[place] = min(rows[place], rows[place + 1] - _ROW)
    for ((x, y), name, kind), row in zip(ordered, rows, strict=True):
        yield svg.polyline([(x, y), (_RIGHT, y), (_RIGHT + 18, row)], f"{kind} lead")
        yield svg.text(_RIGHT + 22, row + 4, name, "name")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    measured = read(sys.stdin)
    Path(sys.argv[1]).write_text(drawn(measured) + "\n", encoding="utf-8")
    print(*table(measured), sep="\n")


if __name__ == "__main__":
    main()
