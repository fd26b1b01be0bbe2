"""Both replies to a replayed turn judged blind, and which of them are far enough apart to teach."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.types import Fleet, ModelIdentity
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.blind import SCORED, BlindItem, BlindScores, judge_blind
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.judging.sampling import MORE_SAMPLES
from clawtrain_assets.core.progress import Progress
from clawtrain_assets.core.schemas import CONTRASTIVE_PAIRS, SCORES
from clawtrain_assets.core.shadow import failures, pairwise
from clawtrain_assets.core.shadow.null_test import in_null_test, null_status, wants_more_halves
from clawtrain_assets.core.shadow.question import Judge
from clawtrain_assets.core.shadow.replay import REPLAYED
from clawtrain_assets.core.shadow.rule import (
    NEAR,
    PAIR,
    UNCONFIRMED,
    decide,
    overalls,
    wants_more,
)
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Judging, Shadow

TURN_MISSING = "turn_missing"


async def compare(
    replays: Sequence[Mapping[str, Any]],
    turns: Mapping[str, Turn],
    fleet: Fleet,
    journal: Journal,
    rubric: Rubric,
    shadow: Shadow,
    judging: Judging,
    progress: Callable[[Progress], None],
    scrub: Callable[[str], str] | None = None,
) -> list[dict[str, Any]]:
    """Rows of CONTRASTIVE_PAIRS, one per row of SHADOW_REPLAYS, in that order.

    Both arms are judged with the same prompt, without the outcome and in an order that has
    nothing to do with the arm; ``rule.decide`` compares them. Near the threshold both arms get more
    samples, and a pair must also hold when asked in both orders. One turn in five is compared with
    itself in the same way, which shows how often the rule errs. A replay that failed keeps its
    error class, a failed judgment gets ``judge_<class>``. ``turns`` by turn_id; raises
    EndpointError if the judge's endpoint fails.
    """
    if not replays:
        return []
    identity = await fleet.identity()
    comparisons = [_Comparison(row, turns.get(row["turn_id"])) for row in replays]
    items = {item.item_id: item for one in comparisons for item in one.items()}

    async def score(chosen: Mapping[str, BlindItem], samples: int) -> dict[str, BlindScores]:
        return await judge_blind(
            list(chosen.values()),
            fleet,
            journal,
            rubric,
            samples,
            judging.context_chars,
            progress,
            scrub,
        )

    scores = await score(items, shadow.samples)
    near = [one for one in comparisons if one.near(scores, shadow)]
    # The first samples are in the journal already, here and in the null test.
    near_items = {item.item_id: item for one in near for item in one.items()}
    closer = scores | await score(near_items, MORE_SAMPLES)
    repeated = {
        one.reference_id: items[one.reference_id]
        for one in comparisons
        if one.reference_id in items and in_null_test(one.turn_id) and shadow.samples > 1
    }
    halved = await score(repeated, 2 * shadow.samples)
    doubtful = {
        item_id: repeated[item_id]
        for item_id, found in halved.items()
        if wants_more_halves(found, shadow)
    }
    halved |= await score(doubtful, 2 * MORE_SAMPLES)

    judge = Judge(fleet, journal, judging.context_chars, scrub)
    rows = []
    for one in comparisons:
        row = one.row(identity, rubric)
        row |= one.judged(closer if one in near else scores, shadow.min_gap)
        row["null_status"] = null_status(halved.get(one.reference_id), shadow)
        rows.append(row)

    async def confirm(place: int) -> dict[str, Any]:
        return await _confirmed(comparisons[place], rows[place], rubric, shadow.min_gap, judge)

    found = [place for place, row in enumerate(rows) if row["status"] == PAIR]
    await run_all(found, confirm, fleet.slots, lambda place, more: rows[place].update(more))
    return rows


async def _confirmed(
    one: "_Comparison", row: Mapping[str, Any], rubric: Rubric, min_gap: float, judge: Judge
) -> dict[str, Any]:
    """What the order check and the failure class add to the row of a pair."""
    assert one.turn is not None
    assert one.candidate is not None
    arms = (one.turn.response, one.candidate)
    better, worse = arms if row["chosen_arm"] == "reference" else arms[::-1]
    if abs(row["gap"]) <= min_gap + NEAR:
        check = await pairwise.order_check(one.turn, better, worse, rubric, judge)
        if check != pairwise.AGREES:
            return {"order_check": check, "status": UNCONFIRMED, "chosen_arm": None}
    else:
        check = None
    failure = None
    if row["chosen_arm"] == "reference":
        failure = await failures.classify(one.turn, better, worse, judge)
    return {
        "order_check": check,
        "failure_class": failure.name if failure else None,
        "failure_evidence": failure.evidence if failure else None,
    }


class _Comparison:
    """One replay beside its turn."""

    def __init__(self, replay: Mapping[str, Any], turn: Turn | None) -> None:
        self.replay = replay
        self.turn = turn
        self.turn_id: str = replay["turn_id"]
        self.reference_id = f"{self.turn_id}/reference"
        self.candidate_id = f"{replay['replay_id']}/candidate"
        self.candidate = (
            msgspec.json.decode(replay["reply"], type=Message) if replay["reply"] else None
        )

    def items(self) -> list[BlindItem]:
        """Both arms, or nothing if there is nothing to compare."""
        if self.turn is None or self.candidate is None or self.replay["status"] != REPLAYED:
            return []
        return [
            BlindItem(self.reference_id, self.turn, self.turn.response),
            BlindItem(self.candidate_id, self.turn, self.candidate),
        ]

    def near(self, scores: Mapping[str, BlindScores], shadow: Shadow) -> bool:
        """Whether further samples of both arms are to decide."""
        found = [scores[item.item_id] for item in self.items()]
        if not found or any(one.status != SCORED for one in found):
            return False
        reference, candidate = (overalls(one.samples) for one in found)
        gap = decide(reference, candidate, shadow.min_gap).gap
        return wants_more(gap, shadow.min_gap, shadow.samples)

    def judged(self, scores: Mapping[str, BlindScores], min_gap: float) -> dict[str, Any]:
        """The columns that come from the verdicts, or the reason why there are none."""
        if self.turn is None:
            return {"status": TURN_MISSING, "error": "raw_turns no longer holds this turn."}
        if not self.items():
            return {"status": self.replay["status"], "error": self.replay["error"]}
        reference, candidate = scores[self.reference_id], scores[self.candidate_id]
        columns: dict[str, Any] = {
            f"{arm}_{name}": found.medians[name]
            for arm, found in (("reference", reference), ("candidate", candidate))
            for name in SCORES
        }
        columns["reference_samples"] = msgspec.json.encode(reference.samples).decode()
        columns["candidate_samples"] = msgspec.json.encode(candidate.samples).decode()
        for arm, found in (("reference", reference), ("candidate", candidate)):
            if found.status != SCORED:
                error = f"The {arm} could not be judged. {found.error}"
                return columns | {"status": f"judge_{found.status}", "error": error}
        decision = decide(overalls(reference.samples), overalls(candidate.samples), min_gap)
        return columns | {
            "status": decision.status,
            "gap": decision.gap,
            "chosen_arm": decision.chosen,
        }

    def row(self, judge: ModelIdentity, rubric: Rubric) -> dict[str, Any]:
        """The columns that need no verdict; all others are null."""
        replay, turn = self.replay, self.turn
        row: dict[str, Any] = dict.fromkeys(CONTRASTIVE_PAIRS.names)
        name = (replay["replay_id"], judge.model, judge.digest, rubric.hash)
        copied = (
            "turn_id",
            "session_id",
            "day",
            "candidate_model",
            "candidate_digest",
            "tools_source",
            "stratum",
            "reference_latency_s",
            "reference_cost_usd",
        )
        row |= {
            "pair_id": hashlib.sha256("\0".join(name).encode()).hexdigest(),
            **{column: replay[column] for column in copied},
            "candidate": replay["reply"],
            "judge_model": judge.model,
            "judge_digest": judge.digest,
            "rubric_hash": rubric.hash,
            "candidate_tokens": replay["output_tokens"],
            "candidate_latency_s": replay["latency_s"],
        }
        if turn is not None:
            row |= {
                "reference": msgspec.json.encode(turn.response).decode(),
                "turn_index": turn.turn_index,
                "calls_before": turn.calls_before,
                "session_kind": turn.session_kind,
                "reference_tokens": turn.output_tokens,
            }
        return row
