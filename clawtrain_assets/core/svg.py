"""Pieces of small SVG drawings; their colours come from the page's style sheet (page.html)."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

WIDTH = 860

# For a drawing that is shown outside the page, where its style sheet does not reach.
_ALONE = """
svg { background: #ffffff; } text { font: 13px system-ui, sans-serif; fill: #1c1b19; }
.tick, .head { fill: #6a665f; font-size: 12px; } .count { font-size: 11.5px; fill: #ffffff; }
.on-unclear { fill: #4d4943; } .grid { stroke: #e4e0d8; } .zero { stroke: #6a665f; }
.whisker { stroke: #1c1b19; stroke-width: 2; } .dot { fill: #1c1b19; stroke: #1c1b19; }
.dot.few { fill: #ffffff; } .reference { fill: #c8641b; } .candidate { fill: #2a78b8; }
.unclear { fill: #d9d5cc; } .empty { fill: #e4e0d8; fill-opacity: .35; }
.frame { fill: none; stroke: #c8641b; stroke-width: 2.5; } .cell { font-size: 11.5px; }
"""


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )


def polyline(points: Iterable[tuple[float, float]], kind: str) -> str:
    listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{listed}"/>'


def svg(drawn: Sequence[str], height: int, title: str) -> str:
    """A drawing ``WIDTH`` wide, scaled to the page's width."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        + "".join(drawn)
        + "</svg>"
    )


def alone(drawing: str, style: str = "") -> str:
    """A drawing of ``svg`` as a file of its own; ``style`` is for kinds of its own."""
    opening, _, rest = drawing.partition(">")
    needs = f'xmlns="http://www.w3.org/2000/svg" width="{WIDTH}"'
    return f"{opening} {needs}><style>{_ALONE}{style}</style>{rest}"


def image(drawing: str) -> str:
    """A drawing of ``svg`` as a data URL, for places that show images and no HTML."""
    return f"data:image/svg+xml;base64,{b64encode(alone(drawing).encode()).decode()}"
