"""A question to the judge about one turn, with an answer of a fixed form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from clawtrain_assets.core.endpoints.asking import ask, key_of, message_of
from clawtrain_assets.core.endpoints.types import ChatRequest, EndpointError, Fleet
from clawtrain_assets.core.journal import Answer, Journal
from clawtrain_assets.core.judging.fitting import shorter
from clawtrain_assets.core.judging.prompt import (
    Prompt,
    asked,
    quote,
    render,
    room,
    situation,
)
from clawtrain_assets.core.judging.sampling import answer_tokens
from clawtrain_assets.core.turn import Message, Turn

M = TypeVar("M", bound=BaseModel)

_TEXT, _SHORT_TEXT = 200, 40  # characters of free text in an answer


@dataclass(frozen=True)
class Judge:
    """The judge's endpoint, where its answers are kept, and what it may read."""

    fleet: Fleet
    journal: Journal
    context_chars: int
    scrub: Callable[[str], str] | None

    async def answer(
        self,
        purpose: str,
        item_id: str,
        system: str,
        turn: Turn,
        replies: dict[str, Message],
        choices: dict[str, list[str] | None],
        form: type[M],
    ) -> M | None:
        """Ask greedily about ``replies`` (by the name the judge reads) to the turn.

        ``choices`` are the answer's fields in order: the words to choose from, or None for free
        text; some servers sort fields by name, so names are to be in alphabetical order. Returns
        None if there is no valid answer; raises EndpointError if the endpoint fails.
        """
        tokens = answer_tokens(self.fleet)
        request = ChatRequest(
            messages=[],
            schema=_schema(choices, _SHORT_TEXT if self.fleet.small else _TEXT),
            max_output_tokens=tokens,
            seed=0,
        )
        try:
            prompt = self._prompt(system, turn, replies, self.context_chars)
            answer = await self._ask(purpose, item_id, prompt, request)
            chars = shorter(prompt, answer, self.fleet.context_tokens, tokens)
            if chars is not None:
                prompt = self._prompt(system, turn, replies, chars)
                answer = await self._ask(purpose, item_id, prompt, request)
        except EndpointError as error:
            if not error.item_fault:
                raise
            return None
        if answer.error_class is not None:
            return None
        text = message_of(answer).text
        try:  # a fence or a word around the object does no harm
            return form.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
        except ValidationError:
            return None

    def _prompt(self, system: str, turn: Turn, replies: dict[str, Message], chars: int) -> Prompt:
        short = self.fleet.small
        tokens = answer_tokens(self.fleet)
        budget = room(system, chars, self.fleet.context_tokens, tokens, short=short)
        blocks = situation(turn, short=short)
        blocks |= {name: [render(reply)] for name, reply in replies.items()}
        return asked(system, quote(blocks, budget, self.scrub))

    async def _ask(
        self, purpose: str, item_id: str, prompt: Prompt, request: ChatRequest
    ) -> Answer:
        request = replace(request, messages=prompt.messages)
        key = await key_of(purpose, item_id, request, self.fleet)
        return await ask(key, request, self.fleet, self.journal)


def _schema(choices: dict[str, list[str] | None], text_limit: int) -> dict[str, Any]:
    properties: dict[str, Any] = {
        name: {"type": "string", "maxLength": text_limit}
        if words is None
        else {"type": "string", "enum": words}
        for name, words in choices.items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
