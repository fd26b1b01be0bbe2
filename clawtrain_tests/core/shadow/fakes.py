"""A model server that exists only in memory."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
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
    full = False
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


class FakeJudge:
    """A judge's script: scores by what the reply says, and what it prefers and names.

    ``scores`` maps words of a reply to the overall of its samples, by seed, repeated as needed.
    ``prefers`` gives the pairwise answer to the two replies in the order shown.
    """

    def __init__(
        self,
        scores: Mapping[str, Sequence[int]],
        prefers: Callable[[str, str], str] = lambda first, second: "equal",
        failure: tuple[str, str] = ("", "other"),
    ) -> None:
        self._scores = scores
        self._prefers = prefers
        self._failure = failure

    def __call__(self, request: ChatRequest) -> Message:
        assert request.schema is not None
        blocks = dict(_BLOCK.findall(request.messages[-1].text))
        fields = request.schema["properties"]
        if "b_better" in fields:
            better = self._prefers(blocks["first reply"], blocks["second reply"])
            return _said({"a_reason": "so it seems", "b_better": better})
        if "b_failure" in fields:
            evidence, name = self._failure
            return _said({"a_evidence": evidence, "b_failure": name})
        (samples,) = [
            found for words, found in self._scores.items() if words in blocks["turn to judge"]
        ]
        score = samples[(request.seed or 0) % len(samples)]
        judgment = {"evidence": "", "reason": "", "score": score}
        return _said(dict.fromkeys(fields, judgment))


_BLOCK = re.compile(r"<data-\w+ ([a-z ]+)>\n(.*?)\n</data-", re.DOTALL)


def _said(content: object) -> Message:
    return Message("assistant", json.dumps(content))
