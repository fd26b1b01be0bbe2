"""A model server that exists only in memory."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.turn import Message

Script = Callable[[ChatRequest], Message]


class FakeFleet:
    """Answers by ``script`` and remembers every request."""

    slots = 2
    small = False
    options = "fake"

    def __init__(
        self, script: Script, *, model: str = "qwen3:235b", context_tokens: int = 32_768
    ) -> None:
        self.context_tokens = context_tokens
        self.max_output_tokens = 4_096
        self.requests: list[ChatRequest] = []
        self._script = script
        self._model = model

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    async def identity(self) -> ModelIdentity:
        return ModelIdentity(self._model, f"digest of {self._model}", "fake 1")

    async def chat(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        message = self._script(request)
        return ChatReply(message, "stop", 100, 20, 1.5, "fake")


def failing(error_class: str, *, item_fault: bool = True) -> Script:
    """A script under which every request ends in this error."""

    def script(_request: ChatRequest) -> Message:
        raise EndpointError(error_class, "It failed.", item_fault=item_fault)

    return script
