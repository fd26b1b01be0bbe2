"""sharegpt_dataset: a day's accepted turns as scrubbed training examples."""

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.formats import sharegpt_jsonl
from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview, status_counts
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    partitions_def=DAILY,
    deps=["raw_turns", "scored_turns"],
    group_name="dataset",
    owners=[SETTINGS.owner],
    kinds={"parquet", "json"},
    metadata=definition(schemas.SHAREGPT_DATASET),
    description=(
        "One row per scored turn: kept as a scrubbed example when overall is at least [dataset] "
        "min_overall, else with the reason. Beside the table, sharegpt.jsonl holds the kept ones "
        "in LLaMA-Factory's ShareGPT."
    ),
)
@discreet
def sharegpt_dataset(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    day = context.partition_key
    lake = workspace.lake
    turns = read_turns(lake, day)
    scores = {row["turn_id"]: row for row in lake.read("scored_turns", day).to_pylist()}
    rows = build_examples(turns, scores, workspace.scrubber(), workspace.settings.dataset)
    table = lake.write_rows("sharegpt_dataset", day, rows, schemas.SHAREGPT_DATASET)
    file = lake.directory("sharegpt_dataset", day) / "sharegpt.jsonl"
    replace_bytes(file, sharegpt_jsonl(rows))
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": table.num_rows,
            "kept": table["status"].to_pylist().count("kept"),
            "status": status_counts(table),
            "file": dg.MetadataValue.path(str(file)),
            "examples": preview(table, ["example_id", "turn_id", "status", "detail", "overall"]),
        }
    )
