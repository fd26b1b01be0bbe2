"""Facts about a turn that need no judge."""

from typing import Any, NamedTuple

import msgspec

from clawtrain_assets.core.turn import Message, ToolCall, Turn

# First words with which people correct an assistant.
_CORRECTIONS = (
    "no,", "no.", "no!", "nope", "wrong", "that's wrong", "thats wrong", "that is wrong",
    "that's not", "thats not", "not what i", "i said", "i meant", "i asked", "undo", "revert",
    "stop", "try again", "again", "still not", "doesn't work", "does not work",
)  # fmt: skip


class Features(NamedTuple):
    """``known_tools`` and ``arguments_present`` are None without tool definitions."""

    known_tools: bool | None
    arguments_present: bool | None
    tool_error_rate: float | None
    repeated_calls: int
    user_corrects: bool
    user_repeats: bool
    aborted: bool


def features(turn: Turn) -> Features:
    """Computed from the row alone; the same row gives the same features."""
    calls = turn.response.tool_calls
    required = {name: needed for name, needed in map(_required, turn.tools) if name}
    results = turn.outcome.tool_results
    following = turn.outcome.next_user.text if turn.outcome.next_user else ""
    return Features(
        known_tools=all(call.name in required for call in calls) if required else None,
        arguments_present=all(
            required.get(call.name, frozenset()) <= call.arguments.keys() for call in calls
        )
        if required
        else None,
        tool_error_rate=sum(result.is_error for result in results) / len(results)
        if results
        else None,
        repeated_calls=_repeated(turn.context, calls),
        user_corrects=_words(following).startswith(_CORRECTIONS),
        user_repeats=bool(following) and _words(following) == _words(turn.request),
        aborted=turn.stop_reason == "aborted",
    )


def _required(tool: dict[str, Any]) -> tuple[str, frozenset[str]]:
    function = tool.get("function", tool)
    parameters = function.get("parameters") or {}
    return function.get("name", ""), frozenset(parameters.get("required") or ())


def _repeated(context: list[Message], calls: tuple[ToolCall, ...]) -> int:
    """Calls identical to one made earlier in the context or in the same turn."""
    seen = {_call_key(call) for message in context for call in message.tool_calls}
    repeated = 0
    for call in calls:
        key = _call_key(call)
        repeated += key in seen
        seen.add(key)
    return repeated


def _call_key(call: ToolCall) -> tuple[str, bytes]:
    return call.name, msgspec.json.encode(call.arguments, order="deterministic")


def _words(text: str) -> str:
    return " ".join(text.lower().split())
