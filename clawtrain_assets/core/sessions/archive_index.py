"""The archive's index: which contents every file had, and which blobs each is made of."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from clawtrain_assets.core.sessions.agent_database import MARK
from clawtrain_assets.core.sessions.contents import Known, Measured
from clawtrain_assets.core.sessions.databases import columns
from clawtrain_assets.core.sessions.sources import ArchivedFile, Found
from clawtrain_assets.core.sessions.states import STATES, begin_state, end_state, hand_over

_REMEMBERED = timedelta(days=90)
_TABLES = """
BEGIN;
CREATE TABLE IF NOT EXISTS contents (
  id INTEGER PRIMARY KEY, root TEXT NOT NULL, path TEXT NOT NULL, family TEXT NOT NULL,
  session_id TEXT, captured_at INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  present INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  first_ms INTEGER, last_ms INTEGER, UNIQUE (root, path, sha256));
CREATE TABLE IF NOT EXISTS parts (
  content INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  blob TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (content, ordinal));
CREATE TABLE IF NOT EXISTS captures (at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS contents_by_path ON contents (root, path);
CREATE INDEX IF NOT EXISTS contents_by_session ON contents (session_id);
"""


def connect(path: Path) -> sqlite3.Connection:
    """The index; an empty file is made if there is none."""
    index = sqlite3.connect(path, timeout=30)
    index.execute("PRAGMA foreign_keys = ON")
    return index


def create_tables(index: sqlite3.Connection) -> None:
    """Make what is missing, and every commit durable."""
    index.execute("PRAGMA journal_mode = WAL")
    index.execute("PRAGMA synchronous = FULL")
    index.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
    index.executescript(_TABLES + STATES + "COMMIT;")
    for name in sorted({"unreadable", "missing", "cut"} - columns(index, "captures")):
        index.execute(f"ALTER TABLE captures ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")


def stored_files(index: sqlite3.Connection) -> list[ArchivedFile]:
    """Every content, by root and path, oldest capture first."""
    if not columns(index, "contents"):  # the first capture was killed before it began
        return []
    rows = index.execute(
        "SELECT root, path, family, session_id, captured_at, size, sha256, present,"
        " first_ms, last_ms, id FROM contents ORDER BY root, path, captured_at, id"
    )
    return [
        ArchivedFile(
            root=row[0],
            path=row[1],
            family=row[2],
            session_id=row[3],
            captured_at=datetime.fromtimestamp(row[4] / 1000, UTC),
            size=row[5],
            sha256=row[6],
            status="present" if row[7] else "gone",
            first_ms=row[8],
            last_ms=row[9],
            key=str(row[10]),
        )
        for row in rows
    ]


class Capture(NamedTuple):
    """A capture that was completed, and how much of the history it found out of reach."""

    at: datetime
    unreadable: int
    missing: int  # sessions that are named but were never captured
    cut: int  # sessions that went on after a capture, and what they said then is gone


def note_capture(index: sqlite3.Connection, capture: Capture) -> None:
    now = capture.at.timestamp()
    with index:
        index.execute("DELETE FROM captures WHERE at < ?", (now - _REMEMBERED.total_seconds(),))
        index.execute(
            "INSERT INTO captures (at, unreadable, missing, cut) VALUES (?,?,?,?)",
            (now, *capture[1:]),
        )


def noted_captures(index: sqlite3.Connection) -> list[Capture]:
    """The captures of the last months, oldest first."""
    rows = index.execute("SELECT at, unreadable, missing, cut FROM captures ORDER BY at")
    return [Capture(datetime.fromtimestamp(at, UTC), *counts) for at, *counts in rows]


def note_unchanged(index: sqlite3.Connection, before: Known, found: Found, changed_ns: int) -> None:
    """The file was touched but has the same bytes."""
    with index:
        index.execute(
            "UPDATE contents SET mtime_ns = ?, inode = ? WHERE id = ?",
            (changed_ns, found.stat.st_ino, before.id),
        )


class Storage(NamedTuple):
    """What the archive holds, in bytes: of all contents as they were, and of what is stored."""

    contents: int
    content_bytes: int
    stored_bytes: int


def storage(index: sqlite3.Connection) -> Storage:
    count, size = index.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM contents").fetchone()
    (stored,) = index.execute(
        "SELECT COALESCE(SUM(size), 0) FROM (SELECT DISTINCT blob, size FROM parts)"
    ).fetchone()
    return Storage(count, size, stored)


def used_blobs(index: sqlite3.Connection) -> set[str]:
    return {blob for (blob,) in index.execute("SELECT DISTINCT blob FROM parts")}


def known_contents(index: sqlite3.Connection, where: str, *values: str) -> list[Known]:
    rows = index.execute(
        f"SELECT id, path, size, sha256, mtime_ns, inode FROM contents WHERE {where}", values
    )
    return [Known(*row) for row in rows]


def parts_of_content(index: sqlite3.Connection, content: int) -> list[tuple[str, int]]:
    rows = index.execute(
        "SELECT blob, size FROM parts WHERE content = ? ORDER BY ordinal", (content,)
    )
    return rows.fetchall()


def record(
    index: sqlite3.Connection,
    found: Found,
    measured: Measured,
    changed: int,
    before: Known | None,
    superseded: Known | None,
) -> int:
    """One transaction: the new content (returned), and what becomes of the one it replaces."""
    parts = parts_of_content(index, measured.base.id) if measured.base is not None else []
    if measured.blob is not None:
        parts.append((measured.blob, measured.fresh))
    root, path = str(found.root), found.path
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    with index:
        # A content that came back takes the place of its own earlier row.
        same = known_contents(
            index, "root = ? AND path = ? AND sha256 = ?", root, path, measured.sha256
        )
        replaced = [known.id for known in same]
        if superseded is not None:
            replaced.append(superseded.id)
        elif before is not None:
            index.execute("UPDATE contents SET present = 0 WHERE id = ?", (before.id,))
        index.executemany("DELETE FROM contents WHERE id = ?", [(id,) for id in replaced])
        row = index.execute(
            "INSERT INTO contents (root, path, family, session_id, captured_at, size, sha256,"
            " present, mtime_ns, inode, first_ms, last_ms) VALUES (?,?,?,?,?,?,?,1,?,?,?,?)",
            (
                root,
                path,
                found.family,
                found.session_id,
                now_ms,
                measured.size,
                measured.sha256,
                changed,
                found.stat.st_ino,
                measured.first_ms,
                measured.last_ms,
            ),
        )
        content = row.lastrowid
        assert content is not None
        hand_over(index, replaced, content)
        begin_state(index, content, root, path, now_ms, measured.size, measured.sha256)
        index.executemany(
            "INSERT INTO parts (content, ordinal, blob, size) VALUES (?,?,?,?)",
            [(content, i, blob, size) for i, (blob, size) in enumerate(parts)],
        )
    return content


class Gone(NamedTuple):
    """A file that is no longer there, and the last time named in it (epoch ms)."""

    path: str
    family: str
    session_id: str | None
    last_ms: int | None


def mark_gone(
    index: sqlite3.Connection, seen: set[tuple[str, str]], listed: set[str]
) -> list[Gone]:
    """Note which files are no longer there, and return them.

    A renamed one lives on under its new name.
    """
    rows = index.execute(
        "SELECT id, root, path, family, session_id, last_ms FROM contents WHERE present"
    ).fetchall()
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    gone: list[Gone] = []
    with index:
        for content, root, path, *facts in rows:
            if root not in listed or (root, path) in seen:
                continue
            if (root, path.partition(MARK)[0]) in seen:
                continue  # in a database that could not be listed this time
            gone.append(Gone(path, *facts))
            session_id = gone[-1].session_id
            end_state(index, root, path, now_ms)
            longer = _continued(index, content, session_id) if session_id is not None else None
            if longer is not None:
                hand_over(index, [content], longer)
                index.execute("DELETE FROM contents WHERE id = ?", (content,))
            else:
                index.execute("UPDATE contents SET present = 0 WHERE id = ?", (content,))
    return gone


def _continued(index: sqlite3.Connection, content: int, session_id: str) -> int | None:
    """Another content of the session that starts with this one, if there is any."""
    parts = parts_of_content(index, content)
    others = index.execute(
        "SELECT id FROM contents WHERE session_id = ? AND id != ?", (session_id, content)
    ).fetchall()
    for (other,) in others:
        if parts_of_content(index, other)[: len(parts)] == parts:
            return int(other)
    return None
