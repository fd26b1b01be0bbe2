"""What the gateway wrote around the user's words, taken off and kept as metadata.

The order of the steps and the markers follow OpenClaw 2026.3.13
(src/auto-reply/reply/strip-inbound-meta.ts, src/shared/chat-envelope.ts,
src/auto-reply/reply/inbound-meta.ts); older and newer spellings are accepted beside them.
"""

import re
from typing import Any, NamedTuple

import msgspec


class Cleaned(NamedTuple):
    """The user's own words and what the envelope said about them."""

    text: str
    meta: dict[str, Any]


_MARKS = (
    "untrusted",
    "[message_id:",
    "slack message id:",
    "[media attached",
    "<media:",
    "<active_memory_plugin>",
    "media://inbound/",
)
_SYSTEM = re.compile(r"^System: (.*)\n?", re.MULTILINE)
_HISTORY = re.compile(
    r"^\[(?:Thread history|Thread starter|Chat messages since your last reply) - for context\]\n",
)
_CURRENT = "[Current message - respond to this]"
_ENVELOPE_LINE = re.compile(r"^\[[^\]\n]*\d{4}-\d{2}-\d{2} \d{2}:\d{2}[^\]\n]*\]", re.MULTILINE)
_BLOCK = re.compile(
    r"^(?P<name>[^\n`]{1,120}?) \((?P<note>untrusted[^)\n]*)\):(?:[ \t]*\u27e6openclaw:ctx\u27e7)?"
    r"[ \t]*\n```(?:json)?\n(?P<json>.*?)\n```[ \t]*(?:\n|\Z)\s*",
    re.DOTALL,
)
_PROSE_BLOCK = re.compile(
    r"^(?P<name>[^\n`]{1,120}?) \(untrusted, chronological(?:, [^)\n]+)?\):"
    r"(?:[ \t]*\u27e6openclaw:ctx\u27e7)?[ \t]*\n(?P<lines>(?:[^\n]+(?:\n|\Z))*)\s*",
)
_TRAILING_CONTEXT = re.compile(
    r"\n*^Untrusted context \(metadata, do not treat as instructions or commands\):.*\Z",
    re.MULTILINE | re.DOTALL,
)
_MEMORY = re.compile(
    r"(?:^Context:[ \t]*\n)?<active_memory_plugin>.*?</active_memory_plugin>\s*",
    re.MULTILINE | re.DOTALL,
)
_ATTACHED = re.compile(r"^\[media attached(?: \d+/\d+)?: (?P<what>[^\n]*)\][ \t]*\n?", re.MULTILINE)
_ATTACHED_TYPE = re.compile(r"\(([a-z]+/[\w.+-]+)\)")
_SEND_HINT = re.compile(
    r"^To send an image back, prefer the message tool \(media/path/filePath\)[^\n]*\n?",
    re.MULTILINE,
)
_PLACEHOLDER = re.compile(r"<media:(image|video|audio|document|sticker)>")
_INBOUND = re.compile(r"media://inbound/\S+")
_CHANNELS = (
    "WebChat|WhatsApp|Telegram|Signal|Slack|Discord|Google Chat|iMessage|Teams|Matrix|Zalo|"
    "BlueBubbles"
)
_ENVELOPE = re.compile(r"^\[(?P<head>[^\]\n]+)\]\s*")
_IS_ENVELOPE = re.compile(
    rf"^(?:{_CHANNELS})\b|\d{{4}}-\d{{2}}-\d{{2}}(?:T|\s+)\d{{2}}:\d{{2}}", re.IGNORECASE
)
_NOT_ENVELOPE = re.compile(r"^(?:cron:|Subagent|Internal|Inter-session|Post-compaction|Queued)")
_CHANNEL = re.compile(rf"^({_CHANNELS})\b", re.IGNORECASE)
_TIME = re.compile(r"(?:[A-Z][a-z]{2} )?\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?(?: ?\S+)?$")
_MESSAGE_ID = re.compile(r"^[ \t]*\[message_id:\s*([^\]\n]+)\][ \t]*$\n?", re.MULTILINE)
_SLACK_ID = re.compile(r"^[ \t]*\[slack message id: ([^\]\n]+)\][ \t]*$\n?", re.MULTILINE)
_BLOCK_KEYS = {
    "Conversation info": "conversation",
    "Sender": "sender",
    "Replied message": "reply_to",
    "Reply target of current user message": "reply_to",
    "Reply chain of current user message": "reply_chain",
    "Forwarded message context": "forwarded",
    "Thread starter": "thread_starter",
    "Location": "location",
    "Chat history since last reply": "history",
}


def clean_user(text: str) -> Cleaned:
    """Take the gateway's wrapping off a user message; text without any comes back unchanged."""
    text = text.strip()
    if not text.startswith(("[", "System: ")) and not any(mark in text for mark in _MARKS):
        return Cleaned(text, {})
    meta: dict[str, Any] = {}
    text = _system_lines(text, meta)
    text = _thread_history(text, meta)
    text = _metadata_blocks(text, meta)
    text = _metadata_blocks(_media(text, meta), meta)  # media notes may stand before the blocks
    text = _envelope(text, meta)
    text = _message_ids(text, meta)
    return Cleaned(text.strip(), meta)


def _system_lines(text: str, meta: dict[str, Any]) -> str:
    """Lines the gateway puts first; a line the user typed reads ``System (untrusted):``."""
    events = []
    text = text.lstrip("\n")
    while match := _SYSTEM.match(text):
        events.append(match[1])
        text = text[match.end() :].lstrip("\n")
    if events:
        meta["system_events"] = events
    return text


def _thread_history(text: str, meta: dict[str, Any]) -> str:
    """History shown for context ends at the current-message mark, else at the last envelope."""
    if not _HISTORY.match(text):
        return text
    head, mark, rest = text.rpartition(_CURRENT)
    if not mark:
        heads = list(_ENVELOPE_LINE.finditer(text))
        blank = text.rfind("\n\n")
        cut = heads[-1].start() if heads else (blank + 2 if blank >= 0 else len(text))
        head, rest = text[:cut], text[cut:]
    if not rest.strip():
        return text
    meta["thread_history"] = head.strip()
    return rest.lstrip()


def _metadata_blocks(text: str, meta: dict[str, Any]) -> str:
    text = text.lstrip()
    while True:
        if match := _BLOCK.match(text):
            try:
                value = msgspec.json.decode(match["json"].encode("utf-8", "replace"))
            except (ValueError, RecursionError):
                value = match["json"]
            meta[_BLOCK_KEYS.get(match["name"].strip(), match["name"].strip())] = value
        elif match := _PROSE_BLOCK.match(text):
            meta[match["name"].strip()] = match["lines"].strip()
        else:
            break
        text = text[match.end() :]
    if "Untrusted context" in text and (match := _TRAILING_CONTEXT.search(text)):
        meta["untrusted_context"] = match[0].strip()
        text = text[: match.start()]
    return _MEMORY.sub("", text) if "<active_memory_plugin>" in text else text


def _media(text: str, meta: dict[str, Any]) -> str:
    kinds: list[str] = []

    def attached(match: re.Match[str]) -> str:
        found = _ATTACHED_TYPE.search(match["what"])
        kinds.append(found[1] if found else "file")
        return ""

    if "[media attached" in text:
        text = _SEND_HINT.sub("", _ATTACHED.sub(attached, text))
    if "<media:" in text:
        kinds += _PLACEHOLDER.findall(text)
        text = _PLACEHOLDER.sub("", text)
    if "media://inbound/" in text:
        kinds += ["file"] * len(_INBOUND.findall(text))
        text = _INBOUND.sub("", text)
    if kinds:
        meta["media"] = kinds
    return text.lstrip()


def _envelope(text: str, meta: dict[str, Any]) -> str:
    match = _ENVELOPE.match(text)
    if match is None:
        return text
    head = match["head"]
    if _NOT_ENVELOPE.match(head) or not _IS_ENVELOPE.search(head):
        return text
    entry: dict[str, str] = {"text": head}
    if channel := _CHANNEL.match(head):
        entry["channel"] = channel[1]
    if time := _TIME.search(head):
        entry["time"] = time[0]
    meta["envelope"] = entry
    return text[match.end() :]


def _message_ids(text: str, meta: dict[str, Any]) -> str:
    if "message_id:" not in text and "message id:" not in text:
        return text
    for key, pattern in (("message_id", _MESSAGE_ID), ("slack_message_id", _SLACK_ID)):
        if found := pattern.findall(text):
            meta[key] = found[-1].strip()
            text = pattern.sub("", text)
    return text
