"""Where history is read from: the archive, or live directories."""

import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.sessions.agent_database import MARK, open_part, parts_of
from clawtrain_assets.core.sessions.families import DATABASES, scan
from clawtrain_assets.core.sessions.lcm import is_lcm_part, lcm_parts, open_lcm_part

_BUFFER = 128 << 10  # lines are longer than the default


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
        try:
            return open_history(Path(file.root), file.path, file.family)
        except OSError as error:
            raise ClawtrainError(
                f"{file.path} cannot be read ({error.strerror}): check its permissions."
            ) from error


class Found(NamedTuple):
    """A history file on disk; ``path`` is relative to ``root``.

    A session in a database has the path ``<database>#<file>``; ``stat`` is the database's.
    """

    root: Path
    path: str
    family: str
    session_id: str | None
    stat: os.stat_result

    def changed_ns(self) -> int:
        """Time of the last change; a database changes through its write-ahead log."""
        log = self.root / (self.path.partition(MARK)[0] + "-wal")
        changed = self.stat.st_mtime_ns
        return max(changed, log.stat().st_mtime_ns) if log.exists() else changed


def list_history(state_dirs: Sequence[Path], lcm: Path | None) -> list[Found]:
    """Every history file, each once; raises ClawtrainError if a directory cannot be listed."""
    found: list[Found] = []
    seen: set[tuple[int, int]] = set()

    def note(root: Path, path: str, family: str, session_id: str | None) -> None:
        try:
            stat = (root / path).stat()
        except FileNotFoundError:  # rotated away while we were looking
            return
        if (stat.st_dev, stat.st_ino) in seen:
            return
        seen.add((stat.st_dev, stat.st_ino))
        if family in DATABASES:
            try:
                for part, kind, name in _parts(root / path, family):
                    found.append(Found(root, f"{path}{MARK}{part}", kind, name, stat))
                return
            except sqlite3.Error:
                pass  # listed as it is: whoever opens it will say what is wrong
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


def _parts(database: Path, family: str) -> list[tuple[str, str, str | None]]:
    return lcm_parts(database) if family == "lcm" else parts_of(database)


def open_history(root: Path, path: str, family: str) -> BinaryIO:
    """The bytes of a history file, or of a session in a database.

    Raises OSError, or ClawtrainError for a file that should be a database and is none.
    """
    database, mark, part = path.partition(MARK)
    try:
        if is_lcm_part(part):
            return open_lcm_part(root / database, part)
        if mark:
            return open_part(root / database, part)
        if family in DATABASES:  # it could not be listed
            _parts(root / path, family)
            raise ClawtrainError(f"{path} can be read again: the next capture takes it.")
    except sqlite3.Error as error:
        raise ClawtrainError(
            f"{database} cannot be read ({error}): close what holds it, or mend it."
        ) from error
    return (root / path).open("rb", buffering=_BUFFER)
