"""Quality checks in Dagster: by partition, as warnings, and never in the way."""

from pathlib import Path

import dagster as dg

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.quality import DAILY_RULES, WHOLE_RULES
from clawtrain_assets.definitions import build_defs
from clawtrain_assets.settings import load_settings
from clawtrain_tests.defs.simulated import write_turns

DAY = "2026-03-07"


def execute(job: str, instance: dg.DagsterInstance, day: str | None = None):
    job_def = build_defs().resolve_job_def(job)
    result = job_def.execute_in_process(instance=instance, partition_key=day)
    assert result.success
    return {
        (evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation
        for evaluation in result.get_asset_check_evaluations()
    }


def test_every_rule_is_a_check_that_says_what_it_claims() -> None:
    graph = build_defs().resolve_asset_graph()
    for partitioned, rules in ((True, DAILY_RULES), (False, WHOLE_RULES)):
        for asset, names in rules.items():
            for name in names:
                spec = graph.get_check_spec(dg.AssetCheckKey(dg.AssetKey(asset), name))
                assert spec.description
                assert not spec.blocking
                assert bool(spec.partitions_def) is partitioned


def test_a_warning_belongs_to_its_day_and_stops_nothing(home: Path) -> None:
    lake = Lake(load_settings().lake)
    write_turns(lake, DAY)
    with dg.DagsterInstance.ephemeral() as instance:
        found = execute("dataset", instance, DAY)
        assert {name for _, name in found} == set(DAILY_RULES["sharegpt_dataset"])
        for evaluation in found.values():
            assert evaluation.passed
            assert evaluation.severity == dg.AssetCheckSeverity.WARN
            assert evaluation.partition == DAY
        lake.write("raw_turns", "2026-03-08", lake.read("raw_turns", DAY))
        found = execute("gate", instance)
    about_turns = {name: found["raw_turns", name] for name in WHOLE_RULES["raw_turns"]}
    assert [name for name, said in about_turns.items() if not said.passed] == ["turns_unique"]
    assert about_turns["turns_unique"].severity == dg.AssetCheckSeverity.WARN
    assert about_turns["turns_unique"].metadata["repeated"].value == 650


def test_without_any_data_the_rules_say_so_and_the_run_goes_on(home: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        found = execute("gate", instance)
    warned = [found["raw_turns", name] for name in WHOLE_RULES["raw_turns"]]
    assert not any(evaluation.passed for evaluation in warned)
    assert {evaluation.description for evaluation in warned} == {"it has never been materialized"}


def test_partitioned_jobs_hold_no_check_over_all_days() -> None:
    defs = build_defs()
    graph = defs.resolve_asset_graph()
    for job in ("nightly", "ingest", "score", "shadow", "dataset"):
        keys = defs.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys
        assert keys or job == "ingest"
        for key in keys:
            assert graph.get_check_spec(key).partitions_def is not None, (job, key)
