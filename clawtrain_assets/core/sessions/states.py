"""Every state a file was captured in, so that it can be restored as it was at any capture.

A content that grew replaces the shorter one in the index, for it begins with it; its earlier states
point to it and are its first ``size`` bytes. So are the states of a file that was renamed.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from clawtrain_assets.core.sessions.databases import columns

STATES = """
CREATE TABLE IF NOT EXISTS states (
  content INTEGER NOT NULL REFERENCES contents DEFERRABLE INITIALLY DEFERRED,
  root TEXT NOT NULL, path TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
  size INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS states_by_path ON states (root, path);
CREATE INDEX IF NOT EXISTS states_by_content ON states (content);
-- Archives of before there were states: of each file only the contents that are left are known.
INSERT INTO states
  SELECT id, root, path, captured_at,
    CASE WHEN present THEN NULL ELSE COALESCE(
      (SELECT MIN(n.captured_at) FROM contents n WHERE n.root = c.root AND n.path = c.path
        AND n.captured_at > c.captured_at), strftime('%s', 'now') * 1000) END, size, sha256
  FROM contents c WHERE NOT EXISTS (SELECT 1 FROM states s WHERE s.content = c.id);
"""


class State(msgspec.Struct, frozen=True):
    """A file as it was from the capture ``since`` on.

    ``until`` is the first capture that found it changed or gone, None if none has. ``content`` is
    the content that begins with its ``size`` bytes.
    """

    root: str
    path: str
    since: datetime
    until: datetime | None
    size: int
    sha256: str
    content: int

    def holds_at(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


def stored_states(index: sqlite3.Connection) -> list[State]:
    """Every state, by root and path, oldest first."""
    if not columns(index, "states"):
        return []
    rows = index.execute(
        "SELECT root, path, since, until, size, sha256, content FROM states"
        " ORDER BY root, path, since, rowid"
    )
    return [
        State(root, path, _moment(since), _moment(until) if until else None, *rest)
        for root, path, since, until, *rest in rows
    ]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def begin_state(
    index: sqlite3.Connection, content: int, root: str, path: str, now_ms: int, size: int, sha: str
) -> None:
    """The file has this content from now on; within the caller's transaction, as are all below."""
    end_state(index, root, path, now_ms)
    index.execute(
        "INSERT INTO states VALUES (?,?,?,?,NULL,?,?)", (content, root, path, now_ms, size, sha)
    )


def end_state(index: sqlite3.Connection, root: str, path: str, now_ms: int) -> None:
    """The file is no longer as it was."""
    index.execute(
        "UPDATE states SET until = ? WHERE root = ? AND path = ? AND until IS NULL",
        (now_ms, root, path),
    )


def hand_over(index: sqlite3.Connection, contents: Iterable[int], to: int) -> None:
    """States of contents that are about to go, or just went, begin another one as well."""
    index.executemany(
        "UPDATE states SET content = ? WHERE content = ?", [(to, c) for c in contents]
    )


def drop_states(index: sqlite3.Connection, content: int) -> None:
    """Before a content is erased for good."""
    index.execute("DELETE FROM states WHERE content = ?", (content,))


def replace_states(
    index: sqlite3.Connection, content: int, old_size: int, size: int, sha: str
) -> None:
    """The content has other bytes now: its states are those, and what it grew from is dropped."""
    index.execute("DELETE FROM states WHERE content = ? AND size != ?", (content, old_size))
    index.execute("UPDATE states SET size = ?, sha256 = ? WHERE content = ?", (size, sha, content))
