"""raw_turns: every assistant turn of a day, self-contained, attributed and costed."""

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.sessions.extract import extract
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.defs.metadata import counts, definition, preview
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.resources import Workspace


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
def raw_turns(context: dg.AssetExecutionContext, workspace: Workspace) -> None:
    settings = workspace.settings
    days = context.partition_keys
    extraction = extract(
        workspace.archive, settings.sources, settings.zone, settings.prices, frozenset(days)
    )
