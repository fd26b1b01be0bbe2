"""History in, attributed turns out: the one entry point of this package."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from clawtrain_assets.core.sessions.grouping import group_sessions
from clawtrain_assets.core.sessions.report import Report
from clawtrain_assets.core.sessions.row import Row, Settings
from clawtrain_assets.core.sessions.rows import day_batches, row_batches, turns_from_batch
from clawtrain_assets.core.sessions.session import session_rows
from clawtrain_assets.core.sessions.sources import HistorySource
from clawtrain_assets.core.sessions.surroundings import Surroundings
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Price, Sources


class Extraction:
    """Turns of a history, made while they are read: one session is in memory at a time.

    ``turns`` and ``batches`` read the history once each; ``report`` and ``quarantine`` describe the
    latest reading and are complete when it is (asking for them first reads it).
    """

    def __init__(self, source: HistorySource, settings: Settings, days: Collection[str] | None):
        self._source = source
        self._settings = settings
        self._days = days
        self._report = Report()
        self._finished = False

    @property
    def turns(self) -> Iterator[Turn]:
        """Every turn, grouped by session."""
        for batch in row_batches(self._rows()):
            yield from turns_from_batch(batch)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The same turns as Arrow batches of ``schemas.TURNS``, each of one day, to be written."""
        return day_batches(self._rows())

    @property
    def report(self) -> Report:
        """Counts of the reading."""
        self._finish()
        return self._report

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        """Rows of ``schemas.QUARANTINE``: every byte that is in no entry."""
        self._finish()
        return self._report.quarantine

    def _finish(self) -> None:
        if not self._finished:
            for _ in self._rows():
                pass

    def _rows(self) -> Iterator[Row]:
        self._report = report = Report()
        files = self._source.files()
        zone = self._settings.zone
        surroundings = Surroundings(self._source, files, report, self._days, zone)
        groups = list(group_sessions(files, self._source.open, self._days, zone))
        # Contents of the turns of sessions that others were forked from.
        contents: dict[str, set[str]] = {p: set() for group in groups for p in group.parents}
        for group in groups:
            own = contents.get(group.session_id.lower())
            copied = set().union(*(contents[parent] for parent in group.parents))
            if own is not None:
                own |= copied
            for row in session_rows(
                group, self._source, surroundings, self._settings, report, copied, own
            ):
                if self._days is None or row.day in self._days:
                    report.count_turn(row)
                    yield row
        self._finished = True


def extract(
    source: HistorySource,
    sources: Sources,
    zone: ZoneInfo,
    prices: Sequence[Price],
    days: Collection[str] | None = None,
) -> Extraction:
    """Read ``source`` (an Archive or a DirectorySource) into turns; nothing is read until asked.

    ``zone`` decides the day of a turn, ``prices`` the cost of turns recorded without one, ``days``
    limits the turns given out (sessions are still read whole).
    """
    return Extraction(source, Settings(sources, zone, prices), days)
