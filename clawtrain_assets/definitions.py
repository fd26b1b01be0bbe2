"""The one entry point Dagster loads."""

import gc
from collections.abc import Mapping

import dagster as dg

from clawtrain_assets.defs import (
    alerts,
    contrastive_pairs,
    jobs,
    judge_canaries,
    judge_report,
    model_gap,
    nightly_summary,
    phase5_gate,
    quality,
    raw_turns,
    resources,
    review_sample,
    scored_turns,
    session_archive,
    shadow_replays,
    sharegpt_dataset,
    training_release,
)

_ASSET_MODULES = (
    session_archive,
    raw_turns,
    scored_turns,
    judge_canaries,
    judge_report,
    shadow_replays,
    contrastive_pairs,
    sharegpt_dataset,
    nightly_summary,
    training_release,
    review_sample,
    model_gap,
    phase5_gate,
)


def build_defs(resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Everything Dagster shows; tests replace resources by name."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules(_ASSET_MODULES),
        asset_checks=[
            *dg.load_asset_checks_from_modules(_ASSET_MODULES),
            *quality.QUALITY_CHECKS,
        ],
        resources={**resources.from_settings(), **(resource_overrides or {})},
        jobs=jobs.JOBS,
        schedules=jobs.SCHEDULES,
        sensors=[*jobs.SENSORS, *alerts.ALERTS],
        # One process per run: seven times less CPU than a process per step.
        executor=dg.in_process_executor,
    )


defs = build_defs()
# All of this stays until the process ends: searches for garbage, the last one above all, need not
# go through it. Each run is such a process and ends half a CPU second sooner.
gc.freeze()
