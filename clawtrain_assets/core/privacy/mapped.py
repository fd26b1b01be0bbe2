"""Text derived from other text, with every offset mapped back to where it came from."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

_MARGIN = 240  # characters of context kept on each side of a rewritten run


class _Piece(NamedTuple):
    """``text[at:...]`` was written as ``source[begin:end]``; ``copied``: unchanged."""

    at: int
    begin: int
    end: int
    copied: bool


class Mapped:
    """A decoded reading of a text.

    A character of a rewritten run maps to the whole run it was written as, so a span never cuts
    an escape sequence in two.
    """

    def __init__(self, text: str, pieces: list[_Piece]) -> None:
        self.text = text
        self._pieces = pieces
        self._starts = [piece.at for piece in pieces]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source span of ``text[start:end]``; needs start < end."""
        first = self._pieces[bisect_right(self._starts, start) - 1]
        last = self._pieces[bisect_right(self._starts, end - 1) - 1]
        begin = first.begin + start - first.at if first.copied else first.begin
        stop = last.begin + end - last.at if last.copied else last.end
        return begin, stop

    def rewritten(self) -> list[tuple[int, int]]:
        """The source spans that read differently than they are written."""
        return [(piece.begin, piece.end) for piece in self._pieces if not piece.copied]

    def clusters(self) -> Iterator["Mapped"]:
        """The reading cut down to the surroundings of what reads differently.

        Where nothing was rewritten the source itself is searched; only the neighbourhood of a
        rewritten run can say something new.
        """
        spans = self.rewritten()
        first = last = 0
        for index in range(1, len(spans) + 1):
            if index == len(spans) or spans[index][0] - spans[last][1] > 2 * _MARGIN:
                yield self._cut(spans[first][0] - _MARGIN, spans[last][1] + _MARGIN)
                first = index
            last = index

    def _cut(self, begin: int, end: int) -> "Mapped":
        # Pieces are in the order of the source as well, without gaps.
        low = bisect_right(self._pieces, max(begin, 0), key=lambda piece: piece.end)
        high = bisect_left(self._pieces, end, key=lambda piece: piece.begin)
        if low == 0 and high == len(self._pieces) and begin <= 0 and end >= self._pieces[-1].end:
            return self
        pieces = self._pieces[low:high]
        start = pieces[0].at
        if pieces[0].copied and begin > pieces[0].begin:
            start += begin - pieces[0].begin
            pieces[0] = _Piece(start, begin, pieces[0].end, True)
        stop = self._pieces[high].at if high < len(self._pieces) else len(self.text)
        if pieces[-1].copied and end < pieces[-1].end:
            stop -= pieces[-1].end - end
            pieces[-1] = pieces[-1]._replace(end=end)
        shifted = [piece._replace(at=piece.at - start) for piece in pieces]
        return Mapped(self.text[start:stop], shifted)


def rewrite(
    text: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str | None]
) -> Mapped | None:
    """Apply ``replace`` to every match (None: leave it); None when nothing changed."""
    out: list[str] = []
    pieces: list[_Piece] = []
    length = at = 0
    for match in pattern.finditer(text):
        new = replace(match)
        if new is None:
            continue
        begin, end = match.span()
        if begin > at:
            out.append(text[at:begin])
            pieces.append(_Piece(length, at, begin, True))
            length += begin - at
        out.append(new)
        pieces.append(_Piece(length, begin, end, False))
        length += len(new)
        at = end
    if not pieces:
        return None
    if at < len(text):
        out.append(text[at:])
        pieces.append(_Piece(length, at, len(text), True))
    return Mapped("".join(out), pieces)
