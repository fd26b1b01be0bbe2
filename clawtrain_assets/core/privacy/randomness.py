"""Telling a generated value from a word, a name or a placeholder."""

import math
import re
from collections import Counter

_PIECES = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}|\d+|[^A-Za-z0-9]+|[A-Za-z]")
_RUN = re.compile(r"(.)\1{7,}")


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def looks_random(value: str) -> bool:
    """Whether a token body can have been generated: digits or changing case, few words, no runs."""
    if len(set(value)) < 5 or _RUN.search(value):
        return False
    if not any(char.isdigit() for char in value):
        pieces = _PIECES.findall(value)
        return len(pieces) > len(value) / 3 and entropy(value) > 3.0
    if value.replace("_", "").replace("-", "").isdigit():
        return len(value) >= 16
    words = [piece for piece in _PIECES.findall(value) if piece.isalpha() and len(piece) >= 5]
    return sum(map(len, words)) < 0.6 * len(value)
