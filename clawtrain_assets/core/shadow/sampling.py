"""Which turns of the reference model are replayed tonight.

A plain random draw would be mostly early turns of chatty sessions. The gap lives deep in long
ones, so the draw gives every band of depth its share, then every kind of turn within the band.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from clawtrain_assets.core.shadow.place import without_orphans
from clawtrain_assets.core.shadow.strata import Stratum, stratum_of
from clawtrain_assets.core.turn import Message, Turn

GOOD_OVERALL = 7.0


@dataclass(frozen=True)
class Sampled:
    """A turn that is to be replayed, and the stratum it was drawn from."""

    turn: Turn
    stratum: str


def sample(
    turns: Sequence[Turn],
    scores: Mapping[str, float | None],
    already: Collection[str],
    nightly: int,
    day: str,
    reference_models: Sequence[str],
    backlog: Sequence[Turn] = (),
) -> list[Sampled]:
    """Draw up to ``nightly`` turns for one candidate.

    The day's turns come first, ``backlog`` (earlier days) fills what a quiet day leaves. Within
    each, turns that call a tool or were judged good (retrospective overall >= 7 in ``scores``, by
    turn_id) come before the rest. Each group is drawn stratum by stratum, the least drawn one
    next. ``already`` are turn_ids this candidate has answered. The order within a stratum is a
    hash of day and turn, so the same inputs give the same draw on any machine, at any time.
    """
    taken = set(already)
    groups: list[list[Turn]] = []
    for pool in (turns, backlog):
        able = [turn for turn in pool if replayable(turn, reference_models)]
        fresh = list({turn.turn_id: turn for turn in able if turn.turn_id not in taken}.values())
        taken.update(turn.turn_id for turn in fresh)
        groups.append([turn for turn in fresh if _telling(turn, scores)])
        groups.append([turn for turn in fresh if not _telling(turn, scores)])

    drawn: list[Sampled] = []
    balance = _Balance()
    for group in groups:
        drawn += balance.draw(group, nightly - len(drawn), day)
    return drawn


def replayable(turn: Turn, reference_models: Sequence[str]) -> bool:
    """Whether a turn is the reference model's and another model can be given its place.

    A place must be something to answer: the context has to end on a user message, or on a tool's
    result whose call is in the context too.
    """
    return (
        turn.exclusion_reason is None
        and is_reference(turn.model, reference_models)
        and _answerable(turn.context)
        and bool(turn.response.text.strip() or turn.response.tool_calls)
    )


def _answerable(context: Sequence[Message]) -> bool:
    if not context or context[-1].role not in ("user", "tool"):
        return False
    return without_orphans(context)[-1:] == list(context[-1:])


def is_reference(model: str | None, patterns: Iterable[str]) -> bool:
    """Whether a model's name matches one of the shell patterns, ignoring case."""
    return model is not None and any(
        fnmatchcase(model.lower(), pattern.lower()) for pattern in patterns
    )


def _telling(turn: Turn, scores: Mapping[str, float | None]) -> bool:
    return turn.is_tool_use or (scores.get(turn.turn_id) or 0.0) >= GOOD_OVERALL


class _Balance:
    """Keeps count of what was drawn, by band of depth and by stratum, over all groups."""

    def __init__(self) -> None:
        self._bands: Counter[str] = Counter()
        self._strata: Counter[Stratum] = Counter()

    def draw(self, group: list[Turn], wanted: int, day: str) -> list[Sampled]:
        waiting: dict[Stratum, list[Turn]] = {}
        for turn in sorted(group, key=lambda turn: _rank(day, turn.turn_id), reverse=True):
            stratum = stratum_of(
                turn.turn_index, turn.calls_before, turn.response, turn.session_kind
            )
            waiting.setdefault(stratum, []).append(turn)

        drawn: list[Sampled] = []
        while waiting and len(drawn) < wanted:
            stratum = min(
                waiting,
                key=lambda s: (self._bands[s.turns], self._strata[s], _rank(day, str(s))),
            )
            drawn.append(Sampled(waiting[stratum].pop(), str(stratum)))
            self._bands[stratum.turns] += 1
            self._strata[stratum] += 1
            if not waiting[stratum]:
                del waiting[stratum]
        return drawn


def _rank(day: str, name: str) -> str:
    return hashlib.sha256(f"{day}\0{name}".encode()).hexdigest()
