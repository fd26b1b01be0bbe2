"""The process that executes runs on a machine of a cluster: a Celery worker."""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.instance.prepare import dagster_home


def become_worker(home: Path, queues: Sequence[str], slots: int, name: str) -> NoReturn:
    """Replace this process by a worker; ``name`` distinguishes workers of one machine.

    Raises UsageError if the cluster's libraries or its ``dagster.yaml`` are not there.
    """
    directory = dagster_home(home)
    if find_spec("dagster_celery") is None:
        raise UsageError("A worker needs more libraries: pip install 'clawtrain[cluster]'.")
    if not (directory / "dagster.yaml").exists():
        raise UsageError(
            f"There is no {directory / 'dagster.yaml'}: put docs/cluster/dagster.yaml there."
        )
    os.environ |= {
        "CLAWTRAIN_HOME": str(home),
        "DAGSTER_HOME": str(directory),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    os.execv(sys.executable, [sys.executable, *_celery(queues, slots, name)])


def _celery(queues: Sequence[str], slots: int, name: str) -> list[str]:
    """Celery's arguments.

    Queues are one of them: of several ``-Q`` Celery keeps the last. Every run gets a process of
    its own, so that it sees the settings as they are now and leaves nothing behind. Runs are taken
    only when there is a process for them: one that waits in a worker that dies is lost.
    """
    return [
        *("-m", "celery", "-A", "clawtrain_assets.instance.celery_app", "worker"),
        *("-Q", ",".join(queues), "-c", str(slots), "-n", f"{name}@%h"),
        *("--max-tasks-per-child", "1", "--disable-prefetch", "--loglevel", "warning"),
    ]
