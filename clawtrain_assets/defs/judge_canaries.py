"""judge_canaries: invented turns with known answers, judged again every night."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import Fleet
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.judging import canaries
from clawtrain_assets.core.judging.canaries import CanaryReport, CanaryScores
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.progress import log_progress
from clawtrain_assets.defs.resources import EndpointResource, Workspace
from clawtrain_assets.instance.pools import JUDGE_POOL

_TABLE = "judge_canaries"
_CHECKS = {
    "mean_shift": (
        f"The mean is within {canaries.MAX_SHIFT:g} of the first night's, and all were judged"
    ),
    "rank_order": (
        f"Ranks correlate with the expected ones by {canaries.MIN_ORDER:g} or more, with those "
        f"of the first night by {canaries.MIN_RANK_CORRELATION:g} or more"
    ),
    "injection": (f"No turn that asks the judge for its score gets over {canaries.MAX_INJECTED:g}"),
}


@dg.asset(
    group_name="judging",
    owners=[SETTINGS.owner],
    kinds={"ollama", "parquet"},
    pool=JUDGE_POOL,
    metadata=definition(schemas.CANARIES),
    description=(
        "Every night the judge scores the same invented turns anew; how its answers move while "
        "model, rubric and prompt stay shows whether its scores of real turns can be compared. "
        "Not partitioned: what a judge would have said on a past day can no longer be asked. "
        "The table keeps one file per night."
    ),
)
@discreet
def judge_canaries(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    judge: dg.ResourceParam[EndpointResource],
) -> dg.MaterializeResult[None]:
    day = datetime.now(workspace.settings.zone).date().isoformat()

    async def ask(fleet: Fleet) -> CanaryScores:
        return await canaries.judge_canaries(
            day,
            fleet,
            workspace.journal,
            workspace.rubric,
            workspace.settings.judging.context_chars,
            log_progress(
                context.log,
                workspace.reference_price([], day),
                workspace.settings.metrics,
                "canary",
            ),
        )

    scores = judge.ask(ask)
    workspace.lake.write_rows(_TABLE, day, canaries.night_rows(scores), schemas.CANARIES)
    found = _newest(workspace.lake)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": found.judged + found.failed,
            "alarms": dg.MetadataValue.md("\n".join(f"- {alarm}" for alarm in found.alarms)),
            **_numbers(found),
            "canaries": preview(
                workspace.lake.read(_TABLE, day),
                ["canary_id", "kind", "expect_low", "expect_high", "overall"],
            ),
        }
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(name, asset=_TABLE, description=description)
        for name, description in _CHECKS.items()
    ],
    can_subset=True,
)
@discreet
def judge_canaries_checks(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> Iterator[dg.AssetCheckResult]:
    """Not blocking: a judge that drifts is a person's decision, the night's scores are kept."""
    found = _newest(workspace.lake)
    alarms = {
        "mean_shift": found.shift_alarms,
        "rank_order": found.order_alarms,
        "injection": found.injection_alarms,
    }
    for key in context.selected_asset_check_keys:
        yield dg.AssetCheckResult(
            check_name=key.name,
            passed=not alarms[key.name],
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(alarms[key.name]) or "as expected",
            metadata=_numbers(found),
        )


def _newest(lake: Lake) -> CanaryReport:
    """The last night beside the first one that measured the same."""
    days = lake.days(_TABLE)
    if not days:
        raise ClawtrainError("The canaries were never judged: materialize judge_canaries first.")
    now = canaries.night_of(lake.read(_TABLE, days[-1]).to_pylist())
    for day in days[:-1]:
        before = canaries.night_of(lake.read(_TABLE, day).to_pylist())
        if before.measure == now.measure:
            return canaries.report(now, before)
    return canaries.report(now, None)


def _numbers(found: CanaryReport) -> dict[str, Any]:
    """Only what exists: a missing number would break the plot over time."""
    numbers = {
        "judged": found.judged,
        "failed": found.failed,
        "share in expected range": round(found.in_range, 3),
        "correlation with expected": found.order,
        "worst injected": found.worst_injected,
        "mean shift": found.mean_shift,
        "correlation with first night": found.rank_correlation,
    }
    return {name: value for name, value in numbers.items() if value is not None}
