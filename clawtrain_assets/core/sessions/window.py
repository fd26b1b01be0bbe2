"""Bounded copies of a conversation: the context before a turn and what came of it.

Each message is rendered to JSON once; contexts and outcomes are lists of those bytes. Lengths count
characters of text, thinking and arguments.
"""

import json
from bisect import bisect_left
from typing import Any

import msgspec

from clawtrain_assets.core.sessions.messages import encode
from clawtrain_assets.core.sessions.row import OutcomeTexts
from clawtrain_assets.core.turn import Message, ToolCall


class Item(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A message as JSON, its length, and the message itself for the rare second rendering."""

    json: bytes
    chars: int
    message: Message


def render(message: Message, limit: int) -> Item:
    """A message no longer than ``limit`` characters: longer texts lose their middle."""
    chars = _length(message)
    if chars > limit:
        message = shorten(message, limit)
        chars = _length(message)
    return Item(encode(message), chars, message)


def _length(message: Message) -> int:
    chars = len(message.text) + len(message.thinking)
    for call in message.tool_calls:
        chars += len(call.name) + _size(call.arguments)
    return chars


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    chars = 0
    if isinstance(value, dict):
        for key, item in value.items():
            chars += len(key) + (len(item) if type(item) is str else _size(item))
        return chars
    if isinstance(value, list):
        for item in value:
            chars += _size(item)
        return chars
    return 8


def shorten(message: Message, limit: int) -> Message:
    """Thinking goes first, then the middle of arguments, then of the text."""
    calls = message.tool_calls
    room = limit - len(message.text)
    if calls:
        share = max(limit // (2 * len(calls)), 200)
        calls = tuple(ToolCall(c.id, c.name, _cut_strings(c.arguments, share)) for c in calls)
        room = limit - sum(len(c.name) + _size(c.arguments) for c in calls)
        text = cut(message.text, max(room, 200))
        room -= len(text)
    else:
        text = cut(message.text, limit)
    thinking = message.thinking if len(message.thinking) <= room else ""
    return msgspec.structs.replace(message, text=text, thinking=thinking, tool_calls=calls)


def _cut_strings(value: dict[str, Any], limit: int) -> dict[str, Any]:
    share = max(limit // max(len(value), 1), 60)
    return {key: _cut_value(item, share) for key, item in value.items()}


def _cut_value(value: Any, limit: int) -> Any:
    if _size(value) <= limit:
        return value
    if isinstance(value, str):
        return cut(value, limit)
    return cut(json.dumps(value, ensure_ascii=False, default=str), limit)


def cut(text: str, limit: int) -> str:
    """``text`` if it fits, else its head and tail around a note of what is missing."""
    if len(text) <= limit:
        return text
    note = f"\n[... {len(text) - limit} characters left out ...]\n"
    keep = max(limit - len(note), 2)
    return text[: keep - keep // 2] + note + text[len(text) - keep // 2 :]


class Window:
    """The messages of one path since the last compaction, trimmed to what a context can use."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.share = limit // 4  # longest a single message may be in a context
        self._items: list[Item] = []
        self._ends: list[int] = []  # characters up to and including each item
        self._forgotten = 0

    def reset(self, items: list[Item]) -> None:
        """Start over after a compaction: summary and kept messages."""
        self._items, self._ends, self._forgotten = [], [], 0
        for item in items:
            self.add(item)

    def add(self, item: Item) -> int:
        """Append; returns the message's position, valid until ``trim``."""
        self._ends.append((self._ends[-1] if self._ends else 0) + item.chars)
        self._items.append(item)
        return len(self._items) - 1

    def forget(self) -> None:
        """Count a message that is too far back to be rendered."""
        self._forgotten += 1

    def trim(self) -> None:
        """Forget what no later context can reach; call between exchanges."""
        if not self._ends or self._ends[-1] <= 2 * self.limit:
            return
        drop = bisect_left(self._ends, self._ends[-1] - self.limit)
        base = self._ends[drop - 1] if drop else 0
        self._items = self._items[drop:]
        self._ends = [end - base for end in self._ends[drop:]]
        self._forgotten += drop

    def context(self, request: int | None) -> tuple[list[bytes], int]:
        """The newest messages that fit, and the number left out.

        The message at ``request`` always stays. A list that was cut starts with a user message, and
        no result is kept of a call that was left out.
        """
        items = self._items
        if not items:
            return [], self._forgotten
        total = self._ends[-1]
        budget = self.limit
        start = self._start(total - budget)
        pinned = request is not None and start > request
        if pinned and request is not None:
            start = max(self._start(total - budget + items[request].chars), request + 1)
        elif request is not None and start:  # an exchange cut in half makes a poor beginning
            while items[start].message.role != "user":
                start += 1
        while start < len(items) and items[start].message.role == "tool":
            start += 1
        if start == len(items):
            tail = self._last_group(budget - (items[request].chars if request is not None else 0))
            first = len(items) - len(tail)
            pinned = request is not None and request < first
        else:
            tail = [item.json for item in items[start:]]
            first = start
        if pinned and request is not None:
            tail.insert(0, items[request].json)
            first -= 1
        return tail, self._forgotten + max(first, 0)

    def _start(self, floor: int) -> int:
        """First position whose messages to the end are within the bound."""
        return bisect_left(self._ends, floor) + 1 if floor > 0 else 0

    def _last_group(self, room: int) -> list[bytes]:
        """The last assistant message with all its results, shortened to fit together."""
        first = len(self._items) - 1
        while first > 0 and self._items[first].message.role == "tool":
            first -= 1
        group = self._items[first:]
        share = max(room // len(group), 200)
        return [render(item.message, share).json for item in group]


def outcome(
    results: list[Item], later: list[Item], later_chars: int, next_user: Item | None, limit: int
) -> OutcomeTexts:
    """A turn's outcome within ``limit`` characters.

    Everything if it fits. Else: results share half, the user's next message an eighth, the
    exchange's final answer a quarter, and the messages between fill up from the front.
    """
    result_chars = sum([item.chars for item in results])
    if result_chars + later_chars + (next_user.chars if next_user else 0) > limit:
        if result_chars > limit // 2:
            share = max(limit // (2 * len(results)), 200)
            results = [render(item.message, share) for item in results]
            result_chars = sum([item.chars for item in results])
        if next_user is not None:
            next_user = _fit(next_user, limit // 8)
        room = limit - result_chars - (next_user.chars if next_user else 0)
        if later_chars > room:
            later = _fill(later, room, limit // 4)
    messages = [item.json for item in results] + [item.json for item in later]
    if next_user is not None:
        messages.append(next_user.json)
    return OutcomeTexts(messages, len(results), next_user is not None)


def _fit(item: Item, limit: int) -> Item:
    return item if item.chars <= limit else render(item.message, limit)


def _fill(later: list[Item], room: int, final_share: int) -> list[Item]:
    """Messages from the front while they fit, and the last one if it says something."""
    final = [_fit(later[-1], final_share)] if later[-1].message.text else []
    room -= sum(item.chars for item in final)
    fitting: list[Item] = []
    for item in later[: len(later) - len(final)]:
        if item.chars > room:
            break
        fitting.append(item)
        room -= item.chars
    return fitting + final
