"""What Dagster loads: the graph, its descriptions, its schedules."""

import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

import clawtrain_assets
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.definitions import build_defs
from clawtrain_assets.defs.discreet import UnforeseenError, discreet
from clawtrain_assets.defs.partitions import DAILY

DAILY_ASSETS = {
    "raw_turns",
    "scored_turns",
    "shadow_replays",
    "contrastive_pairs",
    "sharegpt_dataset",
    "nightly_summary",
}
WHOLE_ASSETS = {
    "session_archive",
    "training_release",
    "review_sample",
    "model_gap",
    "judge_canaries",
    "judge_report",
    "phase5_gate",
}
CHECKS = {
    "positive_examples",
    "contrastive_pairs",
    "clean_tool_use_examples",
    "human_review",
    "privacy_scrub_verified",
}


@pytest.fixture(scope="module")
def graph():
    defs = build_defs()
    dg.Definitions.validate_loadable(defs)
    return defs.resolve_asset_graph()


def test_every_asset_of_the_flow_is_there(graph) -> None:
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert names == DAILY_ASSETS | WHOLE_ASSETS
    partitioned = {
        key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned
    }
    assert partitioned == DAILY_ASSETS


def test_every_asset_says_what_it_is(graph) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.group_name != "default", key
        assert node.owners, key
        assert node.kinds, key


def test_every_table_shows_its_columns(graph) -> None:
    reports = {"nightly_summary", "model_gap", "judge_report", "phase5_gate"}
    for key in graph.get_all_asset_keys():
        if key.to_user_string() not in reports:
            assert "dagster/column_schema" in graph.get(key).metadata, key


def test_the_gate_has_the_five_published_checks(graph) -> None:
    keys = {key.name for key in graph.asset_check_keys if key.asset_key.path == ["phase5_gate"]}
    assert keys >= CHECKS


def test_the_gate_job_has_no_partition_and_the_nightly_has() -> None:
    defs = build_defs()
    assert defs.resolve_job_def("gate").partitions_def is None
    assert defs.resolve_job_def("canaries").partitions_def is None
    assert defs.resolve_job_def("nightly").partitions_def == DAILY


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-03-09T02:30", "2026-03-08"),
        ("2026-03-29T03:00", "2026-03-28"),  # Berlin: there is no 02:30 that night
        ("2026-10-25T02:30", "2026-10-24"),  # and two of them this night
    ],
)
def test_the_nightly_brings_the_day_before(local: str, day: str) -> None:
    zone = ZoneInfo(DAILY.timezone)
    tick = datetime.fromisoformat(local).replace(tzinfo=zone)
    repository = build_defs().get_repository_def()
    with (
        dg.instance_for_test() as instance,
        dg.build_schedule_context(
            instance, scheduled_execution_time=tick, repository_def=repository
        ) as context,
    ):
        result = repository.get_schedule_def("nightly_0230").evaluate_tick(context)
    requests = result.run_requests or []
    assert [request.partition_key for request in requests] == [day]


def test_endpoints_on_one_box_share_a_pool(graph) -> None:
    pools = {
        key.to_user_string(): graph.get(key).pools
        for key in graph.get_all_asset_keys()
        if graph.get(key).pools
    }
    assert pools.keys() == {
        "scored_turns",
        "judge_canaries",
        "shadow_replays",
        "contrastive_pairs",
    }
    assert len({frozenset(pool) for pool in pools.values()}) == 1


def test_the_domain_does_not_know_dagster() -> None:
    core = Path(clawtrain_assets.__file__).parent / "core"
    modules = list(core.rglob("*.py"))
    assert modules
    for module in modules:
        for line in module.read_text("utf-8").splitlines():
            assert not line.strip().startswith(("import dagster", "from dagster")), module


def test_no_step_or_sensor_hands_dagster_the_words_of_an_unforeseen_error() -> None:
    defs = build_defs()
    steps = [
        step
        for assets in [*(defs.assets or ()), *(defs.asset_checks or ())]
        if isinstance(assets, dg.AssetsDefinition)
        for step in [assets.op.compute_fn]
    ]
    assert len(steps) >= len(DAILY_ASSETS | WHOLE_ASSETS) + 3
    for step in steps:
        assert "/discreet.py" in step.decorated_fn.__code__.co_filename, step


def _asset() -> int:
    raise TypeError("cannot convert 'my secret'")


def _check() -> Iterator[int]:
    yield 1
    raise TypeError("cannot convert 'my secret'")


@pytest.mark.parametrize("step", [lambda: discreet(_asset)(), lambda: list(discreet(_check)())])
def test_an_unforeseen_error_keeps_its_kind_and_place_and_loses_its_words(step) -> None:
    with pytest.raises(UnforeseenError, match=r"TypeError .*test_definitions.py:\d+ _") as caught:
        step()
    told = "".join(traceback.format_exception(caught.value))
    assert "cannot convert 'my secret'" not in told.replace('raise TypeError("', "")


def test_an_error_for_people_passes_without_what_was_behind_it() -> None:
    def step() -> None:
        try:
            _asset()
        except TypeError as error:
            try:
                raise ClawtrainError("Do this next.") from error
            except ClawtrainError as sentence:
                raise dg.Failure(str(sentence)) from sentence

    with pytest.raises(dg.Failure, match=r"Do this next\.") as caught:
        discreet(step)()
    assert isinstance(caught.value.__cause__, ClawtrainError)
    assert "TypeError" not in "".join(traceback.format_exception(caught.value))
