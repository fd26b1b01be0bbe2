"""session_archive: what OpenClaw will rotate or prune, copied before it is lost."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import WHOLE
from clawtrain_assets.core.sessions.capturing import CaptureReport
from clawtrain_assets.core.sessions.gaps import begun_before
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace

_TOLD_OTHERWISE = {"warnings", "storage"}


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
@discreet
def session_archive(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    settings, archive = workspace.settings, workspace.archive
    workspace.publish()
    report = archive.capture(settings.sources.state_dirs, settings.sources.lcm)
    unasked = begun_before(settings.start_date, settings.zone, archive.files(), archive.open)
    warnings = [*report.warnings, *([str(unasked)] if unasked else [])]
    for warning in warnings:
        context.log.warning(warning)
    table = archive.table()
    workspace.lake.write("session_archive", WHOLE, table)
    workspace.lake.write("captures", WHOLE, archive.captures())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": table.num_rows,
            **_figures(report),
            "sessions before start_date": unasked.sessions if unasked else 0,
            **({"earliest day": unasked.earliest.isoformat()} if unasked else {}),
            "warnings": dg.MetadataValue.md("\n".join(f"- {line}" for line in warnings)),
            "files": preview(table, ["family", "session_id", "size", "status"]),
        },
    )


def _figures(report: CaptureReport) -> dict[str, Any]:
    """Numbers that Dagster draws over time."""
    held = report.storage
    return {
        **{name: value for name, value in asdict(report).items() if name not in _TOLD_OTHERWISE},
        "stored MB": round(held.stored_bytes / 1e6, 3),
        "content MB": round(held.content_bytes / 1e6, 3),
        "deduplication ratio": round(held.content_bytes / max(held.stored_bytes, 1), 3),
    }
