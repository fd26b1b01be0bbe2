"""Where the replaceable parts of a JSON text are, at every level of nesting.

A stand-in may only go inside a string, or in place of a whole number; the punctuation between
them is never touched. That is what keeps JSON valid whatever the detectors report.
"""

import json
import re
from bisect import bisect_right
from typing import NamedTuple

from clawtrain_assets.core.privacy.mapped import Mapped
from clawtrain_assets.core.privacy.views import unescaped

_TOKEN = re.compile(
    r'"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)', re.DOTALL
)
_DEPTH = 4


class Slot(NamedTuple):
    """``text[start:end]`` may be rewritten; a number only as a whole and only by a number."""

    start: int
    end: int
    is_number: bool


def is_json(text: str) -> bool:
    """Whether the text is one JSON object or array."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def slots(text: str, depth: int = _DEPTH) -> list[Slot]:
    """Every place of a JSON text that may be rewritten, in order, without overlap."""
    found: list[Slot] = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "number":
            found.append(Slot(*match.span(), True))
            continue
        start, end = match.span("text")
        inner = unescaped(text[start:end]) if depth and end - start > 1 else None
        if inner and is_json(inner.text):
            found.extend(_inner_slots(inner, start, depth))
        elif end > start:
            found.append(Slot(start, end, False))
    return found


def _inner_slots(inner: Mapped, offset: int, depth: int) -> list[Slot]:
    placed = []
    for slot in slots(inner.text, depth - 1):
        start, end = inner.span(slot.start, slot.end)
        placed.append(Slot(offset + start, offset + end, slot.is_number))
    return placed


def within(places: list[Slot], start: int, end: int) -> list[Slot]:
    """The parts of ``[start, end)`` that lie in slots; numbers come whole."""
    index = max(0, bisect_right(places, start, key=lambda slot: slot.start) - 1)
    parts = []
    for slot in places[index:]:
        if slot.start >= end:
            break
        if slot.end > start:
            if slot.is_number:
                parts.append(slot)
            else:
                parts.append(Slot(max(start, slot.start), min(end, slot.end), False))
    return parts
