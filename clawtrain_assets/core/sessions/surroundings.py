"""What is known about sessions outside their transcripts: read once per extraction."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from clawtrain_assets.core.sessions.agent_database import MARK
from clawtrain_assets.core.sessions.families import DATABASES
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


def stores_of(
    files: Iterable[ArchivedFile], days: Collection[str] | None, zone: ZoneInfo
) -> list[ArchivedFile]:
    """The contents of session stores that name the sessions of the days, in order.

    A store is rewritten all the time, and each of its contents is in the archive. A session was
    named while it was in use: by a content captured on its days, by the one before or after them.
    """
    stores = [file for file in files if file.family == "session_store"]
    if not days:
        return stores
    begin = datetime.combine(date.fromisoformat(min(days)), time.min, zone)
    end = datetime.combine(date.fromisoformat(max(days)), time.max, zone)
    found: list[ArchivedFile] = []
    for _, same in groupby(stores, key=lambda file: (file.root, file.path)):
        contents = sorted(same, key=lambda file: file.captured_at)
        before = [file for file in contents if file.captured_at < begin]
        after = [file for file in contents if file.captured_at > end]
        within = contents[len(before) : len(contents) - len(after)]
        latest = [file for file in after[1:] if file.status == "present"]
        found += [*before[-1:], *within, *after[:1], *latest]
    return found


class Surroundings:
    """Session stores, cron logs and flight recorders of a history.

    A database that is none goes to quarantine by name; the rest of the history is read all the
    same. Of the contents a session store had, those of the time of ``days`` are read.
    """

    def __init__(
        self,
        source: HistorySource,
        files: list[ArchivedFile],
        report: Report,
        days: Collection[str] | None,
        zone: ZoneInfo,
    ) -> None:
        self._source = source
        self._trajectories: dict[str, list[ArchivedFile]] = {}
        self.keys: dict[str, StoredSession] = {}
        self.cron: dict[str, Identity] = {}
        for file in files:
            if file.family == "trajectory" and file.session_id is not None:
                self._trajectories.setdefault(file.session_id.lower(), []).append(file)
            elif file.family == "cron_run":
                with source.open(file) as stream:
                    self.cron.update(read_cron_log(stream))
            elif file.family in DATABASES and MARK not in file.path:
                report.reject(file.path, 0, 0, "not a database of this name", b"")
        for file in stores_of(files, days, zone):
            self._read_store(file)

    def _read_store(self, file: ArchivedFile) -> None:
        name = file.path.rpartition("/")[2].rpartition(MARK)[2]
        current = file.status == "present" and name == "sessions.json"
        with self._source.open(file) as stream:
            for session_id, stored in read_session_store(stream).items():
                if current or session_id not in self.keys:
                    self.keys[session_id] = stored

    def trajectory(self, session_id: str) -> Trajectory:
        """What the flight recorder saw of a session (its name in lower case).

        Its file is a rolling window: all contents the archive has of it are read, oldest first.
        """
        files = self._trajectories.get(session_id)
        return read_trajectory(self._lines(files)) if files else NO_TRAJECTORY

    def _lines(self, files: list[ArchivedFile]) -> Iterator[bytes]:
        for file in files:
            with self._source.open(file) as stream:
                yield from stream
