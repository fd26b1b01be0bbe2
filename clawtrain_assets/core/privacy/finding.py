"""What a detector reports, and what it is given to look at."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple, Protocol

_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_NUMBER = re.compile(r"[0-9][0-9 ().:/-]{6,}")
_DIGIT = re.compile(r"[0-9]")


class Finding(NamedTuple):
    """A sensitive run ``text[start:end]``: its kind, the rule that found it, its plain value."""

    start: int
    end: int
    kind: str
    rule: str
    value: str


class Page:
    """One text as detectors see it.

    ``low`` is its lower-case twin of equal length; ``hits`` maps a trigger word to the offsets at
    which it begins in ``low``. Detectors look near hits; what has no word to look near (numbers,
    generated runs) is located once here for all of them.
    """

    def __init__(self, text: str, low: str, hits: dict[str, list[int]]) -> None:
        self.text = text
        self.low = low
        self.hits = hits

    def at(self, words: Iterable[str]) -> list[int]:
        """Offsets of any of ``words``, ascending."""
        found = [self.hits[word] for word in words if word in self.hits]
        return sorted(offset for offsets in found for offset in offsets)

    def near(
        self,
        words: Iterable[str],
        pattern: re.Pattern[str],
        before: int = 80,
        after: int = 160,
        digit_within: int = 0,
        reach: int = 400,
    ) -> Iterator[re.Match[str]]:
        """Matches that begin at most ``before`` left and ``after`` right of one of ``words``.

        ``reach``: how far behind its window the longest match may end; values are never cut.
        ``digit_within``: every match has a digit this far behind its window's end at most; where
        there is none the pattern need not be tried.
        """
        for start, end in self._windows(words, before, after):
            if digit_within and not _DIGIT.search(self.text, start, end + digit_within):
                continue
            for match in pattern.finditer(self.text, start, end + reach):
                if match.start() >= end:
                    break
                yield match

    def begun(
        self,
        words: Iterable[str],
        pattern: re.Pattern[str],
        digit_within: int = 0,
        reach: int = 400,
    ) -> Iterator[re.Match[str]]:
        """Matches that begin exactly at one of ``words``, which begins no part of a longer word."""
        done = 0
        for hit in self.at(words):
            if hit < done or self.text[hit - 1 : hit].isalnum():
                continue
            if digit_within and not _DIGIT.search(self.text, hit, hit + digit_within):
                continue
            match = pattern.match(self.text, hit, hit + reach)
            if match:
                done = match.end()
                yield match

    def _windows(self, words: Iterable[str], before: int, after: int) -> Iterator[tuple[int, int]]:
        """The stretches around the words; those that touch come as one and are read once."""
        start = end = -1
        for hit in self.at(words):
            if hit - before > end:
                if end > 0:
                    yield start, end
                start = max(0, hit - before)
            end = hit + after
        if end > 0:
            yield start, end

    @cached_property
    def numbers(self) -> list[tuple[int, int]]:
        """Spans of digits with the punctuation numbers are written with, seven and longer."""
        return [match.span() for match in _NUMBER.finditer(self.text)]

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Spans of sixteen and more characters of the base64 alphabets."""
        return [match.span() for match in _RUN.finditer(self.text)]


class Detector(Protocol):
    """A layer's detector; ``triggers`` are the lower-case words it wants located."""

    @property
    def triggers(self) -> tuple[str, ...]: ...

    def __call__(self, page: Page) -> Iterable[Finding]: ...


class Together:
    """Several detectors as one layer."""

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors
        words = (word for detector in detectors for word in detector.triggers)
        self.triggers = tuple(dict.fromkeys(words))

    def __call__(self, page: Page) -> Iterator[Finding]:
        for detector in self._detectors:
            yield from detector(page)


def begin_of(text: str, at: int, signs: str, reach: int) -> int:
    """Where the word of letters, digits and ``signs`` that holds ``at`` begins, within reach."""
    start = at
    while start and at - start < reach and (text[start - 1].isalnum() or text[start - 1] in signs):
        start -= 1
    return start


def word_around(text: str, at: int, signs: str, reach: int) -> tuple[int, int]:
    """The span of the word of letters, digits and ``signs`` around ``at``, within reach."""
    end, last = at, min(len(text), at + reach)
    while end < last and (text[end].isalnum() or text[end] in signs):
        end += 1
    return begin_of(text, at, signs, reach), end


def lower(text: str) -> str:
    """``text`` in lower case with every character at its old offset."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
