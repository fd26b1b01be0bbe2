"""Everything below CLAWTRAIN_HOME as one file, consistent while runs go on, and back again.

The order makes it consistent. What names other files comes before them: Dagster's record before
the partitions, the archive's index before its blobs, the newest release's name before the releases.
The journal comes last, so every answer that a copied table was made from is in it and nothing is
asked again. Databases are copied through SQLite's backup interface, which sees whole transactions,
also those still in the write-ahead log. Every other file is replaced by rename or appended to.
"""

import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, NamedTuple

import zstandard

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import make_private

FORMAT = 1
_END = "clawtrain-backup.json"  # the last member: without it the file is cut off
_SQLITE = b"SQLite format 3\0"
_PASSING = ("-wal", "-shm", "-journal", ".lock")  # of databases and locks, nothing of their own
_LEVEL = 3
_CHUNK = 1 << 20


class Backup(NamedTuple):
    """What is in a backup file."""

    files: int
    bytes: int


def write_backup(home: Path, target: Path) -> Backup:
    """Write ``target``, a zstd-compressed tar for the owner alone; replaces it whole or not at all.

    It holds conversations and the pseudonym key. Raises UsageError if there is nothing to copy or
    ``target`` is below ``home``.
    """
    if not home.is_dir():
        raise UsageError(
            f"There is nothing to back up in {home}: name another with `clawtrain --home DIR`."
        )
    if target.absolute().is_relative_to(home):
        raise UsageError(f"{target} is inside {home}: name a place outside it, on another disk.")
    make_private(target.absolute().parent)
    temporary = target.with_name(f"{target.name}.tmp-{uuid.uuid4().hex}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            done = _write(home, stream, target.absolute().parent)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return done


def restore_backup(source: Path, home: Path) -> Backup:
    """Put a backup in the place of an empty or missing ``home``, whole or not at all.

    Raises UsageError if ``home`` holds anything, ClawtrainError if the file is no complete backup.
    """
    if home.exists() and any(home.iterdir()):
        raise UsageError(
            f"{home} is not empty: move it away, or restore elsewhere with `clawtrain --home DIR`."
        )
    make_private(home.parent)
    incoming = home.with_name(f"{home.name}.restoring-{uuid.uuid4().hex}")
    incoming.mkdir(mode=0o700)
    try:
        done = _read(source, incoming)
        if home.exists():
            home.rmdir()
        incoming.replace(home)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return done


def _write(home: Path, stream: IO[bytes], scratch: Path) -> Backup:
    files = size = 0
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, threads=-1)
    with (
        tempfile.TemporaryDirectory(prefix=".clawtrain-", dir=scratch) as folder,
        compressor.stream_writer(stream, closefd=False) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in _in_order(home):
            name = str(path.relative_to(home))
            try:
                size += _add(tar, path, name, Path(folder))
            except FileNotFoundError:
                continue  # deleted or renamed since it was listed
            files += 1
        done = Backup(files, size)
        end = json.dumps({"format": FORMAT, **done._asdict()}).encode()
        facts = tarfile.TarInfo(_END)
        facts.size = len(end)
        tar.addfile(facts, io.BytesIO(end))
    return done


def _in_order(home: Path) -> Iterator[Path]:
    """All files of ``home``, also behind links to directories on another disk."""

    def place(path: Path) -> tuple[int, str]:
        name = path.relative_to(home).parts[0]
        if name == "dagster" or path.name == "newest":
            return 0, str(path)
        if path.suffix == ".sqlite":
            return 3 if name == "journal.sqlite" else 1, str(path)
        return 2, str(path)

    found = []
    for directory, folders, names in os.walk(home, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".building-")]
        found += [Path(directory, name) for name in names if not _is_passing(name)]
    yield from sorted(filter(Path.is_file, found), key=place)


def _is_passing(name: str) -> bool:
    return name.endswith(_PASSING) or ".tmp-" in name or name.startswith("incoming-")


def _add(tar: tarfile.TarFile, path: Path, name: str, folder: Path) -> int:
    with path.open("rb") as source:
        if source.read(len(_SQLITE)) != _SQLITE:
            source.seek(0)
            return _add_stream(tar, source, path, name)
    copy = folder / "database"
    _copy_database(path, copy)
    try:
        with copy.open("rb") as source:
            return _add_stream(tar, source, path, name)
    finally:
        copy.unlink()


def _add_stream(tar: tarfile.TarFile, source: IO[bytes], path: Path, name: str) -> int:
    facts = tar.gettarinfo(arcname=name, fileobj=source)
    facts.mtime = path.stat().st_mtime
    tar.addfile(facts, source)  # as many bytes as there were: an appended file may have grown
    return facts.size


def _copy_database(path: Path, copy: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=30)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)


def _is_whole(source: Path) -> bool:
    """Whether the compressed stream has its end, and what is before it its checksum.

    A pass of its own, because a reader of the stream takes a missing end for the end.
    """
    frame = zstandard.ZstdDecompressor().decompressobj()
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            frame.decompress(chunk)
    return frame.eof


def _read(source: Path, incoming: Path) -> Backup:
    try:
        whole = _is_whole(source)
        with (
            source.open("rb") as stream,
            zstandard.ZstdDecompressor().stream_reader(stream) as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            for member in tar:
                member.mode = 0o600
                tar.extract(member, incoming, filter="data")
    except FileNotFoundError:
        raise UsageError(
            f"{source} does not exist: name a file that `clawtrain backup` wrote."
        ) from None
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise ClawtrainError(
            f"{source} is not a whole backup ({type(error).__name__}): use another; nothing was "
            "restored."
        ) from error
    end = incoming / _END
    if not whole or not end.exists():
        raise ClawtrainError(f"{source} is cut off: use another backup; nothing was restored.")
    facts = json.loads(end.read_bytes())
    if facts["format"] != FORMAT:
        raise ClawtrainError(f"{source} was written by a newer clawtrain: install that one first.")
    end.unlink()
    for directory, _, _ in os.walk(incoming):
        Path(directory).chmod(0o700)
    return Backup(facts["files"], facts["bytes"])
