"""The measured gap: where and by how much the local model falls short of the reference."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from statistics import median
from typing import Any

import msgspec
import pyarrow as pa

from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.core.shadow.curriculum import curriculum
from clawtrain_assets.core.shadow.findings import (
    LONGER_ALARM,
    Cell,
    Economy,
    GapReport,
    Length,
    Series,
    SeriesKey,
    Trust,
)
from clawtrain_assets.core.shadow.noise import pair_rate, pooled_sd
from clawtrain_assets.core.shadow.rule import JUDGED, PAIR, overalls
from clawtrain_assets.core.shadow.stats import Mean, mean, share
from clawtrain_assets.core.shadow.strata import (
    CALL_BANDS,
    TURN_BANDS,
    call_band,
    tool_of,
    turn_band,
)
from clawtrain_assets.core.turn import RECORDED, Message


def measure(
    pairs: pa.Table, traffic: Mapping[str, int] | None = None, min_gap: float = 3.0
) -> GapReport:
    """Measure the gap from all rows of ``contrastive_pairs`` (schemas.CONTRASTIVE_PAIRS).

    Every judged turn counts, not only the pairs: a mean over pairs would be large by selection.
    Rows with an error class are counted and excluded from means. Scores of different candidates,
    judges or rubrics are never averaged. ``traffic`` is the number of reference turns per stratum
    (text form of ``strata.Stratum``); with it the curriculum weighs by real frequency, without it
    by frequency in the sample, which is balanced by depth on purpose. ``min_gap`` is the rule's.
    """
    rows = sorted((_Row(row) for row in pairs.to_pylist()), key=lambda row: row.key)
    series = [
        _series(key, list(members), traffic, min_gap)
        for key, members in groupby(rows, key=lambda row: row.key)
    ]
    days = sorted({row.day for row in rows})
    return GapReport(
        rows=len(rows),
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        min_gap=min_gap,
        frequency_of="traffic" if traffic else "sample",
        series=sorted(series, key=lambda one: -sum(one.statuses.values())),
    )


class _Row:
    """A row of the table with what the groupings need, decoded once."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.raw = row
        self.key = SeriesKey(*(row[name] or "unknown" for name in SeriesKey._fields))
        self.day: str = row["day"]
        self.session: str = row["session_id"]
        self.turn_id: str = row["turn_id"]
        self.status: str = row["status"]
        self.judged = self.status in JUDGED
        self.chosen: str | None = row["chosen_arm"]
        self.gap: float = row["gap"] if self.judged else 0.0
        self.turns = turn_band(row["turn_index"] or 1)
        self.calls = call_band(row["calls_before"] or 0)
        self.kind: str = row["session_kind"] or "unknown"
        self.reference = _message(row["reference"])
        self.candidate = _message(row["candidate"])
        self.tool = tool_of(self.reference)
        self.failure: str | None = row["failure_class"]


def _series(
    key: SeriesKey, rows: list[_Row], traffic: Mapping[str, int] | None, min_gap: float
) -> Series:
    judged = [row for row in rows if row.judged]
    length, trust = _length(judged), _trust(rows, judged, min_gap)
    by_tool = Counter(row.tool for row in judged)
    return Series(
        key=key,
        statuses=dict(Counter(row.status for row in rows).most_common()),
        overall=_cell("all turns", judged),
        dimensions={name: _dimension(name, judged) for name in SCORES},
        groups={
            "Turn in the session": _cells(judged, lambda row: row.turns, TURN_BANDS),
            "Tool calls so far": _cells(judged, lambda row: row.calls, CALL_BANDS),
            "Tool": _cells(
                judged, lambda row: row.tool, [tool for tool, _ in by_tool.most_common()]
            ),
            "Kind of session": _cells(
                judged, lambda row: row.kind, sorted({row.kind for row in judged})
            ),
        },
        days=_cells(judged, lambda row: row.day, sorted({row.day for row in judged})),
        length=length,
        economy=_economy(judged),
        trust=trust,
        failures=dict(Counter(row.failure for row in judged if row.failure).most_common()),
        lessons=curriculum(
            [
                (row.turns, row.tool, row.gap, row.session, row.turn_id, row.failure)
                for row in judged
            ],
            traffic,
        ),
        warnings=_warnings(key, judged, length, trust),
    )


def _cells(rows: list[_Row], name: Callable[[_Row], str], order: Sequence[str]) -> list[Cell]:
    members: dict[str, list[_Row]] = {}
    for row in rows:
        members.setdefault(name(row), []).append(row)
    return [_cell(group, members[group]) for group in order if group in members]


def _cell(name: str, rows: list[_Row]) -> Cell:
    pairs = [row for row in rows if row.status == PAIR]
    better = Counter(row.chosen for row in pairs)
    return Cell(
        name=name,
        gap=mean([row.gap for row in rows], [row.session for row in rows]),
        reference_better=better["reference"],
        unclear=len(rows) - len(pairs),
        candidate_better=better["candidate"],
    )


def _dimension(name: str, rows: list[_Row]) -> Mean:
    scored = [
        (row.raw[f"reference_{name}"] - row.raw[f"candidate_{name}"], row.session)
        for row in rows
        if row.raw[f"reference_{name}"] is not None and row.raw[f"candidate_{name}"] is not None
    ]
    return mean([gap for gap, _ in scored], [session for _, session in scored])


def _length(rows: list[_Row]) -> Length:
    pairs = [row for row in rows if row.status == PAIR]
    longer = 0
    for row in pairs:
        reference, candidate = _characters(row.reference), _characters(row.candidate)
        longer += reference > candidate if row.chosen == "reference" else candidate > reference
    proportion = share(longer, len(pairs))
    return Length(
        chosen_longer=proportion,
        alarm=proportion.value is not None and proportion.value > LONGER_ALARM,
        reference_median=_median([_characters(row.reference) for row in rows]),
        candidate_median=_median([_characters(row.candidate) for row in rows]),
    )


def _economy(rows: list[_Row]) -> Economy:
    priced = [row for row in rows if row.raw["reference_cost_usd"] is not None]
    ratios = [
        row.raw["candidate_latency_s"] / row.raw["reference_latency_s"]
        for row in rows
        if row.raw["candidate_latency_s"] is not None and row.raw["reference_latency_s"]
    ]
    return Economy(
        priced=len(priced),
        spent=sum(row.raw["reference_cost_usd"] for row in priced),
        saved=sum(row.raw["reference_cost_usd"] for row in priced if row.chosen != "reference"),
        timed=len(ratios),
        latency_ratio=_median(ratios),
    )


def _trust(rows: list[_Row], judged: list[_Row], min_gap: float) -> Trust:
    arms = [
        overalls(json.loads(row.raw[f"{arm}_samples"] or "[]"))
        for row in judged
        for arm in ("reference", "candidate")
    ]
    sd = pooled_sd(arms)
    samples = int(median(len(arm) for arm in arms)) if arms else 0
    null = [row.raw["null_status"] for row in judged if row.raw["null_status"] is not None]
    checks = [row.raw["order_check"] for row in judged if row.raw["order_check"] is not None]
    return Trust(
        null_pairs=share(null.count(PAIR), len(null)),
        samples=samples,
        judge_sd=sd,
        expected_null=None if sd is None else pair_rate(7.5, 7.5, sd, samples, min_gap),
        flips=share(checks.count("flipped"), len(checks)),
        failed=share(len(rows) - len(judged), len(rows)),
    )


def _warnings(key: SeriesKey, judged: list[_Row], length: Length, trust: Trust) -> list[str]:
    found = []
    if key.judge_digest == key.candidate_digest:
        found.append(
            "The judge is the candidate itself, and models prefer their own words. "
            "Set a judge of another family than both sides."
        )
    if length.alarm and length.chosen_longer.n >= 10:
        found.append(
            f"The better reply is the longer one in {length.chosen_longer.value:.0%} of the "
            f"{length.chosen_longer.n} pairs: the judge may be rewarding length."
        )
    if trust.samples == 1:
        found.append(
            "Each reply was judged once: the rule cannot tell a gap from the judge's noise. "
            "Set shadow.samples to 3 or more."
        )
    if trust.expected_null is not None and trust.expected_null > 0.05:
        found.append(
            f"The judge varies by {trust.judge_sd:.1f} points from sample to sample: more than one "
            "pair in twenty between equal replies. Raise shadow.samples or take a steadier judge."
        )
    if trust.failed.value is not None and trust.failed.value > 0.15:
        found.append(
            f"{trust.failed.count} of {trust.failed.n} turns ended in an error class. Turns that "
            "fail are not a random part, so the gap over the others may be too kind."
        )
    guessed = sum(not (row.raw["tools_source"] or "").startswith(RECORDED) for row in judged)
    if guessed > len(judged) / 2:
        found.append(
            f"The tool definitions of {guessed} of {len(judged)} turns were not recorded: the "
            "candidate was shown our own wording and what calls reveal, not what the reference had."
        )
    return found


def _message(text: str | None) -> Message:
    return msgspec.json.decode(text, type=Message) if text else Message("assistant")


def _characters(message: Message) -> int:
    return len(message.text) + sum(
        len(call.name) + len(json.dumps(call.arguments, ensure_ascii=False))
        for call in message.tool_calls
    )


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None
