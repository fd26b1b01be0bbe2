"""What the judge's scores look like over all days, and how far they can be believed."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core.judging.agreement import Agreement, agreement
from clawtrain_assets.core.judging.discernment import Spread, spread
from clawtrain_assets.core.judging.distributions import Distribution, by_group, distribution
from clawtrain_assets.core.judging.labels import Label
from clawtrain_assets.core.judging.length_bias import Slope, length_slope
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.shadow.stats import Share, share
from clawtrain_assets.core.shadow.strata import CALL_BANDS, TURN_BANDS, call_band, turn_band

FINE, POOR = 8, 3  # "tools fine": tool_correctness from FINE on; "poor": task_completion up to POOR
_HOLDS, _PARTLY = 0.5, 0.1  # shares of turns that show it
_MADE_BANDS = ("1", "2-3", "4+")
_LENGTHS = tuple(2**power for power in range(6, 13))  # characters: 64, 128, ... 4096
LENGTH_BANDS = (*(f"to {most}" for most in _LENGTHS), "longer")
_DAYS_SHOWN = 31

# Days written before there were caps have no such column: nothing is known to be capped there.
# Replies are measured before the join, which would hold all of them in memory.
_QUERY = """
WITH judged AS (SELECT * FROM scored UNION ALL BY NAME SELECT NULL::VARCHAR AS caps WHERE false),
measured AS (
    SELECT turn_id, day, model, turn_index, calls_before, tool_call_count,
           length(coalesce(json_extract_string(response, '$.text'), ''))
             + length(coalesce(json_extract(response, '$.tool_calls')::VARCHAR, '')) AS characters
    FROM turns
)
SELECT s.turn_id, s.session_id, s.day, s.status, s.overall_disputed, s.spread, s.caps,
       s.judge_model, s.judge_digest, s.rubric_hash, {scores},
       coalesce(t.model, 'unknown') AS model, t.turn_index, t.calls_before, t.tool_call_count,
       t.characters
FROM judged s LEFT JOIN measured t ON t.turn_id = s.turn_id AND t.day = s.day
"""


class SeriesKey(NamedTuple):
    """What may be averaged together: one judge with one rubric."""

    judge_model: str
    judge_digest: str
    rubric_hash: str


@dataclass(frozen=True)
class Pattern:
    """Turns with the right tools and an unfinished task, as the early runs showed them.

    ``joint[t][c]`` counts turns by tool_correctness and task_completion, both rounded down.
    ``holds``: "holds" for at least half of the turns, "partly" for at least a tenth, else "no";
    None without scored turns.
    """

    joint: list[list[int]]
    shown: Share
    holds: str | None


@dataclass(frozen=True)
class Labels:
    """Judge beside people. ``scores`` by dimension where people gave scores; ``kept`` is the share
    of the labelled turns the judge would keep that people keep too."""

    n: int
    scores: dict[str, Agreement]
    kept: Share


@dataclass(frozen=True)
class Series:
    """Everything about one judge with one rubric.

    ``lengths`` groups by characters of the reply, ``capped`` counts turns by cap of the rubric.
    """

    key: SeriesKey
    first_day: str
    last_day: str
    statuses: dict[str, int]
    whole: Distribution
    pattern: Pattern
    groups: dict[str, list[Distribution]]
    days_left_out: int
    slope: Slope
    lengths: list[Distribution]
    spread: Spread
    disputed: Share
    capped: dict[str, int]
    sampling_spread: float | None
    labels: Labels


@dataclass(frozen=True)
class JudgeReport:
    """One ``Series`` per judge and rubric, the most recently used first."""

    rows: int
    series: Sequence[Series]


def read_scores(lake: Lake) -> pa.Table:
    """All scored turns with the facts they are grouped by; empty if there are none."""
    if not lake.days("scored_turns") or not lake.days("raw_turns"):
        return pa.table({})
    sql = _QUERY.format(scores=", ".join(f"s.{name}" for name in SCORES))
    return lake.query(sql, scored="scored_turns", turns="raw_turns")


def measure(scored: pa.Table, labels: Mapping[str, Label], min_overall: float = 7.0) -> JudgeReport:
    """Measure the rows of ``read_scores``; scores of different judges or rubrics never mix.

    ``min_overall`` is the overall from which the judge keeps a turn.
    """
    if not scored.num_rows:
        return JudgeReport(0, [])
    names = SeriesKey._fields
    found = [
        _series(SeriesKey(*map(str, key.values())), _where(scored, key), labels, min_overall)
        for key in scored.group_by(names).aggregate([]).to_pylist()
    ]
    recent = sorted(found, key=lambda one: (one.last_day, one.whole.n), reverse=True)
    return JudgeReport(scored.num_rows, recent)


def _where(rows: pa.Table, values: Mapping[str, str | None]) -> pa.Table:
    for name, value in values.items():
        column = rows[name]
        rows = rows.filter(column.is_null() if value is None else pc.equal(column, value))
    return rows


def _series(
    key: SeriesKey, rows: pa.Table, labels: Mapping[str, Label], min_overall: float
) -> Series:
    judged = rows.filter(rows["overall"].is_valid())
    known = judged.filter(pc.and_(judged["characters"].is_valid(), judged["turn_index"].is_valid()))
    banded = pa.table(
        {
            **{name: known[name] for name in SCORES},
            "depth": _bands(known["turn_index"], turn_band),
            "before": _bands(known["calls_before"], call_band),
            "made": _bands(known["tool_call_count"], _made_band),
            "length": _bands(known["characters"], _length_band),
        }
    )
    days = sorted(pc.unique(judged["day"]).to_pylist())
    shown = judged.filter(pc.is_in(judged["day"], pa.array(days[-_DAYS_SHOWN:], pa.string())))
    disputed = judged["overall_disputed"].drop_null().to_pylist()
    spreads = judged["spread"].drop_null().to_numpy()
    caps = judged["caps"].drop_null().to_pylist()
    return Series(
        key=key,
        first_day=str(pc.min(rows["day"])),
        last_day=str(pc.max(rows["day"])),
        statuses=dict(Counter(rows["status"].to_pylist()).most_common()),
        whole=distribution("all turns", judged),
        pattern=_pattern(judged),
        groups={
            "Model that wrote the turn": by_group(judged, "model"),
            "Turn of the session": by_group(banded, "depth", TURN_BANDS),
            "Calls in the turn": by_group(banded, "made", _MADE_BANDS),
            "Calls earlier in the session": by_group(banded, "before", CALL_BANDS),
            "Day": by_group(shown, "day"),
        },
        days_left_out=max(0, len(days) - _DAYS_SHOWN),
        slope=length_slope(
            known["overall"].to_numpy(),
            known["characters"].to_numpy(),
            pc.rank(known["session_id"], tiebreaker="dense").to_numpy(),  # their order, not texts
        ),
        lengths=by_group(banded, "length", LENGTH_BANDS),
        spread=spread(Counter(judged["overall"].to_pylist())),
        disputed=share(sum(disputed), len(disputed)),
        capped=dict(Counter(cap for some in caps for cap in some.split("; ")).most_common()),
        # The spread of a single sample is zero by definition and says nothing.
        sampling_spread=float(spreads.mean()) if (spreads > 0).any() else None,
        labels=_labels(judged, labels, min_overall),
    )


def _made_band(count: int) -> str:
    return _MADE_BANDS[0] if count <= 1 else _MADE_BANDS[1] if count <= 3 else _MADE_BANDS[2]


def _length_band(characters: int) -> str:
    return LENGTH_BANDS[bisect_left(_LENGTHS, characters)]


def _bands(values: pa.ChunkedArray, band: Callable[[int], str]) -> pa.Array:
    encoded = values.combine_chunks().dictionary_encode()
    names = pa.array([band(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return names.take(encoded.indices)


def _pattern(judged: pa.Table) -> Pattern:
    tools, completion = (
        judged[name].to_numpy() for name in ("tool_correctness", "task_completion")
    )
    joint = np.zeros((11, 11), dtype=int)
    np.add.at(joint, (tools.astype(int), completion.astype(int)), 1)
    shown = share(int(((tools >= FINE) & (completion <= POOR)).sum()), len(tools))
    holds = None
    if shown.value is not None:
        holds = "holds" if shown.value >= _HOLDS else "partly" if shown.value >= _PARTLY else "no"
    return Pattern(joint.tolist(), shown, holds)


def _labels(judged: pa.Table, labels: Mapping[str, Label], min_overall: float) -> Labels:
    named = pc.is_in(judged["turn_id"], pa.array(labels, pa.string()))
    rows = judged.filter(named).select(["turn_id", "session_id", *SCORES]).to_pylist()
    scores = {}
    for name in SCORES:
        both = [
            (row[name], labels[row["turn_id"]].scores[name], row["session_id"])
            for row in rows
            if name in labels[row["turn_id"]].scores
        ]
        if both:
            judge, human, sessions = zip(*both, strict=True)
            scores[name] = agreement(judge, human, sessions, min_overall)
    decisions = [
        keeps
        for row in rows
        if row["overall"] >= min_overall and (keeps := labels[row["turn_id"]].keeps) is not None
    ]
    return Labels(len(rows), scores, share(sum(decisions), len(decisions)))
