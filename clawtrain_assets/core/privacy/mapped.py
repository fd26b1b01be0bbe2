"""Text derived from other text, with every offset mapped back to where it came from."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from operator import sub

_MARGIN = 240  # characters of context kept on each side of a rewritten run


class Mapped:
    """A decoded reading of a text.

    Its rewritten runs are kept as parallel lists: run ``i`` is ``text[at[i]:stop[i]]`` and was
    written as ``source[begin[i]:end[i]]``; everything between two runs was copied. A character of
    a run maps to the whole run it was written as, so a span never cuts an escape sequence in two.
    """

    def __init__(
        self, text: str, at: list[int], stop: list[int], begin: list[int], end: list[int]
    ) -> None:
        self.text = text
        self._at, self._stop = at, stop
        self._begin, self._end = begin, end
        self._ahead = 0  # characters of the source before this reading, if it was cut

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source span of ``text[start:end]``; needs start < end."""
        first = bisect_right(self._at, start) - 1
        # A run that reads as nothing, directly before, does not belong to the span.
        if first < 0:
            begin = start + self._ahead
        elif start < self._stop[first]:
            begin = self._begin[first]
        else:
            begin = self._end[first] + start - self._stop[first]
        last = bisect_right(self._at, end - 1) - 1
        if last < 0:
            stop = end + self._ahead
        elif end - 1 < self._stop[last]:
            stop = self._end[last]
        else:
            stop = self._end[last] + end - self._stop[last]
        return begin, stop

    def rewritten(self) -> list[tuple[int, int]]:
        """The source spans that read differently than they are written."""
        return list(zip(self._begin, self._end, strict=True))

    def clusters(self) -> Iterator["Mapped"]:
        """The reading cut down to the surroundings of what reads differently.

        Where nothing was rewritten the source itself is searched; only the neighbourhood of a
        rewritten run can say something new.
        """
        first, count = 0, len(self._at)
        for index in range(1, count + 1):
            if index == count or self._begin[index] - self._end[index - 1] > 2 * _MARGIN:
                yield self._cut(first, index)
                first = index

    def _cut(self, first: int, last: int) -> "Mapped":
        """Runs ``first`` to before ``last`` with a margin of what was copied around them."""
        left = self._stop[first - 1] if first else 0
        right = self._at[last] if last < len(self._at) else len(self.text)
        start = max(left, self._at[first] - _MARGIN)
        stop = min(right, self._stop[last - 1] + _MARGIN)
        cut = Mapped(
            self.text[start:stop],
            [at - start for at in self._at[first:last]],
            [at - start for at in self._stop[first:last]],
            self._begin[first:last],
            self._end[first:last],
        )
        cut._ahead = self._begin[first] - (self._at[first] - start)
        return cut


def rewrite(
    text: str, pattern: re.Pattern[str], replace: Callable[[str], str | None]
) -> Mapped | None:
    """Apply ``replace`` to every match (None: leave it); None when nothing changed.

    The pattern is one capturing group around all it matches: splitting by it leaves the work to
    the interpreter's own loops, which is what makes escaped text as fast to read as plain text.
    """
    parts = pattern.split(text)
    if len(parts) == 1:
        return None
    matched = parts[1::2]
    readings = {run: replace(run) for run in set(matched)}
    kept = {run: run if new is None else new for run, new in readings.items()}
    parts[1::2] = map(kept.__getitem__, matched)
    copied = list(map(len, parts[::2]))
    written = list(map(len, matched))
    read = list(map(len, parts[1::2]))
    # Offsets after each copied stretch and each run, in the source and in the reading.
    end = list(accumulate(map(int.__add__, copied, written)))
    stop = list(accumulate(map(int.__add__, copied, read)))
    begin, at = list(map(sub, end, written)), list(map(sub, stop, read))
    if None in readings.values():
        changed = [index for index, run in enumerate(matched) if readings[run] is not None]
        if not changed:
            return None
        at, stop, begin, end = ([offsets[i] for i in changed] for offsets in (at, stop, begin, end))
    return Mapped("".join(parts), at, stop, begin, end)
