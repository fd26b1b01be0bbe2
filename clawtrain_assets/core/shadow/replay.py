"""The local model answers in the reference's place; every answer and every failure is a row."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from clawtrain_assets.core.endpoints.asking import ask, key_of
from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.types import (
    ChatRequest,
    EndpointError,
    Fleet,
    ModelIdentity,
)
from clawtrain_assets.core.journal import Answer, Journal
from clawtrain_assets.core.progress import Meter, Progress
from clawtrain_assets.core.shadow.place import Place, places
from clawtrain_assets.core.shadow.sampling import Sampled
from clawtrain_assets.core.turn import Turn

PURPOSE = "replay"
REPLAYED = "replayed"
DOES_NOT_FIT = "does_not_fit"
# Prose and code hold 3 or more characters per token; the rest is for a server that says no.
_CHARACTERS_PER_TOKEN = (3.0, 2.0, 1.3)
_REPLY_SHARE = 4  # a reply may take a quarter of a small window
_SEED = 1


async def replay(
    sampled: Sequence[Sampled],
    fleet: Fleet,
    journal: Journal,
    progress: Callable[[Progress], None],
    temperature: float = 0.0,
) -> list[dict[str, Any]]:
    """Ask the candidate for its reply to every sampled turn; rows of SHADOW_REPLAYS in that order.

    The candidate gets the reference's system prompt, tools and context, and answers once, with
    the endpoint's budget and a fixed seed. Where the context exceeds the window, the oldest
    messages are left out and counted. A reply that is cut, empty or unreadable is a row with its
    error class. Raises EndpointError when the endpoint itself fails; what was answered stays in
    the journal.
    """
    identity = await fleet.identity()
    identity = identity._replace(model=arm(identity.model, temperature))
    rows: dict[str, dict[str, Any]] = {}
    meter = Meter(len(sampled))

    async def work(item: Sampled) -> dict[str, Any]:
        return await _replay_one(item, identity, temperature, fleet, journal)

    def done(item: Sampled, row: dict[str, Any]) -> None:
        rows[item.turn.turn_id] = row
        failure = None if row["status"] == REPLAYED else row["status"]
        progress(meter.note(failure, row["prompt_tokens"] or 0, row["output_tokens"] or 0))

    await run_all(sampled, work, fleet.slots, done)
    return [rows[item.turn.turn_id] for item in sampled]


def arm(model: str, temperature: float) -> str:
    """The name of a candidate in every table: its model, and how it answers unless greedily."""
    return f"{model} at temperature {temperature:g}" if temperature else model


async def _replay_one(
    item: Sampled, identity: ModelIdentity, temperature: float, fleet: Fleet, journal: Journal
) -> dict[str, Any]:
    reply_tokens = min(fleet.max_output_tokens, fleet.context_tokens // _REPLY_SHARE)
    row = _empty_row(item, identity)
    prompt_tokens = fleet.context_tokens - reply_tokens
    for place in places(item.turn, prompt_tokens, _CHARACTERS_PER_TOKEN):
        row["context_dropped"] = place.dropped
        request = _request(item.turn, place, reply_tokens, temperature)
        try:
            key = await key_of(PURPOSE, item.turn.turn_id, request, fleet)
            answer = await ask(key, request, fleet, journal)
        except EndpointError as error:
            if not error.item_fault:
                raise
            return row | {"status": error.error_class, "error": str(error)}
        row |= _answered(answer)
        if row["status"] != DOES_NOT_FIT:
            break
    return row


def _request(turn: Turn, place: Place, reply_tokens: int, temperature: float) -> ChatRequest:
    return ChatRequest(
        messages=place.messages,
        tools=turn.definitions,
        temperature=temperature,
        seed=_SEED,
        max_output_tokens=reply_tokens,
    )


def _answered(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.error_class or REPLAYED,
        "error": answer.error,
        "reply": answer.reply or None,
        "done_reason": answer.done_reason,
        "prompt_tokens": answer.prompt_tokens,
        "output_tokens": answer.output_tokens,
        "latency_s": answer.latency_s,
    }


def _empty_row(item: Sampled, identity: ModelIdentity) -> dict[str, Any]:
    """The row of a turn that no place could be made for, until there is an answer."""
    turn = item.turn
    name = f"{turn.turn_id}\0{identity.model}\0{identity.digest}"
    return {
        "replay_id": hashlib.sha256(name.encode()).hexdigest(),
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "day": turn.day,
        "stratum": item.stratum,
        "candidate_model": identity.model,
        "candidate_digest": identity.digest,
        "status": DOES_NOT_FIT,
        "error": "The turn's last message, system prompt and tools exceed the model's window.",
        "reply": None,
        "done_reason": None,
        "tools_source": turn.tools_source,
        "has_system_prompt": turn.system_prompt is not None,
        "context_dropped": None,
        "prompt_tokens": None,
        "output_tokens": None,
        "latency_s": None,
        "reference_latency_s": None if turn.latency_ms is None else turn.latency_ms / 1000,
        "reference_cost_usd": turn.cost_usd,
    }
