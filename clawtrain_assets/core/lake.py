"""Tables in files: one Parquet file per asset and day, replaced whole or not at all."""

import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from upath import UPath

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.space import is_full

if TYPE_CHECKING:
    import duckdb

# Statistics copy values of a column into the footer; text must not be there after a scrub.
_STATISTICS = ("turn_id", "day", "timestamp", "overall", "status")
# Hardly a value of these repeats: a dictionary would only be built to be given up.
_UNIQUE = ("turn_id", "response", "messages", "conversations", "samples", "reply")
# Long texts that many rows of a file share: they are in it once for each row group.
_REPEATED = (
    "request",
    "request_meta",
    "system_prompt",
    "tools",
    "context.list.element",
    "outcome.messages.list.element",
)
_DICTIONARY_BYTES = 64 << 20  # of distinct texts in a row group, before they are written plainly
SPILL = ".spill"  # what DuckDB's queries leave beside the tables if they are killed
_REPLACED_MEANWHILE = 4  # so often a question is asked again because an object was replaced
WHOLE = "all"  # the partition name of tables that are not split by day


class Lake:
    """Reads and writes the tables below ``root``: ``<asset>/day=YYYY-MM-DD/part-0.parquet``.

    ``root`` is a directory or the URL of an object store (``s3://bucket/lake``). A partition is
    replaced whole (see ``replacing``), so a reader never sees half of one and a killed writer
    leaves the old one.
    """

    def __init__(self, root: UPath | str) -> None:
        self.root = located(root)

    def directory(self, asset: str, day: str = WHOLE) -> UPath:
        return self.root / asset / f"day={day}"

    def path(self, asset: str, day: str = WHOLE) -> UPath:
        return self.directory(asset, day) / "part-0.parquet"

    def write(self, asset: str, day: str, table: pa.Table) -> UPath:
        """Replace one partition; returns the file's path."""
        target = self.path(asset, day)
        with replacing(target) as stream, _writer(stream, table.schema) as writer:
            writer.write_table(table)
        return target

    def write_rows(
        self, asset: str, day: str, rows: Iterable[dict[str, Any]], schema: pa.Schema
    ) -> pa.Table:
        """Replace one partition by ``rows``; returns the table that was written.

        Raises ValueError if the rows' keys are not the schema's columns: Arrow would fill a missing
        column with nulls and leave out an unknown one.
        """
        listed = list(rows)
        for row in listed:
            if row.keys() ^ set(schema.names):
                wrong = ", ".join(sorted(row.keys() ^ set(schema.names)))
                raise ValueError(f"rows of {asset} differ from its schema in: {wrong}")
        table = pa.Table.from_pylist(listed, schema=schema)
        self.write(asset, day, table)
        return table

    def write_days(
        self, asset: str, days: Iterable[str], batches: Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> dict[str, int]:
        """Replace the partitions ``days`` from a stream of batches, each of one ``day``.

        A batch becomes a row group. No partition is replaced before the stream has ended. Days
        without rows become empty partitions. Returns each day's number of rows.
        """
        rows: dict[str, int] = {}
        with ExitStack() as open_days:
            writers: dict[str, pq.ParquetWriter] = {}
            for batch in batches:
                (day,) = pc.unique(batch["day"]).to_pylist()
                if day not in writers:
                    stream = open_days.enter_context(replacing(self.path(asset, day)))
                    writers[day] = open_days.enter_context(_writer(stream, batch.schema))
                writers[day].write_batch(batch)
                rows[day] = rows.get(day, 0) + batch.num_rows
        for day in set(days) - rows.keys():
            self.write(asset, day, schema.empty_table())
            rows[day] = 0
        return dict(sorted(rows.items()))

    def exists(self, asset: str, day: str = WHOLE) -> bool:
        return self.path(asset, day).exists()

    def read(
        self,
        asset: str,
        day: str = WHOLE,
        columns: Sequence[str] | None = None,
        repeated: bool = False,
    ) -> pa.Table:
        """One partition; raises ClawtrainError if it was never materialized.

        With ``repeated`` texts that rows share stay in dictionaries, which is less memory and work,
        but rows that are filtered out leave their texts there: nothing to be written again.
        """
        path = self.path(asset, day)
        if not path.exists():
            raise ClawtrainError(f"{asset} has no partition {day}: materialize it first.")
        names = None if columns is None else list(columns)
        shared = _REPEATED if repeated else None
        if remote(path):  # one request for all of it: parts of two versions would not fit
            whole = pa.BufferReader(path.read_bytes())
            return pq.read_table(whole, columns=names, read_dictionary=shared)
        with path.open("rb") as source:
            return pq.read_table(source, columns=names, read_dictionary=shared)

    def version(self, asset: str, day: str = WHOLE) -> str:
        """Differs whenever the partition was replaced by other bytes."""
        return str(self.root.fs.ukey(self.path(asset, day).path))

    def days(self, asset: str) -> list[str]:
        """Partitions present, oldest first."""
        found = (self.root / asset).glob("day=*/part-0.parquet")
        return sorted(path.parent.name.removeprefix("day=") for path in found)

    def query(self, sql: str, **tables: str) -> pa.Table:
        """Run SQL over all days at once: each keyword names a view over that asset's files.

        An asset without any partition becomes an error of the caller: check ``days`` first.
        """
        import duckdb

        for _ in range(_REPLACED_MEANWHILE):
            try:
                return self._query(sql, tables)
            except duckdb.Error as error:
                if "FileExpired" not in str(error):
                    raise
        return self._query(sql, tables)

    def _query(self, sql: str, tables: Mapping[str, str]) -> pa.Table:
        with connect(self.root) as connection:
            for view, asset in tables.items():
                pattern = str(self.root / asset / "day=*" / "part-0.parquet").replace("'", "''")
                connection.execute(
                    f"CREATE VIEW {view} AS SELECT * FROM "
                    f"read_parquet('{pattern}', hive_partitioning=false, union_by_name=true)"
                )
            return connection.sql(sql).to_arrow_table()


def located(url: UPath | str) -> UPath:
    """The path of a directory or URL, such that what other machines write there is seen at once."""
    path = UPath(url)
    return UPath(path, use_listings_cache=False) if remote(path) else path


def remote(path: UPath) -> bool:
    """Whether the path is on an object store."""
    return path.protocol not in ("", "file")


def connect(root: UPath) -> "duckdb.DuckDBPyConnection":
    """An empty database in memory that can read the files below ``root``.

    Objects are read through fsspec: DuckDB's own reader of S3 is an extension that it downloads,
    and would want the credentials a second time.
    """
    import duckdb  # where no question over all days is asked, its start-up is not paid

    connection = duckdb.connect(config={"temp_directory": _spill(root)})
    if remote(root):
        # One listing serves a whole question: without it each file is asked about 14 times. An
        # object that was replaced since is an error then, never a mixture.
        files = UPath(root, use_listings_cache=True).fs
        files.invalidate_cache()
        connection.register_filesystem(files)
    return connection


@cache
def _spill(root: UPath) -> str:
    """Where DuckDB may put what memory cannot hold: by itself it takes the working directory.

    It makes the directory when it needs it, and removes it.
    """
    if remote(root):
        return str(Path(tempfile.gettempdir()) / f"clawtrain-{uuid.uuid4().hex}")
    return str(root / SPILL)


def _writer(stream: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        stream,
        schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=[*(name for name in schema.names if name not in _UNIQUE), *_REPEATED],
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        write_statistics=[name for name in schema.names if name in _STATISTICS],
        # Arrow's own schema would bring dictionaries back to readers that cannot have them.
        store_schema=not any(map(_has_dictionary, schema.types)),
    )


def _has_dictionary(kind: pa.DataType) -> bool:
    parts = (kind.field(number).type for number in range(kind.num_fields))
    return pa.types.is_dictionary(kind) or any(map(_has_dictionary, parts))


def replace_bytes(target: UPath, data: bytes) -> None:
    """Replace the content of ``target``; see ``replacing``."""
    with replacing(target) as stream:
        stream.write(data)


@contextmanager
def replacing(target: UPath) -> Iterator[BinaryIO]:
    """A stream whose content becomes ``target``, so that a crash leaves the old content or the new.

    Local files: temporary sibling, flush to disk, rename, owner-only permissions. Object stores
    replace an object whole, once all of it has arrived; what waits for that has no name on disk.
    An exception in the block leaves ``target`` as it was.
    """
    if remote(target):
        with tempfile.TemporaryFile() as spool:
            yield spool
            spool.seek(0)
            target.fs.pipe_file(target.path, spool.read())
        return
    final = Path(target.path)
    make_private(final.parent)
    temporary = final.with_name(f"{final.name}.tmp-{uuid.uuid4().hex}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(final)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if is_full(error):
            raise ClawtrainError(
                f"The disk is full, so {final} was not written: free some space, then start "
                "again; what was there before is unchanged."
            ) from error
        raise
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def make_private(directory: Path) -> None:
    """Create a directory and its missing parents for the owner alone."""
    if not directory.is_dir():
        make_private(directory.parent)  # mkdir(parents=True) would ignore the mode for these
        directory.mkdir(mode=0o700, exist_ok=True)
