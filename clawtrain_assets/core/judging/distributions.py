"""How the judge uses its scale: counts for a plot."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core.schemas import SCORES


def distributions(scored: pa.Table) -> list[dict[str, Any]]:
    """Rows ``{score, value, count, share}`` over a SCORED_TURNS table.

    ``value`` runs from 0 to 10 for each of the five scores, medians rounded half up; turns
    without scores are in no row. A judge that puts everything into two values measures little.
    """
    rows = []
    for name in SCORES:
        whole = pc.floor(pc.add(scored[name].drop_null(), 0.5))
        counted = {
            int(entry["values"]): entry["counts"] for entry in whole.value_counts().to_pylist()
        }
        total = sum(counted.values())
        for value in range(11):
            count = counted.get(value, 0)
            share = count / total if total else 0.0
            rows.append({"score": name, "value": value, "count": count, "share": share})
    return rows
