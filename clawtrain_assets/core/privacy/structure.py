"""Where the replaceable parts of a JSON text are, at every level of nesting.

A stand-in may only go inside a string, or in place of a whole number; the punctuation between
them is never touched. That is what keeps JSON valid whatever the detectors report.
"""

import json
import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from clawtrain_assets.core.privacy.mapped import Mapped
from clawtrain_assets.core.privacy.views import unescaped

_TOKEN = re.compile(
    r'"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)', re.DOTALL
)
_DEPTH = 4
_LONGEST = 12 * 2**_DEPTH  # characters of an escape sequence, escaped again and again


class Slot(NamedTuple):
    """``text[start:end]`` may be rewritten; a number only as a whole and only by a number.

    ``level`` is how many JSON strings the slot lies in: 1 for a plain leaf, 2 for a leaf of JSON
    that is itself a string, and so on.
    """

    start: int
    end: int
    is_number: bool
    level: int = 1


def is_json(text: str) -> bool:
    """Whether the text is one JSON object or array."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def slots(text: str, level: int = 1) -> list[Slot]:
    """Every place of a JSON text that may be rewritten, in order, without overlap."""
    found: list[Slot] = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "number":
            found.append(Slot(*match.span(), True, level))
            continue
        start, end = match.span("text")
        may_nest = level < _DEPTH and text[start : start + 8].lstrip()[:1] in ("{", "[")
        inner = unescaped(text[start:end]) if may_nest else None
        if inner and is_json(inner.text):
            found.extend(_inner_slots(inner, start, level))
        elif end > start:
            found.append(Slot(start, end, False, level))
    return found


def _inner_slots(inner: Mapped, offset: int, level: int) -> list[Slot]:
    placed = []
    for slot in slots(inner.text, level + 1):
        start, end = inner.span(slot.start, slot.end)
        placed.append(Slot(offset + start, offset + end, slot.is_number, slot.level))
    return placed


class Places:
    """The slots of one JSON text, and how a span is fitted into them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._slots = slots(text)
        self._escapes: dict[Slot, list[tuple[int, int]]] = {}

    def within(self, start: int, end: int) -> list[Slot]:
        """The parts of ``[start, end)`` in slots; numbers and escape sequences come whole."""
        index = max(0, bisect_right(self._slots, start, key=lambda slot: slot.start) - 1)
        parts = []
        for at in range(index, len(self._slots)):
            slot = self._slots[at]
            if slot.start >= end:
                break
            if slot.end <= start:
                continue
            if slot.is_number:
                parts.append(slot)
            else:
                parts.append(self._widened(slot, max(start, slot.start), min(end, slot.end)))
        return parts

    def leaf_end(self, start: int) -> int | None:
        """Where the string that begins at ``start`` ends; None if none begins there."""
        index = bisect_left(self._slots, start, key=lambda slot: slot.start)
        if index == len(self._slots) or self._slots[index].start != start:
            return None
        slot = self._slots[index]
        return None if slot.is_number else slot.end

    def _widened(self, slot: Slot, start: int, end: int) -> Slot:
        """A part whose edges do not fall inside an escape sequence of any level."""
        if slot not in self._escapes:
            raw = self._text[slot.start : slot.end]
            found = _escapes(raw, slot.level) if "\\" in raw else []
            self._escapes[slot] = sorted((slot.start + a, slot.start + b) for a, b in found)
        near = self._escapes[slot]
        for index in range(bisect_left(near, (start - _LONGEST, 0)), len(near)):
            first, last = near[index]
            if first >= end:
                break
            if first < start < last:
                start = first
            if first < end < last:
                end = last
        return slot._replace(start=start, end=end)


def _escapes(raw: str, level: int) -> list[tuple[int, int]]:
    """Spans in ``raw`` of every escape sequence, read ``level`` times; outer ones last."""
    view = unescaped(raw)
    if view is None or not level:
        return []
    inner = [view.span(*span) for span in _escapes(view.text, level - 1)]
    return inner + view.rewritten()
