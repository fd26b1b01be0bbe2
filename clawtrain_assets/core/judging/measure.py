"""What the judge's scores look like over all days, and how far they can be believed."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clawtrain_assets.core.judging.agreement import Agreement, agreement
from clawtrain_assets.core.judging.discernment import Spread, spread
from clawtrain_assets.core.judging.distributions import Distribution, by_group, distribution
from clawtrain_assets.core.judging.labels import Label
from clawtrain_assets.core.judging.length_bias import Slope, length_slope
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.shadow.stats import Share, share
from clawtrain_assets.core.shadow.strata import CALL_BANDS, TURN_BANDS, call_band, turn_band

if TYPE_CHECKING:  # a quarter of a second, which only the report is worth
    import pandas as pd

FINE, POOR = 8, 3  # "tools fine": tool_correctness from FINE on; "poor": task_completion up to POOR
_HOLDS, _PARTLY = 0.5, 0.1  # shares of turns that show it
_MADE_BANDS = ("1", "2-3", "4+")
_LENGTHS = tuple(2**power for power in range(6, 13))  # characters: 64, 128, ... 4096
LENGTH_BANDS = (*(f"to {most}" for most in _LENGTHS), "longer")
_DAYS_SHOWN = 31

# Days written before there were caps have no such column: nothing is known to be capped there.
_QUERY = """
WITH judged AS (SELECT * FROM scored UNION ALL BY NAME SELECT NULL::VARCHAR AS caps WHERE false)
SELECT s.turn_id, s.session_id, s.day, s.status, s.overall_disputed, s.spread, s.caps,
       s.judge_model, s.judge_digest, s.rubric_hash, {scores},
       coalesce(t.model, 'unknown') AS model, t.turn_index, t.calls_before, t.tool_call_count,
       length(coalesce(json_extract_string(t.response, '$.text'), ''))
         + length(coalesce(json_extract(t.response, '$.tool_calls')::VARCHAR, '')) AS characters
FROM judged s LEFT JOIN turns t ON t.turn_id = s.turn_id AND t.day = s.day
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


def read_scores(lake: Lake) -> "pd.DataFrame":
    """All scored turns with the facts they are grouped by; empty if there are none."""
    import pandas as pd

    if not lake.days("scored_turns") or not lake.days("raw_turns"):
        return pd.DataFrame()
    sql = _QUERY.format(scores=", ".join(f"s.{name}" for name in SCORES))
    found: pd.DataFrame = lake.query(sql, scored="scored_turns", turns="raw_turns").to_pandas()
    return found


def measure(
    scored: "pd.DataFrame", labels: Mapping[str, Label], min_overall: float = 7.0
) -> JudgeReport:
    """Measure the rows of ``read_scores``; scores of different judges or rubrics never mix.

    ``min_overall`` is the overall from which the judge keeps a turn.
    """
    if scored.empty:
        return JudgeReport(0, [])
    found = [
        _series(SeriesKey(*map(str, key)), rows, labels, min_overall)
        for key, rows in scored.groupby(list(SeriesKey._fields), dropna=False)
    ]
    recent = sorted(found, key=lambda one: (one.last_day, one.whole.n), reverse=True)
    return JudgeReport(len(scored), recent)


def _series(
    key: SeriesKey, rows: "pd.DataFrame", labels: Mapping[str, Label], min_overall: float
) -> Series:
    judged = rows.dropna(subset=["overall"])
    known = judged.dropna(subset=["characters", "turn_index"])
    banded = known.assign(
        depth=[turn_band(int(index)) for index in known["turn_index"]],
        before=[call_band(int(count)) for count in known["calls_before"]],
        made=[_made_band(int(count)) for count in known["tool_call_count"]],
        length=[LENGTH_BANDS[bisect_left(_LENGTHS, count)] for count in known["characters"]],
    )
    days = sorted(judged["day"].unique())
    disputed = judged["overall_disputed"].dropna()
    spreads = judged["spread"].dropna()
    return Series(
        key=key,
        first_day=str(rows["day"].min()),
        last_day=str(rows["day"].max()),
        statuses=dict(Counter(rows["status"]).most_common()),
        whole=distribution("all turns", judged),
        pattern=_pattern(judged),
        groups={
            "Model that wrote the turn": by_group(judged, "model"),
            "Turn of the session": by_group(banded, "depth", TURN_BANDS),
            "Calls in the turn": by_group(banded, "made", _MADE_BANDS),
            "Calls earlier in the session": by_group(banded, "before", CALL_BANDS),
            "Day": by_group(judged[judged["day"].isin(days[-_DAYS_SHOWN:])], "day"),
        },
        days_left_out=max(0, len(days) - _DAYS_SHOWN),
        slope=length_slope(
            *(known[name].to_list() for name in ("overall", "characters", "session_id"))
        ),
        lengths=by_group(banded, "length", LENGTH_BANDS),
        spread=spread(Counter(judged["overall"])),
        disputed=share(int(disputed.astype(bool).sum()), len(disputed)),
        capped=dict(Counter(judged["caps"].dropna().str.split("; ").explode()).most_common()),
        # The spread of a single sample is zero by definition and says nothing.
        sampling_spread=float(spreads.mean()) if (spreads > 0).any() else None,
        labels=_labels(judged, labels, min_overall),
    )


def _made_band(count: int) -> str:
    return _MADE_BANDS[0] if count <= 1 else _MADE_BANDS[1] if count <= 3 else _MADE_BANDS[2]


def _pattern(judged: "pd.DataFrame") -> Pattern:
    tools, completion = judged["tool_correctness"], judged["task_completion"]
    joint = np.zeros((11, 11), dtype=int)
    np.add.at(joint, (tools.astype(int).to_numpy(), completion.astype(int).to_numpy()), 1)
    shown = share(int(((tools >= FINE) & (completion <= POOR)).sum()), len(judged))
    holds = None
    if shown.value is not None:
        holds = "holds" if shown.value >= _HOLDS else "partly" if shown.value >= _PARTLY else "no"
    return Pattern(joint.tolist(), shown, holds)


def _labels(judged: "pd.DataFrame", labels: Mapping[str, Label], min_overall: float) -> Labels:
    rows = judged[judged["turn_id"].isin(list(labels))]
    scores = {}
    for name in SCORES:
        both = [
            (row[name], labels[row["turn_id"]].scores[name], row["session_id"])
            for row in rows.to_dict("records")
            if name in labels[row["turn_id"]].scores
        ]
        if both:
            judge, human, sessions = zip(*both, strict=True)
            scores[name] = agreement(judge, human, sessions, min_overall)
    decisions = [
        labels[turn_id].keeps
        for turn_id in rows.loc[rows["overall"] >= min_overall, "turn_id"]
        if labels[turn_id].keeps is not None
    ]
    return Labels(len(rows), scores, share(sum(map(bool, decisions)), len(decisions)))
