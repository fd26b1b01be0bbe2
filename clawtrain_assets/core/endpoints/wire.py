"""What both protocols share: tool definitions, tool calls, reasoning, and when a reply is one."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.turn import Message, ToolCall
from clawtrain_assets.settings import Endpoint


class Got(NamedTuple):
    """What a GET brought: ``server`` is the header of that name."""

    status: int
    text: str
    server: str | None

    @property
    def data(self) -> Any:
        """The JSON in it; raises ValueError if it is none."""
        return msgspec.json.decode(self.text)


Get = Callable[[str], Awaitable[Got]]  # a path of the host


class Dialect(Protocol):
    """A wire protocol: builds requests, reads replies, knows where a server says what it has."""

    chat_path: str
    alive_path: str

    def payload(self, endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]: ...

    def reply(self, data: dict[str, Any], latency_s: float, host: str) -> ChatReply:
        """The complete reply; raises EndpointError or Trouble for anything less."""
        ...

    def error_text(self, data: Any) -> str:
        """The server's message in an error body, '' if there is none."""
        ...

    def missing(self, endpoint: Endpoint, host: str) -> str:
        """What to do when the host does not have the model, as a sentence."""
        ...

    async def identity(self, endpoint: Endpoint, host: str, get: Get) -> ModelIdentity: ...


def tool_definitions(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Definitions as ``{"type": "function", "function": {name, description, parameters}}``.

    Accepts that form and bare ``{name, description, parameters | input_schema}``. Parameters are
    always an object schema: servers reject a function without one.
    """
    found = []
    for tool in tools:
        bare = tool.get("function", tool)
        parameters = bare.get("parameters") or bare.get("input_schema") or {}
        function = {
            "name": bare["name"],
            "description": bare.get("description") or "",
            "parameters": {"type": "object", "properties": {}} | parameters,
        }
        found.append({"type": "function", "function": function})
    return found


def tool_calls(calls: list[dict[str, Any]]) -> tuple[ToolCall, ...]:
    """The calls of a reply; raises EndpointError(bad_reply) if arguments are not an object."""
    return tuple(_tool_call(position, call) for position, call in enumerate(calls))


def _tool_call(position: int, call: dict[str, Any]) -> ToolCall:
    function = call.get("function") or {}
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments or "{}")
        except msgspec.DecodeError:
            arguments = None
    if not isinstance(arguments, dict) or not function.get("name"):
        raise EndpointError(
            "bad_reply", "The model made a tool call that cannot be read.", item_fault=True
        )
    return ToolCall(call.get("id") or f"call_{position}", function["name"], arguments)


def complete(message: Message, done_reason: str) -> Message:
    """The message, unless it was cut off or says nothing: then EndpointError."""
    if done_reason == "length":
        raise EndpointError(
            "cut_off",
            "The reply reached max_output_tokens before it was complete.",
            item_fault=True,
        )
    if not message.text.strip() and not message.tool_calls:
        raise EndpointError("empty_reply", "The model answered without any text.", item_fault=True)
    return message


def split_reasoning(text: str) -> tuple[str, str]:
    """Text and reasoning, for servers that leave ``<think>`` tags in the text."""
    opened = text.lstrip()
    if not opened.startswith("<think>"):
        return text, ""
    thinking, closed, rest = opened.removeprefix("<think>").partition("</think>")
    return (rest.lstrip(), thinking.strip()) if closed else ("", thinking.strip())
