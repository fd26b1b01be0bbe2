"""Quality checks: they block nothing, and show the numbers behind ``core.quality``."""

from collections.abc import Iterator, Mapping

import dagster as dg

from clawtrain_assets.core.quality import DAILY_RULES, NEVER_MATERIALIZED, WHOLE_RULES, Rule
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.partitions import DAILY
from clawtrain_assets.defs.resources import Workspace


def quality_checks(
    asset: str, rules: Mapping[str, Rule], partitions: dg.PartitionsDefinition[str] | None
) -> dg.AssetChecksDefinition:
    """One step for all rules of an asset.

    Checks by partition are a preview feature of Dagster 1.13 and do not work for partitions
    written as a range. A check without partitions must not run in a run with a partition key:
    it would stay open for that key. So ``partitions`` is the asset's own, or None and the check
    belongs in a job without one.
    """

    @dg.multi_asset_check(
        name=f"{asset}_quality",
        specs=[
            dg.AssetCheckSpec(
                name, asset=asset, description=_claim(rule), partitions_def=partitions
            )
            for name, rule in rules.items()
        ],
        can_subset=True,
    )
    @discreet
    def checks(
        context: dg.AssetCheckExecutionContext, workspace: Workspace
    ) -> Iterator[dg.AssetCheckResult]:
        lake = workspace.lake
        day = context.partition_key if partitions else max(lake.days(asset), default=None)
        for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
            found = rules[key.name](lake, day) if day else NEVER_MATERIALIZED
            yield dg.AssetCheckResult(
                check_name=key.name,
                asset_key=key.asset_key,
                passed=found.passed,
                severity=dg.AssetCheckSeverity.ERROR if found.grave else dg.AssetCheckSeverity.WARN,
                description=found.detail,
                metadata=dict(found.numbers),
            )

    return checks


def _claim(rule: Rule) -> str:
    return (rule.__doc__ or "").strip().split("\n")[0]


QUALITY_CHECKS = [
    *(quality_checks(asset, rules, None) for asset, rules in WHOLE_RULES.items()),
    *(quality_checks(asset, rules, DAILY) for asset, rules in DAILY_RULES.items()),
]
