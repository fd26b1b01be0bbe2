"""What a detector reports, and the interface all detectors share."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Finding(NamedTuple):
    """A sensitive run ``text[start:end]``: its kind, the rule that found it, its plain value."""

    start: int
    end: int
    kind: str
    rule: str
    value: str


class Page(NamedTuple):
    """One text as detectors see it: ``low`` is its lower-case twin of equal length, ``hits``
    maps a trigger word to the offsets at which it begins in ``low``."""

    text: str
    low: str
    hits: dict[str, list[int]]

    def at(self, words: Iterable[str]) -> list[int]:
        """Offsets of any of ``words``, ascending."""
        found = [self.hits[word] for word in words if word in self.hits]
        return sorted(offset for offsets in found for offset in offsets)


class Detector(Protocol):
    """A layer's detector; ``triggers`` are the lower-case words it wants located."""

    @property
    def triggers(self) -> tuple[str, ...]: ...

    def __call__(self, page: Page) -> Iterable[Finding]: ...


def lower(text: str) -> str:
    """``text`` in lower case with every character at its old offset."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
