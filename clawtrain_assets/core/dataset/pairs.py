"""Contrastive pairs as preference rows: LLaMA-Factory's ranking form and TRL's."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from clawtrain_assets.core.dataset.budget import TooLong, fitting
from clawtrain_assets.core.dataset.conversation import converse
from clawtrain_assets.core.dataset.fingerprint import fingerprint
from clawtrain_assets.core.dataset.formats import (
    assistant_turn,
    dumps,
    to_openai,
    to_sharegpt,
)
from clawtrain_assets.core.dataset.scrubbing import Shippable, Shipper
from clawtrain_assets.core.dataset.tools import declare, obeys
from clawtrain_assets.core.dataset.validation import message_violations, violations
from clawtrain_assets.core.turn import Message, Turn

Row = dict[str, Any]
QUARANTINED = "quarantined"


class Preference(NamedTuple):
    """One pair in both written forms, or the reason why it is not shipped (then both None)."""

    fingerprint: str
    sharegpt: Row | None
    messages: Row | None
    reason: str | None


def build_preference(
    pair: Mapping[str, Any], turn: Turn, shipper: Shipper, example_bytes: int
) -> Preference:
    """``pair``: a row of ``contrastive_pairs`` with status ``pair``; ``turn``: its turn.

    Both sides answer the same context with the same tools. Chosen and rejected are one message
    each: LLaMA-Factory cannot hold more.
    """
    reference = msgspec.json.decode(pair["reference"], type=Message)
    candidate = msgspec.json.decode(pair["candidate"], type=Message)
    chosen_first = pair["chosen_arm"] == "reference"
    sides = (reference, candidate) if chosen_first else (candidate, reference)
    mark = fingerprint(turn.request, *sides)
    refused = Preference(mark, None, None, None)
    try:
        parts = shipper.ship(turn, sides)
    except Exception as error:  # noqa: BLE001  a pair that cannot be scrubbed is never shipped
        return refused._replace(reason=f"{QUARANTINED}: scrub failed: {type(error).__name__}")
    try:
        sharegpt, messages = _written(pair, parts, turn.tools_source, example_bytes)
    except TooLong as error:
        return refused._replace(reason=f"invalid: {error}")
    except (ValueError, KeyError, TypeError) as error:
        return refused._replace(reason=f"invalid: cannot be written: {type(error).__name__}")
    broken = violations(sharegpt) + message_violations(messages)
    if broken:
        return refused._replace(reason=f"invalid: {'; '.join(dict.fromkeys(broken))}")
    return Preference(mark, sharegpt, messages, None)


def _written(
    pair: Mapping[str, Any], parts: Shippable, tools_source: str, example_bytes: int
) -> tuple[Row, Row]:
    chosen, rejected = (_numbered(answer) for answer in parts.answers)
    # The reference really ran against these tools; what the candidate made up is not declared.
    reference = chosen if pair["chosen_arm"] == "reference" else rejected
    calls = [call for message in (*parts.context, reference) for call in message.tool_calls]
    tools = declare(parts.tools, tools_source, calls)
    sides = [chosen, rejected]
    context = fitting(parts.context, parts.request, sides, parts.system, tools, example_bytes)
    prompt = converse(context, parts.request, None, obeys(tools))
    meta = dumps({"gap": pair["gap"], "chosen_arm": pair["chosen_arm"]})
    sharegpt = {
        "id": pair["pair_id"],
        "conversations": to_sharegpt(prompt),
        "chosen": assistant_turn(chosen),
        "rejected": assistant_turn(rejected),
        "system": parts.system,
        "tools": dumps(tools),
        "meta": meta,
    }
    system = [{"role": "system", "content": parts.system}] if parts.system else []
    messages = {
        "id": pair["pair_id"],
        "prompt": system + to_openai(prompt),
        "chosen": to_openai([chosen]),
        "rejected": to_openai([rejected]),
        "tools": dumps(tools),
        "meta": meta,
    }
    return sharegpt, messages


def _numbered(message: Message) -> Message:
    """Calls of an answer are ``call_a1`` and so on: apart from those of the prompt."""
    calls = tuple(
        msgspec.structs.replace(call, id=f"call_a{number}")
        for number, call in enumerate(message.tool_calls, 1)
    )
    return msgspec.structs.replace(message, tool_calls=calls, thinking="")
