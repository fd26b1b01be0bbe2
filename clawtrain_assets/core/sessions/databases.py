"""SQLite databases of other programs, copied while they are in use and without leaving a trace."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path

_ATTEMPTS = 3
_PATIENCE_S = 30.0  # how long another program may hold a lock
_WAL = 2  # the journal mode in the header's byte 18
_JOURNALS = ("-wal", "-journal")

Version = tuple[tuple[int, int] | None, ...]  # time and size of the file and its journals


def version_of(path: Path) -> Version:
    """Changes whenever the database does; raises OSError if it is not there."""
    found: list[tuple[int, int] | None] = []
    for suffix in ("", *_JOURNALS):
        file = path.with_name(path.name + suffix)
        if suffix and not file.exists():
            found.append(None)
            continue
        stat = file.stat()
        found.append((stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def snapshot(path: Path) -> sqlite3.Connection:
    """A private copy of a database at one moment, made once for each state it is in.

    It was made by SQLite's backup over a read-only connection, its file has no name any more, and
    it is for reading only. Raises sqlite3.Error, or OSError if there is no such file.
    """
    return _snapshot(path.absolute(), version_of(path))


@lru_cache(maxsize=2)
def _snapshot(path: Path, version: Version) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="clawtrain-") as folder:
        copy = Path(folder, "copy")
        for attempt in range(_ATTEMPTS):
            before = version_of(path)
            copy.unlink(missing_ok=True)
            with (
                _in_use(path, Path(folder, str(attempt))) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            # With a log SQLite itself keeps writers apart; without one nothing does.
            if version_of(path) == before or before[1] is not None:
                break
        connection = sqlite3.connect(
            f"{copy.as_uri()}?immutable=1", uri=True, check_same_thread=False
        )
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()  # opens the file
        return connection


@contextmanager
def _in_use(path: Path, folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes nothing beside the database, not even a lock file.

    With a writer at work its write-ahead log is read too; a log or journal whose writer died is
    replayed in a private copy; a database in WAL mode without a log is nobody's: it is immutable.
    """
    pending = _is_filled(path, "-wal")
    abandoned = pending and not path.with_name(path.name + "-shm").exists()
    with path.open("rb") as stream:
        wal = stream.read(20)[18:19] == bytes([_WAL])
    if abandoned:
        with _replayed(path, folder) as connection:
            yield connection
        return
    mode = "mode=ro&readonly_shm=1" if pending or not wal else "immutable=1"
    uri = f"{path.as_uri()}?{mode}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S)) as connection:
        try:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            if not _is_filled(path, "-journal"):
                raise
            with _replayed(path, folder) as replayed:
                yield replayed
            return
        yield connection


def _is_filled(path: Path, suffix: str) -> bool:
    file = path.with_name(path.name + suffix)
    return file.exists() and file.stat().st_size > 0


@contextmanager
def _replayed(path: Path, folder: Path) -> Iterator[sqlite3.Connection]:
    folder.mkdir(mode=0o700)
    copy = folder / path.name
    shutil.copyfile(path, copy)
    for suffix in _JOURNALS:
        if _is_filled(path, suffix):
            shutil.copyfile(path.with_name(path.name + suffix), copy.with_name(copy.name + suffix))
    with closing(sqlite3.connect(copy)) as connection:
        yield connection


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Column names of a table, empty if it does not exist: versions differ."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
