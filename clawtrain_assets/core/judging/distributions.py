"""How the judge uses its scale, over all turns and in each group of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core.schemas import SCORES

LOW, GOOD = 4, 7  # scores below LOW are poor, from GOOD on worth learning from


@dataclass(frozen=True)
class Distribution:
    """``counts[name][v]`` turns whose score lies in [v, v + 1); a median of 6.5 is no 7.

    ``means`` and ``medians`` are None where no turn of the group was scored.
    """

    name: str
    n: int
    counts: dict[str, list[int]]
    means: dict[str, float | None]
    medians: dict[str, float | None]

    def bands(self, score: str) -> tuple[int, int, int]:
        """Turns that are poor, in between, and good."""
        counts = self.counts[score]
        return sum(counts[:LOW]), sum(counts[LOW:GOOD]), sum(counts[GOOD:])


def distribution(name: str, scored: pa.Table) -> Distribution:
    """Over the rows that have scores; columns as ``schemas.SCORES``, 0 to 10."""
    rows = scored.filter(pc.is_valid(scored["overall"]))
    counts, means, medians = {}, {}, {}
    for score in SCORES:
        values = rows[score].to_numpy()
        counts[score] = np.bincount(np.floor(values).astype(int), minlength=11).tolist()
        means[score] = float(values.mean()) if len(values) else None
        medians[score] = float(np.median(values)) if len(values) else None
    return Distribution(name, rows.num_rows, counts, means, medians)


def by_group(
    scored: pa.Table, column: str, order: Sequence[str] | None = None
) -> list[Distribution]:
    """One distribution per value of ``column`` that has scored rows, in ``order`` or sorted."""
    rows = scored.select([column, *SCORES])
    names = order or sorted(pc.unique(rows[column]).to_pylist())
    groups = [distribution(name, rows.filter(pc.equal(rows[column], name))) for name in names]
    return [group for group in groups if group.n]
