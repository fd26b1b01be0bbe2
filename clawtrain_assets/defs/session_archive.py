"""session_archive: what OpenClaw will rotate or prune, copied before it is lost."""

from dataclasses import asdict

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import WHOLE
from clawtrain_assets.defs.metadata import definition, preview
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    group_name="ingest",
    owners=[SETTINGS.owner],
    kinds={"filesystem", "sqlite"},
    metadata=definition(schemas.ARCHIVE),
    description=(
        "Every session file and database of the configured state directories, stored once per "
        "content under CLAWTRAIN_HOME/archive. Runs hourly; the source is never written to."
    ),
)
def session_archive(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    sources = workspace.settings.sources
    report = workspace.archive.capture(sources.state_dirs, sources.lcm)
    for warning in report.warnings:
        context.log.warning(warning)
    table = workspace.archive.table()
    workspace.lake.write("session_archive", WHOLE, table)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": table.num_rows,
            **{name: value for name, value in asdict(report).items() if name != "warnings"},
            "warnings": dg.MetadataValue.md("\n".join(f"- {line}" for line in report.warnings)),
            "files": preview(table, ["family", "session_id", "size", "status"]),
        }
    )
