"""Lines of a session file: bytes in, typed entries out, and what to do with bytes that are neither.

The shapes follow pi 0.58 (packages/coding-agent/src/core/session-manager.ts) and OpenClaw 2026.3
to 2026.7, which keep the same format. Every field is optional and loosely typed: a surprising value
must not cost the line. Fields that no later stage reads (image bytes, tool ``details``,
signatures) are skipped by the decoder and never become Python objects.
"""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET


class Block(msgspec.Struct, gc=False):
    """One content block: text, thinking, image or tool call (all known spellings)."""

    type: Any = None
    text: Any = None
    thinking: Any = None
    id: Any = None
    name: Any = None
    arguments: Any = None
    input: Any = None
    mimeType: Any = None


class Body(msgspec.Struct, gc=False):
    """The ``message`` of a message entry, any role."""

    role: Any = None
    content: str | list[Block] | None = None
    timestamp: Any = None
    api: Any = None
    provider: Any = None
    model: Any = None
    usage: Any = None
    stopReason: Any = None
    errorMessage: Any = None
    durationMs: Any = None
    toolCallId: Any = None
    toolUseId: Any = None
    tool_call_id: Any = None
    toolName: Any = None
    isError: Any = None
    command: Any = None
    output: Any = None
    excludeFromContext: Any = None
    summary: Any = None
    provenance: Any = None
    openclawAbort: Any = None


class Entry(msgspec.Struct, gc=False):
    """One entry of a session file; the header (``type="session"``) included."""

    type: Any = None
    id: Any = None
    parentId: Any = UNSET
    timestamp: Any = None
    message: Body | None = None
    version: Any = None
    cwd: Any = None
    provider: Any = None
    modelId: Any = None
    branchedFrom: Any = None
    parentSession: Any = None
    summary: Any = None
    firstKeptEntryId: Any = None
    firstKeptEntryIndex: Any = None
    customType: Any = None
    data: Any = None
    content: str | list[Block] | None = None
    targetId: Any = None
    appendParentId: Any = None
    appendMode: Any = None


class Unreadable(ValueError):
    """A line, or the rest of one from ``start`` on, that is no entry; ``str()`` is the reason."""

    def __init__(self, reason: str, start: int = 0, entries: tuple[Entry, ...] = ()) -> None:
        super().__init__(reason)
        self.start = start
        self.entries = entries


_decode = msgspec.json.Decoder(Entry).decode
_stdlib = json.JSONDecoder()


def decode_line(line: bytes) -> list[Entry]:
    """The entries on one line: one, or several where a newline was lost between objects.

    Raises Unreadable with a reason; its ``entries`` are those in front of the bad bytes.
    """
    try:
        if not line.isascii():
            line.decode()  # the decoder does not look into what it skips
        entry = _decode(line)
    except (ValueError, RecursionError):
        return _recover(line)
    if type(entry.type) is not str:
        raise Unreadable("object has no type")
    return [entry]


def _recover(line: bytes) -> list[Entry]:
    """Slow path: glued objects, lone surrogates, huge numbers, oddly typed content."""
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    found: list[Entry] = []
    position = 0
    while True:
        while position < len(text) and text[position] in " \t\r\n":
            position += 1
        if position == len(text):
            return found
        start = len(text[:position].encode())
        try:
            value, position = _stdlib.raw_decode(text, position)
            found.append(_lenient(value))
        except RecursionError as error:
            raise Unreadable("nested too deeply", start, tuple(found)) from error
        except msgspec.ValidationError as error:
            raise Unreadable("not an entry", start, tuple(found)) from error
        except ValueError as error:
            reason = str(error) if isinstance(error, Unreadable) else "not JSON"
            raise Unreadable(reason, start, tuple(found)) from error


def _lenient(value: object) -> Entry:
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    if not isinstance(value.get("type"), str):
        raise Unreadable("object has no type")
    cleaned: dict[str, Any] = _clean(value)
    for holder in (cleaned, cleaned.get("message")):
        if isinstance(holder, dict) and "content" in holder:
            holder["content"] = _content(holder["content"])
    return msgspec.convert(cleaned, Entry)


def _content(content: object) -> object:
    """Content in the shape the decoder wants; foreign blocks become text rather than vanish."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        content = [content]
    return [
        block if isinstance(block, dict) else {"type": "text", "text": str(block)}
        for block in content
    ]


def _clean(value: Any) -> Any:
    """``value`` without lone surrogates, which neither Arrow nor UTF-8 can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value


def epoch_ms(value: object) -> int | None:
    """Milliseconds since 1970 from epoch milliseconds, epoch seconds or ISO 8601; else None."""
    if type(value) is int or type(value) is float:
        if not 0 < value < 1e14:  # also refuses NaN
            return None
        return int(value if value > 1e11 else value * 1000)
    if isinstance(value, str):
        return _iso_ms(value)
    return None


def _iso_ms(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return max(round(moment.timestamp() * 1000), 0)
    except (OverflowError, OSError):
        return None
