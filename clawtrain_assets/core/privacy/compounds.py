"""A name at the beginning of a longer word: ``MarchbanksBot``, ``marchbankslaptop``."""

import re

_SHORTEST = 5  # letters; shorter names begin too many words
_PROGRAM = re.compile(r"[A-Za-z]*(?:[Bb]ot|[Aa]gent|[Aa]ssistant|AI|BOT|AGENT)(?![A-Za-z])")
_DEVICE = re.compile(
    r"(?i)s?(?:laptop|desktop|macbook|imac|iphone|ipad|phone|tablet|server|nas|pc|home|wifi|wlan|"
    r"vpn|cloud)(?![a-z])"
)


def can_begin(name: str) -> bool:
    """Whether a name is long enough to be recognised inside a word."""
    return len(name) >= _SHORTEST and name.isalpha()


def of_program(text: str, end: int) -> bool:
    """Whether the word goes on behind ``end`` and names a bot, an agent, an assistant."""
    return text[end : end + 1].isalpha() and _PROGRAM.match(text, end) is not None


def of_device(text: str, end: int) -> bool:
    """Whether what follows ``end`` in the same word is a kind of machine or network."""
    return _DEVICE.match(text, end) is not None


def is_hump(text: str, at: int) -> bool:
    """Whether a part of a CamelCase word ends before ``at`` and the next begins there."""
    return at > 0 and text[at - 1 : at].islower() and text[at : at + 1].isupper()
