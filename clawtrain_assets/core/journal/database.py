"""The database under the journal, SQLite or PostgreSQL: opening it, and bearing its restarts."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import make_private

T = TypeVar("T")

PATIENCE_S = 40.0  # with a server that is away; a claim must outlive it (see Journal)
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_CREATING = 0x636C6177  # any number, the same for all who open a journal


def open_engine(url: str, tables: sa.MetaData) -> sa.Engine:
    """Connect and create the tables; a SQLite file is created for the owner alone.

    SQLite: WAL with synchronous=FULL, so a commit survives a power cut, except those with the
    execution option ``durable=False``, which only survive a killed process; secure_delete, so
    what is forgotten is overwritten. WAL needs a local disk. PostgreSQL: its own settings decide,
    by default every commit waits for the disk. Raises UsageError for a URL that is none and
    ClawtrainError if the database does not answer.
    """
    try:
        # An error of the database would otherwise quote the answer that could not be written.
        engine = sa.create_engine(url, hide_parameters=True)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise UsageError(
            "The journal's URL is not one SQLAlchemy can open: set journal_url to sqlite:///FILE "
            "or, with the extra clawtrain[cluster], to postgresql+psycopg2://USER@HOST/DATABASE."
        ) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)

    def create(connection: sa.Connection) -> None:
        if engine.dialect.name == "postgresql":  # two that create a table at once: one fails
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATING)))
        tables.create_all(connection)

    try:
        in_transaction(engine, create)
    except sa.exc.DBAPIError as error:
        raise ClawtrainError(
            f"The journal's database does not answer ({type(error.orig).__name__}): start it or "
            "correct journal_url, then start again; answers already saved are kept."
        ) from error
    return engine


def in_transaction(engine: sa.Engine, operation: Callable[[sa.Connection], T]) -> T:
    """Run ``operation`` in a transaction; again, in another, if a server went away meanwhile.

    It may then have been committed before, so it must be one that can be repeated.
    """
    deadline = time.monotonic() + PATIENCE_S
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            with engine.begin() as connection:
                return operation(connection)
        except sa.exc.DBAPIError as error:
            if not _passing(engine, error) or time.monotonic() + pause_s > deadline:
                raise
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _passing(engine: sa.Engine, error: sa.exc.DBAPIError) -> bool:
    """Whether another try may succeed: connections cut, server starting, deadlock broken."""
    if engine.dialect.name == "sqlite":  # it has waited for its lock already
        return False
    return error.connection_invalidated or isinstance(
        error, sa.exc.OperationalError | sa.exc.InterfaceError
    )


def _prepare_sqlite(engine: sa.Engine) -> None:
    if engine.url.database:
        file = Path(engine.url.database)
        make_private(file.parent)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        _switch_to_wal(file)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in ("busy_timeout=30000", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer that starts as a reader cannot wait for its turn; it fails instead.
        # By the driver's own cursor: SQLAlchemy around these costs as much as a commit does.
        options = connection.get_execution_options()
        level = "FULL" if options.get("durable", True) else "NORMAL"  # WAL: wait for the disk?
        with closing(connection.connection.cursor()) as cursor:
            if connection.info.get("synchronous") != level:
                cursor.execute(f"PRAGMA synchronous={level}")
                connection.info["synchronous"] = level
            cursor.execute("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")


def _switch_to_wal(file: Path) -> None:
    """Make a new file a WAL database, which it stays; one process after the other.

    SQLite does not wait for the switch: the second of two that open a new file together is told
    that it is locked, whatever busy_timeout says.
    """
    handle = os.open(f"{file}.opening", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with closing(sqlite3.connect(file, timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode=WAL").close()
    finally:
        os.close(handle)


def overwrite_deleted(engine: sa.Engine) -> None:
    """Deleted text must not linger in SQLite's log or in PostgreSQL's table."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM FULL answers")
        return
    with closing(engine.raw_connection()) as connection:
        busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise ClawtrainError(
            "The answers are deleted, but another run keeps their bytes in the journal's log: "
            "repeat this once it has ended."
        )
