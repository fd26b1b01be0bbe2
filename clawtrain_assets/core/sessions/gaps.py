"""What may have been lost before it could be captured, in one sentence each."""

import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime

from clawtrain_assets.core.sessions.forgetting import session_hash
from clawtrain_assets.core.sessions.records import cron_sessions, read_session_store
from clawtrain_assets.core.sessions.sources import Found

# OpenClaw deletes the transcripts of cron runs after this time (cron.sessionRetention).
_TIGHTEST_HOURS = 24


def late_warning(last: datetime | None, now: datetime) -> str | None:
    """Whether the last capture is so long ago that whole sessions can have come and gone."""
    if last is None:
        return None
    hours = (now - last).total_seconds() / 3600
    if hours <= _TIGHTEST_HOURS:
        return None
    return (
        f"The last capture was {hours:.0f} hours ago: cron sessions that ended more than "
        f"{_TIGHTEST_HOURS} hours ago are deleted by OpenClaw and may be missing. "
        "Keep the hourly capture running."
    )


def missing_transcripts(
    index: sqlite3.Connection, found: list[Found], forgotten: Collection[str] = ()
) -> Iterator[str]:
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
            yield (
                f"{file.path} names {len(lost)} sessions whose transcripts were deleted before "
                "they could be captured."
            )


def _cron_named(file: Found) -> set[str]:
    with (file.root / file.path).open("rb") as stream:
        return cron_sessions(stream)


def _agent(path: str) -> str:
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "agents" else ""
