"""Entries of a session file as neutral messages, and the parts of them that identify a turn."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from clawtrain_assets.core.sessions.entries import Block, Body, Entry
from clawtrain_assets.core.sessions.envelope import Cleaned, clean_user
from clawtrain_assets.core.sessions.housekeeping import clean_reply
from clawtrain_assets.core.turn import Message, ToolCall

CALL_TYPES = frozenset(
    {"toolCall", "toolUse", "tool_use", "tool_call", "functionCall", "function_call"}
)
# Wording of pi's src/core/messages.ts, so that a context reads as the model saw it.
_COMPACTION = (
    "The conversation history before this point was compacted into the following summary:"
    "\n\n<summary>\n{}\n</summary>"
)
_BRANCH = (
    "The following is a summary of a branch that this conversation came back from:"
    "\n\n<summary>\n{}\n</summary>"
)

_encoder = msgspec.json.Encoder()
_canonical = msgspec.json.Encoder(order="deterministic")


def encode(value: Any) -> bytes:
    """JSON of a message or plain value; integers beyond 64 bit become text."""
    try:
        return _encoder.encode(value)
    except OverflowError:
        return _encoder.encode(_storable(msgspec.to_builtins(value)))


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def plain_text(content: str | tuple[Block, ...] | None) -> str:
    """Text of a message's content; images and unknown blocks become placeholders."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if len(content) == 1 and content[0].type == "text" and isinstance(content[0].text, str):
        return content[0].text
    parts = []
    for block in content:
        if isinstance(block.text, str):
            parts.append(block.text)
        elif block.type == "image":
            kind = block.mimeType if isinstance(block.mimeType, str) else "image"
            parts.append(f"[{kind} left out]")
        elif block.type != "thinking" and block.type not in CALL_TYPES and block.type is not None:
            parts.append(f"[{block.type} left out]")
    return "\n".join(parts)


def tool_calls(content: str | tuple[Block, ...] | None) -> tuple[ToolCall, ...]:
    """Tool calls in order, under any of the known spellings."""
    if not isinstance(content, tuple):
        return ()
    calls = [
        ToolCall(
            block.id if isinstance(block.id, str) else f"call_{index}",
            block.name if isinstance(block.name, str) and block.name else "unknown",
            _arguments(block.arguments if block.arguments is not None else block.input),
        )
        for index, block in enumerate(content)
        if block.type in CALL_TYPES
    ]
    return tuple(calls)


def _arguments(value: Any) -> dict[str, Any]:
    if type(value) is dict:
        return value
    if isinstance(value, str):  # some providers keep the JSON text they streamed
        try:
            value = msgspec.json.decode(value.encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return {"input": value}
    if isinstance(value, dict):  # from that text
        return value
    return {} if value is None else {"input": value}


def answered_call(body: Body) -> str:
    """Id of the call a tool result answers, '' if it names none."""
    for value in (body.toolCallId, body.toolUseId, body.tool_call_id):
        if isinstance(value, str):
            return value
    return ""


def user_text(body: Body) -> Cleaned:
    return clean_user(plain_text(body.content))


def assistant_message(body: Body, made: tuple[ToolCall, ...] | None) -> Message:
    """The turn; ``made`` are its calls, where they are at hand."""
    content = body.content
    thinking = ""
    if isinstance(content, tuple):
        thought = [b.thinking for b in content if isinstance(b.thinking, str) and b.thinking]
        thinking = "\n".join(thought)
    calls = tool_calls(content) if made is None else made
    return Message("assistant", clean_reply(plain_text(content)), thinking, calls)


def tool_message(body: Body, call_id: str) -> Message:
    return Message(
        role="tool",
        text=plain_text(body.content),
        tool_call_id=call_id,
        tool_name=body.toolName if isinstance(body.toolName, str) else None,
        is_error=body.isError is True,
    )


def context_message(entry: Entry) -> Message | None:
    """What the model sees of an entry that is neither user, assistant nor tool result.

    None for entries that never reach the model (model changes, labels, ``!!`` commands, ...).
    """
    body = entry.message
    if body is not None:
        if body.role == "bashExecution":
            if body.excludeFromContext is True:
                return None
            return Message("user", f"Ran `{body.command}`\n```\n{body.output or ''}\n```")
        if body.role in ("custom", "hookMessage"):
            return _as_user(clean_user(plain_text(body.content)).text)
        if body.role == "branchSummary" and isinstance(body.summary, str):
            return Message("user", _BRANCH.format(body.summary))
        if body.role == "compactionSummary" and isinstance(body.summary, str):
            return Message("user", _COMPACTION.format(body.summary))
        return None
    if entry.type == "custom_message":
        return _as_user(clean_user(plain_text(entry.content)).text)
    if entry.type == "branch_summary" and isinstance(entry.summary, str) and entry.summary:
        return Message("user", _BRANCH.format(entry.summary))
    if entry.type == "compaction" and isinstance(entry.summary, str) and entry.summary:
        return Message("user", _COMPACTION.format(entry.summary))
    return None


def _as_user(text: str) -> Message | None:
    return Message("user", text) if text else None


def content_identity(ms: int | None, entry_id: str, body: Body, calls: Sequence[ToolCall]) -> str:
    """What an assistant turn is, wherever it was copied to: a hash over time and content.

    Time counts in seconds, the resolution LCM keeps, so that the same turn found in a session file
    and in lcm.db is one; turns without content (failed requests repeat within a second) count in
    milliseconds. Call ids are left out: repairs rewrite them. ``calls`` are the body's.
    """
    parts: list[Any] = []
    made = iter(calls)
    if isinstance(body.content, str):
        parts.append(["text", body.content])
    else:
        for index, block in enumerate(body.content or ()):
            if block.type in CALL_TYPES:
                call = next(made)
                parts.append(["call", call.name, call.arguments])
            elif isinstance(block.text, str):
                parts.append(["text", block.text])
            elif isinstance(block.thinking, str):
                parts.append(["thinking", block.thinking])
            else:
                parts.append([str(block.type), index])
    moment = entry_id if ms is None else (ms // 1000 if parts else ms)
    try:
        canonical = _canonical.encode([moment, parts])
    except OverflowError:
        canonical = json.dumps([moment, parts], sort_keys=True).encode()
    return hashlib.sha256(canonical).hexdigest()


def turn_identity(session_id: str, content: str) -> str:
    """Stable id of a turn: 32 hex digits over its session and ``content_identity``."""
    return hashlib.sha256(f"{session_id}\0{content}".encode("utf-8", "replace")).hexdigest()[:32]
