"""What may have been lost before it could be captured, or will never be asked for."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from clawtrain_assets.core.sessions.archive_index import Gone
from clawtrain_assets.core.sessions.entries import Entry, Unreadable, decode_line, epoch_ms
from clawtrain_assets.core.sessions.families import TRANSCRIPTS
from clawtrain_assets.core.sessions.forgetting import session_hash
from clawtrain_assets.core.sessions.records import cron_sessions, last_heard, read_session_store
from clawtrain_assets.core.sessions.sources import ArchivedFile, Found

# OpenClaw deletes the transcripts of cron runs after this time (cron.sessionRetention).
TIGHTEST_HOURS = 24
_IN_USE_MS = 3_600_000  # a message so shortly before a capture: the session was in use
_SLACK_MS = 120_000  # a run ends some time after its last message


def late_warning(hours: float) -> str | None:
    """Whether the last capture is so long ago that whole sessions can have come and gone."""
    if hours <= TIGHTEST_HOURS:
        return None
    return (
        f"The last capture was {hours:.0f} hours ago: cron sessions that ended more than "
        f"{TIGHTEST_HOURS} hours ago are deleted by OpenClaw and may be missing. "
        "Keep the hourly capture running."
    )


def begins_after(rewritten: BinaryIO, captured: BinaryIO) -> bool:
    """Whether every message of one transcript was written after all those of the other.

    LCM rewrites a file to its last messages: if none of them had been captured, those between the
    last captured one and the first that is left are gone.
    """
    last = max(_message_times(captured), default=None)
    first = min(_message_times(rewritten), default=None)
    return last is not None and first is not None and first > last


def _message_times(stream: BinaryIO) -> Iterator[int]:
    for line in stream:
        try:
            entries: Iterable[Entry] = decode_line(line)
        except Unreadable as error:
            entries = error.entries
        for entry in entries:
            ms = epoch_ms(entry.message.timestamp) if entry.message is not None else None
            if ms is not None:
                yield ms


def cut_warning(path: str) -> str:
    return (
        f"{path} was rewritten to messages that came after all those captured before: what was "
        "said in between is lost, unless lcm.db has it. Keep the hourly capture running."
    )


def cut_short(
    index: sqlite3.Connection, gone: Iterable[Gone], found: list[Found], last_capture: datetime
) -> Iterator[str]:
    """Warnings of sessions that went on after they were last captured, and are gone.

    A cron log or a session store heard of them later than their last message; or they were in use
    when they were last seen, and OpenClaw, which renames what it resets or deletes, left nothing.
    """
    heard: dict[str, int] | None = None
    in_use = int(last_capture.timestamp() * 1000) - _IN_USE_MS
    for file in gone:
        if file.family not in TRANSCRIPTS or file.session_id is None or file.last_ms is None:
            continue
        if index.execute(
            "SELECT 1 FROM contents WHERE session_id = ? AND present", (file.session_id,)
        ).fetchone():
            continue  # under another name
        heard = _heard(found) if heard is None else heard
        later = heard.get(file.session_id, 0) > file.last_ms + _SLACK_MS
        if later or file.last_ms > in_use:
            yield (
                f"{file.path} was deleted while the session went on: what was said after the last "
                "capture is lost, unless lcm.db has it. Keep the hourly capture running."
            )


def _heard(found: list[Found]) -> dict[str, int]:
    heard: dict[str, int] = {}
    for file in found:
        store = file.family == "session_store" and file.path.endswith("/sessions.json")
        if not store and file.family != "cron_run":
            continue
        try:
            with (file.root / file.path).open("rb") as stream:
                for name, ms in last_heard(stream, store).items():
                    heard[name] = max(ms, heard.get(name, ms))
        except OSError:
            continue  # gone again
    return heard


class Missing(NamedTuple):
    """A store or cron log and how many sessions it names that no transcript was captured of."""

    path: str
    sessions: int

    def __str__(self) -> str:
        return (
            f"{self.path} names {self.sessions} sessions whose transcripts were deleted before "
            "they could be captured."
        )


class Unasked(NamedTuple):
    """Sessions that began before the first partition: their first turns are never extracted."""

    sessions: int
    earliest: date
    start: date

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions began before start_date {self.start}, the first on "
            f"{self.earliest}: turns of those days get no partition. Set "
            f'start_date = "{self.earliest}" in clawtrain.toml to extract them.'
        )


def begun_before(
    start: date,
    zone: ZoneInfo,
    files: Iterable[ArchivedFile],
    open_file: Callable[[ArchivedFile], BinaryIO],
) -> Unasked | None:
    """Sessions whose first line has a day before ``start``; None if there are none."""
    first: dict[str, date] = {}
    for file in files:
        if (file.family not in TRANSCRIPTS and file.family != "lcm") or file.first_ms is None:
            continue
        if datetime.fromtimestamp(file.first_ms / 1000, zone).date() >= start:
            continue
        day = _first_day(file, open_file, zone)  # a time inside a tool result proves nothing
        if day is not None and day < start:
            name = file.session_id or file.path
            first[name] = min(day, first.get(name, day))
    return Unasked(len(first), min(first.values()), start) if first else None


def _first_day(
    file: ArchivedFile, open_file: Callable[[ArchivedFile], BinaryIO], zone: ZoneInfo
) -> date | None:
    with open_file(file) as stream:
        line = stream.readline()
    try:
        ms = epoch_ms(msgspec.json.decode(line).get("timestamp"))
    except (ValueError, RecursionError, AttributeError):
        return None
    return datetime.fromtimestamp(ms / 1000, zone).date() if ms is not None else None


def missing_transcripts(
    index: sqlite3.Connection, found: list[Found], forgotten: Collection[str] = ()
) -> Iterator[Missing]:
    """Sessions that a store or cron log names but no transcript was ever captured of.

    ``forgotten`` ones (hashes of ids) are not missed. Agents whose sessions are in a database have
    no transcript files and are passed over.
    """
    known = {name for (name,) in index.execute("SELECT DISTINCT session_id FROM contents")}
    in_database = {_agent(f.path) for f in found if f.family == "agent_sqlite"}
    for file in found:
        named: set[str] = set()
        try:
            if file.family == "session_store" and file.path.endswith("sessions.json"):
                if _agent(file.path) in in_database:
                    continue
                with (file.root / file.path).open("rb") as stream:
                    named = set(read_session_store(stream))
            elif file.family == "cron_run" and not in_database:
                named = _cron_named(file)
        except OSError:
            continue  # gone again: nothing to compare with
        lost = {name for name in named if len(name) == 36} - known
        lost = {name for name in lost if session_hash(name) not in forgotten}
        if lost:
            yield Missing(file.path, len(lost))


def _cron_named(file: Found) -> set[str]:
    with (file.root / file.path).open("rb") as stream:
        return cron_sessions(stream)


def _agent(path: str) -> str:
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "agents" else ""
