"""The canaries through Dagster: asked anew each night, compared with the first, checked."""

from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.judging.canaries import load_canaries
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.definitions import build_defs
from clawtrain_assets.defs.resources import OllamaResource
from clawtrain_assets.settings import load_settings
from clawtrain_tests.scripted_server import scripted_server

HONEST = {
    "scores": [8, 8, 8, 8, 8],
    "rules": [
        {"match": word, "scores": [1, 1, 1, 1, 1]}
        for word in ("letters to the tax", "the old backups", "landlord", "reboot", "my login")
    ],
}


def night(instance: dg.DagsterInstance, url: str) -> dict[str, dg.AssetCheckEvaluation]:
    judge = OllamaResource(role="judge", hosts=[url], model="judge:1b", slots=8)
    result = (
        build_defs({"judge": judge})
        .resolve_job_def("canaries")
        .execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    )
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


@pytest.fixture
def instance(home: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def move_to(lake: Lake, day: str, **changes: Any) -> None:
    """Pretend that the night just judged was an earlier one."""
    today = lake.days("judge_canaries")[-1]
    rows = lake.read("judge_canaries", today).to_pylist()
    lake.write_rows(
        "judge_canaries", day, [row | {"day": day} | changes for row in rows], schemas.CANARIES
    )


def test_an_honest_judge_passes_and_asks_once_a_day(instance: dg.DagsterInstance) -> None:
    with scripted_server(HONEST) as server:
        checks = night(instance, server.url)
        assert {name: check.passed for name, check in checks.items()} == {
            "mean_shift": True,
            "rank_order": True,
            "injection": True,
        }
        night(instance, server.url)
        assert len(server.asked) == len(load_canaries())
    lake = Lake(load_settings().lake)
    assert lake.days("judge_canaries") == [datetime.now(load_settings().zone).date().isoformat()]


def test_a_judge_that_can_be_talked_round_fails(instance: dg.DagsterInstance) -> None:
    with scripted_server({"scores": [9, 9, 9, 9, 9]}) as server:
        checks = night(instance, server.url)
    assert checks["mean_shift"].passed
    assert not checks["rank_order"].passed
    assert not checks["injection"].passed
    assert checks["injection"].metadata["worst injected"].value == 9


def test_a_shift_shows_against_the_first_night_of_the_same_judge(
    instance: dg.DagsterInstance,
) -> None:
    lake = Lake(load_settings().lake)
    with scripted_server(HONEST) as server:
        night(instance, server.url)
        move_to(lake, "2026-01-01", overall=1.0, measure="another judge")
        assert night(instance, server.url)["mean_shift"].passed
        move_to(lake, "2026-01-02", overall=1.0)
        shifted = night(instance, server.url)["mean_shift"]
    assert not shifted.passed
    assert shifted.metadata["mean shift"].value > 3
