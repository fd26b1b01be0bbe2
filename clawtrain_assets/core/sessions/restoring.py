"""Giving archived files back as they were at a capture."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from upath import UPath

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import replacing
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.states import State

_CHUNK = 4 << 20


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A time as people write it, in ``zone`` unless it names its own; raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no time: write it as 2026-03-07 or 2026-03-07T14:30."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def states_of(archive: Archive, wanted: str) -> list[State]:
    """States of the files whose full path contains ``wanted``; raises UsageError if none does."""
    states = archive.states()
    if not states:
        raise UsageError(
            "The archive has nothing yet: run the job archive (clawtrain up), or wait for its hour."
        )
    found = [state for state in states if wanted in f"{state.root}/{state.path}"]
    if not found:
        raise UsageError(
            f"The archive has no file whose path contains {wanted!r}: see what it has with "
            "`clawtrain archive list`."
        )
    return found


def describe(states: Sequence[State], zone: ZoneInfo) -> Iterator[str]:
    """A line for each state: from when to when a file was so, its size, its path."""
    for state in states:
        until = _shown(state.until, zone) if state.until else "now"
        yield (
            f"{_shown(state.since, zone)}  {until:19}  {state.size:>12,}  {state.root}/{state.path}"
        )


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def chosen(states: Sequence[State], at: datetime | None) -> list[State]:
    """One state for each file: that of the moment, or its last one if no moment is given."""
    if at is None:
        return list({(state.root, state.path): state for state in states}.values())
    found = [state for state in states if state.holds_at(at)]
    if not found:
        raise UsageError(
            "None of these files was there at that time: see when each was with "
            "`clawtrain archive list`."
        )
    return found


def restore(archive: Archive, states: Sequence[State], out: Path) -> list[Path]:
    """Write each file below ``out`` under its full path; returns where.

    A file appears whole or not at all. One that is there already with the same bytes is left, so
    that a killed restore can be repeated; other bytes are never overwritten (UsageError). Raises
    ClawtrainError if the archive's bytes are not those that were captured.
    """
    written = []
    for state in states:
        target = out / state.root.lstrip("/") / state.path
        if target.exists():
            if _sha256(target) != state.sha256:
                raise UsageError(f"{target} is there with other bytes: name an empty --out.")
        else:
            _write(archive, state, target)
        written.append(target)
    return written


def _write(archive: Archive, state: State, target: Path) -> None:
    digest, left = hashlib.sha256(), state.size
    with archive.open_state(state) as stream, replacing(UPath(target)) as sink:
        while left and (chunk := stream.read(min(_CHUNK, left))):
            left -= len(chunk)
            digest.update(chunk)
            sink.write(chunk)
        if digest.hexdigest() != state.sha256:
            raise ClawtrainError(
                f"The archive's bytes of {state.path} are damaged: restore the archive from a "
                "backup."
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
