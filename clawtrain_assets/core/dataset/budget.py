"""How much of a turn's context fits into an example."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from clawtrain_assets.core.turn import Message

# System prompt and tools, however long, leave this share of an example to context and answer:
# by default the 12,000 bytes on the strength of which the judge accepted the turn.
_LEAST_SHARE = 3 / 8
_LEAST_CONTEXT = 2_000  # bytes; an example with less than this to read is none
_PER_MESSAGE = 40  # bytes of role marks and call tags a chat template adds

_LEFT_OUT = "\n[... left out ...]\n"


class TooLong(ValueError):
    """The answer alone fills an example of the size set."""


def fitting(
    context: Sequence[Message],
    request: str,
    answers: Sequence[Message],
    system: str,
    tools: Sequence[dict[str, Any]],
    example_bytes: int,
) -> Sequence[Message]:
    """The newest messages of ``context`` that fit into an example of ``example_bytes``.

    Sizes are UTF-8 bytes of the texts as a chat template writes them: with no tokenizer can a
    sequence have more tokens. What was read last always stays: from the last assistant message,
    whose calls it answers, or the last user message. If that alone does not fit, its results
    and user texts lose their middle. Raises TooLong if the answer leaves no room for any.
    """
    given = len(system.encode()) + _json_size(tools)
    answer = max(map(_size, answers))
    room = max(example_bytes - given, int(example_bytes * _LEAST_SHARE)) - answer
    if room < _LEAST_CONTEXT:
        raise TooLong(f"longer than [dataset] example_bytes = {example_bytes} allows")
    start = _start(context, room)
    if not any(message.role == "user" for message in context[start:]):
        start = _start(context, room - len(request.encode()) - _PER_MESSAGE)
    tail = context[start:]
    return tail if sum(map(_size, tail)) <= room else _shortened(tail, room)


def _shortened(messages: Sequence[Message], room: int) -> list[Message]:
    """What an agent read, each text within its share of ``room``; its own words stay whole."""
    read = [message for message in messages if message.role != "assistant"]
    own = sum(_size(message) for message in messages if message.role == "assistant")
    share = max((room - own) // max(len(read), 1) - _PER_MESSAGE - len(_LEFT_OUT), 200)
    return [
        message
        if message.role == "assistant"
        else msgspec.structs.replace(message, text=_without_middle(message.text, share))
        for message in messages
    ]


def _without_middle(text: str, limit: int) -> str:
    data = text.encode()
    if len(data) <= limit:
        return text
    head = data[: limit // 2].decode(errors="ignore")
    tail = data[-(limit // 2) :].decode(errors="ignore")
    return head + _LEFT_OUT + tail


def _start(context: Sequence[Message], room: int) -> int:
    start = _last_read(context)
    used = sum(map(_size, context[start:]))
    while start and used + _size(context[start - 1]) <= room:
        start -= 1
        used += _size(context[start])
    return start


def _last_read(context: Sequence[Message]) -> int:
    for index in reversed(range(len(context))):
        if context[index].role in ("assistant", "user"):
            return index
    return 0


def _size(message: Message) -> int:
    calls = sum(len(call.name) + _json_size(call.arguments) + 60 for call in message.tool_calls)
    return len(message.text.encode()) + calls + _PER_MESSAGE


def _json_size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
