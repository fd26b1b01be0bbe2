"""Dagster's record of runs that come by themselves, cut to the last weeks.

Nothing in Dagster ever deletes a run. An archive run each hour is 200 KB, 1.7 GB a year, and a
directory of thousands of databases. Runs of days are kept: with a run go its materializations, and
the day would count as missing.
"""

from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster import DagsterRunStatus as Status

ROUTINE_JOBS = ("archive", "gate", "tidy")
_ENDED = [Status.SUCCESS, Status.FAILURE, Status.CANCELED]


def forget_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete ended runs of the routine jobs that began before ``before``; returns how many.

    The newest of each job stays whatever its age: it holds what the job's assets are now. So do
    the evaluations of checks, which are kept apart from runs.
    """
    deleted = 0
    for job in ROUTINE_JOBS:
        newest = instance.get_runs(dg.RunsFilter(job_name=job, statuses=[Status.SUCCESS]), limit=1)
        spared = {run.run_id for run in newest}
        old = dg.RunsFilter(job_name=job, statuses=_ENDED, created_before=before)
        for run in instance.get_runs(old):
            if run.run_id not in spared:
                _forget(instance, run.run_id)
                deleted += 1
    return deleted


def _forget(instance: dg.DagsterInstance, run_id: str) -> None:
    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    shard = getattr(instance.event_log_storage, "path_for_shard", None)
    if shard is not None:  # SQLite: a database for each run, which delete_run only empties
        for suffix in ("", "-wal", "-shm"):
            Path(shard(run_id) + suffix).unlink(missing_ok=True)
