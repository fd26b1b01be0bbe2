"""SQLite sources opened for reading, from a private copy."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO


@contextmanager
def opened(stream: BinaryIO) -> Iterator[sqlite3.Connection]:
    """The database in ``stream``; raises sqlite3.Error on use if it is none."""
    with tempfile.NamedTemporaryFile(prefix="clawtrain-", suffix=".sqlite") as copy:
        with stream:
            shutil.copyfileobj(stream, copy, 4 << 20)
        copy.flush()
        with closing(sqlite3.connect(f"file:{copy.name}?immutable=1", uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            yield connection


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Column names of a table, empty if it does not exist: versions differ."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
