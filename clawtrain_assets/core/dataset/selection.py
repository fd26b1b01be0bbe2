"""Which examples of all days go into a release: a question for DuckDB, no text is read."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.neardup import near_duplicates
from clawtrain_assets.core.lake import Lake

_SCORE_COLUMNS = ("tool_correctness", "task_completion", "instruction_adherence", "efficiency")

_CANDIDATES = """
SELECT example_id, turn_id, session_id, day, fingerprint, overall, source_file, source_line
FROM examples WHERE status = 'kept' ORDER BY overall DESC, day, turn_id
"""
_STATUSES = "SELECT status, count(*) AS n FROM examples GROUP BY status ORDER BY status"
_SCORES = f"""
SELECT turn_id, day, {", ".join(_SCORE_COLUMNS)}, overall, judge_model, judge_digest, rubric_hash
FROM scores WHERE status = 'scored' AND overall >= $minimum
"""


@dataclass
class Selection:
    """The chosen examples' facts by id, best scored first, and counts of what was left out.

    ``held`` are examples and pairs kept back because of what was, or may be, left in them.
    """

    chosen: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    judges: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)


def select(lake: Lake, min_overall: float, excluded_turns: Collection[str]) -> Selection:
    """Kept examples of all days, none twice or nearly so: the best scored stays, then the earliest.

    ``excluded_turns`` are turns a reviewer rejected or found a leak in; what equals one goes too.
    """
    selection = Selection()
    if not lake.days("sharegpt_dataset"):
        return selection
    for row in lake.query(_STATUSES, examples="sharegpt_dataset").to_pylist():
        if row["status"] != "kept":
            selection.counts[f"not_kept_{row['status']}"] = row["n"]
    seen: set[str] = set()
    rows = lake.query(_CANDIDATES, examples="sharegpt_dataset").to_pylist()
    turned_down = {row["fingerprint"] for row in rows if row["turn_id"] in excluded_turns}
    for row in rows:
        selection.counts["kept_by_day"] += 1
        if row["fingerprint"] in turned_down:
            selection.counts["dropped_by_review"] += 1
        elif row["overall"] < min_overall:
            selection.counts["dropped_below_threshold"] += 1
        elif row["fingerprint"] in seen:
            selection.counts["dropped_duplicate_over_days"] += 1
        else:
            seen.add(row["fingerprint"])
            selection.chosen[row["example_id"]] = row
    _drop_near_duplicates(lake, selection)
    _add_scores(lake, selection, min_overall)
    return selection


def _drop_near_duplicates(lake: Lake, selection: Selection) -> None:
    gone = near_duplicates(lake, selection.chosen)
    selection.counts["dropped_near_duplicate"] = len(gone)
    for example_id in gone:
        del selection.chosen[example_id]


def _add_scores(lake: Lake, selection: Selection, min_overall: float) -> None:
    """The five scores and the judge beside each chosen example, for the lineage and the review."""
    judged: dict[tuple[str, str], dict[str, Any]] = {}
    if lake.days("scored_turns"):
        sql = _SCORES.replace("$minimum", repr(float(min_overall)))
        rows = lake.query(sql, scores="scored_turns").to_pylist()
        judged = {(row["turn_id"], row["day"]): row for row in rows}
    judges: Counter[tuple[str, str, str]] = Counter()
    for row in selection.chosen.values():
        score = judged.get((row["turn_id"], row["day"]))
        row["scores"] = score and {name: score[name] for name in schemas.SCORES}
        if score:
            judges[score["judge_model"], score["judge_digest"], score["rubric_hash"]] += 1
    selection.judges = [
        {"judge_model": model, "judge_digest": digest, "rubric_hash": rubric, "examples": n}
        for (model, digest, rubric), n in sorted(judges.items(), key=str)
    ]
