"""The real jobs in a real instance, with SQLite's file for each run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from clawtrain_assets.defs.jobs import tidy
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.instance.prepare import dagster_home
from clawtrain_assets.instance.retention import forget_runs
from clawtrain_assets.runs import Runs
from clawtrain_assets.settings import load_settings

DAY = "2026-03-01"


@pytest.mark.slow
def test_old_archive_and_gate_runs_go_and_days_stay(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWTRAIN_SOURCES__STATE_DIRS", '["/nonexistent"]')
    with Runs(load_settings()) as runs:
        for job in ("archive", "archive", "gate", "gate"):
            runs.run(job)
        runs.run("ingest", DAY)
    history = dagster_home(home) / "history" / "runs"
    files = len(list(history.glob("*.db")))

    with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        assert forget_runs(instance, datetime.now(UTC) - timedelta(days=1)) == 0
        assert forget_runs(instance, datetime.now(UTC)) == 2

        left = sorted(run.job_name for run in instance.get_runs())
        assert left == ["archive", "gate", "ingest"]
        assert len(list(history.glob("*.db"))) == files - 2
        assert instance.get_materialized_partitions(dg.AssetKey("raw_turns")) == {DAY}
        for name in ("session_archive", "phase5_gate"):
            assert instance.get_latest_materialization_event(dg.AssetKey(name)) is not None


def test_the_job_says_how_many_it_deleted(home: Path) -> None:
    with dg.instance_for_test() as instance:
        done = tidy.execute_in_process(instance=instance, resources={"workspace": Workspace()})
        said = [entry.user_message for entry in instance.all_logs(done.run_id)]
    assert "0 runs older than 30 days deleted" in said
