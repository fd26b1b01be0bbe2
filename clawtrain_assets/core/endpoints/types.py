"""What the program knows about a model server: ask, get a message or a named failure."""

import hashlib
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import msgspec

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.turn import Message


class ModelIdentity(NamedTuple):
    """Which model answered.

    ``digest`` is the server's digest of the weights where it has one (Ollama), else the sha256 of
    what the server reports about the model. ``server`` is the server's name and version.
    """

    model: str
    digest: str
    server: str


@dataclass(frozen=True)
class ChatRequest:
    """One question to a model. ``schema`` is a JSON schema the reply's text must satisfy."""

    messages: list[Message]
    tools: list[dict[str, Any]] = field(default_factory=list)
    schema: dict[str, Any] | None = None
    temperature: float = 0.0
    seed: int | None = None
    max_output_tokens: int = 1024


@dataclass(frozen=True)
class ChatReply:
    """A complete reply; cut and empty ones never get here.

    ``latency_s`` counts from sending to the last byte, queueing at the server included; retries
    before the successful attempt are not in it. Token counts are None if the server gave none.
    """

    message: Message
    done_reason: str
    prompt_tokens: int | None
    output_tokens: int | None
    latency_s: float
    host: str


class EndpointError(ClawtrainError):
    """A request without a usable reply.

    ``item_fault`` True: this one request failed (does_not_fit, cut_off, stopped_early,
    empty_reply, bad_reply, model_error, rejected, timeout): it becomes a row with its class.
    False: the endpoint failed (unreachable, busy, timeout, model_missing, unsupported, forbidden,
    not_installed, bad_endpoint, server_error): the run ends, everything answered so far is saved.
    """

    def __init__(self, error_class: str, message: str, *, item_fault: bool) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.item_fault = item_fault


class Fleet(Protocol):
    """All hosts of one configured endpoint; an async context manager.

    ``slots`` is the number of requests the hosts serve at once, ``context_tokens`` the window a
    request must fit in, reply included. ``options`` names the settings that shape every answer
    and are no part of a ChatRequest. ``small`` marks the embedded model, which is asked for less.
    """

    slots: int
    context_tokens: int
    max_output_tokens: int
    options: str
    small: bool

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def full(self) -> bool:
        """Whether a request asked now would have to wait for another one's answer."""
        ...

    async def identity(self) -> ModelIdentity:
        """The model behind the endpoint; raises EndpointError with the exact next step."""
        ...

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask; retries what may pass, raises EndpointError for what does not."""
        ...


def prompt_hash(request: ChatRequest, options: str) -> str:
    """sha256 over everything that shapes the answer except the seed (the sample number has it)."""
    asked = (
        request.messages,
        request.tools,
        request.schema,
        request.temperature,
        request.max_output_tokens,
        options,
    )
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
