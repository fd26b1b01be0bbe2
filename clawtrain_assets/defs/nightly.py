"""The nightly schedule: yesterday, and the days before it that a night left unfinished."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from clawtrain_assets.defs.partitions import SETTINGS

JOB = "nightly"
CATCH_UP_DAYS = 7


@dg.schedule(
    job_name=JOB,
    name="nightly_0230",
    cron_schedule="30 2 * * *",
    execution_timezone=SETTINGS.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Yesterday's partition, at 02:30 in the configured time zone; before it, days of the last "
        "week that were skipped or whose nightly failed, for instance because a box was off."
    ),
)
def nightly_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    tick = context.scheduled_execution_time.astimezone(SETTINGS.zone)
    yesterday = tick.date() - timedelta(days=1)
    days = [*unfinished(context.instance, yesterday), yesterday]
    return [
        dg.RunRequest(run_key=f"{day} on {tick.date()}", partition_key=day.isoformat())
        for day in days
        if day >= SETTINGS.start_date
    ]


def unfinished(instance: dg.DagsterInstance, yesterday: date) -> Iterator[date]:
    """Days of the week before ``yesterday`` that a nightly should have brought and did not.

    Those are the days whose last nightly failed, and those without any since the first night: the
    daemon makes up for one missed tick only. What was answered before a failure is in the journal,
    so bringing a day again asks only for the rest.
    """
    done = set(instance.get_materialized_partitions(dg.AssetKey("nightly_summary")))
    window = [yesterday - timedelta(days=back) for back in range(CATCH_UP_DAYS, 0, -1)]
    last = {day: _last_status(instance, day) for day in window}
    begun = [*done, *(day.isoformat() for day, status in last.items() if status is not None)]
    for day in window:
        if day.isoformat() in done or day.isoformat() < min(begun, default="9999"):
            continue
        if last[day] in (None, dg.DagsterRunStatus.FAILURE):
            yield day


def _last_status(instance: dg.DagsterInstance, day: date) -> dg.DagsterRunStatus | None:
    """How the newest nightly of the day stands; None if there was none."""
    of_day = dg.RunsFilter(job_name=JOB, tags={"dagster/partition": day.isoformat()})
    runs = instance.get_runs(of_day, limit=1)
    return runs[0].status if runs else None
