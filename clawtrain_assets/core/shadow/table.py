"""The gap report as a table: one row a group of turns."""

from collections.abc import Iterator
from typing import Any

from clawtrain_assets.core.shadow.findings import Cell, GapReport, Series
from clawtrain_assets.core.shadow.stats import Mean


def gap_rows(report: GapReport) -> list[dict[str, Any]]:
    """Rows of ``schemas.GAP``, in the report's order."""
    return [
        {
            "candidate_model": series.key.candidate_model,
            "judge_model": series.key.judge_model,
            "group": group,
            "cell": cell,
            "n": gap.n,
            "gap": gap.value,
            "low": gap.low,
            "high": gap.high,
        }
        for series in report.series
        for group, cell, gap in _cells(series)
    ]


def _cells(series: Series) -> Iterator[tuple[str, str, Mean]]:
    yield "All turns", series.overall.name, series.overall.gap
    for dimension, gap in series.dimensions.items():
        yield "Dimension", dimension, gap
    groups: dict[str, tuple[Cell, ...]] = {
        **{name: tuple(cells) for name, cells in series.groups.items()},
        "Day": tuple(series.days),
    }
    for group, cells in groups.items():
        for cell in cells:
            yield group, cell.name, cell.gap
