"""scored_turns: the judge's five scores for every tool-use turn of a day."""

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import Fleet
from clawtrain_assets.core.judging.judge import eligible, judge_turns
from clawtrain_assets.core.sessions.rows import turns_from_table
from clawtrain_assets.defs.metadata import definition, preview, status_counts
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.progress import log_progress
from clawtrain_assets.defs.resources import JUDGE_POOL, RETRY, EndpointResource, Workspace


@dg.asset(
    partitions_def=DAILY,
    deps=["raw_turns"],
    group_name="judging",
    owners=[SETTINGS.owner],
    kinds={"ollama", "parquet"},
    pool=JUDGE_POOL,
    retry_policy=RETRY,
    metadata=definition(schemas.SCORED_TURNS),
    description=(
        "One row per tool-use turn of the day: tool_correctness, task_completion, "
        "instruction_adherence, efficiency and overall (0-10) with all samples, or the reason "
        "there is none. Every verdict is journaled first, so a stopped run goes on where it was."
    ),
)
def scored_turns(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    judge: dg.ResourceParam[EndpointResource],
) -> dg.MaterializeResult[None]:
    day = context.partition_key
    turns = [t for t in turns_from_table(workspace.lake.read("raw_turns", day)) if eligible(t)]

    async def score(fleet: Fleet) -> list[dict[str, object]]:
        return await judge_turns(
            turns,
            fleet,
            workspace.journal,
            workspace.rubric,
            workspace.settings.judging,
            log_progress(context.log),
            workspace.judge_scrub(judge.endpoint()),
        )

    rows = judge.ask(score) if turns else []
    workspace.lake.write_rows("scored_turns", day, rows, schemas.SCORED_TURNS)
    table = workspace.lake.read("scored_turns", day)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": table.num_rows,
            "status": status_counts(table),
            "mean overall": _mean(table["overall"]),
            "scores": preview(table, ["turn_id", "status", *schemas.SCORES]),
        }
    )


def _mean(column: pa.ChunkedArray) -> float | None:
    """Null scores are left out; NaN would not be plotted."""
    value = pc.mean(column).as_py()
    return None if value is None else round(value, 2)
