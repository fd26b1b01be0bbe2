"""contrastive_pairs: both arms of every replay judged blind, and which of them differ enough."""

from typing import Any

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import Fleet
from clawtrain_assets.core.shadow.gap import measure
from clawtrain_assets.core.shadow.night import turns_by_id
from clawtrain_assets.core.shadow.pairs import compare
from clawtrain_assets.core.shadow.report import figures
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview, status_counts
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.progress import log_progress
from clawtrain_assets.defs.resources import EndpointResource, Workspace
from clawtrain_assets.instance.pools import JUDGE_POOL


@dg.asset(
    partitions_def=DAILY,
    deps=["raw_turns", "shadow_replays"],
    group_name="shadow",
    owners=[SETTINGS.owner],
    kinds={"ollama", "parquet"},
    pool=JUDGE_POOL,
    metadata=definition(schemas.CONTRASTIVE_PAIRS),
    description=(
        "One row per replay: both arms scored blind by the same rubric. A pair needs a median gap "
        "of [shadow] min_gap and samples that do not overlap; every other row says why it is none."
    ),
)
@discreet
def contrastive_pairs(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    judge: dg.ResourceParam[EndpointResource],
) -> dg.MaterializeResult[None]:
    day = context.partition_key
    replays = workspace.lake.read("shadow_replays", day).to_pylist()

    turns = turns_by_id(workspace.lake, replays)
    scrubber = workspace.model_scrub(
        turns.values(), judge.endpoint(), *workspace.settings.candidates
    )

    async def judge_arms(fleet: Fleet) -> list[dict[str, Any]]:
        return await compare(
            replays,
            turns,
            fleet,
            workspace.journal,
            workspace.rubric,
            workspace.settings.shadow,
            workspace.settings.judging,
            log_progress(
                context.log,
                workspace.reference_price(turns.values(), day),
                workspace.settings.metrics,
                "pairs",
            ),
            scrubber.text if scrubber else None,
        )

    rows = judge.ask(judge_arms) if replays else []
    table = workspace.lake.write_rows("contrastive_pairs", day, rows, schemas.CONTRASTIVE_PAIRS)
    statuses = table["status"].to_pylist()
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": table.num_rows,
            "pairs": statuses.count("pair"),
            **figures(measure(table, min_gap=workspace.settings.shadow.min_gap)),
            "status": status_counts(table),
            "comparisons": preview(
                table, ["turn_id", "status", "gap", "reference_overall", "candidate_overall"]
            ),
        }
    )
