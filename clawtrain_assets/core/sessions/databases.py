"""SQLite databases of other programs, read without leaving a trace."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database in use that writes nothing, not even a lock file.

    With a writer at work its write-ahead log is read too; a log whose writer died is replayed in a
    private copy; without a log the file is taken as immutable. Raises sqlite3.Error.
    """
    log = path.with_name(path.name + "-wal")
    pending = log.exists() and log.stat().st_size > 0
    with tempfile.TemporaryDirectory(prefix="clawtrain-") as folder:
        mode = "mode=ro" if pending else "immutable=1"
        if pending and not path.with_name(path.name + "-shm").exists():
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            path, mode = copy, "mode=rwc"
        uri = f"{path.absolute().as_uri()}?{mode}"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            yield connection


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Column names of a table, empty if it does not exist: versions differ."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
