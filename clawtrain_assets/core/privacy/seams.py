"""Values that go on in the next chunk: streamed deltas, output polled piece by piece.

Chunks of one stream (results of tools one after the other, the same member of one JSON object
after the other) are put together where one ends and the next begins in the middle of a word. Only
kinds that are recognised by a form of their own count there, and only if they lie across a seam.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from clawtrain_assets.core.privacy.finding import Finding
from clawtrain_assets.core.privacy.structure import Places

_KEYS = (
    "delta|chunk|partial_?json|arguments|thinking|text|content|data|output|stdout|stderr|input|"
    "value|message"
)
_MEMBER = re.compile(rf'"(?P<key>{_KEYS})\\*"\s*:\s*\\*"', re.I)
_GOES_ON = re.compile(r"[A-Za-z0-9_+/=.@:%-]")
_INSIDE_VALUE = re.compile(r"[0-9]|[a-z][A-Z]|[_+/=]")  # hardly in a word of prose
_REACH = 240  # characters of a long chunk that can belong to a value of its neighbour
_RULES = ("vendor", "pem", "jwt", "authorization", "url/", "assignment/", "email", "denylist")


class Chunk(NamedTuple):
    """``text[start:end]`` of a document is the next chunk of its stream."""

    document: int
    start: int
    end: int


def chunks(number: int, text: str, places: Places | None) -> Iterator[tuple[str, Chunk]]:
    """(stream within the document, chunk) of the document ``number``."""
    if places is None:
        yield "", Chunk(number, 0, len(text))
        return
    for member in _MEMBER.finditer(text):
        end = places.leaf_end(member.end())
        if end is not None:
            yield member["key"], Chunk(number, member.end(), end)


def across(
    stream: Sequence[Chunk], texts: Sequence[str], scan: Callable[[str], list[Finding]]
) -> Iterator[tuple[int, Finding]]:
    """(document, the part of a finding in it) for what lies across the stream's seams."""
    for chain in _chains(stream, texts):
        joined = "".join(texts[chunk.document][chunk.start : chunk.end] for chunk in chain)
        for finding in scan(joined):
            if finding.rule.startswith(_RULES):
                parts = list(_parts(finding, chain))
                if len(parts) > 2 or (len(parts) == 2 and _is_one(finding, parts, scan)):
                    yield from parts


def _chains(stream: Sequence[Chunk], texts: Sequence[str]) -> Iterator[list[Chunk]]:
    """Runs of chunks whose seams are inside words; long chunks are cut to what is in reach."""
    chain: list[Chunk] = []
    for chunk in stream:
        text = texts[chunk.document]
        if chunk.start == chunk.end:
            continue
        if chain and not (_GOES_ON.match(text, chunk.start) and _ends_within(chain[-1], texts)):
            if len(chain) > 1:
                yield chain
            chain = []
        if chunk.end - chunk.start <= 2 * _REACH:
            chain.append(chunk)
            continue
        if chain:
            yield [*chain, chunk._replace(end=chunk.start + _REACH)]
        chain = [chunk._replace(start=chunk.end - _REACH)]
    if len(chain) > 1:
        yield chain


def _ends_within(chunk: Chunk, texts: Sequence[str]) -> bool:
    return bool(_GOES_ON.match(texts[chunk.document], chunk.end - 1))


def _parts(finding: Finding, chain: Sequence[Chunk]) -> list[tuple[int, Finding]]:
    at, parts = 0, []
    for chunk in chain:
        start = max(chunk.start, chunk.start + finding.start - at)
        end = min(chunk.end, chunk.start + finding.end - at)
        if start < end:
            parts.append((chunk.document, finding._replace(start=start, end=end)))
        at += chunk.end - chunk.start
    return parts


def _is_one(
    finding: Finding,
    parts: Sequence[tuple[int, Finding]],
    scan: Callable[[str], list[Finding]],
) -> bool:
    """Whether the second part goes on with the value, and is not the next message's first word."""
    size = parts[0][1].end - parts[0][1].start
    head, tail = finding.value[:size], finding.value[size:]
    return bool(_INSIDE_VALUE.search(tail)) or not any(
        found.end == len(head) for found in scan(head)
    )
