"""The files of a release: rows by form and split, written as they come."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Literal, Self

from clawtrain_assets.core.dataset.formats import dumps

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = ("train", "validation")
SFT_FORMS = ("sft_sharegpt", "sft_messages", "sft_prompt_completion")
PREFERENCE_FORMS = ("preference_sharegpt", "preference_messages")
FORMS = SFT_FORMS + PREFERENCE_FORMS
LINEAGE = "lineage.jsonl"

# No current vocabulary needs more than one token for 2.5 bytes of code or English text.
_BYTES_PER_TOKEN = 2.5
_CUTOFFS = (4_096, 8_192, 16_384, 32_768, 65_536, 131_072)


def file_name(form: str, split: Split) -> str:
    return f"{form}_{split}.jsonl"


def split_of(session_id: str, validation_share: float) -> Split:
    """The side a session is on: all its examples and pairs, in every release, for ever."""
    share = int(hashlib.sha256(session_id.encode()).hexdigest()[:8], 16) / 2**32
    return "validation" if share < validation_share else "train"


class RowFiles:
    """Appends rows to the files of a directory, every form and split present even if empty."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.counts = {(form, split): 0 for form in FORMS for split in SPLITS}
        self.longest = 0  # bytes of the longest row
        self._stack = ExitStack()
        self._streams: dict[tuple[str, Split], IO[bytes]] = {}

    def __enter__(self) -> Self:
        for form in FORMS:
            for split in SPLITS:
                path = self.directory / file_name(form, split)
                self._streams[form, split] = self._stack.enter_context(path.open("wb"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, form: str, split: Split, row: Mapping[str, Any]) -> None:
        line = f"{dumps(row)}\n".encode()
        self._streams[form, split].write(line)
        self.counts[form, split] += 1
        self.longest = max(self.longest, len(line))


def paths(directory: Path) -> list[Path]:
    """The row files of a release, in a fixed order."""
    return [directory / file_name(form, split) for form in FORMS for split in SPLITS]


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def ids_at(directory: Path, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Ids of the rows at ``places`` (file name, 1-based line); other files are left aside."""
    found: dict[tuple[str, int], str] = {}
    for path in paths(directory):
        wanted = {line for name, line in places if name == path.name}
        if wanted:
            rows = enumerate(read_rows(path), 1)
            found |= {(path.name, n): row["id"] for n, row in rows if n in wanted}
    return found


def drop_rows(files: RowFiles, ids: Collection[str]) -> None:
    """Take rows out of every form; the longest row is measured anew."""
    files.longest = 0
    for (form, split), _ in files.counts.items():
        path = files.directory / file_name(form, split)
        lines = [f"{dumps(row)}\n".encode() for row in read_rows(path) if row["id"] not in ids]
        path.write_bytes(b"".join(lines))
        files.counts[form, split] = len(lines)
        files.longest = max(files.longest, *map(len, lines), 0)


def tokens_bound(size: int) -> int:
    """No more tokens than this are in ``size`` bytes of a row (code or English)."""
    return int(size / _BYTES_PER_TOKEN)


def cutoff_for(longest: int) -> int:
    """The smallest usual ``cutoff_len`` that cuts no row; the largest one if none does."""
    needed = tokens_bound(longest)
    return next((cutoff for cutoff in _CUTOFFS if cutoff >= needed), _CUTOFFS[-1])


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
