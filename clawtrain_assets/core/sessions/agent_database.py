"""OpenClaw's per-agent database, which holds the sessions from 2026.7.2 on instead of files.

Schema: docs/reference/database-schemas of OpenClaw 2026.7 and 2026.9. An event is the JSON of what
was a line before, as text or (schema 23) zstd-compressed. Each session is given out as the file it
would have been, so that the archive copies only its new events and keeps it when OpenClaw evicts
it. Columns and tables that a version lacks are left out.
"""

import io
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import zstandard

from clawtrain_assets.core.sessions.databases import columns, snapshot

MARK = "#"  # between the database's path and the name of the file given out
_STORE = "sessions.json"
_TRAJECTORY = ".trajectory.jsonl"
_TRANSCRIPT = ".jsonl"
_LARGEST_EVENT = 256 << 20
# Whole transcripts the database keeps of sessions that were reset, deleted or put into cold storage
# (as files too, once they are published), by the folder they are given out in.
_ARCHIVES = {
    "archives/": "session_transcript_archives",
    "cold/": "session_transcript_cold_archives",
}
_ZSTD = b"\x28\xb5\x2f\xfd"


def parts_of(database: Path) -> list[tuple[str, str, str | None]]:
    """(name, family, session id) of the files in a database; raises sqlite3.Error if it is none."""
    connection = snapshot(database)
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
    for folder, table in _ARCHIVES.items():
        known = columns(connection, table)
        if not {"archive_name", "archive_blob"} <= known:
            continue
        reason = "reason" if "reason" in known else "'cold'"
        for session_id, name, family in connection.execute(
            f"SELECT session_id, archive_name, {reason} FROM {table}"
            " WHERE archive_blob IS NOT NULL ORDER BY 1, 2"
        ):
            plain = f"{folder}{name.removesuffix('.zst')}"
            found.append((plain, family, str(session_id).lower()))
    return found


def open_part(database: Path, name: str) -> BinaryIO:
    """The file ``name`` of a database, as an unnamed temporary file; raises sqlite3.Error."""
    stream = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    connection = snapshot(database)
    folder, slash, archive = name.partition("/")
    if name == _STORE:
        stream.write(msgspec.json.encode(_keys(connection)))
    elif slash:
        _unpack(stream, connection, _ARCHIVES[folder + slash], archive)
    elif name.endswith(_TRAJECTORY):
        _write(stream, _events(connection, "trajectory_runtime_events", name, _TRAJECTORY))
    else:
        _write(stream, _events(connection, "transcript_events", name, _TRANSCRIPT))
    stream.seek(0)
    return stream


def _unpack(stream: BinaryIO, connection: sqlite3.Connection, table: str, name: str) -> None:
    rows = connection.execute(
        f"SELECT archive_blob FROM {table} WHERE archive_name IN (?, ?)", (name, f"{name}.zst")
    )
    for (blob,) in rows:
        if not blob.startswith(_ZSTD):
            stream.write(blob)
            continue
        try:
            zstandard.ZstdDecompressor().copy_stream(io.BytesIO(blob), stream)
        except zstandard.ZstdError:
            stream.write(b"\ndamaged archive: what came before is kept\n")


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
    """Session keys and models: of a key's earlier windows, its current session, its archives."""
    found: dict[str, dict[str, str | None]] = {}
    for table, session, needed, provider, model in (
        ("session_windows", "session_id", {"model_provider", "model"}, "model_provider", "model"),
        (
            "session_nodes",
            "current_session_id",
            {"entry_json"},
            _of_entry("modelProvider"),
            _of_entry("model"),
        ),
        ("session_transcript_archives", "session_id", set[str](), "NULL", "NULL"),
    ):
        known = columns(connection, table)
        if not {"session_key", session} <= known:
            continue
        names = f"{provider}, {model}" if needed <= known else "NULL, NULL"
        for row in connection.execute(
            f"SELECT session_key, {session}, {names} FROM {table}"
            f" WHERE {session} IS NOT NULL ORDER BY 2, 1"
        ):
            stored = found.setdefault(row[1], dict(zip(_FIELDS, row, strict=True)))
            if stored["model"] is None:
                stored["modelProvider"], stored["model"] = row[2:]
    return list(found.values())


def _of_entry(field: str) -> str:
    return f"CASE WHEN json_valid(entry_json) THEN json_extract(entry_json, '$.{field}') END"


_FIELDS = ("sessionKey", "sessionId", "modelProvider", "model")
