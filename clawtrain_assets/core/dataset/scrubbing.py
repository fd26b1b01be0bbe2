"""What the dataset asks of a scrubber, and a turn's parts as they may be shipped."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from clawtrain_assets.core.dataset.neutral import neutralise, neutralise_json
from clawtrain_assets.core.turn import Message, Turn


class Scrubbing(Protocol):
    """The part of ``privacy.scrub.Scrubber`` that datasets use."""

    def text(self, value: str) -> str: ...

    def json(self, value: Any) -> Any: ...

    def messages(self, messages: list[Message]) -> list[Message]: ...

    def learn(self, texts: Iterable[str]) -> None: ...

    def knows(self, text: str) -> bool: ...

    @property
    def counts(self) -> Mapping[str, int]: ...


def learn_from(scrubber: Scrubbing, turns: Iterable[tuple[Turn, Sequence[Message]]]) -> None:
    """What is found in any of the turns (or in the answers beside one) is removed from all.

    A person named once in full is recognised in a later turn that gives no reason to.
    """
    seen: set[bytes] = set()
    for turn, answers in turns:
        texts = dict.fromkeys(_texts(turn, answers))
        fresh = {
            hashlib.blake2b(t.encode("utf-8", "replace"), digest_size=16).digest(): t for t in texts
        }
        try:
            scrubber.learn(text for digest, text in fresh.items() if digest not in seen)
        except Exception:  # noqa: BLE001  the turn is quarantined when it is to be shipped
            continue
        seen |= fresh.keys()


def _texts(turn: Turn, answers: Sequence[Message]) -> Iterator[str]:
    tools = json.dumps(turn.definitions, ensure_ascii=False)
    yield from (turn.request, turn.system_prompt or "", tools)
    # Who wrote, as the envelope said before it was taken off: the text may name them again.
    for part in (turn.request_meta, *turn.request_meta.values()):
        if isinstance(part, dict):
            yield json.dumps(part, ensure_ascii=False, indent=2)
    for message in (*turn.context, turn.response, *answers):
        yield message.text
        for call in message.tool_calls:
            yield json.dumps(call.arguments, ensure_ascii=False)


class Shippable(NamedTuple):
    """A turn's parts after scrub and neutralisation; ``redactions`` counts values by type."""

    context: list[Message]
    request: str
    answers: list[Message]
    system: str
    tools: list[dict[str, Any]]
    redactions: dict[str, int]


class Shipper:
    """Scrubs turns and makes their text harmless for tokenizers.

    System prompts and tool definitions repeat from turn to turn, so each is scrubbed once.
    """

    def __init__(self, scrubber: Scrubbing) -> None:
        self._scrubber = scrubber
        self._texts: dict[str, tuple[str, Counter[str]]] = {}
        self._tools: dict[str, tuple[list[dict[str, Any]], Counter[str]]] = {}

    def ship(self, turn: Turn, answers: Sequence[Message]) -> Shippable:
        """``answers``: the messages to learn or compare. Raises whatever the scrubber raises."""
        before = Counter(self._scrubber.counts)
        plain = [msgspec.structs.replace(m, thinking="") for m in (*turn.context, *answers)]
        messages = [_harmless(message) for message in self._scrubber.messages(plain)]
        if len(messages) != len(plain):
            raise ValueError("the scrubber returned another number of messages")
        request = neutralise(self._scrubber.text(turn.request))
        redactions = Counter(self._scrubber.counts) - before
        system, in_system = self._system(turn.system_prompt or "")
        tools, in_tools = self._definitions(turn.definitions)
        return Shippable(
            context=messages[: len(turn.context)],
            request=request,
            answers=messages[len(turn.context) :],
            system=system,
            tools=tools,
            redactions=dict(sorted((redactions + in_system + in_tools).items())),
        )

    def _system(self, text: str) -> tuple[str, Counter[str]]:
        if text not in self._texts:
            before = Counter(self._scrubber.counts)
            scrubbed = neutralise(self._scrubber.text(text))
            self._texts[text] = scrubbed, Counter(self._scrubber.counts) - before
        return self._texts[text]

    def _definitions(
        self, tools: Sequence[Mapping[str, Any]]
    ) -> tuple[list[dict[str, Any]], Counter[str]]:
        key = json.dumps(tools, sort_keys=True)
        if key not in self._tools:
            before = Counter(self._scrubber.counts)
            scrubbed = neutralise_json(self._scrubber.json([dict(tool) for tool in tools]))
            self._tools[key] = scrubbed, Counter(self._scrubber.counts) - before
        return self._tools[key]


def _harmless(message: Message) -> Message:
    calls = tuple(
        msgspec.structs.replace(call, arguments=neutralise_json(call.arguments))
        for call in message.tool_calls
    )
    return msgspec.structs.replace(message, text=neutralise(message.text), tool_calls=calls)
