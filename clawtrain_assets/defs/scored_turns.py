"""scored_turns: the judge's five scores for every tool-use turn of a day."""

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import Fleet
from clawtrain_assets.core.judging.judge import eligible, judge_turns
from clawtrain_assets.core.judging.version import judging_version
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview, status_counts
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.progress import log_progress
from clawtrain_assets.defs.resources import EndpointResource, Workspace
from clawtrain_assets.instance.pools import JUDGE_POOL
from clawtrain_assets.settings import Price


@dg.asset(
    partitions_def=DAILY,
    deps=["raw_turns"],
    group_name="judging",
    owners=[SETTINGS.owner],
    kinds={"ollama", "parquet"},
    pool=JUDGE_POOL,
    # Days judged under another rubric, prompt or model show as out of date; whether to judge
    # them again is a person's choice, and their old scores stay until then.
    code_version=judging_version(
        SETTINGS.rubric_file,
        SETTINGS.judge.model,
        SETTINGS.judging.samples,
        SETTINGS.judging.context_chars,
    ),
    metadata=definition(schemas.SCORED_TURNS),
    description=(
        "One row per tool-use turn of the day: tool_correctness, task_completion, "
        "instruction_adherence, efficiency and overall (0-10) with all samples, or the reason "
        "there is none. Every verdict is journaled first, so a stopped run goes on where it was."
    ),
)
@discreet
def scored_turns(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    judge: dg.ResourceParam[EndpointResource],
) -> dg.MaterializeResult[None]:
    day = context.partition_key
    settings = workspace.settings
    every = read_turns(workspace.lake, day)
    turns = [turn for turn in every if eligible(turn)]
    price = workspace.reference_price(every, day)

    scrubber = workspace.model_scrub(turns, judge.endpoint())

    async def score(fleet: Fleet) -> list[dict[str, object]]:
        return await judge_turns(
            turns,
            fleet,
            workspace.journal,
            workspace.rubric,
            settings.judging,
            log_progress(context.log, price, settings.metrics, "judge"),
            scrubber.text if scrubber else None,
        )

    rows = judge.ask(score) if turns else []
    table = workspace.lake.write_rows("scored_turns", day, rows, schemas.SCORED_TURNS)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": table.num_rows,
            "status": status_counts(table),
            "mean overall": _mean(table["overall"]),
            "rubric": workspace.rubric.hash[:8],
            **_spent(table, price),
            "scores": preview(table, ["turn_id", "status", *schemas.SCORES]),
        }
    )


def _spent(table: pa.Table, price: Price | None) -> dict[str, float]:
    """Tokens of the judge, and what the reference model would have taken for them."""
    read, written = (
        pc.sum(table[name]).as_py() or 0 for name in ("prompt_tokens", "output_tokens")
    )
    spent = {"tokens read": read, "tokens written": written}
    if price is not None:
        spent["would have cost USD"] = round(price.dollars(read, written), 4)
    return spent


def _mean(column: pa.ChunkedArray) -> float | None:
    """Null scores are left out; NaN would not be plotted."""
    value = pc.mean(column).as_py()
    return None if value is None else round(value, 2)
