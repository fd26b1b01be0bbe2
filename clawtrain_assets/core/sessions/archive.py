"""Copies of history that OpenClaw will rotate, prune or rewrite, kept for good.

OpenClaw deletes cron sessions after a day, renames transcripts on reset and prunes old ones, and
LCM rewrites large transcripts to their tail. The archive keeps every content a file ever had:

``index.sqlite``  one row per content: where it was, when captured, which blobs it is made of
``blobs/ab/<sha256>``  the bytes, each once; a file that grew adds one blob with the new bytes

A blob is on disk before the index names it, and the index changes in one transaction, so a crash
at any moment leaves a readable archive and the next capture does what is missing.
"""

import fcntl
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.sessions.agent_database import MARK
from clawtrain_assets.core.sessions.contents import Blobs, Known, Measured
from clawtrain_assets.core.sessions.databases import columns
from clawtrain_assets.core.sessions.gaps import late_warning, missing_transcripts
from clawtrain_assets.core.sessions.sources import (
    ArchivedFile,
    Found,
    list_history,
    open_history,
)

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
COMMIT;
"""


@dataclass
class CaptureReport:
    """What one capture did. ``warnings`` say, without conversation text, what may be lost."""

    files: int = 0
    unchanged: int = 0
    added: int = 0
    grown: int = 0
    rewritten: int = 0
    gone: int = 0
    unreadable: int = 0
    bytes_copied: int = 0
    warnings: list[str] = field(default_factory=list)


class Archive:
    """The archive below ``root``; made on first capture, for the owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._index = self._root / "index.sqlite"
        self._blobs = Blobs(self._root / "blobs")

    def capture(self, state_dirs: Sequence[Path], lcm: Path | None) -> CaptureReport:
        """Bring the archive up to date with the live files; the source is only read.

        A file that cannot be read is reported and tried again next time. Raises ClawtrainError if
        a directory cannot be listed or another capture is running.
        """
        report = CaptureReport()
        with self._writing() as index:
            seen: set[tuple[str, str]] = set()
            history = list_history(state_dirs, lcm)
            for found in history:
                report.files += 1
                seen.add((str(found.root), found.path))
                try:
                    self._capture_file(index, report, found)
                except FileNotFoundError:
                    seen.discard((str(found.root), found.path))  # rotated away meanwhile
                except (OSError, ClawtrainError) as error:
                    report.unreadable += 1
                    report.warnings.append(f"{found.path} could not be captured: {error}")
            listed = {found_root for found_root, _ in seen} | {str(path) for path in state_dirs}
            _mark_gone(index, report, seen, listed)
            used = {blob for (blob,) in index.execute("SELECT DISTINCT blob FROM parts")}
            self._blobs.sweep(used)
            now = datetime.now(UTC)
            if (late := late_warning(_last_capture(index), now)) is not None:
                report.warnings.append(late)
            report.warnings += missing_transcripts(index, history)
            with index:
                index.execute("DELETE FROM captures")
                index.execute("INSERT INTO captures VALUES (?)", (now.timestamp(),))
        return report

    def _capture_file(self, index: sqlite3.Connection, report: CaptureReport, found: Found) -> None:
        changed = _changed_ns(found)
        present = _known(index, "root = ? AND path = ? AND present", str(found.root), found.path)
        before = present[0] if present else None
        if before is not None and before.untouched(found, changed):
            report.unchanged += 1
            return
        if found.session_id is not None:
            candidates = _known(index, "session_id = ?", found.session_id)
        else:
            candidates = _known(index, "root = ? AND path = ?", str(found.root), found.path)
        with open_history(found.root, found.path, found.family) as stream:
            measured = self._blobs.capture(stream, candidates)
        if before is not None and before.sha256 == measured.sha256:
            report.unchanged += 1
            with index:
                index.execute(
                    "UPDATE contents SET mtime_ns = ?, inode = ? WHERE id = ?",
                    (changed, found.stat.st_ino, before.id),
                )
            return
        report.bytes_copied += measured.fresh
        continues = before is not None and measured.base is not None and measured.base == before
        if before is None:
            report.added += 1
        elif continues:
            report.grown += 1
        else:
            report.rewritten += 1
        # What the new content merely continues is no longer needed; what was rewritten stays as
        # gone, for it holds bytes the file no longer has.
        superseded = before if continues else None
        _record(index, found, measured, changed, before, superseded)

    def files(self) -> list[ArchivedFile]:
        """Every content, by root and path, oldest capture first."""
        if not self._index.exists():
            return []
        with closing(self._connect()) as index:
            if not columns(index, "contents"):  # the first capture was killed before it began
                return []
            rows = index.execute(
                "SELECT root, path, family, session_id, captured_at, size, sha256, present,"
                " first_ms, last_ms, id FROM contents ORDER BY root, path, captured_at, id"
            ).fetchall()
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

    def open(self, file: ArchivedFile) -> BinaryIO:
        """The bytes of a content, seekable; raises ClawtrainError if a blob is missing."""
        with closing(self._connect()) as index:
            parts = index.execute(
                "SELECT blob, size FROM parts WHERE content = ? ORDER BY ordinal", (file.key,)
            ).fetchall()
        return self._blobs.open(parts, file.path)

    def table(self) -> pa.Table:
        """``schemas.ARCHIVE``."""
        names = schemas.ARCHIVE.names
        rows = [{name: getattr(file, name) for name in names} for file in self.files()]
        return pa.Table.from_pylist(rows, schema=schemas.ARCHIVE)

    def fingerprint(self) -> str:
        """Changes whenever a content is added or a file goes; equal archives have equal ones."""
        digest = hashlib.sha256()
        for file in self.files():
            digest.update(f"{file.root}\0{file.path}\0{file.sha256}\0{file.status}\n".encode())
        return digest.hexdigest()

    def _connect(self) -> sqlite3.Connection:
        index = sqlite3.connect(self._index, timeout=30)
        index.execute("PRAGMA foreign_keys = ON")
        return index

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._root / "capture.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ClawtrainError(
                    "Another capture is writing to the archive: wait until it is done."
                ) from None
            with closing(self._connect()) as index:
                self._index.chmod(0o600)
                index.execute("PRAGMA journal_mode = WAL")
                index.execute("PRAGMA synchronous = FULL")
                index.executescript(_TABLES)
                yield index


def _last_capture(index: sqlite3.Connection) -> datetime | None:
    row = index.execute("SELECT MAX(at) FROM captures").fetchone()
    return datetime.fromtimestamp(row[0], UTC) if row[0] is not None else None


def _changed_ns(found: Found) -> int:
    """Time of the last change; a database changes through its write-ahead log."""
    log = found.root / (found.path.partition(MARK)[0] + "-wal")
    changed = found.stat.st_mtime_ns
    return max(changed, log.stat().st_mtime_ns) if log.exists() else changed


def _known(index: sqlite3.Connection, where: str, *values: str) -> list[Known]:
    rows = index.execute(
        f"SELECT id, path, size, sha256, mtime_ns, inode FROM contents WHERE {where}", values
    )
    return [Known(*row) for row in rows]


def _parts(index: sqlite3.Connection, content: int) -> list[tuple[str, int]]:
    rows = index.execute(
        "SELECT blob, size FROM parts WHERE content = ? ORDER BY ordinal", (content,)
    )
    return rows.fetchall()


def _record(
    index: sqlite3.Connection,
    found: Found,
    measured: Measured,
    changed: int,
    before: Known | None,
    superseded: Known | None,
) -> None:
    """One transaction: the new content, and what becomes of the one it takes the place of."""
    parts = _parts(index, measured.base.id) if measured.base is not None else []
    if measured.blob is not None:
        parts.append((measured.blob, measured.fresh))
    root, path = str(found.root), found.path
    with index:
        if superseded is not None:
            index.execute("DELETE FROM contents WHERE id = ?", (superseded.id,))
        elif before is not None:
            index.execute("UPDATE contents SET present = 0 WHERE id = ?", (before.id,))
        index.execute(  # a content that came back takes the place of its own earlier row
            "DELETE FROM contents WHERE root = ? AND path = ? AND sha256 = ?",
            (root, path, measured.sha256),
        )
        row = index.execute(
            "INSERT INTO contents (root, path, family, session_id, captured_at, size, sha256,"
            " present, mtime_ns, inode, first_ms, last_ms) VALUES (?,?,?,?,?,?,?,1,?,?,?,?)",
            (
                root,
                path,
                found.family,
                found.session_id,
                int(datetime.now(UTC).timestamp() * 1000),
                measured.size,
                measured.sha256,
                changed,
                found.stat.st_ino,
                measured.first_ms,
                measured.last_ms,
            ),
        )
        index.executemany(
            "INSERT INTO parts (content, ordinal, blob, size) VALUES (?,?,?,?)",
            [(row.lastrowid, i, blob, size) for i, (blob, size) in enumerate(parts)],
        )


def _mark_gone(
    index: sqlite3.Connection,
    report: CaptureReport,
    seen: set[tuple[str, str]],
    listed: set[str],
) -> None:
    """Note which files are no longer there; a renamed one lives on under its new name."""
    rows = index.execute("SELECT id, root, path, session_id FROM contents WHERE present").fetchall()
    with index:
        for content, root, path, session_id in rows:
            if root not in listed or (root, path) in seen:
                continue
            report.gone += 1
            if session_id is not None and _continued(index, content, session_id):
                index.execute("DELETE FROM contents WHERE id = ?", (content,))
            else:
                index.execute("UPDATE contents SET present = 0 WHERE id = ?", (content,))


def _continued(index: sqlite3.Connection, content: int, session_id: str) -> bool:
    """Whether another content of the session starts with this one."""
    parts = _parts(index, content)
    others = index.execute(
        "SELECT id FROM contents WHERE session_id = ? AND id != ?", (session_id, content)
    ).fetchall()
    return any(_parts(index, other)[: len(parts)] == parts for (other,) in others)
