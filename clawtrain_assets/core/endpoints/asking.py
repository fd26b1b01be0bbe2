"""Ask a model through the journal: what was answered once is never asked again."""

from datetime import UTC, datetime

import msgspec

from clawtrain_assets.core.endpoints.types import (
    ChatRequest,
    EndpointError,
    Fleet,
    prompt_hash,
)
from clawtrain_assets.core.journal import Answer, Journal, Key
from clawtrain_assets.core.turn import Message

# The item itself cannot be answered this way, today or tomorrow: kept like an answer. A request
# that broke, timed out or was rejected is not kept, so the next run asks again.
LASTING = frozenset({"does_not_fit", "cut_off", "stopped_early", "empty_reply", "bad_reply"})


async def key_of(
    purpose: str, item_id: str, request: ChatRequest, fleet: Fleet, sample: int = 0
) -> Key:
    """Where the journal keeps the answer to ``request``; other samples differ in their number."""
    identity = await fleet.identity()
    return Key(purpose, item_id, identity.digest, prompt_hash(request, fleet.options), sample)


async def ask(key: Key, request: ChatRequest, fleet: Fleet, journal: Journal) -> Answer:
    """The journal's answer to the request of that key, or the model's, on disk before it returns.

    An item's lasting failure is an Answer with ``error_class``; what may pass, and failures of
    the endpoint, raise EndpointError.
    """
    identity = await fleet.identity()

    async def ask_model() -> Answer:
        try:
            reply = await fleet.chat(request)
        except EndpointError as error:
            if error.error_class not in LASTING:
                raise
            return Answer(
                reply="",
                created_at=datetime.now(UTC),
                model=identity.model,
                error_class=error.error_class,
                error=str(error),
                temperature=request.temperature,
                seed=request.seed,
            )
        return Answer(
            reply=msgspec.json.encode(reply.message).decode(),
            created_at=datetime.now(UTC),
            model=identity.model,
            done_reason=reply.done_reason,
            temperature=request.temperature,
            seed=request.seed,
            prompt_tokens=reply.prompt_tokens,
            output_tokens=reply.output_tokens,
            latency_s=reply.latency_s,
        )

    return await journal.once(key, ask_model, may_wait=fleet.full)


def message_of(answer: Answer) -> Message:
    """The reply of an answer without error."""
    return msgspec.json.decode(answer.reply, type=Message)
