"""Text derived from other text, with every offset mapped back to where it came from."""

import re
from bisect import bisect_right
from collections.abc import Callable


class Mapped:
    """A decoded reading of a text.

    ``pieces`` alternate between copied runs and rewritten ones; a character of a rewritten run
    maps to the whole run it was written as, so a span never cuts an escape sequence in two.
    """

    def __init__(self, text: str, starts: list[int], sources: list[tuple[int, int, bool]]) -> None:
        self.text = text
        self._starts = starts  # where each piece begins in ``text``
        self._sources = sources  # (begin, end, copied) in the source

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source span of ``text[start:end]``; needs start < end."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        begin, _, copied = self._sources[first]
        if copied:
            begin += start - self._starts[first]
        source, stop, copied = self._sources[last]
        if copied:
            stop = source + end - self._starts[last]
        return begin, stop

    def rewritten(self) -> list[tuple[int, int]]:
        """The source spans that read differently than they are written."""
        return [(begin, end) for begin, end, copied in self._sources if not copied]


def rewrite(
    text: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str | None]
) -> Mapped | None:
    """Apply ``replace`` to every match (None: leave it); None when nothing changed."""
    out: list[str] = []
    starts: list[int] = []
    sources: list[tuple[int, int, bool]] = []
    length = at = 0
    for match in pattern.finditer(text):
        new = replace(match)
        if new is None:
            continue
        begin, end = match.span()
        if begin > at:
            out.append(text[at:begin])
            starts.append(length)
            sources.append((at, begin, True))
            length += begin - at
        if new:
            out.append(new)
            starts.append(length)
            sources.append((begin, end, False))
            length += len(new)
        at = end
    if not at:
        return None
    if at < len(text):
        out.append(text[at:])
        starts.append(length)
        sources.append((at, len(text), True))
    return Mapped("".join(out), starts, sources)
