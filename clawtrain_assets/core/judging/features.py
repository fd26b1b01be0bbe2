"""Facts about a turn that need no judge."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from clawtrain_assets.core.turn import RECORDED, Message, ToolCall, Turn

Tool = dict[str, Any]  # a definition, wrapped as a function tool or bare

# First words with which people correct an assistant.
_CORRECTIONS = (
    "no,", "no.", "no!", "nope", "wrong", "that's wrong", "thats wrong", "that is wrong",
    "that's not", "thats not", "not what i", "i said", "i meant", "i asked", "undo", "revert",
    "stop", "try again", "again", "still not", "doesn't work", "does not work",
)  # fmt: skip


class Features(NamedTuple):
    """The columns of ``schemas.FEATURES``, in their order."""

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
    # Definitions guessed from calls prove nothing about calls; nor do those of older tables, which
    # do not say which are.
    recorded = [tool for tool in turn.tools if tool.get("source", "").startswith(RECORDED)]
    results = turn.outcome.tool_results
    following = turn.outcome.next_user.text if turn.outcome.next_user else ""
    # A call that worked shows that the catalogue is not up to date, or that the tool forgives.
    doubtful = [call for call in calls if not _worked(call, results)]
    return Features(
        known_tools=not unknown_calls(doubtful, recorded) if recorded else None,
        arguments_present=not incomplete_calls(doubtful, recorded) if recorded else None,
        tool_error_rate=sum(result.is_error for result in results) / len(results)
        if results
        else None,
        repeated_calls=_repeated(turn.context, calls),
        user_corrects=_words(following).startswith(_CORRECTIONS),
        user_repeats=bool(following) and _words(following) == _words(turn.request),
        aborted=turn.stop_reason == "aborted",
    )


def unknown_calls(calls: Iterable[ToolCall], tools: Iterable[Tool]) -> list[ToolCall]:
    """Calls to tools that are not among the definitions."""
    names = {_function(tool).get("name") for tool in tools}
    return [call for call in calls if call.name not in names]


def incomplete_calls(calls: Iterable[ToolCall], tools: Iterable[Tool]) -> list[ToolCall]:
    """Calls that lack an argument their tool's definition requires."""
    required = {_function(tool).get("name"): _required(tool) for tool in tools}
    return [c for c in calls if not required.get(c.name, frozenset()) <= c.arguments.keys()]


def _worked(call: ToolCall, results: Iterable[Message]) -> bool:
    return any(result.tool_call_id == call.id and not result.is_error for result in results)


def _function(tool: Tool) -> Tool:
    function: Tool = tool.get("function", tool)
    return function


def _required(tool: Tool) -> frozenset[str]:
    parameters = _function(tool).get("parameters") or {}
    return frozenset(parameters.get("required") or ())


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
