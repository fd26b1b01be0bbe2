"""Runs on several machines: each is one Celery task, executed whole by one worker.

``dagster.yaml`` chooses this launcher (docs/cluster/dagster.yaml); without it runs are processes
of this machine. The executor inside a run stays the same.
"""

from typing import Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG

HOME_QUEUE = "home"
# What needs nothing but lake, journal and models. All else reads or writes what only one machine
# has: agents' histories and their archive, releases, reviews, reports.
SPREAD_ASSETS = frozenset(
    {"scored_turns", "shadow_replays", "contrastive_pairs", "sharegpt_dataset"}
)
SPREAD_JOBS = frozenset({"score", "shadow", "dataset"})

_ANSWER_S = 10.0  # a worker's main process answers at once, unless its machine is overloaded


class ClusterRunLauncher(CeleryRunLauncher):
    """dagster-celery's launcher, which routes runs and notices workers that died.

    The original takes a task for running until its state says otherwise, and the state of a
    killed worker's task never changes. This one asks the worker whether it still has the task; if
    not, run monitoring marks the run as failed and ``run_retries`` starts it on another worker.
    A worker that is alive but cut off then goes on beside it, which costs time and nothing else:
    the journal asks no question twice, partitions are replaced whole.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        run = context.dagster_run
        if DAGSTER_CELERY_QUEUE_TAG not in run.tags and not _can_run_anywhere(run):
            chosen = {DAGSTER_CELERY_QUEUE_TAG: HOME_QUEUE}
            self._instance.add_run_tags(run.run_id, chosen)
            run = run.with_tags({**run.tags, **chosen})
        super().launch_run(context._replace(dagster_run=run))

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run as Ctrl-C would, so that its assets can clean up."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        self._task(run).revoke(terminate=True, signal="SIGINT")
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        task = self._task(run)
        # A task that has ended without the run's end in the database: the run is over all the
        # same, its process could not say so. Dagster looks at the run again before it acts.
        if task.ready():
            return CheckRunHealthResult(WorkerStatus.FAILED, "The run's process has ended.")
        started = task.info if isinstance(task.info, dict) else {}
        worker = started.get("hostname")
        asked = self.celery.control.inspect(
            destination=[worker] if worker else None, timeout=_ANSWER_S
        )
        holders = asked.query_task(task.id) or {}
        if any(task.id in held for held in holders.values()):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, f"Worker {worker or 'unknown'} is gone or no longer has the run."
        )

    def get_run_worker_debug_info(
        self, run: dg.DagsterRun, include_container_logs: bool | None = True
    ) -> str | None:
        task = self._task(run)
        return f"Celery task {task.id}: {task.state}"

    def _task(self, run: dg.DagsterRun) -> Any:
        return self.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG])


def _can_run_anywhere(run: dg.DagsterRun) -> bool:
    if run.asset_check_selection:
        return False
    if run.asset_selection is None:
        return run.job_name in SPREAD_JOBS
    return {key.to_user_string() for key in run.asset_selection} <= SPREAD_ASSETS
