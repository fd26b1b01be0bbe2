"""Tokens that a document or a terminal broke into lines, whatever its width, put together."""

import re

from clawtrain_assets.core.privacy.mapped import Mapped
from clawtrain_assets.core.privacy.wordlists import words

# How well-known tokens begin; their issuers are those of the vendor rules.
_HEADS = words(
    "eyJ sk_live_ sk_test_ rk_live_ whsec_ sk-ant- sk-proj- sk-or- ghp_ gho_ ghs_ github_pat_ "
    "glpat- xoxb- xoxp- xapp- hf_ npm_ pypi- AIza dop_v1_ hvs. glsa_ tskey- syt_ ya29. GOCSPX-"
)
_CHARS = r"[A-Za-z0-9_.+/-]"
# A line that goes on has small and capital letters and digits; the last piece may be short.
_END = r"={0,2}(?=[ \t]*(?:\r?\n|$))"
_MORE = (
    r"\r?\n[ \t]*(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*\d)"
    rf"{_CHARS}{{8,}}{_END}"
)
_LAST = rf"\r?\n[ \t]*(?=[^\s]*[A-Z\d]){_CHARS}{{1,16}}{_END}"
_TOKEN = re.compile(
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, _HEADS))}){_CHARS}{{6,}}{_MORE}"
    rf"(?:(?:{_MORE})+(?:{_LAST})?)?"
)
_BREAK = re.compile(r"\r?\n[ \t]*")


def wrapped(text: str) -> Mapped | None:
    """The text without the line breaks inside of tokens; None if there are none."""
    if "\n" not in text or not any(head in text for head in _HEADS):
        return None
    breaks = [
        gap.span()
        for token in _TOKEN.finditer(text)
        for gap in _BREAK.finditer(text, *token.span())
    ]
    if not breaks:
        return None
    parts, at, read, last = [], [], 0, 0
    for start, end in breaks:
        parts.append(text[last:start])
        read += start - last
        at.append(read)
        last = end
    parts.append(text[last:])
    begin, end_of = [start for start, _ in breaks], [end for _, end in breaks]
    return Mapped("".join(parts), at, list(at), begin, end_of)
