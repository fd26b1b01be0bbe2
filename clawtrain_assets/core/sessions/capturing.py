"""One capture: what is new of every live file goes into the archive, and what is lost is told."""

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.sessions.archive_index import (
    Capture,
    Storage,
    known_contents,
    mark_gone,
    note_capture,
    note_unchanged,
    noted_captures,
    parts_of_content,
    record,
    storage,
    used_blobs,
)
from clawtrain_assets.core.sessions.contents import Blobs, Known
from clawtrain_assets.core.sessions.families import TRANSCRIPTS
from clawtrain_assets.core.sessions.forgetting import (
    SHARED,
    forgotten_in,
    is_of,
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
from clawtrain_assets.core.sessions.sources import Found, list_history, open_history
from clawtrain_assets.core.space import require_space

_EMPTY = Storage(0, 0, 0)


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


class Capturing:
    """Captures into the archive below ``root``, whose index and blobs nobody else is writing."""

    def __init__(self, index: sqlite3.Connection, blobs: Blobs, root: Path) -> None:
        self._index = index
        self._blobs = blobs
        self._root = root
        self._forgotten = forgotten_in(index)
        self._report = CaptureReport()

    def all(self, state_dirs: Sequence[Path], lcm: Path | None) -> CaptureReport:
        """Every file of the live history; see ``Archive.capture``."""
        report, index = self._report, self._index
        seen: set[tuple[str, str]] = set()
        history = list_history(state_dirs, lcm)
        for found in history:
            require_space(self._root)
            report.files += 1
            seen.add((str(found.root), found.path))
            try:
                self._file(found)
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
        for missing in missing_transcripts(index, history, self._forgotten):
            report.missing_sessions += missing.sessions
            report.warnings.append(str(missing))
        counts = report.unreadable, report.missing_sessions, report.cut_sessions
        note_capture(index, Capture(now, *counts))
        report.storage = storage(index)
        return report

    def _file(self, found: Found) -> None:
        report, index, forgotten = self._report, self._index, self._forgotten
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
                elif is_of(found, stream, forgotten):
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
        if self._is_cut(before, content):
            report.cut_sessions += 1
            report.warnings.append(cut_warning(found.path))

    def _is_cut(self, before: Known, content: int) -> bool:
        with (
            self._blobs.open(parts_of_content(self._index, before.id), before.path) as captured,
            self._blobs.open(parts_of_content(self._index, content), before.path) as rewritten,
        ):
            return begins_after(rewritten, captured)
