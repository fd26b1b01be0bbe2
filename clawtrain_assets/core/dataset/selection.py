"""Which examples of all days go into a release: questions for DuckDB, no text is read.

The answer is a table: as Python objects the facts of ten million examples fill a machine's memory.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core.dataset.neardup import near_duplicates
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.schemas import SCORES

_JUDGE = ("judge_model", "judge_digest", "rubric_hash")
_STATUSES = "SELECT status, count(*) AS n FROM examples GROUP BY status ORDER BY status"
# What becomes of each kept example. Of equal ones the best scored is the first, so whatever is
# below the threshold comes after one that is not.
_SEEN = """
seen AS (
    SELECT example_id, turn_id, day, overall, CASE
        WHEN bool_or(turn_id IN (SELECT unnest($excluded))) OVER (PARTITION BY fingerprint)
            THEN 'dropped_by_review'
        WHEN overall < $minimum THEN 'dropped_below_threshold'
        WHEN row_number() OVER (PARTITION BY fingerprint ORDER BY overall DESC, day, turn_id) > 1
            THEN 'dropped_duplicate_over_days'
        ELSE 'chosen' END AS fate
    FROM examples WHERE status = 'kept'
)
"""
_FATES = f"WITH {_SEEN} SELECT fate, count(*) AS n FROM seen GROUP BY fate ORDER BY fate"
_CHOSEN = f"""
WITH {_SEEN}, judged AS ($judged)
SELECT example_id, turn_id, day, overall, scores, {", ".join(_JUDGE)}
FROM seen LEFT JOIN judged USING (turn_id, day)
WHERE fate = 'chosen' ORDER BY day, turn_id
"""
_JUDGED = f"""
SELECT turn_id, day, {", ".join(_JUDGE)},
    struct_pack({", ".join(f"{name} := {name}" for name in SCORES)}) AS scores
FROM scores WHERE status = 'scored' AND overall >= $minimum
"""
_TABLE = pa.schema(
    [
        ("example_id", pa.string()),
        ("turn_id", pa.string()),
        ("day", pa.string()),
        ("overall", pa.float64()),
        ("scores", pa.struct([(name, pa.float64()) for name in SCORES])),
        *((name, pa.string()) for name in _JUDGE),
    ]
)


@dataclass
class Selection:
    """The chosen examples' facts, in the order of their days, and counts of what was left out.

    ``scores`` of an example are the judge's five, null if they are not known. ``held`` are examples
    and pairs kept back because of what was, or may be, left in them.
    """

    chosen: pa.Table = field(default_factory=_TABLE.empty_table)
    counts: Counter[str] = field(default_factory=Counter)
    judges: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)

    def by_day(self) -> Iterator[tuple[str, pa.Table]]:
        """The part of ``chosen`` of each day that has one, oldest first."""
        start = 0
        for run in pc.value_counts(self.chosen["day"]):  # in the order of the first of each
            day, length = run["values"].as_py(), run["counts"].as_py()
            yield day, self.chosen.slice(start, length)
            start += length


def select(lake: Lake, min_overall: float, excluded_turns: Collection[str]) -> Selection:
    """Kept examples of all days, none twice or nearly so: the best scored stays, then the earliest.

    ``excluded_turns`` are turns a reviewer rejected or found a leak in; what equals one goes too.
    """
    selection = Selection()
    if not lake.days("sharegpt_dataset"):
        return selection
    for row in lake.query(_STATUSES, examples="sharegpt_dataset").to_pylist():
        name = "kept_by_day" if row["status"] == "kept" else f"not_kept_{row['status']}"
        selection.counts[name] = row["n"]
    fates = _filled(_FATES, min_overall, excluded_turns)
    for row in lake.query(fates, examples="sharegpt_dataset").to_pylist():
        if row["fate"] != "chosen":
            selection.counts[row["fate"]] = row["n"]
    selection.chosen = _chosen(lake, min_overall, excluded_turns)
    gone = near_duplicates(lake, selection.chosen)
    selection.counts["dropped_near_duplicate"] = len(gone)
    near = pc.is_in(selection.chosen["example_id"], pa.array(list(gone), pa.string()))
    selection.chosen = selection.chosen.filter(pc.invert(near))
    selection.judges = _judges(selection.chosen)
    return selection


def _chosen(lake: Lake, min_overall: float, excluded_turns: Collection[str]) -> pa.Table:
    tables = {"examples": "sharegpt_dataset"}
    if lake.days("scored_turns"):
        tables["scores"] = "scored_turns"
        judged = _JUDGED
    else:
        nothing = ", ".join(f"NULL AS {name}" for name in ("turn_id", "day", "scores", *_JUDGE))
        judged = f"SELECT {nothing} WHERE false"
    sql = _filled(_CHOSEN.replace("$judged", judged), min_overall, excluded_turns)
    return lake.query(sql, **tables).cast(_TABLE)


def _filled(sql: str, min_overall: float, excluded_turns: Collection[str]) -> str:
    quoted = ("'" + turn_id.replace("'", "''") + "'" for turn_id in sorted(excluded_turns))
    excluded = f"[{', '.join(quoted)}]::VARCHAR[]"
    return sql.replace("$excluded", excluded).replace("$minimum", repr(float(min_overall)))


def _judges(chosen: pa.Table) -> list[dict[str, Any]]:
    """Who gave the scores, and of how many examples."""
    judged = chosen.filter(pc.is_valid(chosen["scores"]))
    counted = judged.group_by(list(_JUDGE)).aggregate([([], "count_all")]).to_pylist()
    rows = [
        {**{name: row[name] for name in _JUDGE}, "examples": row["count_all"]} for row in counted
    ]
    return sorted(rows, key=lambda row: str(list(row.values())))
