"""Evaluation texts that must not be trained on: found again by their runs of 13 words."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clawtrain_assets.core.dataset.minhash import U64, word_hashes

RUN_WORDS = 13  # the usual length for this: shorter runs are everyday language
_PLACE: U64 = np.random.Generator(np.random.PCG64(13)).integers(
    0, 2**64, RUN_WORDS, dtype=np.uint64
) | np.uint64(1)


class Evaluations:
    """The 13-word runs of evaluation files: JSON lines (every text in them) or plain text.

    Texts of fewer than 13 words are not looked for. Case and punctuation do not count.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._sets = {
            file.name: np.unique(np.concatenate([_runs(text) for text in _texts(file)]))
            for file in files
        }

    def repeated_in(self, *texts: str) -> str | None:
        """The name of the first file that any of the texts shares a run with; None if none."""
        if not self._sets:
            return None
        runs = np.concatenate([_runs(text) for text in texts])
        return next(
            (name for name, known in self._sets.items() if np.isin(runs, known).any()), None
        )


def _runs(text: str) -> U64:
    hashed = word_hashes(text)
    count = max(0, len(hashed) - RUN_WORDS + 1)
    mixed = np.zeros(count, np.uint64)
    for place in range(RUN_WORDS):
        mixed += hashed[place : place + count] * _PLACE[place]
    return mixed


def _texts(file: Path) -> Iterator[str]:
    plain = []
    for line in file.read_text("utf-8", "replace").splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            plain.append(line)
        else:
            yield from _leaves(value)
    yield "\n".join(plain)


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (text for item in inner for text in _leaves(item))
