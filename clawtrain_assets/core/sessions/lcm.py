"""lossless-claw's ``lcm.db``: messages whose session files were rotated away, and their models.

Schema: lossless-claw 0.15 (src/db/migration.ts, src/message-content.ts); columns that came later
are optional. LCM keeps text, thinking, calls and (since 0.15.2) the model, but never usage or cost.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from clawtrain_assets.core.sessions.databases import columns
from clawtrain_assets.core.sessions.entries import Block, Body, Entry, epoch_ms
from clawtrain_assets.core.sessions.row import Identity

_ROLES = {"assistant": "assistant", "user": "user", "tool": "toolResult"}


class LcmMessage(NamedTuple):
    """A stored message as the entry it was made from; ``ms`` is exact to the second."""

    number: int  # message_id
    entry_id: str | None
    entry: Entry
    ms: int | None
    identity: Identity | None


class LcmSession(NamedTuple):
    """Where a session's messages are, and when they were written (epoch ms)."""

    session_id: str
    session_key: str | None
    conversations: list[int]
    first_ms: int | None
    last_ms: int | None


class Lcm:
    """Reads one database. Raises sqlite3.Error if it is not one of LCM's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        messages = columns(connection, "messages")
        if not messages or not columns(connection, "message_parts"):
            raise sqlite3.DatabaseError("not an LCM database")
        self._entry_id = "m.transcript_entry_id" if "transcript_entry_id" in messages else "NULL"
        self._content = (
            "COALESCE(m.large_content, m.content)" if "large_content" in messages else "m.content"
        )

    def sessions(self) -> list[LcmSession]:
        """Sessions in the order they were first stored.

        A message's parts name the session it came from; the conversation's own session id is
        overwritten when its key moves on to a new session.
        """
        key = (
            "c.session_key"
            if "session_key" in columns(self._connection, "conversations")
            else "NULL"
        )
        rows = self._connection.execute(
            f"SELECT COALESCE(p.session_id, c.session_id), {key}, m.conversation_id,"
            "  MIN(m.created_at), MAX(m.created_at)"
            " FROM messages m JOIN conversations c USING (conversation_id)"
            " LEFT JOIN message_parts p ON p.message_id = m.message_id AND p.ordinal = 0"
            " GROUP BY 1, 3 ORDER BY MIN(m.message_id)"
        )
        found: dict[str, LcmSession] = {}
        for session_id, session_key, conversation, first, last in rows:
            name = str(session_id)
            known = found.get(name.lower())
            span = [_ms(first), _ms(last)]
            if known is not None:
                span = [known.first_ms, known.last_ms, *span]
            times = [ms for ms in span if ms is not None]
            found[name.lower()] = LcmSession(
                name,
                session_key or (known.session_key if known else None),
                [*(known.conversations if known else []), conversation],
                min(times, default=None),
                max(times, default=None),
            )
        return list(found.values())

    def messages(self, session: LcmSession) -> Iterator[LcmMessage]:
        """A session's messages in order, with their blocks as pi wrote them."""
        for conversation in session.conversations:
            rows = self._connection.execute(
                f"SELECT m.message_id, m.role, {self._content}, {self._entry_id}, m.created_at,"
                "  p.metadata, p.text_content, p.session_id"
                " FROM messages m LEFT JOIN message_parts p ON p.message_id = m.message_id"
                " WHERE m.conversation_id = ? ORDER BY m.seq, p.ordinal",
                (conversation,),
            )
            yield from _grouped(rows, session.session_id)


def _grouped(rows: sqlite3.Cursor, session_id: str) -> Iterator[LcmMessage]:
    current: tuple[Any, ...] | None = None
    parts: list[tuple[dict[str, Any], Any]] = []
    belongs = True
    for row in rows:
        if current is None or row[0] != current[0]:
            if current is not None and belongs:
                yield _message(current, parts)
            current, parts = row, []
        if row[7] is not None:  # a message without parts stays with the one before
            belongs = str(row[7]).lower() == session_id.lower()
            parts.append((_object(row[5]), row[6]))
    if current is not None and belongs:
        yield _message(current, parts)


def _message(row: tuple[Any, ...], parts: list[tuple[dict[str, Any], Any]]) -> LcmMessage:
    number, role, content, entry_id, created = row[:5]
    meta = parts[0][0] if parts else {}
    ms = _ms(created)
    body = Body(role=_ROLES.get(role, role), timestamp=ms)
    blocks = [_block(part, text) for part, text in parts]
    if blocks:
        body.content = blocks
    elif role != "assistant":
        body.content = str(content or "")
    if role == "tool":
        body.toolCallId, body.toolName = meta.get("toolCallId"), meta.get("toolName")
        body.isError = meta.get("isError")
    identity = None
    if role == "assistant" and isinstance(meta.get("modelId"), str):
        body.provider, body.model = meta.get("modelProvider"), meta["modelId"]
        body.api = meta.get("modelApi")
        provider = body.provider if isinstance(body.provider, str) else None
        identity = Identity(provider, meta["modelId"], "lcm")
    entry = Entry(type="message", message=body)
    return LcmMessage(
        number, entry_id if isinstance(entry_id, str) and entry_id else None, entry, ms, identity
    )


def _block(part: dict[str, Any], text: Any) -> Block:
    raw = part.get("raw")
    if isinstance(raw, dict):
        try:
            return msgspec.convert(raw, Block)
        except msgspec.ValidationError:
            pass
    return Block(type="text", text=text if isinstance(text, str) else "")


def _object(text: Any) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _ms(created: Any) -> int | None:
    """``YYYY-MM-DD HH:MM:SS`` in UTC."""
    return epoch_ms(created) if isinstance(created, str) else None
