"""OpenAI's /v1/chat/completions as vLLM, llama.cpp and LM Studio serve it."""

import hashlib
from typing import Any

import msgspec

from clawtrain_assets.core.endpoints.trouble import Trouble, raise_for_status
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.endpoints.wire import (
    Get,
    complete,
    split_reasoning,
    tool_calls,
    tool_definitions,
)
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint

_CHANGING = ("created", "permission")  # differ from one start of a server to the next


class OpenAI:
    """The context is the server's own: this protocol cannot ask for one."""

    chat_path = "/v1/chat/completions"
    alive_path = "/v1/models"

    def payload(self, endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [_message(message) for message in request.messages],
            "stream": False,
            "temperature": request.temperature,
            "max_tokens": min(request.max_output_tokens, endpoint.max_output_tokens),
        }
        if request.seed is not None:
            body["seed"] = request.seed
        if endpoint.think is not None:
            body["chat_template_kwargs"] = {"enable_thinking": endpoint.think}
        if request.schema is not None:
            named = {"name": "reply", "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        if request.tools:
            body["tools"] = tool_definitions(request.tools)
        return body

    def reply(self, data: dict[str, Any], latency_s: float, host: str) -> ChatReply:
        choices = data.get("choices") or []
        if "error" in data or not choices:
            raise Trouble("broken", f"{host} failed while answering")
        said = choices[0].get("message") or {}
        done_reason = choices[0].get("finish_reason") or ""
        text, thought = split_reasoning(said.get("content") or "")
        message = Message(
            role="assistant",
            text=text,
            thinking=said.get("reasoning_content") or said.get("reasoning") or thought,
            # A cut reply may hold half a call: that it was cut is the better reason.
            tool_calls=() if done_reason == "length" else tool_calls(said.get("tool_calls") or []),
        )
        complete(message, done_reason)
        if done_reason not in ("stop", "tool_calls"):
            raise EndpointError(
                "bad_reply", "The server ended the reply for another reason.", item_fault=True
            )
        usage = data.get("usage") or {}
        return ChatReply(
            message=message,
            done_reason=done_reason,
            prompt_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            latency_s=latency_s,
            host=host,
        )

    def error_text(self, data: Any) -> str:
        error = data.get("error", data) if isinstance(data, dict) else None
        if isinstance(error, dict):
            return f"{error.get('type') or ''} {error.get('message') or ''}"
        return error if isinstance(error, str) else ""

    def missing(self, endpoint: Endpoint, host: str) -> str:
        return (
            f"{host} does not serve {endpoint.model}: set model to one that its /v1/models names."
        )

    async def identity(self, endpoint: Endpoint, host: str, get: Get) -> ModelIdentity:
        got = await get("/v1/models")
        missing = self.missing(endpoint, host)
        raise_for_status(got.status, got.text, host, endpoint.model, missing)
        for model in got.data.get("data") or []:
            if model.get("id") == endpoint.model:
                lasting = {name: model[name] for name in sorted(model) if name not in _CHANGING}
                digest = hashlib.sha256(msgspec.json.encode(lasting)).hexdigest()
                server = got.server or str(model.get("owned_by") or "openai")
                return ModelIdentity(endpoint.model, digest, server)
        raise EndpointError("model_missing", missing, item_fault=False)


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": msgspec.json.encode(call.arguments).decode(),
                },
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        wire["tool_call_id"] = message.tool_call_id or ""
    return wire
