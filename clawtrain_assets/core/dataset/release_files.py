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
    """Appends rows to the files of a directory, every form and split present even if empty.

    Where each came from is a row of the lineage, whose file has the rows' order.
    """

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
        self._lineage = self._stack.enter_context((self.directory / LINEAGE).open("wb"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add_lineage(self, row: Mapping[str, Any]) -> None:
        self._lineage.write(_line(row))

    def add(self, form: str, split: Split, row: Mapping[str, Any]) -> None:
        line = _line(row)
        self._streams[form, split].write(line)
        self.counts[form, split] += 1
        self.longest = max(self.longest, len(line))


def _line(row: Mapping[str, Any]) -> bytes:
    return f"{dumps(row)}\n".encode()


def paths(directory: Path) -> list[Path]:
    """The row files of a release, in a fixed order."""
    return [directory / file_name(form, split) for form in FORMS for split in SPLITS]


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def ids_at(directory: Path, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Ids of the rows and lineage at ``places`` (file name, 1-based line), no other files'."""
    found: dict[tuple[str, int], str] = {}
    for path in [*paths(directory), directory / LINEAGE]:
        wanted = {line for name, line in places if name == path.name}
        if wanted:
            rows = enumerate(read_rows(path), 1)
            found |= {(path.name, n): row["id"] for n, row in rows if n in wanted}
    return found


def drop_rows(files: RowFiles, ids: Collection[str]) -> list[dict[str, Any]]:
    """Take rows out of every form and the lineage, whose rows it returns; measures the longest."""
    files.longest = 0
    for form, split in files.counts:
        path = files.directory / file_name(form, split)
        files.counts[form, split], longest, _ = _without(path, ids)
        files.longest = max(files.longest, longest)
    *_, dropped = _without(files.directory / LINEAGE, ids)
    return dropped


def _without(path: Path, ids: Collection[str]) -> tuple[int, int, list[dict[str, Any]]]:
    """Rewrite a file without some rows: how many stay, the longest line, and those that went."""
    count, longest, dropped = 0, 0, []
    rest = path.with_suffix(".rest")
    with rest.open("wb") as stream:
        for row in read_rows(path):
            if row["id"] in ids:
                dropped.append(row)
                continue
            line = _line(row)
            stream.write(line)
            count, longest = count + 1, max(longest, len(line))
    rest.replace(path)
    return count, longest, dropped


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
