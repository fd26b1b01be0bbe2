"""A turn's context and response as one conversation that every trainer accepts.

LLaMA-Factory 0.9.5 drops a row, with a log line at most, unless user or tool messages and
assistant messages alternate from the first to the last, so the history is brought into that
form. Only the last message is learned; what changes before it is context.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from clawtrain_assets.core.turn import Message, ToolCall

NO_OUTPUT = "(no output)"
INTERRUPTED = "(interrupted)"


def converse(
    context: Sequence[Message],
    request: str,
    response: Message | None,
    obeys: Callable[[ToolCall], bool],
) -> list[Message]:
    """The conversation that ends with ``response``, or before it if that is None.

    It starts with a user message, and user or tool messages alternate with assistant messages
    (the results of parallel calls stand for one). Calls are numbered ``call_1`` and so on, and
    each is followed by its result. Left out of the context: reasoning, calls that ``obeys``
    refuses or that no result answers, results without a call, and an assistant message right
    before the response. A context whose bound cut off the request gets it back at its head. A
    tool result that the user answered instead of the model is closed by ``(interrupted)``.
    """
    messages = _joined(_closed(_joined(_answered(context, obeys))))
    messages = _opened_by_user(messages, request)
    while messages and messages[-1].role == "assistant":
        messages.pop()
    if response is not None:
        messages.append(msgspec.structs.replace(response, thinking=""))
    return _renumbered(messages)


def _answered(context: Sequence[Message], obeys: Callable[[ToolCall], bool]) -> list[Message]:
    """Assistant messages with the calls that have a result, each followed by its results."""
    kept: list[Message] = []
    for head, rest in _segments(context):
        results = {m.tool_call_id: m for m in rest if m.role == "tool"}
        calls = tuple(
            call
            for call in (head.tool_calls if head is not None else ())
            if call.id in results and obeys(call)
        )
        if head is not None and (head.text.strip() or calls):
            kept.append(Message(role="assistant", text=head.text.strip(), tool_calls=calls))
        for call in calls:
            text = results[call.id].text
            kept.append(
                Message(
                    role="tool",
                    text=text if text.strip() else NO_OUTPUT,
                    tool_call_id=call.id,
                    tool_name=call.name,
                )
            )
        kept.extend(
            Message(role="user", text=m.text.strip())
            for m in rest
            if m.role in ("user", "system") and m.text.strip()
        )
    return kept


def _segments(context: Sequence[Message]) -> Iterable[tuple[Message | None, list[Message]]]:
    """Each assistant message with the messages up to the next one; first those before any."""
    head: Message | None = None
    rest: list[Message] = []
    for message in context:
        if message.role == "assistant":
            yield head, rest
            head, rest = message, []
        else:
            rest.append(message)
    yield head, rest


def _joined(messages: Iterable[Message]) -> list[Message]:
    """Neighbours of one role as one message; an assistant's text goes before its next call."""
    joined: list[Message] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last is None or last.role != message.role or message.role == "tool":
            joined.append(message)
        else:
            texts = (text for text in (last.text, message.text) if text)
            joined[-1] = msgspec.structs.replace(message, text="\n\n".join(texts))
    return joined


def _closed(messages: Iterable[Message]) -> Iterable[Message]:
    previous: Message | None = None
    for message in messages:
        if message.role == "user" and previous is not None and previous.role == "tool":
            yield Message(role="assistant", text=INTERRUPTED)
        yield message
        previous = message


def _opened_by_user(messages: list[Message], request: str) -> list[Message]:
    for index, message in enumerate(messages):
        if message.role == "user":
            return messages[index:]
    head = [Message(role="user", text=request.strip())] if request.strip() else []
    # Without the request in it, the context is the tail of one exchange: results whose call was
    # cut off are gone already, so it starts with an assistant message.
    return [*head, *messages]


def _renumbered(messages: Iterable[Message]) -> list[Message]:
    names: dict[str | None, str] = {}
    renumbered = []
    count = 0
    for message in messages:
        if message.role == "tool":
            message = msgspec.structs.replace(message, tool_call_id=names[message.tool_call_id])
        elif message.tool_calls:
            names = {call.id: f"call_{count + n}" for n, call in enumerate(message.tool_calls, 1)}
            calls = tuple(
                msgspec.structs.replace(call, id=f"call_{count + n}")
                for n, call in enumerate(message.tool_calls, 1)
            )
            count += len(calls)
            message = msgspec.structs.replace(message, tool_calls=calls)
        renumbered.append(message)
    return renumbered
