"""Lines of a session file: bytes in, typed entries out, and what to do with bytes that are neither.

The shapes follow pi 0.58 (packages/coding-agent/src/core/session-manager.ts) and OpenClaw 2026.3
to 2026.7, which keep the same format. Every field is optional and loosely typed: a surprising value
must not cost the line. Fields that no later stage reads (image bytes, tool ``details``,
signatures) are skipped by the decoder and never become Python objects.
"""

import json
import re
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

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
    content: str | tuple[Block, ...] | None = None
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
    content: str | tuple[Block, ...] | None = None
    targetId: Any = None
    appendParentId: Any = None
    appendMode: Any = None


class Rejected(NamedTuple):
    """The bytes of a line from ``start`` to ``end`` (None: its end) that are no entry, and why."""

    start: int
    end: int | None
    reason: str


class Unreadable(ValueError):
    """A line of which at least a piece is no entry; ``entries`` are those around it."""

    def __init__(self, rejected: Rejected, entries: tuple[Entry, ...] = ()) -> None:
        super().__init__(rejected.reason)
        self.rejected = rejected
        self.entries = entries


_decode = msgspec.json.Decoder(Entry).decode
_stdlib = json.JSONDecoder()
_ATTEMPTS = 16  # each may read the rest of the line
# Where a whole entry may begin behind a half one. Quotes inside a text are escaped, so nothing that
# was said looks like it; and it counts only if entries follow up to the end of the line.
_ENTRY_START = re.compile(
    rb'\{"type": ?"(?:session|message|model_change|thinking_level_change|compaction|branch_summary|'
    rb'custom|custom_message|label|session_info|leaf|reset)", ?"'
)


def decode_line(line: bytes) -> list[Entry]:
    """The entries on one line: one, or several where a newline was lost between objects.

    Raises Unreadable if a piece of the line is none; its ``entries`` are those before it and, where
    a writer died and the next one wrote on behind its half line, those after it.
    """
    try:
        if not line.isascii():
            line.decode()  # the decoder does not look into what it skips
        entry = _decode(line)
    except (ValueError, RecursionError):
        return _recover(line)
    if type(entry.type) is not str:
        raise Unreadable(Rejected(0, None, "object has no type"))
    return [entry]


def _recover(line: bytes) -> list[Entry]:
    """Slow path: glued objects, lone surrogates, huge numbers, oddly typed content."""
    found, rejected = _objects(line, 0)
    if rejected is None:
        return found
    starts = _ENTRY_START.finditer(line, rejected.start + 1)
    for match in islice(starts, _ATTEMPTS):
        after, wrong = _objects(line, match.start())
        if wrong is None:
            rejected = rejected._replace(end=match.start())
            found += after
            break
    if not line[rejected.start : rejected.end].strip(b"\0 \t\r\n"):
        rejected = rejected._replace(reason="NUL bytes")
    raise Unreadable(rejected, tuple(found))


def _objects(line: bytes, start: int) -> tuple[list[Entry], Rejected | None]:
    """The entries from ``start`` on, up to the end of the line or to what is none."""
    found: list[Entry] = []
    try:
        text = line[start:].decode("utf-8-sig" if start == 0 else "utf-8")
    except UnicodeDecodeError:
        return found, Rejected(start, None, "not UTF-8")
    position = before = 0
    while True:
        while position < len(text) and text[position] in " \t\r\n":
            position += 1
        if position == len(text):
            return found, None
        before = position
        try:
            value, position = _stdlib.raw_decode(text, position)
            found.append(_lenient(value))
        except RecursionError:
            reason = "nested too deeply"
        except msgspec.ValidationError:
            reason = "not an entry"
        except _NoEntry as error:
            reason = str(error)
        except ValueError:
            reason = "not JSON"
        else:
            continue
        return found, Rejected(start + len(text[:before].encode()), None, reason)


class _NoEntry(ValueError):
    """JSON that is no entry; ``str()`` is the reason."""


def _lenient(value: object) -> Entry:
    if not isinstance(value, dict):
        raise _NoEntry("not an object")
    if not isinstance(value.get("type"), str):
        raise _NoEntry("object has no type")
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
