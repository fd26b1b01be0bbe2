"""raw_turns: every assistant turn of a day, self-contained, attributed and costed."""

from collections import Counter
from typing import Any

import dagster as dg
import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.sessions.coverage import Coverage, shares
from clawtrain_assets.core.sessions.extract import extract
from clawtrain_assets.core.sessions.quarantine import write_quarantine
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import counts, definition, preview, whole
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.resources import Workspace

_SHOWN = [
    "turn_id",
    "session_kind",
    "model",
    "cost_usd",
    "tool_call_count",
    "exclusion_reason",
    "is_tool_use",
    "attribution_source",
    "cost_state",
    "source_family",
]
_DAYS_SHOWN = 60


@dg.asset(
    partitions_def=DAILY,
    deps=["session_archive"],
    group_name="ingest",
    owners=[SETTINGS.owner],
    kinds={"parquet"},
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=definition(schemas.TURNS),
    description=(
        "One row per assistant turn, with its request, bounded context, response and outcome, the "
        "model that wrote it and what it cost. What is not a model's turn stays, with the reason; "
        "lines that cannot be read are in the quarantine table."
    ),
)
@discreet
def raw_turns(context: dg.AssetExecutionContext, workspace: Workspace) -> None:
    settings, lake = workspace.settings, workspace.lake
    days = context.partition_keys
    extraction = extract(
        workspace.archive, settings.sources, settings.zone, settings.prices, frozenset(days)
    )
    rows = lake.write_days("raw_turns", days, extraction.batches(), schemas.TURNS)
    write_quarantine(lake, extraction.quarantine)
    report = extraction.report
    coverage = Coverage(lake)
    history = {
        "days": whole(coverage.by_day(_DAYS_SHOWN)),
        "models": whole(coverage.by_model()),
        "attribution sources": whole(coverage.by_source()),
        "lost to rotation": whole(coverage.lost(report.gaps)),
    }
    for day in days:
        context.add_asset_metadata(
            asset_key=context.asset_key,
            partition_key=day,
            metadata={
                "dagster/partition_row_count": rows[day],
                **_facts(lake.read("raw_turns", day, _SHOWN)),
                "conversations without their beginning": report.gaps[day],
                **(history if day == max(days) else {}),  # the same for all days of a run
                "lines read in this run": report.lines,
                "lines quarantined in this run": report.quarantined_lines,
                "conflicts with lcm in this run": report.lcm_conflicts,
            },
        )


def _facts(turns: pa.Table) -> dict[str, Any]:
    costs = [cost for cost in turns["cost_usd"].to_pylist() if cost is not None]
    return {
        "model turns": turns["exclusion_reason"].null_count,
        "tool-use turns": turns["is_tool_use"].to_pylist().count(True),
        **({"cost USD": round(sum(costs), 4)} if costs else {}),  # unpriced is not free
        "excluded": _tally(turns, "exclusion_reason"),
        **shares(turns),
        "models of the day": _tally(turns, "model"),
        "attribution": _tally(turns, "attribution_source"),
        "cost states": _tally(turns, "cost_state"),
        "turns": preview(turns, _SHOWN[:6]),
    }


def _tally(turns: pa.Table, column: str) -> dg.MetadataValue:
    found = Counter(value for value in turns[column].to_pylist() if value is not None)
    return counts(dict(found.most_common()), column)
