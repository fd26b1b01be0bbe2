"""lossless-claw's ``lcm.db``: messages whose session files were rotated away, and their models.

Schema: lossless-claw 0.15 (src/db/migration.ts, src/message-content.ts); columns that came later
are optional. LCM keeps text, thinking, calls and (since 0.15.2) the model, but never usage or cost.
Each session is given out as a file of JSON lines, so that the archive copies only new messages and
keeps those that LCM purges.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from clawtrain_assets.core.sessions.databases import Version, columns, snapshot, version_of
from clawtrain_assets.core.sessions.entries import Block, Body, Entry, epoch_ms
from clawtrain_assets.core.sessions.row import Identity

_ROLES = {"assistant": "assistant", "user": "user", "tool": "toolResult"}
_STORE = "lcm-sessions.json"
_SESSION = ".lcm.jsonl"


class _Part(msgspec.Struct):
    metadata: str | None
    text: str | None


class _Stored(msgspec.Struct):
    """A line of a session given out."""

    number: int
    role: str
    content: str | None
    entry_id: str | None
    timestamp: str | None  # ISO 8601, exact to the second
    parts: list[_Part]


class LcmMessage(NamedTuple):
    """A stored message as the entry it was made from; ``ms`` is exact to the second."""

    number: int  # message_id
    entry_id: str | None
    entry: Entry
    ms: int | None
    identity: Identity | None


def is_lcm_part(name: str) -> bool:
    return name == _STORE or name.endswith(_SESSION)


def lcm_parts(database: Path) -> list[tuple[str, str, str | None]]:
    """(name, family, session id) of the files in a database; raises sqlite3.Error if it is none."""
    sessions = _sessions(database, version_of(database))
    found: list[tuple[str, str, str | None]] = [
        (f"{name}{_SESSION}", "lcm", name) for name in sessions
    ]
    if any(key for key, _ in sessions.values()):
        found.append((_STORE, "session_store", None))
    return found


def open_lcm_part(database: Path, name: str) -> BinaryIO:
    """The file ``name`` of a database, as an unnamed temporary file; raises sqlite3.Error."""
    sessions = _sessions(database, version_of(database))
    stream = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    if name == _STORE:
        stream.write(msgspec.json.encode(_keys(snapshot(database), sessions)))
    else:
        session_id = name.removesuffix(_SESSION)
        _, conversations = sessions.get(session_id, (None, []))
        for stored in _messages(snapshot(database), session_id, conversations):
            stream.write(msgspec.json.encode(stored) + b"\n")
    stream.seek(0)
    return stream


def read_lcm(stream: Iterable[bytes]) -> Iterator[LcmMessage]:
    """The messages of a session given out by ``open_lcm_part``."""
    decoder = msgspec.json.Decoder(_Stored)
    for line in stream:
        yield _message(decoder.decode(line))


def _keys(
    connection: sqlite3.Connection, sessions: dict[str, tuple[str | None, list[int]]]
) -> list[dict[str, str | None]]:
    """Session keys, and the model of the last call that LCM saw: what a session store has."""
    models: dict[int, tuple[str | None, str | None]] = {}
    table = "conversation_compaction_telemetry"
    if {"provider", "model"} <= columns(connection, table):
        rows = connection.execute(f"SELECT conversation_id, provider, model FROM {table}")
        models = {conversation: (provider, model) for conversation, provider, model in rows}
    found: list[dict[str, str | None]] = []
    for session_id, (key, conversations) in sessions.items():
        provider, model = models.get(conversations[-1], (None, None))
        if key:
            names = {"modelProvider": provider, "model": model}
            found.append({"sessionKey": key, "sessionId": session_id, **names})
    return found


@lru_cache(maxsize=4)
def _sessions(database: Path, version: Version) -> dict[str, tuple[str | None, list[int]]]:
    """Session id -> session key and conversations, in the order they were first stored.

    A message's parts name the session it came from; the conversation's own session id is
    overwritten when its key moves on to a new session.
    """
    connection = snapshot(database)
    if not columns(connection, "messages") or not columns(connection, "message_parts"):
        raise sqlite3.DatabaseError("not an LCM database")
    keyed = "session_key" in columns(connection, "conversations")
    rows = connection.execute(
        f"SELECT COALESCE(p.session_id, c.session_id), {'c.session_key' if keyed else 'NULL'},"
        "  m.conversation_id"
        " FROM messages m JOIN conversations c USING (conversation_id)"
        " LEFT JOIN message_parts p ON p.message_id = m.message_id AND p.ordinal = 0"
        " GROUP BY 1, 3 ORDER BY MIN(m.message_id)"
    )
    found: dict[str, tuple[str | None, list[int]]] = {}
    for session_id, key, conversation in rows:
        known_key, conversations = found.get(str(session_id), (None, []))
        found[str(session_id)] = (key or known_key, [*conversations, conversation])
    return found


def _messages(
    connection: sqlite3.Connection, session_id: str, conversations: list[int]
) -> Iterator[_Stored]:
    """Messages in order; one without parts belongs to the session of the one before it."""
    known = columns(connection, "messages")
    entry_id = "m.transcript_entry_id" if "transcript_entry_id" in known else "NULL"
    content = "m.content"
    if "large_content" in known:
        content = "COALESCE(m.large_content, m.content)"
    for conversation in conversations:
        rows = connection.execute(
            f"SELECT m.message_id, m.role, {content}, {entry_id}, m.created_at,"
            "  p.metadata, p.text_content, p.session_id"
            " FROM messages m LEFT JOIN message_parts p ON p.message_id = m.message_id"
            " WHERE m.conversation_id = ? ORDER BY m.seq, p.ordinal",
            (conversation,),
        )
        current: _Stored | None = None
        belongs = True
        for row in rows:
            if current is None or row[0] != current.number:
                if current is not None and belongs:
                    yield current
                ms = epoch_ms(row[4])
                stamp = f"{row[4].replace(' ', 'T')}Z" if ms is not None else None
                current = _Stored(row[0], str(row[1]), _text(row[2]), _text(row[3]), stamp, [])
            if row[7] is not None:
                belongs = row[7] == session_id
                current.parts.append(_Part(_text(row[5]), _text(row[6])))
        if current is not None and belongs:
            yield current


def _message(stored: _Stored) -> LcmMessage:
    parts = [(_object(part.metadata), part.text) for part in stored.parts]
    meta = parts[0][0] if parts else {}
    ms = epoch_ms(stored.timestamp)
    body = Body(role=_ROLES.get(stored.role, stored.role), timestamp=ms)
    if parts:
        body.content = tuple([_block(part, text) for part, text in parts])
    elif stored.role != "assistant":
        body.content = stored.content or ""
    if stored.role == "tool":
        body.toolCallId, body.toolName = meta.get("toolCallId"), meta.get("toolName")
        body.isError = meta.get("isError")
    identity = None
    model = meta.get("modelId")
    if stored.role == "assistant" and isinstance(model, str):
        body.provider, body.model = meta.get("modelProvider"), model
        body.api = meta.get("modelApi")
        identity = Identity(_text(body.provider), model, "lcm")
    entry = Entry(type="message", message=body)
    return LcmMessage(stored.number, stored.entry_id or None, entry, ms, identity)


def _block(part: dict[str, Any], text: str | None) -> Block:
    raw = part.get("raw")
    if isinstance(raw, dict):
        try:
            return msgspec.convert(raw, Block)
        except msgspec.ValidationError:
            pass
    return Block(type="text", text=text or "")


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text) if text is not None else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
