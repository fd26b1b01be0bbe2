"""Which runs may leave the home machine, and when a worker counts as dead."""

from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from clawtrain_assets.definitions import defs

pytestmark = pytest.mark.cluster


@pytest.fixture
def launcher() -> Any:
    from clawtrain_assets.instance.cluster import ClusterRunLauncher

    return ClusterRunLauncher(
        default_queue="dagster", broker="memory://", backend="cache+memory://"
    )


def run(**fields: Any) -> dg.DagsterRun:
    given = {"job_name": "__ASSET_JOB", "run_id": "r1", "tags": {"dagster-celery/task_id": "t1"}}
    return dg.DagsterRun(**given | fields)


def selected(*assets: str) -> frozenset[dg.AssetKey]:
    return frozenset(dg.AssetKey(asset) for asset in assets)


def test_jobs_that_may_run_anywhere_hold_only_such_assets() -> None:
    from clawtrain_assets.instance.cluster import SPREAD_ASSETS, SPREAD_JOBS

    for job in SPREAD_JOBS:
        keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
        assert {key.to_user_string() for key in keys} <= SPREAD_ASSETS


@pytest.mark.parametrize(
    ("fields", "anywhere"),
    [
        ({"asset_selection": selected("scored_turns", "sharegpt_dataset")}, True),
        ({"asset_selection": selected("scored_turns", "raw_turns")}, False),
        ({"asset_selection": selected("an_asset_added_later")}, False),
        ({"job_name": "score"}, True),
        ({"job_name": "nightly"}, False),
    ],
)
def test_what_needs_the_home_machine_s_files_stays_there(
    fields: dict[str, Any], anywhere: bool
) -> None:
    from clawtrain_assets.instance.cluster import _can_run_anywhere

    assert _can_run_anywhere(run(**fields)) is anywhere


class Control:
    """Workers that hold some tasks."""

    def __init__(self, held: dict[str, list[str]]) -> None:
        self.held = held

    def inspect(self, destination: list[str] | None, timeout: float) -> Any:
        def query_task(task: str) -> dict[str, dict[str, str]] | None:
            asked = {
                name: tasks
                for name, tasks in self.held.items()
                if name in (destination or self.held)
            }
            found = {
                name: {t: "active" for t in tasks if t == task} for name, tasks in asked.items()
            }
            return found or None

        return SimpleNamespace(query_task=query_task)


@pytest.mark.parametrize(
    ("held", "state", "alive"),
    [
        ({"w1": ["t1"]}, "STARTED", True),
        ({"w1": []}, "STARTED", False),  # started again by its service manager
        ({}, "STARTED", False),
        ({"w2": ["t1"]}, "STARTED", False),
        ({"w1": ["t1"]}, "PENDING", True),  # the broker lost the state, not the worker its task
        ({"w1": ["t1"]}, "SUCCESS", False),  # and the run says that it goes on
    ],
)
def test_a_run_lives_while_its_worker_has_its_task(
    launcher: Any,
    monkeypatch: pytest.MonkeyPatch,
    held: dict[str, list[str]],
    state: str,
    alive: bool,
) -> None:
    from dagster._core.launcher import WorkerStatus

    task = SimpleNamespace(
        id="t1",
        state=state,
        ready=lambda: state == "SUCCESS",
        info={"hostname": "w1"} if state == "STARTED" else None,
    )
    monkeypatch.setattr(launcher, "_task", lambda run: task)
    monkeypatch.setattr(type(launcher.celery), "control", Control(held))
    found = launcher.check_run_worker_health(run())
    assert (found.status == WorkerStatus.RUNNING) is alive
