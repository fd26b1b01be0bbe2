"""phase5_gate: is there enough evidence, reviewed and scrubbed, to train on?"""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg
from upath import UPath

from clawtrain_assets.core import gate
from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.core.schemas import GATE
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.settings import Settings

_CHECKS = {
    "positive_examples": "Scrubbed, deduplicated examples the judge rated [dataset] min_overall up",
    "contrastive_pairs": "Turns where one arm is clearly better in blind judging",
    "clean_tool_use_examples": "Positive examples that call a tool and pass the scrub",
    "human_review": "A person read the random sample of the current release and found no leak",
    "privacy_scrub_verified": "A second detector and planted canaries found nothing left",
}
_AS_PUBLISHED = "thresholds_as_published"
_INFORMATION = {_AS_PUBLISHED: "The thresholds are the published ones; it opens and shuts nothing"}


@dg.asset(
    deps=[
        *(
            dg.AssetDep(name, partition_mapping=dg.AllPartitionMapping())
            for name in ("sharegpt_dataset", "contrastive_pairs")
        ),
        "training_release",
        "review_sample",
    ],
    group_name="gate",
    owners=[SETTINGS.owner],
    kinds={"duckdb", "html"},
    metadata=definition(GATE),
    description=(
        "The Phase 5 gate: its Checks tab is the dashboard. Closed is a valid answer; a check "
        "fails for want of data, and thresholds that differ from the published ones are named."
    ),
)
@discreet
def phase5_gate(workspace: Workspace) -> dg.MaterializeResult[None]:
    settings = workspace.settings
    verdicts = gate.current(settings)
    now = datetime.now(settings.zone)
    history = gate.remember(workspace.lake, verdicts, now, settings.zone)
    page = settings.reports / "gate.html"
    html = gate.render_html(verdicts, history, _changed(settings), now)
    replace_bytes(UPath(page), html.encode())
    return dg.MaterializeResult(
        metadata={
            "open": gate.is_open(verdicts),
            "checks passed": sum(verdict.passed for verdict in verdicts),
            "gate": dg.MetadataValue.md(gate.render_markdown(verdicts)),
            "page": dg.MetadataValue.path(str(page)),
        }
    )


def _changed(settings: Settings) -> list[str]:
    return gate.changed_thresholds(
        settings.gate, settings.dataset.min_overall, settings.shadow.min_gap
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(name, asset="phase5_gate", description=description)
        for name, description in (_CHECKS | _INFORMATION).items()
    ],
    can_subset=True,
)
@discreet
def phase5_gate_checks(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> Iterator[dg.AssetCheckResult]:
    """Not blocking: a run is not red because the gate is honestly closed."""
    wanted = {key.name for key in context.selected_asset_check_keys}
    for verdict in gate.current(workspace.settings):
        if verdict.name in wanted:
            yield dg.AssetCheckResult(
                check_name=verdict.name,
                passed=verdict.passed,
                description=verdict.detail,
                metadata={
                    "count": verdict.count,
                    "threshold": verdict.threshold,
                    "missing": verdict.missing,
                    "published threshold": verdict.published,
                    "reached on": str(verdict.reached_on or "unknown"),
                },
            )
    if _AS_PUBLISHED in wanted:
        changed = _changed(workspace.settings)
        yield dg.AssetCheckResult(
            check_name=_AS_PUBLISHED,
            passed=not changed,
            severity=dg.AssetCheckSeverity.WARN,
            description=" ".join(changed) or "All thresholds are the published ones.",
            metadata={"changed": len(changed)},
        )
