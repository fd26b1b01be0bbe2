"""MinHash signatures and band keys of texts, with numpy and xxhash alone.

The scheme is part of what is stored, so it never changes under a name: words, their 5-grams, XXH3,
120 permutations in 20 bands of 6. Two texts of Jaccard similarity s share a band with probability
1 - (1 - s^6)^20: 0.998 at 0.8, 0.27 at 0.5; what shares one is compared exactly afterwards.
"""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xxhash

ALGORITHM = "minhash-w5-xxh3-20x6-1"
SHINGLE_WORDS = 5
BANDS, ROWS = 20, 6

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

_WORD = re.compile(r"\w+")
_PERMUTATIONS = BANDS * ROWS
_CACHED_WORDS = 200_000
_random = np.random.Generator(np.random.PCG64(20_260_101))
# Odd multipliers permute the 32-bit integers.
_A: U32 = (_random.integers(0, 2**32, _PERMUTATIONS, dtype=np.uint32) | np.uint32(1))[:, None]
_B: U32 = _random.integers(0, 2**32, _PERMUTATIONS, dtype=np.uint32)[:, None]
_PLACE: U64 = _random.integers(0, 2**64, SHINGLE_WORDS, dtype=np.uint64) | np.uint64(1)
_KEY: U64 = _random.integers(0, 2**64, ROWS, dtype=np.uint64) | np.uint64(1)
_BAND: U64 = _random.integers(0, 2**64, BANDS, dtype=np.uint64)

_hashes: dict[str, int] = {}  # of common words; the same for every text


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def shingles(text: str) -> U64:
    """Distinct hashes of the text's word 5-grams, ascending; a shorter text is one shingle."""
    found = words(text)
    if not found:
        return np.empty(0, np.uint64)
    hashed = np.fromiter(map(_word_hash, found), np.uint64, len(found))
    if len(hashed) < SHINGLE_WORDS:
        hashed = np.pad(hashed, (0, SHINGLE_WORDS - len(hashed)))
    count = len(hashed) - SHINGLE_WORDS + 1
    mixed = np.zeros(count, np.uint64)
    for place in range(SHINGLE_WORDS):
        mixed += hashed[place : place + count] * _PLACE[place]
    mixed ^= mixed >> np.uint64(32)
    return np.unique(mixed)


def _word_hash(word: str) -> int:
    value = _hashes.get(word)
    if value is None:
        value = xxhash.xxh3_64_intdigest(word.encode("utf-8", "replace"))
        if len(_hashes) < _CACHED_WORDS:
            _hashes[word] = value
    return value


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
    """Exact similarity of two ascending sets of shingles; 1 for two empty ones."""
    if not len(one) and not len(other):
        return 1.0
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
