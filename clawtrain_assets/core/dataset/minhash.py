"""MinHash signatures and band keys of texts, vectorised with numpy.

The scheme is part of what is stored, so it never changes under a name: words (runs of ASCII
letters, digits, underscores and anything beyond ASCII, in lower case), a rolling hash over their
bytes, 5-grams, 120 permutations in 20 bands of 6. Two texts of Jaccard similarity s share a band
with probability 1 - (1 - s^6)^20: 0.998 at 0.8, 0.27 at 0.5; what shares one is compared exactly
afterwards.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

ALGORITHM = "minhash-w5-rolling-20x6-1"
SHINGLE_WORDS = 5
BANDS, ROWS = 20, 6

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

_SPACE = 32
_WORD_BYTES = bytes(
    b if b >= 128 or chr(b).isalnum() or b == ord("_") else _SPACE
    for b in (ord(chr(n).lower()) if n < 128 else n for n in range(256))
)
_PERMUTATIONS = BANDS * ROWS
_random = np.random.Generator(np.random.PCG64(20_260_101))
# Odd multipliers permute the integers; the rolling hash's base has an inverse for that reason.
_A: U32 = (_random.integers(0, 2**32, _PERMUTATIONS, dtype=np.uint32) | np.uint32(1))[:, None]
_B: U32 = _random.integers(0, 2**32, _PERMUTATIONS, dtype=np.uint32)[:, None]
_PLACE: U64 = _random.integers(0, 2**64, SHINGLE_WORDS, dtype=np.uint64) | np.uint64(1)
_KEY: U64 = _random.integers(0, 2**64, ROWS, dtype=np.uint64) | np.uint64(1)
_BAND: U64 = _random.integers(0, 2**64, BANDS, dtype=np.uint64)
_BASE = int(_random.integers(0, 2**64, dtype=np.uint64) | np.uint64(1))
_INVERSE = pow(_BASE, -1, 2**64)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class _Powers:
    """base^0, base^1, ... modulo 2^64, as many as the longest text so far needed."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._known: U64 = np.ones(1, np.uint64)

    def __call__(self, count: int) -> U64:
        if count > len(self._known):
            factors = np.full(max(count, 16_384), self._base, np.uint64)
            factors[0] = 1
            self._known = np.cumprod(factors, dtype=np.uint64)
        return self._known[:count]


_powers, _inverses = _Powers(_BASE), _Powers(_INVERSE)


def shingles(text: str) -> U64:
    """Hashes of the text's word 5-grams in their order; a shorter text is one shingle."""
    hashed = word_hashes(text)
    if not len(hashed):
        return hashed
    if len(hashed) < SHINGLE_WORDS:
        hashed = np.pad(hashed, (0, SHINGLE_WORDS - len(hashed)))
    count = len(hashed) - SHINGLE_WORDS + 1
    mixed = np.zeros(count, np.uint64)
    for place in range(SHINGLE_WORDS):
        mixed += hashed[place : place + count] * _PLACE[place]
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX
    mixed ^= mixed >> np.uint64(32)
    return mixed


def word_hashes(text: str) -> U64:
    """One hash for each word: the sum of byte * base^(place in the word), from prefix sums."""
    lower = text if text.isascii() else text.lower()
    data = np.frombuffer(lower.encode("utf-8", "replace").translate(_WORD_BYTES), np.uint8)
    inside = np.zeros(len(data) + 2, np.int8)
    inside[1:-1] = data != _SPACE
    edges = np.flatnonzero(np.diff(inside))
    starts, ends = edges[::2], edges[1::2]
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum(data * _powers(len(data)), out=sums[1:])
    hashed: U64 = (sums[ends] - sums[starts]) * _inverses(len(data) + 1)[starts]
    hashed ^= hashed >> np.uint64(32)
    hashed *= _MIX
    return hashed


def signature(shingled: U64) -> U32:
    """120 minima; the share of equal ones estimates the Jaccard similarity."""
    low = (shingled & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    permuted = _A * low
    permuted += _B
    minima: U32 = permuted.min(axis=1)
    return minima


def band_keys(signatures: Sequence[U32]) -> U64:
    """Keys of shape (texts, 20): texts that agree in all six minima of a band share its key."""
    rows = np.stack(signatures).reshape(-1, BANDS, ROWS).astype(np.uint64)
    keys: U64 = (rows * _KEY).sum(axis=2, dtype=np.uint64) + _BAND
    keys ^= keys >> np.uint64(29)
    keys *= _KEY[0]
    return keys


def jaccard(one: U64, other: U64) -> float:
    """Exact similarity of two texts as sets of shingles; 1 for two empty ones."""
    one, other = np.unique(one), np.unique(other)
    if not len(one) and not len(other):
        return 1.0
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
