"""OpenClaw's per-agent database, which holds the sessions from 2026.7.2 on instead of files.

Schema: docs/reference/database-schemas of OpenClaw 2026.7 and 2026.9. An event is the JSON of what
was a line before, as text or (schema 23) zstd-compressed; columns and tables that a version lacks
are left out.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import zstandard

from clawtrain_assets.core.sessions.databases import columns
from clawtrain_assets.core.sessions.records import StoredSession
from clawtrain_assets.core.sessions.row import Identity

_LARGEST_EVENT = 256 << 20


class Event(NamedTuple):
    """A transcript event; ``data`` is JSON, or what could not be unpacked if ``damaged``."""

    seq: int
    data: bytes
    damaged: bool


class AgentDatabase:
    """Reads one database. Raises sqlite3.Error if it is not one of OpenClaw's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._columns = columns(connection, "transcript_events")
        if "event_json" not in self._columns:
            raise sqlite3.DatabaseError("not an OpenClaw agent database")

    def sessions(self) -> list[tuple[str, int | None, int | None]]:
        """(session id, first, last time in epoch ms) of every session with a transcript."""
        times = (
            "MIN(created_at), MAX(created_at)" if "created_at" in self._columns else "NULL, NULL"
        )
        rows = self._connection.execute(
            f"SELECT session_id, {times} FROM transcript_events GROUP BY 1 ORDER BY MIN(rowid)"
        )
        return [(str(row[0]), _ms(row[1]), _ms(row[2])) for row in rows]

    def events(self, session_id: str) -> Iterator[Event]:
        """A session's events in order."""
        packed = "event_zstd" if "event_zstd" in self._columns else "NULL"
        rows = self._connection.execute(
            f"SELECT seq, event_json, {packed} FROM transcript_events"
            " WHERE session_id = ? ORDER BY seq",
            (session_id,),
        )
        for seq, text, blob in rows:
            if text is not None:
                data = text.encode() if isinstance(text, str) else bytes(text)
                yield Event(seq, data, False)
                continue
            try:
                data = zstandard.ZstdDecompressor().decompress(
                    blob or b"", max_output_size=_LARGEST_EVENT
                )
                yield Event(seq, data, False)
            except zstandard.ZstdError:
                yield Event(seq, blob or b"", True)

    def keys(self) -> dict[str, StoredSession]:
        """Session id -> key and model, for current sessions and earlier windows of a key."""
        found: dict[str, StoredSession] = {}
        if {"session_id", "session_key"} <= (known := columns(self._connection, "session_windows")):
            model = "model" if "model" in known else "NULL"
            provider = "model_provider" if "model_provider" in known else "NULL"
            for session_id, key, named, by in self._connection.execute(
                f"SELECT session_id, session_key, {model}, {provider} FROM session_windows"
            ):
                found[str(session_id).lower()] = StoredSession(str(key), _identity(by, named))
        if {"session_key", "current_session_id"} <= columns(self._connection, "session_nodes"):
            for key, session_id in self._connection.execute(
                "SELECT session_key, current_session_id FROM session_nodes"
                " WHERE current_session_id IS NOT NULL"
            ):
                name = str(session_id).lower()
                model_known = found[name].model if name in found else None
                found[name] = StoredSession(str(key), model_known)
        return found

    def trajectory(self, session_id: str) -> list[bytes]:
        """The session's flight-recorder events as JSON."""
        if "event_json" not in columns(self._connection, "trajectory_runtime_events"):
            return []
        rows = self._connection.execute(
            "SELECT event_json FROM trajectory_runtime_events WHERE session_id = ? ORDER BY seq",
            (session_id,),
        )
        return [row[0].encode() for row in rows if isinstance(row[0], str)]


def _identity(provider: Any, model: Any) -> Identity | None:
    if not isinstance(model, str) or not model:
        return None
    return Identity(provider if isinstance(provider, str) else None, model, "session_store")


def _ms(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None
