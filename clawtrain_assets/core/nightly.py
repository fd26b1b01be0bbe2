"""What one night brought, and how far the gate is now: for the person who looks in the morning."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clawtrain_assets.core.gate import Verdict, is_open
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.shadow.replay import REPLAYED
from clawtrain_assets.core.shadow.rule import JUDGED, PAIR

_SCORED = "scored"
_KEPT = "kept"
_NONE = "none"


@dataclass(frozen=True)
class Night:
    """One day's rows, counted by how they ended, beside the gate of all days.

    ``model_turns`` of ``turns`` are a model's own; ``scored``, ``replays`` and ``comparisons``
    count rows by status, ``replays`` for each candidate. ``kept``: training examples.
    """

    day: str
    turns: int
    model_turns: int
    scored: Mapping[str, int]
    replays: Mapping[str, Mapping[str, int]]
    comparisons: Mapping[str, int]
    kept: int
    gate: Sequence[Verdict]

    @property
    def sampled(self) -> int:
        return sum(sum(statuses.values()) for statuses in self.replays.values())

    @property
    def replayed(self) -> int:
        return sum(statuses.get(REPLAYED, 0) for statuses in self.replays.values())

    @property
    def pairs(self) -> int:
        return self.comparisons.get(PAIR, 0)

    @property
    def failed(self) -> dict[str, int]:
        """Judgments, replays and comparisons that ended in an error class, by class.

        A replay that failed has no comparison: its class counts once.
        """
        replays: Counter[str] = Counter()
        for statuses in self.replays.values():
            replays.update(_but(statuses, REPLAYED))
        classes = replays + Counter(_but(self.scored, _SCORED))
        classes.update(_but(self.comparisons, *JUDGED, *replays))
        return dict(classes.most_common())


def summarize(lake: Lake, day: str, gate: Sequence[Verdict]) -> Night:
    """Count the day's partitions of ``lake``; raises ClawtrainError if one is missing."""
    turns = lake.read("raw_turns", day, ["exclusion_reason"])
    replays: dict[str, Counter[str]] = {}
    for row in lake.read("shadow_replays", day, ["candidate_model", "status"]).to_pylist():
        replays.setdefault(row["candidate_model"], Counter())[row["status"]] += 1
    return Night(
        day=day,
        turns=turns.num_rows,
        model_turns=turns["exclusion_reason"].null_count,
        scored=_statuses(lake, "scored_turns", day),
        replays=replays,
        comparisons=_statuses(lake, "contrastive_pairs", day),
        kept=_statuses(lake, "sharegpt_dataset", day)[_KEPT],
        gate=gate,
    )


def in_one_line(night: Night) -> str:
    """The night as a line for a log."""
    missing = ", ".join(f"{v.name} {v.missing}" for v in night.gate if not v.passed)
    return (
        f"{night.day}: {_count(night.turns, 'turn')}, {night.scored.get(_SCORED, 0)} scored, "
        f"{night.kept} kept as examples; {night.sampled} sampled, {night.replayed} replayed, "
        f"{_count(night.pairs, 'pair')}; failed: {_list(night.failed)}. "
        + ("The gate is open." if is_open(list(night.gate)) else f"The gate still lacks {missing}.")
    )


def in_markdown(night: Night) -> str:
    """The night as a panel."""
    steps = [
        ("turns of the day", night.turns, f"{night.model_turns} of them a model's own"),
        ("scored", night.scored.get(_SCORED, 0), _list(_but(night.scored, _SCORED))),
        ("kept as training examples", night.kept, ""),
    ]
    for candidate, statuses in night.replays.items():
        sampled, failed = sum(statuses.values()), _list(_but(statuses, REPLAYED))
        steps.append((f"drawn for {candidate}", sampled, ""))
        steps.append((f"answered by {candidate}", statuses.get(REPLAYED, 0), failed))
    judged = {status: night.comparisons.get(status, 0) for status in JUDGED}
    failed = _list(_but(night.comparisons, *JUDGED))
    steps.append(("compared by the judge", sum(judged.values()), failed))
    steps.append(("pairs", night.pairs, _list(_but(judged, PAIR))))
    lines = [f"## {night.day}", "", "| step | count | remarks |", "|---|---:|---|"]
    lines += [f"| {step} | {count} | {why if why != _NONE else ''} |" for step, count, why in steps]
    lines += ["", f"## The gate is {'open' if is_open(list(night.gate)) else 'closed'}", ""]
    lines += ["| condition | count | of | missing | at this pace |", "|---|---:|---:|---:|---|"]
    lines += [
        f"| {v.name} | {v.count} | {v.threshold} | {v.missing} "
        f"| {'reached' if v.passed else v.reached_on or 'not at this pace'} |"
        for v in night.gate
    ]
    return "\n".join(lines) + "\n"


def _statuses(lake: Lake, table: str, day: str) -> Counter[str]:
    return Counter(lake.read(table, day, ["status"])["status"].to_pylist())


def _but(statuses: Mapping[str, int], *wanted: str) -> dict[str, int]:
    return {status: count for status, count in statuses.items() if status not in wanted and count}


def _list(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.items()) or _NONE


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
