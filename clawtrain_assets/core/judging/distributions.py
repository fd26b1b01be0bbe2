"""How the judge uses its scale, over all turns and in each group of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clawtrain_assets.core.schemas import SCORES

if TYPE_CHECKING:
    import pandas as pd

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


def distribution(name: str, scored: "pd.DataFrame") -> Distribution:
    """Over the rows that have scores; columns as ``schemas.SCORES``, 0 to 10."""
    rows = scored.dropna(subset=["overall"])
    counts, means, medians = {}, {}, {}
    for score in SCORES:
        values = rows[score].to_numpy(float)
        counts[score] = np.bincount(np.floor(values).astype(int), minlength=11).tolist()
        means[score] = float(values.mean()) if len(values) else None
        medians[score] = float(np.median(values)) if len(values) else None
    return Distribution(name, len(rows), counts, means, medians)


def by_group(
    scored: "pd.DataFrame", column: str, order: Sequence[str] | None = None
) -> list[Distribution]:
    """One distribution per value of ``column`` that has scored rows, in ``order`` or sorted."""
    groups = {
        str(name): distribution(str(name), rows) for name, rows in scored.groupby(column, sort=True)
    }
    names = groups if order is None else [name for name in order if name in groups]
    return [groups[name] for name in names if groups[name].n]
