"""What Celery loads in a worker: the app of the launcher that ``dagster.yaml`` names.

So that daemon and workers cannot differ about broker and queues. Needs DAGSTER_HOME.
"""

import dagster as dg
from dagster_celery.tasks import create_execute_job_task

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.instance.cluster import ClusterRunLauncher

_launcher = dg.DagsterInstance.get().run_launcher
if not isinstance(_launcher, ClusterRunLauncher):
    raise UsageError("dagster.yaml names another run launcher: take docs/cluster/dagster.yaml.")

app = _launcher.celery
execute_job = create_execute_job_task(app)
