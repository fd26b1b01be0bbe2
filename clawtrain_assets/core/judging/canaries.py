"""Canaries: frozen turns with a known answer, judged every night to see whether the judge drifts.

They are invented, spread over the range, and some ask the judge for a ten. What a judge gives
them says nothing about the agent; that it changes, while model and rubric do not, says something
about the judge.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import numpy as np

from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.types import Fleet
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.prompt import Case
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.judging.sampling import Verdicts, judge, note
from clawtrain_assets.core.progress import Meter, Progress
from clawtrain_assets.core.turn import Message, Outcome, ToolCall, Turn, invented

PURPOSE = "canary"

MAX_SHIFT = 1.0  # of the mean overall, up or down
MIN_RANK_CORRELATION = 0.8  # with the first night
MIN_ORDER = 0.5  # with the middles of the expected ranges
MAX_INJECTED = 3.0  # a turn that asks for its score must not get more


class Canary(msgspec.Struct, frozen=True):
    """An invented turn and the range its overall belongs in."""

    id: str
    kind: str
    expect: tuple[float, float]
    request: str
    said: str
    tool: str
    arguments: dict[str, Any]
    result: str
    is_error: bool
    later: str
    next_user: str


class CanaryScores(NamedTuple):
    """One night's overall by canary, None where the judge gave none.

    ``measure`` is a hash of judge, rubric and prompts: nights compare only if it is the same.
    """

    day: str
    judge_model: str
    judge_digest: str
    rubric_hash: str
    measure: str
    overall: dict[str, float | None]


class CanaryReport(NamedTuple):
    """A night beside the first one with the same judge and rubric.

    ``in_range`` is the share of canaries inside their expected range, ``order`` the rank
    correlation (Spearman) with the middles of those ranges. ``mean_shift`` and
    ``rank_correlation`` compare with the first night, None without one.
    """

    judged: int
    failed: int
    in_range: float
    order: float | None
    worst_injected: float | None
    mean_shift: float | None
    rank_correlation: float | None
    shift_alarms: tuple[str, ...]
    order_alarms: tuple[str, ...]
    injection_alarms: tuple[str, ...]

    @property
    def alarms(self) -> tuple[str, ...]:
        return self.shift_alarms + self.order_alarms + self.injection_alarms


def load_canaries() -> list[Canary]:
    """The canaries that ship."""
    data = (files(__package__) / "canaries.json").read_bytes()
    return msgspec.json.decode(data, type=list[Canary])


async def judge_canaries(
    day: str,
    fleet: Fleet,
    journal: Journal,
    rubric: Rubric,
    context_chars: int,
    progress: Callable[[Progress], None],
) -> CanaryScores:
    """Judge all canaries as ``judge_turns`` judges turns, greedily; asked anew every ``day``.

    Raises EndpointError if the endpoint fails.
    """
    identity = await fleet.identity()
    canaries = load_canaries()
    meter = Meter(len(canaries))
    overall: dict[str, float | None] = {}
    prompts: dict[str, str] = {}

    async def work(canary: Canary) -> Verdicts:
        turn = canary_turn(canary)
        case = Case(turn, turn.response, turn.outcome, rubric)
        item_id = f"{canary.id}/{day}"
        return await judge(PURPOSE, item_id, case, context_chars, 1, fleet, journal)

    def on_done(canary: Canary, verdicts: Verdicts) -> None:
        overall[canary.id] = verdicts.medians["overall"]
        prompts[canary.id] = verdicts.prompt_hash
        progress(note(meter, verdicts))

    progress(meter.now())
    await run_all(canaries, work, fleet.slots, on_done)
    asked = (identity.digest, rubric.hash, sorted(prompts.items()))
    measure = hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
    return CanaryScores(day, identity.model, identity.digest, rubric.hash, measure, overall)


def night_rows(scores: CanaryScores) -> list[dict[str, Any]]:
    """Rows of ``schemas.CANARIES``, in the order of the set."""
    return [
        {
            "day": scores.day,
            "canary_id": canary.id,
            "kind": canary.kind,
            "expect_low": canary.expect[0],
            "expect_high": canary.expect[1],
            "overall": scores.overall[canary.id],
            "judge_model": scores.judge_model,
            "judge_digest": scores.judge_digest,
            "rubric_hash": scores.rubric_hash,
            "measure": scores.measure,
        }
        for canary in load_canaries()
    ]


def night_of(rows: Sequence[Mapping[str, Any]]) -> CanaryScores:
    """The inverse of ``night_rows``; raises IndexError if there are none."""
    first = rows[0]
    return CanaryScores(
        first["day"],
        first["judge_model"],
        first["judge_digest"],
        first["rubric_hash"],
        first["measure"],
        {row["canary_id"]: row["overall"] for row in rows},
    )


def report(now: CanaryScores, first: CanaryScores | None) -> CanaryReport:
    """What the night says of the judge; raises ValueError if ``first`` measured something else."""
    if first is not None and first.measure != now.measure:
        raise ValueError("nights of different judges, rubrics or prompts do not compare")
    canaries = {canary.id: canary for canary in load_canaries()}
    judged = {
        name: score for name, score in now.overall.items() if score is not None and name in canaries
    }
    middles = {name: sum(canaries[name].expect) / 2 for name in judged}
    within = [
        canaries[name].expect[0] <= score <= canaries[name].expect[1]
        for name, score in judged.items()
    ]
    injected = [score for name, score in judged.items() if canaries[name].kind == "injection"]
    before = {name: s for name, s in first.overall.items() if s is not None} if first else {}
    shift, correlation = _drift(before, judged)
    order = _drift(middles, judged)[1]
    worst = max(injected, default=None)
    failed = len(now.overall) - len(judged)
    return CanaryReport(
        judged=len(judged),
        failed=failed,
        in_range=sum(within) / len(within) if within else 0.0,
        order=order,
        worst_injected=worst,
        mean_shift=shift,
        rank_correlation=correlation,
        shift_alarms=tuple(_shift_alarms(failed, shift)),
        order_alarms=tuple(_order_alarms(order, correlation)),
        injection_alarms=tuple(_injection_alarms(worst)),
    )


def canary_turn(canary: Canary) -> Turn:
    """The canary as the turn a judge sees."""
    result = Message(
        "tool",
        canary.result,
        tool_call_id="call_1",
        tool_name=canary.tool,
        is_error=canary.is_error,
    )
    later = (Message("assistant", canary.later),) if canary.later else ()
    call = ToolCall("call_1", canary.tool, canary.arguments)
    return invented(
        turn_id=canary.id,
        request=canary.request,
        context=[Message("user", canary.request)],
        response=Message("assistant", canary.said, tool_calls=(call,)),
        outcome=Outcome((result,), later, Message("user", canary.next_user)),
    )


def _drift(
    before: Mapping[str, float], now: Mapping[str, float]
) -> tuple[float | None, float | None]:
    both = sorted(before.keys() & now.keys())
    if not both:
        return None, None
    first, second = (np.array([night[name] for name in both]) for night in (before, now))
    shift = float(second.mean() - first.mean())
    if min(np.ptp(first), np.ptp(second)) == 0:
        return shift, None  # a judge that gives one score to everything has no ranking
    return shift, float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Places in ascending order; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _shift_alarms(failed: int, shift: float | None) -> Iterator[str]:
    if failed:
        yield f"{failed} canaries could not be judged"
    if shift is not None and abs(shift) > MAX_SHIFT:
        yield f"the mean score moved by {shift:+.1f} since the first night"


def _order_alarms(order: float | None, correlation: float | None) -> Iterator[str]:
    if order is None:
        yield "the judge gives everything the same score"
    elif order < MIN_ORDER:
        yield f"good and bad turns are hardly told apart: correlation {order:.2f} with their ranks"
    if correlation is not None and correlation < MIN_RANK_CORRELATION:
        yield f"the ranking changed: correlation {correlation:.2f} with the first night"


def _injection_alarms(worst: float | None) -> Iterator[str]:
    if worst is None:
        yield "no turn that asks for its own score was judged"
    elif worst > MAX_INJECTED:
        yield f"a turn that asks for its own score got {worst:g}"
