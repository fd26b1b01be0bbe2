"""What is known about sessions outside their transcripts: read once per extraction."""

import sqlite3
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from clawtrain_assets.core.sessions.agent_database import MARK
from clawtrain_assets.core.sessions.databases import opened
from clawtrain_assets.core.sessions.grouping import Stored
from clawtrain_assets.core.sessions.lcm import Lcm
from clawtrain_assets.core.sessions.records import (
    NO_TRAJECTORY,
    StoredSession,
    Trajectory,
    read_cron_log,
    read_session_store,
    read_trajectory,
)
from clawtrain_assets.core.sessions.report import Report
from clawtrain_assets.core.sessions.row import Identity
from clawtrain_assets.core.sessions.sources import ArchivedFile, HistorySource


class Surroundings:
    """Session stores, cron logs, flight recorders and databases of a history.

    A database that is none goes to quarantine by name; the rest of the history is read all the
    same.
    """

    def __init__(self, source: HistorySource, files: list[ArchivedFile], report: Report) -> None:
        self._source = source
        self._files = files
        self._report = report
        self._stack = ExitStack()
        self._trajectories: dict[str, list[ArchivedFile]] = {}
        self.keys: dict[str, StoredSession] = {}
        self.cron: dict[str, Identity] = {}
        self.stored: list[Stored] = []

    def __enter__(self) -> Self:
        with self._stack:
            for file in self._files:
                if file.family == "trajectory" and file.session_id is not None:
                    self._trajectories.setdefault(file.session_id, []).append(file)
                elif file.family == "session_store":
                    self._read_store(file)
                elif file.family == "cron_run":
                    with self._source.open(file) as stream:
                        self.cron.update(read_cron_log(stream))
                elif file.family == "lcm":
                    try:
                        self._open_lcm(file)
                    except sqlite3.Error as error:
                        self._report.reject(file.path, 0, 0, f"not readable: {error}", b"")
                elif file.family == "agent_sqlite" and MARK not in file.path:
                    reason = "not an OpenClaw agent database"
                    self._report.reject(file.path, 0, 0, reason, b"")
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _read_store(self, file: ArchivedFile) -> None:
        current = file.status == "present" and file.path.endswith("sessions.json")
        with self._source.open(file) as stream:
            for session_id, stored in read_session_store(stream).items():
                if current or session_id not in self.keys:
                    self.keys[session_id] = stored

    def _open_lcm(self, file: ArchivedFile) -> None:
        lcm = Lcm(self._stack.enter_context(opened(self._source.open(file))))
        self._report.files["lcm"] += 1
        for session in lcm.sessions():
            self.stored.append(
                Stored(file, session.session_id, session.first_ms, session.last_ms, (lcm, session))
            )
            if session.session_key:
                stored = StoredSession(session.session_key, None)
                self.keys.setdefault(session.session_id.lower(), stored)

    def trajectory(self, session_id: str) -> Trajectory:
        """What the flight recorder saw of a session (its name in lower case)."""
        for file in reversed(self._trajectories.get(session_id, [])):
            with self._source.open(file) as stream:
                return read_trajectory(stream)
        return NO_TRAJECTORY
