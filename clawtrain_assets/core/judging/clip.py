"""The one rule by which text is shortened for a judge, and it always says what is missing."""

from collections.abc import Sequence

_HEAD = 0.6  # of what is kept; the rest is the tail


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters: head and tail, with a note of how many are left out between.

    Below the length of the note nothing is kept but the note.
    """
    if len(text) <= limit:
        return text
    note = f" [... {len(text)} characters left out ...] "
    kept = max(0, limit - len(note))
    head = int(kept * _HEAD)
    tail = kept - head
    note = f" [... {len(text) - kept} characters left out ...] "
    return text[:head] + note + (text[-tail:] if tail else "")


def shares(lengths: Sequence[int], budget: int) -> list[int]:
    """How many characters each text may have so that all fit: short ones whole, long ones alike."""
    granted = [0] * len(lengths)
    left = max(0, budget)
    waiting = sorted(range(len(lengths)), key=lambda index: lengths[index])
    while waiting:
        index = waiting.pop(0)
        granted[index] = min(lengths[index], left // (len(waiting) + 1))
        left -= granted[index]
    return granted


def fit(texts: Sequence[str], budget: int) -> list[str]:
    """All texts within ``budget`` characters together, each clipped to its share."""
    limits = shares([len(text) for text in texts], budget)
    return [clip(text, limit) for text, limit in zip(texts, limits, strict=True)]
