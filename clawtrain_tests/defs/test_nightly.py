"""Which days a night asks for: yesterday, and what earlier nights left unfinished."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import pytest

from clawtrain_assets.defs.nightly import JOB, unfinished

YESTERDAY = date(2026, 3, 8)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-01-01"))
def nightly_summary() -> None:
    """Stands for the last step of the real job."""


@dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-01-01"))
def earlier(context: dg.AssetExecutionContext) -> None:
    raise dg.Failure("The box is off.", allow_retries=False)


def night(instance: dg.DagsterInstance, day: str, *, box_is_off: bool = False) -> None:
    """A nightly of that day; when the box is off it never gets to the summary."""
    job = dg.define_asset_job(JOB, [earlier] if box_is_off else [nightly_summary])
    defs = dg.Definitions(assets=[nightly_summary, earlier], jobs=[job])
    defs.resolve_job_def(JOB).execute_in_process(
        instance=instance, partition_key=day, raise_on_error=False
    )


def due(instance: dg.DagsterInstance) -> list[str]:
    return [day.isoformat() for day in unfinished(instance, YESTERDAY)]


def test_a_new_installation_does_not_bring_the_week_before_it(instance) -> None:
    assert due(instance) == []


def test_failed_days_are_brought_again_oldest_first_until_they_are_done(instance) -> None:
    night(instance, "2026-03-05", box_is_off=True)
    night(instance, "2026-03-06", box_is_off=True)
    night(instance, "2026-03-07")
    assert due(instance) == ["2026-03-05", "2026-03-06"]
    night(instance, "2026-03-05")
    assert due(instance) == ["2026-03-06"]


def test_days_without_a_night_since_the_first_are_brought(instance) -> None:
    night(instance, "2026-03-04")
    assert due(instance) == ["2026-03-05", "2026-03-06", "2026-03-07"]


def test_only_a_week_back_is_looked_at(instance) -> None:
    night(instance, "2026-02-01", box_is_off=True)
    night(instance, "2026-02-02")
    assert due(instance)[0] == "2026-03-01"
    assert len(due(instance)) == 7


@pytest.mark.parametrize(
    "status",
    [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED],
)
def test_a_day_that_is_under_way_or_was_cancelled_by_a_person_is_left_alone(
    instance, status: dg.DagsterRunStatus
) -> None:
    job = dg.define_asset_job(JOB, [nightly_summary])
    resolved = dg.Definitions(assets=[nightly_summary], jobs=[job]).resolve_job_def(JOB)
    instance.create_run_for_job(resolved, tags={"dagster/partition": "2026-03-07"}, status=status)
    assert due(instance) == []
