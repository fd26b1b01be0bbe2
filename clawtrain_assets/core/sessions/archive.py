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
import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import make_private
from clawtrain_assets.core.sessions.archive_index import (
    Capture,
    Storage,
    connect,
    create_tables,
    known_contents,
    mark_gone,
    note_capture,
    note_unchanged,
    noted_captures,
    parts_of_content,
    record,
    storage,
    stored_files,
    used_blobs,
)
from clawtrain_assets.core.sessions.contents import Blobs, Known
from clawtrain_assets.core.sessions.families import TRANSCRIPTS
from clawtrain_assets.core.sessions.forgetting import (
    SHARED,
    Erased,
    belongs_to,
    erase_content,
    forgotten_in,
    forks_of,
    note_forgotten,
    replace_content,
    session_hash,
    without,
)
from clawtrain_assets.core.sessions.gaps import (
    begins_after,
    cut_short,
    cut_warning,
    late_warning,
    missing_transcripts,
)
from clawtrain_assets.core.sessions.sources import (
    ArchivedFile,
    Found,
    list_history,
    open_history,
)
from clawtrain_assets.core.sessions.states import State, stored_states
from clawtrain_assets.core.space import require_space

_EMPTY = Storage(0, 0, 0)
_T = TypeVar("_T")


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
    forgotten: int = 0
    bytes_copied: int = 0
    missing_sessions: int = 0  # named by a store or cron log, but never captured
    cut_sessions: int = 0  # went on after the last capture, and what they said then is gone
    hours_since_last: float = 0.0  # 0 for the first capture
    storage: Storage = _EMPTY
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
        a directory cannot be listed, another capture is running or the disk is nearly full.
        """
        report = CaptureReport()
        with self._writing() as index:
            seen: set[tuple[str, str]] = set()
            forgotten = forgotten_in(index)
            history = list_history(state_dirs, lcm)
            for found in history:
                require_space(self._root)
                report.files += 1
                seen.add((str(found.root), found.path))
                try:
                    self._capture_file(index, report, found, forgotten)
                except FileNotFoundError:
                    seen.discard((str(found.root), found.path))  # rotated away meanwhile
                except (OSError, ClawtrainError) as error:
                    report.unreadable += 1
                    report.warnings.append(f"{found.path} could not be captured: {error}")
            listed = {found_root for found_root, _ in seen} | {str(path) for path in state_dirs}
            gone = mark_gone(index, seen, listed)
            report.gone = len(gone)
            self._blobs.sweep(used_blobs(index))
            now = datetime.now(UTC)
            if captures := noted_captures(index):
                last = captures[-1].at
                report.hours_since_last = (now - last).total_seconds() / 3600
                cut = list(cut_short(index, gone, history, last))
                report.cut_sessions += len(cut)
                report.warnings += cut
            if (late := late_warning(report.hours_since_last)) is not None:
                report.warnings.append(late)
            for missing in missing_transcripts(index, history, forgotten):
                report.missing_sessions += missing.sessions
                report.warnings.append(str(missing))
            counts = report.unreadable, report.missing_sessions, report.cut_sessions
            note_capture(index, Capture(now, *counts))
            report.storage = storage(index)
        return report

    def _capture_file(
        self,
        index: sqlite3.Connection,
        report: CaptureReport,
        found: Found,
        forgotten: Collection[str],
    ) -> None:
        if found.session_id is not None and session_hash(found.session_id) in forgotten:
            report.forgotten += 1
            return
        changed = found.changed_ns()
        present = known_contents(
            index, "root = ? AND path = ? AND present", str(found.root), found.path
        )
        before = present[0] if present else None
        if before is not None and before.untouched(found, changed):
            report.unchanged += 1
            return
        if found.session_id is not None:
            candidates = known_contents(index, "session_id = ?", found.session_id)
        else:
            candidates = known_contents(index, "root = ? AND path = ?", str(found.root), found.path)
        with ExitStack() as streams:
            stream = streams.enter_context(open_history(found.root, found.path, found.family))
            if forgotten and found.session_id is None:
                if found.family in SHARED:
                    copy = without(stream, found.family, forgotten)
                    stream = streams.enter_context(copy) if copy is not None else stream
                elif _is_of(found, stream, forgotten):
                    report.forgotten += 1
                    return
            measured = self._blobs.capture(stream, candidates)
        if before is not None and before.sha256 == measured.sha256:
            report.unchanged += 1
            note_unchanged(index, before, found, changed)
            return
        report.bytes_copied += measured.fresh
        base = measured.base
        continues = before is not None and base is not None and base.sha256 == before.sha256
        if before is None:
            report.added += 1
        elif continues:
            report.grown += 1
        else:
            report.rewritten += 1
        # What the new content merely continues is no longer needed; what was rewritten stays as
        # gone, for it holds bytes the file no longer has.
        superseded = before if continues else None
        content = record(index, found, measured, changed, before, superseded)
        if before is None or continues or found.family not in TRANSCRIPTS:
            return
        if self._is_cut(index, before, content):
            report.cut_sessions += 1
            report.warnings.append(cut_warning(found.path))

    def _is_cut(self, index: sqlite3.Connection, before: Known, content: int) -> bool:
        with (
            self._blobs.open(parts_of_content(index, before.id), before.path) as captured,
            self._blobs.open(parts_of_content(index, content), before.path) as rewritten,
        ):
            return begins_after(rewritten, captured)

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
                    elif _is_of(file, stream, wanted):
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
                    if _is_of(file, stream, wanted):
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

    def fingerprint(self) -> str:
        """Changes whenever a content is added or a file goes; equal archives have equal ones."""
        digest = hashlib.sha256()
        for file in self.files():
            digest.update(f"{file.root}\0{file.path}\0{file.sha256}\0{file.status}\n".encode())
        return digest.hexdigest()

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


def _is_of(file: Found | ArchivedFile, stream: BinaryIO, hashes: Collection[str]) -> bool:
    """Whether the file is a copy of one of these sessions; leaves the stream at its start."""
    session = belongs_to(file.path, file.family, file.session_id, stream)
    stream.seek(0)
    return session is not None and session_hash(session) in hashes
