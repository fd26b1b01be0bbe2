"""shadow_replays: a day's sample of reference turns, answered again by the local model."""

from dataclasses import replace
from functools import partial
from typing import Any

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import Fleet
from clawtrain_assets.core.privacy.turns import scrub_turn
from clawtrain_assets.core.shadow.night import draw
from clawtrain_assets.core.shadow.replay import arm, replay
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview, status_counts
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.progress import log_progress
from clawtrain_assets.defs.resources import (
    CANDIDATE_POOL,
    CANDIDATES,
    EndpointResource,
    Workspace,
)


@dg.asset(
    partitions_def=DAILY,
    deps=["raw_turns", "scored_turns"],
    group_name="shadow",
    owners=[SETTINGS.owner],
    kinds={"ollama", "parquet"},
    pool=CANDIDATE_POOL,
    required_resource_keys={"workspace", *CANDIDATES},
    metadata=definition(schemas.SHADOW_REPLAYS),
    description=(
        "Up to [shadow] nightly reference turns of the day, drawn by depth, tool and kind of "
        "session, answered again by each candidate with the same context and tools. A quiet day "
        "is filled from the days before. A cut or empty reply is an error class, not an answer."
    ),
)
@discreet
def shadow_replays(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    workspace: Workspace = context.resources.workspace
    day = context.partition_key
    rows: list[dict[str, Any]] = []
    for role in CANDIDATES:
        candidate: EndpointResource = getattr(context.resources, role)
        rows += candidate.ask(partial(_replay, context, workspace, day, candidate))
    table = workspace.lake.write_rows("shadow_replays", day, rows, schemas.SHADOW_REPLAYS)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": table.num_rows,
            "status": status_counts(table),
            "replays": preview(
                table, ["turn_id", "stratum", "candidate_model", "status", "latency_s"]
            ),
        }
    )


async def _replay(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    day: str,
    candidate: EndpointResource,
    fleet: Fleet,
) -> list[dict[str, Any]]:
    # The name the rows carry: a server completes the configured one (qwen3 is qwen3:latest).
    name = arm((await fleet.identity()).model, candidate.temperature)
    sampled = draw(workspace.lake, day, name, workspace.settings.shadow)
    if not sampled:
        context.log.info(f"No turn of {day} is left to replay for {name}.")
    scrubber = workspace.model_scrub([item.turn for item in sampled], candidate.endpoint())
    if scrubber is not None:
        sampled = [replace(item, turn=scrub_turn(item.turn, scrubber)) for item in sampled]
    price = workspace.reference_price([item.turn for item in sampled], day)
    progress = log_progress(context.log, price, workspace.settings.metrics, "replay")
    return await replay(sampled, fleet, workspace.journal, progress, candidate.temperature)
