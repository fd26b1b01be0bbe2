"""OpenClaw's per-agent database, which holds the sessions from 2026.7.2 on instead of files.

Schema: docs/reference/database-schemas of OpenClaw 2026.7 and 2026.9. An event is the JSON of what
was a line before, as text or (schema 23) zstd-compressed. Each session is given out as the file it
would have been, so that the archive copies only its new events and keeps it when OpenClaw evicts
it. Columns and tables that a version lacks are left out.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import zstandard

from clawtrain_assets.core.sessions.databases import columns, read_only

MARK = "#"  # between the database's path and the name of the file given out
_STORE = "sessions.json"
_TRAJECTORY = ".trajectory.jsonl"
_TRANSCRIPT = ".jsonl"
_LARGEST_EVENT = 256 << 20


def parts_of(database: Path) -> list[tuple[str, str, str | None]]:
    """(name, family, session id) of the files in a database; raises sqlite3.Error if it is none."""
    with read_only(database) as connection:
        if "event_json" not in columns(connection, "transcript_events"):
            raise sqlite3.DatabaseError("not an OpenClaw agent database")
        found: list[tuple[str, str, str | None]] = [(_STORE, "session_store", None)]
        for table, suffix, family in (
            ("transcript_events", _TRANSCRIPT, "agent_sqlite"),
            ("trajectory_runtime_events", _TRAJECTORY, "trajectory"),
        ):
            if columns(connection, table):
                for (session_id,) in connection.execute(
                    f"SELECT DISTINCT session_id FROM {table} ORDER BY 1"
                ):
                    found.append((f"{session_id}{suffix}", family, str(session_id).lower()))
        return found


def open_part(database: Path, name: str) -> BinaryIO:
    """The file ``name`` of a database, as an unnamed temporary file; raises sqlite3.Error."""
    stream = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    with read_only(database) as connection:
        if name == _STORE:
            stream.write(msgspec.json.encode(_keys(connection)))
        elif name.endswith(_TRAJECTORY):
            _write(stream, _events(connection, "trajectory_runtime_events", name, _TRAJECTORY))
        else:
            _write(stream, _events(connection, "transcript_events", name, _TRANSCRIPT))
    stream.seek(0)
    return stream


def _write(stream: BinaryIO, events: Iterator[bytes]) -> None:
    for event in events:
        stream.write(event.replace(b"\n", b" ") + b"\n")  # JSON has newlines only between values


def _events(connection: sqlite3.Connection, table: str, name: str, suffix: str) -> Iterator[bytes]:
    packed = "event_zstd" if "event_zstd" in columns(connection, table) else "NULL"
    rows = connection.execute(
        f"SELECT CAST(event_json AS BLOB), {packed} FROM {table} WHERE session_id = ? ORDER BY seq",
        (name.removesuffix(suffix),),
    )
    for text, blob in rows:
        if text is not None:
            yield text
            continue
        try:
            yield zstandard.ZstdDecompressor().decompress(
                blob or b"", max_output_size=_LARGEST_EVENT
            )
        except zstandard.ZstdError:
            yield b"damaged event " + (blob or b"").hex().encode()


def _keys(connection: sqlite3.Connection) -> list[dict[str, str | None]]:
    """Session keys and models: of a key's earlier windows, then of its current session."""
    found: list[dict[str, str | None]] = []
    known = columns(connection, "session_windows")
    if {"session_id", "session_key"} <= known:
        model = "model" if "model" in known else "NULL"
        provider = "model_provider" if "model_provider" in known else "NULL"
        for row in connection.execute(
            f"SELECT session_key, session_id, {provider}, {model} FROM session_windows"
            " ORDER BY 2, 1"
        ):
            found.append(dict(zip(_FIELDS, row, strict=True)))
    if {"session_key", "current_session_id"} <= columns(connection, "session_nodes"):
        for row in connection.execute(
            "SELECT session_key, current_session_id FROM session_nodes"
            " WHERE current_session_id IS NOT NULL ORDER BY 2, 1"
        ):
            if not any(entry["sessionId"] == row[1] for entry in found):
                found.append(dict(zip(_FIELDS, (*row, None, None), strict=True)))
    return found


_FIELDS = ("sessionKey", "sessionId", "modelProvider", "model")
