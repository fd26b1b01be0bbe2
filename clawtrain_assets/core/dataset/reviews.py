"""What reviewers said of a release's examples: one append-only file for each release."""

import os
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from upath import UPath

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import make_private, replace_bytes

Judgment = Literal["keep", "reject", "leak", "skip"]


class ReviewVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One judgment of one example; a later one of the same reviewer replaces it.

    ``scores`` are the reviewer's own (names of ``schemas.SCORES``, 0-10); ``time`` is in UTC.
    """

    release_id: str
    example_id: str
    turn_id: str
    reviewer: str
    verdict: Judgment
    scores: dict[str, float] | None = None
    notes: str = ""
    time: datetime


class VerdictLog:
    """The verdicts on one release: ``<reviews>/<release id>.jsonl``, readable by the owner alone.

    A verdict is on disk when ``append`` returns. A line that a crash left unfinished is closed
    by the next append and left aside by readers.
    """

    def __init__(self, reviews_dir: Path, release_id: str) -> None:
        self.path = reviews_dir / f"{release_id}.jsonl"

    def append(self, verdict: ReviewVerdict) -> None:
        """Raises ClawtrainError if the verdict cannot be written."""
        line = msgspec.json.encode(verdict) + b"\n"
        try:
            make_private(self.path.parent)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(handle).st_size
                if size and os.pread(handle, 1, size - 1) != b"\n":
                    line = b"\n" + line
                if os.write(handle, line) != len(line):
                    raise OSError("the disk took only part of the line")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise ClawtrainError(
                f"The verdict could not be saved in {self.path} ({error}): free space or fix the "
                "permissions, then judge the example again."
            ) from None

    def all(self) -> list[ReviewVerdict]:
        """Every verdict ever given, oldest first."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_bytes().split(b"\n"):
            try:
                found.append(msgspec.json.decode(line, type=ReviewVerdict))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # empty, or torn by a crash: never acknowledged to the reviewer
        return found

    def latest(self) -> list[ReviewVerdict]:
        """The verdict in force of each reviewer on each example."""
        return list({(v.example_id, v.reviewer): v for v in self.all()}.values())


def verdicts_in_force(reviews_dir: Path, reviewers: Collection[str]) -> Iterator[ReviewVerdict]:
    """The verdict of each named reviewer on each example of every release."""
    for path in sorted(reviews_dir.glob("*.jsonl")):
        for verdict in VerdictLog(reviews_dir, path.stem).latest():
            if verdict.reviewer in reviewers:
                yield verdict


def turned_down(reviews_dir: Path, reviewers: Collection[str]) -> set[str]:
    """Turns that a named reviewer rejected or found a leak in, in any release: not to ship."""
    given = verdicts_in_force(reviews_dir, reviewers)
    return {verdict.turn_id for verdict in given if verdict.verdict in ("reject", "leak")}


def forget_notes(reviews_dir: Path, turn_ids: Collection[str]) -> int:
    """Empty the notes on these turns, which may quote them; verdicts stay. Returns how many."""
    emptied = 0
    for path in sorted(reviews_dir.glob("*.jsonl")):
        verdicts = VerdictLog(reviews_dir, path.stem).all()
        noted = [v for v in verdicts if v.notes and v.turn_id in turn_ids]
        if noted:
            emptied += len(noted)
            kept = [msgspec.structs.replace(v, notes="") if v in noted else v for v in verdicts]
            lines = b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in kept)
            replace_bytes(UPath(path), lines)
    return emptied
