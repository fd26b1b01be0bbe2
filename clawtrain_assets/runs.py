"""Running jobs from the command line, recorded where the web UI shows them."""

import os
from types import TracebackType
from typing import Self

import dagster as dg
from rich.console import Console

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.space import require_space
from clawtrain_assets.instance.pools import pools
from clawtrain_assets.instance.prepare import dagster_home, prepare_instance
from clawtrain_assets.settings import Settings

_WRITING = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Runs:
    """Executes jobs in this process against the instance in CLAWTRAIN_HOME."""

    def __init__(self, settings: Settings) -> None:
        require_space(settings.home)
        os.environ["DAGSTER_HOME"] = str(prepare_instance(settings.home, pools(settings)))
        self._instance = dg.DagsterInstance.get()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._instance.dispose()

    def run(self, job: str, partition: str | None = None) -> None:
        """Execute one job; raises ClawtrainError with the failing step's own sentence."""
        from clawtrain_assets.definitions import defs
        from clawtrain_assets.defs.progress import live_bar

        with live_bar(Console(stderr=True)):
            result = defs.resolve_job_def(job).execute_in_process(
                instance=self._instance,
                partition_key=partition,
                run_config=_QUIET,
                raise_on_error=False,
            )
        if not result.success:
            raise ClawtrainError(f"{job} failed: {_reason(result)}")


def require_rest(settings: Settings) -> None:
    """Raises ClawtrainError while a run is in progress: it may yet write what it has read."""
    home = dagster_home(settings.home)
    if not (home / "dagster.yaml").exists():
        return
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = instance.get_runs(dg.RunsFilter(statuses=_WRITING), limit=1)
    if runs:
        raise ClawtrainError(
            f"Run {runs[0].run_id[:8]} of {runs[0].job_name} is not over: wait for it, or cancel "
            "it in the web UI (clawtrain up), then repeat this."
        )


def _reason(result: dg.ExecuteInProcessResult) -> str:
    from clawtrain_assets.defs.failures import step_failure

    for event in result.all_events:
        if event.is_step_failure:
            failure = step_failure(event)
            return f"{failure.step}: {failure.words}"
    return "see the run in the web UI (clawtrain up)"
