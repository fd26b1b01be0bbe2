"""Retrospective judging: the judge sees the turn and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.types import Fleet, ModelIdentity
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.caps import capped
from clawtrain_assets.core.judging.features import features
from clawtrain_assets.core.judging.prompt import Case, Scrub
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.judging.sampling import Verdicts, judge, note
from clawtrain_assets.core.progress import Meter, Progress
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Judging

PURPOSE = "judge"
_DISPUTED = 3.0  # difference between the judge's overall and the computed one


def eligible(turn: Turn) -> bool:
    """Turns worth a judge's time: a model's own, with at least one tool call."""
    return turn.is_tool_use and turn.exclusion_reason is None


async def judge_turns(
    turns: Sequence[Turn],
    fleet: Fleet,
    journal: Journal,
    rubric: Rubric,
    settings: Judging,
    progress: Callable[[Progress], None],
    scrub: Scrub | None = None,
) -> list[dict[str, Any]]:
    """Rows of ``schemas.SCORED_TURNS``, in the order of ``turns``.

    Answers are in the journal before they are used, so a call after a kill asks only for what is
    missing. A turn that cannot be judged is a row with its error class; if the endpoint fails,
    EndpointError ends the call.
    """
    identity = await fleet.identity() if turns else None
    meter = Meter(len(turns))
    rows: dict[int, dict[str, Any]] = {}

    async def work(place: int) -> Verdicts:
        turn = turns[place]
        return await judge(
            PURPOSE,
            turn.turn_id,
            Case(turn, turn.response, turn.outcome, rubric, scrub),
            settings.context_chars,
            settings.samples,
            fleet,
            journal,
            more_near_threshold=True,
        )

    def on_done(place: int, verdicts: Verdicts) -> None:
        assert identity is not None
        rows[place] = _row(turns[place], verdicts, identity, rubric)
        progress(note(meter, verdicts))

    progress(meter.now())
    await run_all(range(len(turns)), work, fleet.slots, on_done)
    return [rows[place] for place in range(len(turns))]


def _row(turn: Turn, verdicts: Verdicts, identity: ModelIdentity, rubric: Rubric) -> dict[str, Any]:
    medians = verdicts.medians
    found = features(turn)
    scores, caps = capped(medians, found, rubric.caps)
    said, overall = _mean_of_dimensions(medians), medians["overall"]
    disputed = None if overall is None or said is None else abs(overall - said) >= _DISPUTED
    return {
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "day": turn.day,
        "status": verdicts.error_class or "scored",
        "error": verdicts.error,
        **scores,
        "caps": "; ".join(caps) or None,
        "computed_overall": _mean_of_dimensions(scores),
        "overall_disputed": disputed,
        "spread": verdicts.spread,
        "samples": msgspec.json.encode(verdicts.samples).decode(),
        **found._asdict(),
        "judge_model": identity.model,
        "judge_digest": identity.digest,
        "rubric_hash": rubric.hash,
        "prompt_hash": verdicts.prompt_hash,
        "left_out": verdicts.left_out,
        "prompt_tokens": verdicts.prompt_tokens,
        "output_tokens": verdicts.output_tokens,
        "latency_s": verdicts.latency_s,
    }


def _mean_of_dimensions(scores: Mapping[str, float | None]) -> float | None:
    parts = [value for name in SCORES[:-1] if (value := scores[name]) is not None]
    return sum(parts) / len(parts) if parts else None
