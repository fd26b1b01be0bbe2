"""Blind judging: a reply for its context alone, without what followed and without its author."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.types import Fleet, ModelIdentity
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.prompt import Case, Scrub
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.judging.sampling import Verdicts, judge, note
from clawtrain_assets.core.progress import Meter, Progress
from clawtrain_assets.core.turn import Message, Turn

PURPOSE = "blind"
SCORED = "scored"


@dataclass(frozen=True)
class BlindItem:
    """``reply`` to be judged as the next message of ``turn``'s conversation.

    ``item_id`` names the item in the result and is seen by nobody else.
    """

    item_id: str
    turn: Turn
    reply: Message


@dataclass(frozen=True)
class BlindScores:
    """``status`` is 'scored' or an error class; ``medians`` by ``schemas.SCORES``, else None."""

    status: str
    error: str | None
    medians: dict[str, float | None]
    samples: list[dict[str, Any]]
    judge: ModelIdentity
    rubric_hash: str
    prompt_hash: str


async def judge_blind(
    items: Sequence[BlindItem],
    fleet: Fleet,
    journal: Journal,
    rubric: Rubric,
    samples: int,
    context_chars: int,
    progress: Callable[[Progress], None],
    scrub: Scrub | None = None,
) -> dict[str, BlindScores]:
    """Scores by ``item_id``. Items are asked in an order that has nothing to do with their arms.

    Equal replies to the same turn get one judgment. Where the prompt of one reply does not fit the
    judge's window, those of all replies to the turn are made as short. Raises EndpointError if the
    endpoint fails.
    """
    if not items:
        return {}
    identity = await fleet.identity()
    meter = Meter(len(items))
    scores: dict[str, BlindScores] = {}
    bounds: dict[str, int] = {}  # characters of transcript that all replies to a turn get
    given: dict[str, int] = {}

    async def work(item: BlindItem) -> Verdicts:
        case = Case(item.turn, item.reply, None, rubric, scrub)
        name = f"{item.turn.turn_id}/{_digest(item)[:16]}"
        chars = bounds.get(item.turn.turn_id, context_chars)
        return await judge(PURPOSE, name, case, chars, samples, fleet, journal)

    def on_done(item: BlindItem, verdicts: Verdicts) -> None:
        if item.item_id not in scores:
            progress(note(meter, verdicts))
        turn_id, chars = item.turn.turn_id, verdicts.context_chars
        bounds[turn_id] = min(chars, bounds.get(turn_id, chars))
        given[item.item_id] = chars
        scores[item.item_id] = BlindScores(
            status=verdicts.error_class or SCORED,
            error=verdicts.error,
            medians=verdicts.medians,
            samples=verdicts.samples,
            judge=identity,
            rubric_hash=rubric.hash,
            prompt_hash=verdicts.prompt_hash,
        )

    progress(meter.now())
    waiting = sorted(items, key=_digest)
    while waiting:
        await run_all(waiting, work, fleet.slots, on_done)
        waiting = [one for one in waiting if given[one.item_id] > bounds[one.turn.turn_id]]
    return scores


def _digest(item: BlindItem) -> str:
    """Hash of the turn and what the reply says; ids of its calls would tell who wrote it."""
    said = (item.reply.text, [(call.name, call.arguments) for call in item.reply.tool_calls])
    return hashlib.sha256(item.turn.turn_id.encode() + msgspec.json.encode(said)).hexdigest()
