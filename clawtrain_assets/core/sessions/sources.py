"""Where history is read from: the archive, or live directories."""

import os
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec
import xxhash

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.sessions.families import DATABASES, scan


class ArchivedFile(msgspec.Struct, frozen=True):
    """One file as it was at one moment. ``path`` is relative to its state directory ``root``.

    ``first_ms`` and ``last_ms`` bound the times in the file (epoch ms); None where unknown.
    ``key`` is the source's own handle for ``open``.
    """

    root: str
    path: str
    family: str
    session_id: str | None
    captured_at: datetime
    size: int
    sha256: str
    status: str
    first_ms: int | None = None
    last_ms: int | None = None
    key: str = ""


class HistorySource(Protocol):
    """What ``extract`` reads: files in stable order, each opened as often as needed."""

    def files(self) -> list[ArchivedFile]: ...

    def open(self, file: ArchivedFile) -> BinaryIO: ...

    def fingerprint(self) -> str: ...


class DirectorySource:
    """Live state directories (or single files), read in place and never written.

    Raises ClawtrainError if a directory cannot be listed; missing ones are left out.
    """

    def __init__(self, state_dirs: Sequence[Path], lcm: Path | None = None) -> None:
        self._state_dirs = [Path(directory) for directory in state_dirs]
        self._lcm = lcm

    def files(self) -> list[ArchivedFile]:
        return [
            ArchivedFile(
                root=str(root),
                path=path,
                family=family,
                session_id=session_id,
                captured_at=datetime.fromtimestamp(stat.st_mtime, UTC),
                size=stat.st_size,
                sha256="",
                status="present",
                key=str(root / path),
            )
            for root, path, family, session_id, stat in list_history(self._state_dirs, self._lcm)
        ]

    def open(self, file: ArchivedFile) -> BinaryIO:
        if file.family in DATABASES:
            return copy_database(Path(file.key))
        try:
            return Path(file.key).open("rb")
        except OSError as error:
            raise ClawtrainError(f"{file.path} cannot be read: {error.strerror}.") from error

    def fingerprint(self) -> str:
        digest = xxhash.xxh3_128()
        for file in self.files():
            digest.update(f"{file.key}\0{file.size}\0{file.captured_at.timestamp()}\0".encode())
        return digest.hexdigest()


class Found(NamedTuple):
    """A history file on disk; ``path`` is relative to ``root``."""

    root: Path
    path: str
    family: str
    session_id: str | None
    stat: os.stat_result


def list_history(state_dirs: Sequence[Path], lcm: Path | None) -> list[Found]:
    """Every history file, each once; raises ClawtrainError if a directory cannot be listed."""
    found: list[Found] = []
    seen: set[tuple[int, int]] = set()

    def note(root: Path, path: str, family: str, session_id: str | None) -> None:
        try:
            stat = (root / path).stat()
        except FileNotFoundError:  # rotated away while we were looking
            return
        if (stat.st_dev, stat.st_ino) not in seen:
            seen.add((stat.st_dev, stat.st_ino))
            found.append(Found(root, path, family, session_id, stat))

    for directory in state_dirs:
        if directory.is_file():
            from_name = next(
                (n for p, n in scan(directory.parent) if p == directory.name),
                None,
            )
            if from_name is not None:
                note(directory.parent, directory.name, from_name.family, from_name.session_id)
            continue
        if not directory.is_dir():
            continue
        try:
            for path, name in scan(directory):
                note(directory, path, name.family, name.session_id)
        except OSError as error:
            raise ClawtrainError(
                f"{directory} cannot be read ({error.strerror}): check its permissions."
            ) from error
    if lcm is not None and lcm.is_file():
        note(lcm.parent, lcm.name, "lcm", None)
    return found


def copy_database(path: Path) -> BinaryIO:
    """A consistent copy of a SQLite database as an unnamed temporary file; nothing is written.

    A database with a live writer is read through its write-ahead log; one without is opened as
    immutable, so that not even a lock file appears beside it. Raises ClawtrainError.
    """
    stream = tempfile.NamedTemporaryFile(prefix="clawtrain-", suffix=".sqlite")  # noqa: SIM115
    try:
        backup_database(path, Path(stream.name))
    except sqlite3.Error as error:
        stream.close()
        raise ClawtrainError(
            f"{path.name} cannot be read as a SQLite database ({error}): check that it is one."
        ) from error
    return stream  # type: ignore[return-value]


def backup_database(path: Path, target: Path) -> None:
    """SQLite's online backup of ``path`` into ``target``; raises sqlite3.Error."""
    wal = path.with_name(path.name + "-wal")
    live = wal.exists() and wal.stat().st_size > 0
    if live and not path.with_name(path.name + "-shm").exists():
        # The writer died: its log has to be replayed, which must not happen in the source.
        with tempfile.TemporaryDirectory(prefix="clawtrain-") as folder:
            copy = Path(folder) / path.name
            copy.write_bytes(path.read_bytes())
            copy.with_name(wal.name).write_bytes(wal.read_bytes())
            _backup(f"{copy.as_uri()}", target)
        return
    _backup(f"{path.absolute().as_uri()}?{'mode=ro' if live else 'immutable=1'}", target)


def _backup(uri: str, target: Path) -> None:
    source = sqlite3.connect(uri, uri=True)
    try:
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            copy.close()
    finally:
        source.close()
