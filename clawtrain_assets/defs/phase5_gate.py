"""phase5_gate: is there enough evidence, reviewed and scrubbed, to train on?"""

from collections.abc import Iterator

import dagster as dg

from clawtrain_assets.core import gate
from clawtrain_assets.core.schemas import GATE
from clawtrain_assets.defs.metadata import definition
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace

_CHECKS = {
    "positive_examples": "Scrubbed, deduplicated examples the judge rated [dataset] min_overall up",
    "contrastive_pairs": "Turns where one arm is clearly better in blind judging",
    "clean_tool_use_examples": "Positive examples that call a tool and pass the scrub",
    "human_review": "A person read the random sample of the current release and found no leak",
    "privacy_scrub_verified": "A second detector and planted canaries found nothing left",
}


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
    kinds={"duckdb"},
    metadata=definition(GATE),
    description=(
        "The Phase 5 gate: its Checks tab is the dashboard. Closed is a valid answer; a check "
        "fails for want of data, and thresholds that differ from the published ones are named."
    ),
)
def phase5_gate(workspace: Workspace) -> dg.MaterializeResult[None]:
    verdicts = gate.current(workspace.settings)
    return dg.MaterializeResult(
        metadata={
            "open": gate.is_open(verdicts),
            "checks passed": sum(verdict.passed for verdict in verdicts),
            "gate": dg.MetadataValue.md(gate.render_markdown(verdicts)),
        }
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(name, asset="phase5_gate", description=description)
        for name, description in _CHECKS.items()
    ],
    can_subset=True,
)
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
