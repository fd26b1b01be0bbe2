"""The user's denylist, found in any case, spacing, possessive form or telephone punctuation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ahocorasick

from clawtrain_assets.core.privacy import compounds
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.finding import Finding, Page, lower

_KINDS = {
    "names": "PERSON",
    "users": "USER",
    "hosts": "HOST",
    "domains": "DOMAIN",
    "emails": "EMAIL",
    "phones": "PHONE",
    "addresses": "ADDRESS",
    "accounts": "ACCOUNT",
    "other": "PRIVATE",
}
_WORD = re.compile(r"\w")
_SPACING = re.compile(r"[\s,]+")


@dataclass
class DenylistDetector:
    """Finds every listed value: any case, any spacing, possessive forms, phone punctuation."""

    denylist: Denylist
    triggers: tuple[str, ...] = ()
    _exact: Any = field(init=False)
    _loose: list[tuple[str, re.Pattern[str], str]] = field(init=False)

    def __post_init__(self) -> None:
        self._exact = ahocorasick.Automaton()
        self._loose = []
        for name, value in self.denylist.values():
            kind = _KINDS[name]
            if kind in ("PHONE", "ADDRESS", "ACCOUNT"):
                self._loose.append((_anchor(kind, value), _loose_pattern(kind, value), kind))
            else:
                self._exact.add_word(lower(value), (kind, value))
        self._exact.make_automaton()

    def __call__(self, page: Page) -> Iterable[Finding]:
        text, low = page.text, page.low
        if len(self._exact):
            for last, (kind, value) in self._exact.iter(low):
                start, end = last - len(value) + 1, last + 1
                if _allowed(kind, text, start, end):
                    start, end = _grown(kind, text, start, end)
                    yield Finding(start, end, kind, "denylist", text[start:end])
        for anchor, pattern, kind in self._loose:
            if anchor in low:
                for match in pattern.finditer(low):
                    yield Finding(
                        match.start(), match.end(), kind, "denylist", text[slice(*match.span())]
                    )


def _anchor(kind: str, value: str) -> str:
    """A piece of the value that has to be there; spares the pattern on other texts."""
    if kind == "PHONE":
        return re.sub(r"\D", "", value)[-2:]
    return max(_SPACING.split(lower(value)), key=len)


def _loose_pattern(kind: str, value: str) -> re.Pattern[str]:
    if kind == "ADDRESS":
        words = [re.escape(word) for word in _SPACING.split(lower(value)) if word]
        return re.compile(r"[\s,]+".join(words))
    if kind == "ACCOUNT":
        parts = [re.escape(char) for char in re.sub(r"[\s.-]", "", lower(value))]
        return re.compile(r"(?<![\w])" + r"[\s.-]?".join(parts) + r"(?!\w)")
    digits = re.sub(r"\D", "", value)
    body = r"[\s()./-]{0,3}".join(digits)
    national = r"[\s()./-]{0,3}".join(digits[2:]) if value.startswith("+") else body
    return re.compile(rf"(?<!\d)(?:(?:\+|00)?{body}|\(?0?{national})(?!\d)")


def _allowed(kind: str, text: str, start: int, end: int) -> bool:
    """A hit must not be a piece of a longer word; a name written small is an ordinary word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if kind in ("PERSON", "USER") and _part_of_compound(text, start, end):
        return True
    if kind == "PERSON":
        if text[start].islower() and len(text[start:end]) < 5 and before != "@":
            return False
        tail = text[end : end + 2]
        possessive = tail[:1] in ("s", "'", "\u2019") and not tail[1:2].isalnum()
        return not before.isalpha() and (not after.isalpha() or possessive)
    if kind == "DOMAIN" and "." not in text[start:end]:
        return before == "." and not _WORD.match(after)
    if kind in ("USER", "HOST"):
        return not before.isalnum() and not after.isalnum()
    return not _WORD.match(before) and not _WORD.match(after)


def _part_of_compound(text: str, start: int, end: int) -> bool:
    """``MarchbanksBot``, ``askMarchbanks``, ``marchbankslaptop``."""
    if not compounds.can_begin(text[start:end]):
        return False
    begins = not text[start - 1 : start].isalnum() or compounds.is_hump(text, start)
    ends = not text[end : end + 1].isalnum() or compounds.is_hump(text, end)
    return begins and (ends or compounds.of_program(text, end) or compounds.of_device(text, end))


def _grown(kind: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Take the whole name a domain or host is part of: ``db.corp.example``, ``nas.lan``."""
    if kind in ("DOMAIN", "HOST"):
        while (
            start and (text[start - 1].isalnum() or text[start - 1] in ".-_") and kind == "DOMAIN"
        ):
            start -= 1
        if kind == "HOST":
            tail = re.compile(r"(?:\.[A-Za-z][\w-]*)*").match(text, end)
            end = tail.end() if tail else end
    return start, end
