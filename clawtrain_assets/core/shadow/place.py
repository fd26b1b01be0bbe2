"""The place a candidate takes: what the reference had before it when it answered the turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from clawtrain_assets.core.turn import Message, Turn


@dataclass(frozen=True)
class Place:
    """Messages to answer, system prompt first; ``dropped`` of the turn's context are left out."""

    messages: list[Message]
    dropped: int


def places(
    turn: Turn, budget_tokens: int, characters_per_token: Sequence[float]
) -> Iterator[Place]:
    """What to ask, ever shorter: one place for each way to count characters per token.

    ``budget_tokens`` is the window less the reply. Text is counted as its JSON; the first ratio
    suits prose and code, smaller ones are for text that turned out to hold more tokens. Places
    that cut nothing more than the one before are skipped; there is none if even the last message
    with its calls is too long. The cut depends on the turn and these numbers alone, so asking
    again gives the same prompt.
    """
    context = without_orphans([_public(message) for message in turn.context])
    fixed = _size(turn.definitions) + _size(turn.system_prompt or "")
    last: int | None = None
    for ratio in characters_per_token:
        budget = budget_tokens * ratio - fixed
        kept = _tail(context, turn.request, budget)
        if kept is None:
            return
        if len(kept) == last:
            continue
        last = len(kept)
        system = [Message("system", turn.system_prompt)] if turn.system_prompt else []
        yield Place(system + _opened(kept, turn.request), len(turn.context) - len(kept))


def _tail(context: list[Message], request: str, budget: float) -> list[Message] | None:
    """The longest end of the context that fits and does not begin with a tool's result."""
    for start, message in enumerate(context):
        if message.role == "tool":
            continue
        kept = context[start:]
        if _size(_opened(kept, request)) <= budget:
            return kept
    return None


def _opened(kept: list[Message], request: str) -> list[Message]:
    """The kept messages, with the request in front where its message was cut away."""
    if not request or any(message.role == "user" for message in kept):
        return kept
    return [Message("user", request), *kept]


def without_orphans(messages: Sequence[Message]) -> list[Message]:
    """Leave out tool results whose call is not among the messages before them.

    A result without the id of its call belongs to the call or the result right before it.
    """
    called: set[str] = set()
    kept: list[Message] = []
    for message in messages:
        called.update(call.id for call in message.tool_calls)
        if message.role != "tool":
            kept.append(message)
        elif message.tool_call_id is None:
            if kept and (kept[-1].tool_calls or kept[-1].role == "tool"):
                kept.append(message)
        elif message.tool_call_id in called:
            kept.append(message)
    return kept


def _public(message: Message) -> Message:
    """Without thinking: it was the reference's own, and would hand the candidate its answers."""
    return msgspec.structs.replace(message, thinking="") if message.thinking else message


def _size(value: object) -> int:
    return len(msgspec.json.encode(value))
