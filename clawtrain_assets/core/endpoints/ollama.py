"""Ollama's /api/chat (checked against 0.33, with and without its own prompt renderer)."""

from typing import Any

from clawtrain_assets.core.endpoints.trouble import Trouble, raise_for_status
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.endpoints.wire import Get, complete, tool_calls, tool_definitions
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint

OLDEST = (0, 12, 6)  # older servers ignore truncate and cut prompts without a sign
_KEEP_ALIVE = "30m"  # a large model must not be unloaded between two turns


class Ollama:
    """One JSON object per answer (stream off): errors keep their HTTP status that way."""

    chat_path = "/api/chat"
    alive_path = "/api/version"

    def payload(self, endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]:
        options: dict[str, Any] = {
            "num_ctx": endpoint.context_tokens,  # another value would reload the model
            "num_predict": min(request.max_output_tokens, endpoint.max_output_tokens),
            "temperature": request.temperature,
        }
        if request.seed is not None:
            options["seed"] = request.seed
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [_message(message) for message in request.messages],
            "stream": False,
            "truncate": False,
            "keep_alive": _KEEP_ALIVE,
            "options": options,
        }
        if endpoint.think is not None:
            body["think"] = endpoint.think
        if request.schema is not None:
            body["format"] = request.schema
        if request.tools:
            body["tools"] = tool_definitions(request.tools)
        return body

    def reply(self, data: dict[str, Any], latency_s: float, host: str) -> ChatReply:
        if "error" in data:
            raise Trouble("broken", f"{host} failed while answering")
        if data.get("done") is not True:
            # A run of one token makes the server stop without an error.
            raise EndpointError(
                "stopped_early", "The server gave up on this reply halfway.", item_fault=True
            )
        said = data.get("message") or {}
        done_reason = data.get("done_reason") or ""
        message = Message(
            role="assistant",
            text=said.get("content") or "",
            thinking=said.get("thinking") or "",
            tool_calls=tool_calls(said.get("tool_calls") or []),
        )
        complete(message, done_reason)
        if done_reason != "stop":
            raise EndpointError(
                "bad_reply", "The server does not say why the reply ended.", item_fault=True
            )
        return ChatReply(
            message=message,
            done_reason=done_reason,
            prompt_tokens=data.get("prompt_eval_count"),
            output_tokens=data.get("eval_count"),
            latency_s=latency_s,
            host=host,
        )

    def error_text(self, data: Any) -> str:
        text = data.get("error") if isinstance(data, dict) else None
        return text if isinstance(text, str) else ""

    def missing(self, endpoint: Endpoint, host: str) -> str:
        return f"{host} does not have {endpoint.model}: run `ollama pull {endpoint.model}` there."

    async def identity(self, endpoint: Endpoint, host: str, get: Get) -> ModelIdentity:
        version = str((await self._get(endpoint, host, get, "/api/version")).get("version"))
        if too_old(version):
            raise EndpointError(
                "unsupported",
                f"Ollama {version} at {host} cuts long prompts silently: update it to "
                f"{'.'.join(map(str, OLDEST))} or later.",
                item_fault=False,
            )
        models = (await self._get(endpoint, host, get, "/api/tags")).get("models") or []
        wanted = endpoint.model if ":" in endpoint.model else f"{endpoint.model}:latest"
        for model in models:
            if model.get("name") == wanted:
                return ModelIdentity(wanted, str(model.get("digest")), f"ollama {version}")
        raise EndpointError("model_missing", self.missing(endpoint, host), item_fault=False)

    async def _get(self, endpoint: Endpoint, host: str, get: Get, path: str) -> dict[str, Any]:
        got = await get(path)
        missing = self.missing(endpoint, host)
        raise_for_status(got.status, got.text, host, endpoint.model, missing)
        data: dict[str, Any] = got.data
        return data


def too_old(version: str) -> bool:
    """True for a release before OLDEST; a self-built server calls itself 0.0.0."""
    parts = version.partition("-")[0].split(".")
    if not all(part.isdecimal() for part in parts) or version == "0.0.0":
        return False
    return tuple(int(part) for part in parts) < OLDEST


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.role == "tool":
        wire["tool_name"] = message.tool_name or ""
        wire["tool_call_id"] = message.tool_call_id or ""
    return wire
