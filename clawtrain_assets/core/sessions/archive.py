"""Copies of history that OpenClaw will rotate, prune or rewrite, kept for good.

OpenClaw deletes cron sessions after a day, renames transcripts on reset and prunes old ones, and
LCM rewrites large transcripts to their tail. The archive keeps every content a file ever had:

``index.sqlite``  one row per content: where it was, when captured, which blobs it is made of; and
one per state, so that any file can be restored as it was at any capture
``blobs/ab/<sha256>``  the bytes, each once; a file that grew adds one blob with the new bytes

A blob is on disk before the index names it, and the index changes in one transaction, so a crash
at any moment leaves a readable archive and the next capture does what is missing.
"""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import make_private
from clawtrain_assets.core.sessions.archive_index import (
    connect,
    create_tables,
    noted_captures,
    parts_of_content,
    stored_files,
    used_blobs,
)
from clawtrain_assets.core.sessions.capturing import CaptureReport, Capturing
from clawtrain_assets.core.sessions.contents import Blobs
from clawtrain_assets.core.sessions.forgetting import (
    SHARED,
    Erased,
    erase_content,
    forgotten_in,
    forks_of,
    is_of,
    note_forgotten,
    replace_content,
    session_hash,
    without,
)
from clawtrain_assets.core.sessions.sources import ArchivedFile
from clawtrain_assets.core.sessions.states import State, stored_states

_T = TypeVar("_T")


class Archive:
    """The archive below ``root``; made on first capture, for the owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._index = self._root / "index.sqlite"
        self._blobs = Blobs(self._root / "blobs")

    def capture(self, state_dirs: Sequence[Path], lcm: Path | None) -> CaptureReport:
        """Bring the archive up to date with the live files; the source is only read.

        A file that cannot be read is reported and tried again next time. Raises ClawtrainError if
        a directory cannot be listed, another capture is running or the disk is nearly full.
        """
        with self._writing() as index:
            return Capturing(index, self._blobs, self._root).all(state_dirs, lcm)

    def forget(self, session_id: str) -> Erased:
        """Erase a session and never capture it again; only the hash of its id is kept.

        Every step can be repeated: a crash leaves a readable archive, and the same call ends the
        work. Raises ClawtrainError while a capture is running.
        """
        erased = Erased([], [], [])
        with self._writing() as index:
            note_forgotten(index, session_id)
            wanted = {session_hash(session_id)}
            for file in stored_files(index):
                with self._blobs.open(parts_of_content(index, int(file.key)), file.path) as stream:
                    if file.family in SHARED:
                        copy = without(stream, file.family, wanted)
                        if copy is not None:
                            with copy:
                                replace_content(index, file, self._blobs, copy)
                            erased.shared.append(file.path)
                    elif is_of(file, stream, wanted):
                        erase_content(index, file)
                        erased.files.append(file.path)
                    elif forks_of(session_id, file.path, file.family, stream):
                        erased.forks.append(file.path)
            self._blobs.sweep(used_blobs(index))
            index.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    def holds(self, session_id: str) -> bool:
        """Whether a file of the session is in the archive, or the session was forgotten before."""
        if not self._index.exists():
            return False
        wanted = {session_hash(session_id)}
        with closing(connect(self._index)) as index:
            if wanted & forgotten_in(index):
                return True
            for file in stored_files(index):
                with self._blobs.open(parts_of_content(index, int(file.key)), file.path) as stream:
                    if is_of(file, stream, wanted):
                        return True
        return False

    def files(self) -> list[ArchivedFile]:
        """Every content, by root and path, oldest capture first."""
        return self._asked(stored_files)

    def open(self, file: ArchivedFile) -> BinaryIO:
        """The bytes of a content, seekable; raises ClawtrainError if a blob is missing."""
        with closing(connect(self._index)) as index:
            parts = parts_of_content(index, int(file.key))
        return self._blobs.open(parts, file.path)

    def states(self) -> list[State]:
        """Every state a file was captured in, by root and path, oldest first."""
        return self._asked(stored_states)

    def open_state(self, state: State) -> BinaryIO:
        """A content that begins with the state's ``size`` bytes; raises as ``open`` does."""
        with closing(connect(self._index)) as index:
            parts = parts_of_content(index, state.content)
        return self._blobs.open(parts, state.path)

    def captures(self) -> pa.Table:
        """``schemas.CAPTURES``: those of the last months, oldest first."""
        rows = [capture._asdict() for capture in self._asked(noted_captures)]
        return pa.Table.from_pylist(rows, schema=schemas.CAPTURES)

    def table(self) -> pa.Table:
        """``schemas.ARCHIVE``."""
        names = schemas.ARCHIVE.names
        rows = [{name: getattr(file, name) for name in names} for file in self.files()]
        return pa.Table.from_pylist(rows, schema=schemas.ARCHIVE)

    def _asked(self, query: Callable[[sqlite3.Connection], list[_T]]) -> list[_T]:
        """The index's answer, nothing before the first capture."""
        if not self._index.exists():
            return []
        with closing(connect(self._index)) as index:
            return query(index)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        make_private(self._root)
        with (self._root / "capture.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ClawtrainError(
                    "Another capture is writing to the archive: wait until it is done."
                ) from None
            with closing(connect(self._index)) as index:
                self._index.chmod(0o600)
                create_tables(index)
                yield index
