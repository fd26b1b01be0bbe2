"""Leaving a session out of the archive for good.

Only the hash of its id is kept, so that later captures pass it over while the source has it.
Files that speak of many sessions (session stores, cron logs) are kept without what names it.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from clawtrain_assets.core.sessions.contents import Blobs, Measured
from clawtrain_assets.core.sessions.families import TRANSCRIPTS, Family
from clawtrain_assets.core.sessions.grouping import header_of, name_of, parents_in
from clawtrain_assets.core.sessions.sources import ArchivedFile, Found
from clawtrain_assets.core.sessions.states import drop_states, hand_over, replace_states

SHARED: frozenset[str] = frozenset[Family]({"session_store", "cron_run"})
_TABLE = "CREATE TABLE IF NOT EXISTS forgotten (session TEXT PRIMARY KEY, at INTEGER NOT NULL)"


class Erased(NamedTuple):
    """What an archive held of a session: its files, shared files that named it, its forks."""

    files: list[str]
    shared: list[str]
    forks: list[str]


def session_hash(session_id: str) -> str:
    return hashlib.sha256(session_id.lower().encode()).hexdigest()


def forgotten_in(index: sqlite3.Connection) -> set[str]:
    """Hashes of the sessions to leave out."""
    index.execute(_TABLE)
    return {name for (name,) in index.execute("SELECT session FROM forgotten")}


def note_forgotten(index: sqlite3.Connection, session_id: str) -> None:
    with index:
        index.execute(_TABLE)
        index.execute(
            "INSERT OR IGNORE INTO forgotten VALUES (?, ?)",
            (session_hash(session_id), int(datetime.now(UTC).timestamp() * 1000)),
        )


def is_of(file: Found | ArchivedFile, stream: BinaryIO, hashes: Collection[str]) -> bool:
    """Whether the file is a copy of one of these sessions; leaves the stream at its start."""
    session = _session_of(file.path, file.family, file.session_id, stream)
    stream.seek(0)
    return session is not None and session_hash(session) in hashes


def _session_of(path: str, family: str, session_id: str | None, stream: BinaryIO) -> str | None:
    """The session a file is a copy of, None for one of many sessions; reads its first line."""
    if session_id is not None or family in SHARED:
        return session_id
    if family in TRANSCRIPTS:
        return name_of(path, header_of(path, stream))
    return name_of(path.replace(".trajectory", ""), None) if family == "trajectory" else None


def forks_of(session_id: str, path: str, family: str, stream: BinaryIO) -> bool:
    """Whether a transcript says that it was forked from the session: it holds copies."""
    if family not in TRANSCRIPTS:
        return False
    return session_id.lower() in parents_in(header_of(path, stream))


def without(stream: BinaryIO, family: str, forgotten: Collection[str]) -> BinaryIO | None:
    """A copy of a shared file without what names a forgotten session; None: nothing does.

    The same bytes in give the same bytes out, and a log that grew gives one that grew.
    """
    stream.seek(0)
    kept = _store_without if family == "session_store" else _log_without
    data = kept(stream.read(), forgotten)
    stream.seek(0)
    if data is None:
        return None
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    copy.write(data)
    copy.seek(0)
    return copy


def _store_without(data: bytes, forgotten: Collection[str]) -> bytes | None:
    store = _decoded(data)
    if isinstance(store, dict):
        kept: Any = {key: e for key, e in store.items() if not _names(e, forgotten)}
    elif isinstance(store, list):
        kept = [entry for entry in store if not _names(entry, forgotten)]
    else:
        return None
    return None if len(kept) == len(store) else msgspec.json.encode(kept)


def _log_without(data: bytes, forgotten: Collection[str]) -> bytes | None:
    lines = data.splitlines(keepends=True)
    kept = [line for line in lines if not _names(_decoded(line), forgotten)]
    return None if len(kept) == len(lines) else b"".join(kept)


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None


def _names(entry: Any, forgotten: Collection[str]) -> bool:
    named = entry.get("sessionId") if isinstance(entry, dict) else None
    return isinstance(named, str) and session_hash(named) in forgotten


def erase_content(index: sqlite3.Connection, file: ArchivedFile) -> None:
    content = int(file.key)
    with index:
        drop_states(index, content)
        index.execute("DELETE FROM contents WHERE id = ?", (content,))


def replace_content(
    index: sqlite3.Connection, file: ArchivedFile, blobs: Blobs, copy: BinaryIO
) -> None:
    """Give a content other bytes; everything else the index says of it stays.

    What a log looked like before it grew to this cannot be restored any more: it named the session.
    """
    measured: Measured = blobs.capture(copy, [])
    parts = [(measured.blob, measured.fresh)] if measured.blob is not None else []
    content = int(file.key)
    with index:
        replace_states(index, content, file.size, measured.size, measured.sha256)
        same = index.execute(  # the same bytes were captured at another time
            "SELECT id FROM contents WHERE root = ? AND path = ? AND sha256 = ? AND id != ?",
            (file.root, file.path, measured.sha256, content),
        ).fetchall()
        hand_over(index, [other for (other,) in same], content)
        index.executemany("DELETE FROM contents WHERE id = ?", same)
        index.execute(
            "UPDATE contents SET size = ?, sha256 = ?, first_ms = ?, last_ms = ? WHERE id = ?",
            (measured.size, measured.sha256, measured.first_ms, measured.last_ms, content),
        )
        index.execute("DELETE FROM parts WHERE content = ?", (content,))
        index.executemany(
            "INSERT INTO parts (content, ordinal, blob, size) VALUES (?,?,?,?)",
            [(content, n, blob, size) for n, (blob, size) in enumerate(parts)],
        )
