"""nightly_summary: what the night brought, in one panel and one line of the log."""

import dagster as dg

from clawtrain_assets.core import gate
from clawtrain_assets.core.nightly import in_markdown, in_one_line, summarize
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.partitions import DAILY, SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    partitions_def=DAILY,
    deps=["raw_turns", "scored_turns", "shadow_replays", "contrastive_pairs", "sharegpt_dataset"],
    group_name="gate",
    owners=[SETTINGS.owner],
    kinds={"duckdb"},
    description=(
        "The last step of the nightly: turns, scored, sampled, replayed, failed by class, pairs "
        "and the distance to the gate. A day that has it went through; one whose nightly failed "
        "before it is brought again by the next."
    ),
)
@discreet
def nightly_summary(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    night = summarize(workspace.lake, context.partition_key, gate.current(workspace.settings))
    context.log.info(in_one_line(night))
    return dg.MaterializeResult(
        metadata={
            "summary": dg.MetadataValue.md(in_markdown(night)),
            "turns": night.turns,
            "kept examples": night.kept,
            "sampled": night.sampled,
            "replayed": night.replayed,
            "failed": sum(night.failed.values()),
            "pairs": night.pairs,
            **{f"missing {verdict.name}": verdict.missing for verdict in night.gate},
        }
    )
