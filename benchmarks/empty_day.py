"""The nightly's steps doing nothing: what Dagster itself takes for a day. `day.py` runs it."""

from collections.abc import Iterator

import dagster as dg

DAILY = dg.DailyPartitionsDefinition(start_date="2026-01-01")
_DEPS = {
    "session_archive": [],
    "raw_turns": ["session_archive"],
    "scored_turns": ["raw_turns"],
    "shadow_replays": ["raw_turns", "scored_turns"],
    "contrastive_pairs": ["raw_turns", "shadow_replays"],
    "sharegpt_dataset": ["raw_turns", "scored_turns"],
    "nightly_summary": ["contrastive_pairs", "sharegpt_dataset"],
}
_CHECKS = {
    "scored_turns": 4,
    "shadow_replays": 3,
    "contrastive_pairs": 3,
    "sharegpt_dataset": 3,
}


def _asset(name: str, deps: list[str]) -> dg.AssetsDefinition:
    @dg.asset(name=name, deps=deps, partitions_def=DAILY if deps else None)
    def nothing() -> None: ...

    return nothing


def _checks(asset: str, count: int) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(f"check_{number}", asset=asset, partitions_def=DAILY)
        for number in range(count)
    ]

    @dg.multi_asset_check(name=f"{asset}_quality", specs=specs)
    def checks() -> Iterator[dg.AssetCheckResult]:
        for spec in specs:
            yield dg.AssetCheckResult(passed=True, asset_key=asset, check_name=spec.name)

    return checks


defs = dg.Definitions(
    assets=[_asset(name, deps) for name, deps in _DEPS.items()],
    asset_checks=[_checks(name, count) for name, count in _CHECKS.items()],
    jobs=[dg.define_asset_job("nightly", dg.AssetSelection.all())],
    executor=dg.in_process_executor,
)
