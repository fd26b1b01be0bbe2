"""Telling a generated value from a word, a name, an expression or a placeholder."""

import math
import re
from collections import Counter

from clawtrain_assets.core.privacy.wordlists import words

_PIECES = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}|\d+|[^A-Za-z0-9]+|[A-Za-z]")
# Names of programs: words and small numbers held together by underscores, dashes or dots.
_IDENTIFIER = re.compile(
    r"_*[A-Za-z]{1,20}\d{0,2}(?:[_.-]+(?:[A-Za-z]{1,20}\d{0,2}|\d{1,4})){2,}_*"
)
_RUN = re.compile(r"(.)\1{7,}")
_UNSPEAKABLE = re.compile(r"(?i)[bcdfghjklmnpqrstvwxz]{5}")
_CHANGES = re.compile(r"(?<=[0-9])[A-Za-z]|(?<=[A-Za-z])[0-9]")
_LONGEST_WORD = 24
_VOWELS = frozenset("aeiouyAEIOUY")
_MASKS = frozenset("xX*.-_0#?+=/ ")
_MASK = re.compile(
    r"[\W_]*+(?:[xX]{3,}+[\W_]*+)++|[\W_]+|0{6,}|.*(?:x{6,}|X{6,}|\*{3,}|\.{3,}|…|•{2,}).*",
    re.DOTALL,
)
_VARIABLE = re.compile(
    r"<[^<>]*>.*|\[[^\[\]]*\]|\{\{?.*|\$[({].*|\$\w+|%\(\w+\).*|%\w{1,40}%|%[sdr]|[@#]\{.*|"
    r".*\$\{.*\}.*"
)
_PHRASE = re.compile(
    r"(?:(?i:your|my|some|insert|enter|replace)|"
    r"(?i:the|an?|put|add|set|use|new|old|no|not|is|are|from)(?=[-_ .A-Z]|$))"
    r"(?:[A-Za-z]|[-_ .](?=[A-Za-z]))*+"
)
_TELLTALE = re.compile(
    r"(?i)redacted|placeholder|example|change[-_]?me|change[-_]this|dummy|not[-_]?set|fixme|"
    r"censored"
)
_EMPTY = frozenset(
    words(
        "none null nil undefined true false yes no on off empty default required optional string "
        "str text bytes int integer bool boolean float number object any void char varchar secret "
        "secrets password passwd passphrase token tokens key keys value auth bearer basic "
        "credential credentials user username admin root login test prompt missing invalid valid "
        "expired wrong correct incorrect ok failed success unknown unset stdin env file vault "
        "input "
        "output self this foo bar baz abc xyz name type id data json error and or if for to of as "
        "was has be by at with must should will can may via field fields hash hashed hashing reset "
        "manager policy protected authentication authorization based only store storage rotation "
        "changeme hidden masked todo"
    )
)


def is_placeholder(value: str) -> bool:
    """Whether a value says where a secret would go: a variable, a mask, a word for nothing."""
    plain = value.rstrip(".,;:!?)]}").lower()
    if plain in _EMPTY or is_mask(value) or _MASK.fullmatch(value):
        return True
    if _VARIABLE.fullmatch(value) or (_PHRASE.fullmatch(value) and not looks_random(value)):
        return True
    told = _TELLTALE.search(value)  # by chance also part of a long random value
    return bool(told) and not looks_random(value.replace(told.group(), "") if told else value)


def is_mask(value: str) -> bool:
    """Whether a value is drawn and not chosen: one or two characters, or mask characters only."""
    used = set(value)
    return used <= _MASKS or (len(used) < 3 and len(value) < 16)


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def looks_random(value: str) -> bool:
    """Whether a token body can have been generated: digits or changing case, few words, no runs."""
    if len(set(value)) < 5 or _RUN.search(value) or _IDENTIFIER.fullmatch(value):
        return False
    if not any(char.isdigit() for char in value):
        letters = [piece for piece in _PIECES.findall(value) if piece.isalpha()]
        if value.isalpha() and len(value) >= 20:
            said = [p for p in letters if 3 <= len(p) < _LONGEST_WORD and _is_speakable(p)]
            return sum(map(len, said)) < 0.6 * len(value)
        return len(letters) > sum(map(len, letters)) / 3 and entropy(value) > 3.0
    if value.replace("_", "").replace("-", "").isdigit():
        return len(value) >= 16
    if len(_CHANGES.findall(value)) >= max(4, len(value) / 6):
        return True
    long = [
        piece
        for piece in _PIECES.findall(value)
        if piece.isalpha() and 5 <= len(piece) < 13 and _is_speakable(piece)
    ]
    return sum(map(len, long)) < 0.6 * len(value)


def _is_speakable(piece: str) -> bool:
    """Whether letters can be a word: vowels among them, no five consonants in a row."""
    vowels = sum(char in _VOWELS for char in piece)
    return vowels >= len(piece) / 5 and not _UNSPEAKABLE.search(piece)
