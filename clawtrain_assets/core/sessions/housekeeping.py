"""What OpenClaw itself asked and was answered, known by its words or by the session's key.

Markers: OpenClaw 2026.3.13 to 2026.9.6 (src/auto-reply/tokens.ts, docs/gateway/heartbeat.md,
src/cron/isolated-agent/run.ts).
"""

import re
from typing import Any

from clawtrain_assets.core.turn import SessionKind

_ACK_CHARS = 300
_SILENT = re.compile(r"\s*NO_REPLY\s*", re.IGNORECASE)
_TRAILING_SILENT = re.compile(r"(?:^|\s+|\*+)NO_REPLY\s*$", re.IGNORECASE)
_ACK_END = re.compile(r"HEARTBEAT_OK[^\w]{0,4}$")
_REPLY_TAG = re.compile(
    r"[ \t]*\[\[\s*(?:reply_to_current|reply_to\s*:[^\]\n]*|audio_as_voice)\s*\]\][ \t]*"
)
_MEDIA_LINE = re.compile(r"^[ \t]*MEDIA:[^\n]*(?:\n|\Z)", re.MULTILINE)
_PROMPTS = (
    ("Read HEARTBEAT.md if it exists (workspace context)", "heartbeat"),
    ("[OpenClaw heartbeat poll]", "heartbeat"),
    ("Run the following periodic tasks (only those due based on their intervals):", "heartbeat"),
    ("Pre-compaction memory flush.", "memory_flush"),
    ("A new session was started via /new or /reset.", "new_session_greeting"),
)


def clean_reply(text: str) -> str:
    """Assistant text without delivery tags, media lines and a trailing silence token."""
    if "[[" in text:
        text = _REPLY_TAG.sub("", text)
    if "MEDIA:" in text:
        text = _MEDIA_LINE.sub("", text)
    if text.rstrip()[-8:].upper() == "NO_REPLY" and not _SILENT.fullmatch(text):
        text = _TRAILING_SILENT.sub("", text)
    return text.strip()


def reply_meta(text: str) -> dict[str, Any]:
    """What the tags say that ``clean_reply`` takes off: the message it answers, its files."""
    meta: dict[str, Any] = {}
    for match in _REPLY_TAG.finditer(text) if "[[" in text else ():
        name, _, value = match[0].strip(" \t[]").partition(":")
        if name.strip() == "audio_as_voice":
            meta["voice"] = True
        else:
            meta["reply_to"] = value.strip() or "current"
    if "MEDIA:" in text and (files := _MEDIA_LINE.findall(text)):
        meta["media"] = [line.strip().removeprefix("MEDIA:").strip() for line in files]
    return meta


def prompt_reason(request: str) -> str | None:
    """Why nothing that answers this (cleaned) user message is to be learned, or None."""
    for start, reason in _PROMPTS:
        if request.startswith(start):
            return reason
    return None


def reply_reason(text: str) -> str | None:
    """heartbeat_ack or silent_reply for a cleaned assistant text without tool calls, or None."""
    if _SILENT.fullmatch(text):
        return "silent_reply"
    if "HEARTBEAT_OK" in text:
        rest = text.replace("HEARTBEAT_OK", "").strip()
        at_edge = text.startswith("HEARTBEAT_OK") or _ACK_END.search(text)
        if at_edge and len(rest) <= _ACK_CHARS:
            return "heartbeat_ack"
    return None


def kind_of_key(key: str) -> SessionKind:
    """Session kind from OpenClaw's session key (src/sessions/session-key-utils.ts)."""
    parts = key.split(":")
    rest = parts[2:] if parts[0] == "agent" and len(parts) > 2 else parts
    if rest[-1] == "heartbeat":
        return "heartbeat"
    kinds: tuple[SessionKind, ...] = ("cron", "subagent", "acp", "hook")
    for kind in kinds:
        if rest[0] == kind:
            return kind
    return "subagent" if "subagent" in rest else "main"


def kind_of_request(request: str) -> SessionKind:
    """Session kind from the first (cleaned) user text, where no key is known."""
    if request.startswith("[cron:"):
        return "cron"
    if request.startswith("[Subagent Context]"):
        return "subagent"
    return "heartbeat" if prompt_reason(request) == "heartbeat" else "main"
