"""Jobs, schedules and the sensor that keeps the gate current."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.nightly import JOB, nightly_schedule
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.instance.retention import forget_runs

# Checks over all days would stay open in a run with a partition key; the gate's run has them.
_ARCHIVE = dg.AssetSelection.assets("session_archive").without_checks()
_TURNS = dg.AssetSelection.assets("raw_turns").without_checks()
_DAY = _TURNS | dg.AssetSelection.assets(
    "scored_turns", "shadow_replays", "contrastive_pairs", "sharegpt_dataset", "nightly_summary"
)

archive = dg.define_asset_job(
    "archive",
    dg.AssetSelection.assets("session_archive"),
    description="Copy what OpenClaw will rotate or prune.",
)
ingest = dg.define_asset_job(
    "ingest",
    _ARCHIVE | _TURNS,
    description="Archive the history and extract one day's turns.",
)
score = dg.define_asset_job(
    "score",
    dg.AssetSelection.assets("scored_turns"),
    description="Judge one day's tool-use turns.",
)
canaries = dg.define_asset_job(
    "canaries",
    dg.AssetSelection.assets("judge_canaries"),
    description="Judge the invented turns again: has the judge changed? Runs without a partition.",
)
shadow = dg.define_asset_job(
    "shadow",
    dg.AssetSelection.assets("shadow_replays", "contrastive_pairs"),
    description="Replay one day's sample through the candidate and judge both arms blind.",
)
dataset = dg.define_asset_job(
    "dataset",
    dg.AssetSelection.assets("sharegpt_dataset"),
    description="Build one day's scrubbed training examples.",
)
nightly = dg.define_asset_job(
    JOB,
    _ARCHIVE | _DAY,
    description="Bring one day from the archive to pairs, examples and its summary.",
)
release = dg.define_asset_job(
    "release",
    dg.AssetSelection.assets("training_release", "review_sample"),
    description="Seal a release of all days and draw its review sample.",
)
gate = dg.define_asset_job(
    "gate",
    dg.AssetSelection.assets("judge_report", "model_gap", "phase5_gate")
    | dg.AssetSelection.checks_for_assets("session_archive", "raw_turns"),
    description="Report on judge and gap, evaluate the Phase 5 gate; runs without a partition.",
)


@dg.op(description="Deletes the record of old archive and gate runs; days are never touched.")
def forget_old_runs(context: dg.OpExecutionContext, workspace: Workspace) -> None:
    kept = workspace.settings.keep_runs_days
    deleted = forget_runs(context.instance, datetime.now(UTC) - timedelta(days=kept))
    context.log.info(f"{deleted} runs older than {kept} days deleted")


@dg.job(description="Keep Dagster's record of routine runs short: keep_runs_days in the settings.")
def tidy() -> None:
    forget_old_runs()


JOBS: list[Any] = [archive, ingest, score, canaries, shadow, dataset, nightly, release, gate, tidy]

archive_schedule = dg.ScheduleDefinition(
    name="archive_hourly",
    job=archive,
    cron_schedule="7 * * * *",
    execution_timezone=SETTINGS.timezone,
    description="Hourly, because cron sessions are deleted after a day and resets rename files.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
canaries_schedule = dg.ScheduleDefinition(
    name="canaries_0210",
    job=canaries,
    cron_schedule="10 2 * * *",
    execution_timezone=SETTINGS.timezone,
    description=(
        "Shortly before the nightly and in a run of its own: in a run with a partition key the "
        "checks of an asset without partitions would stay open."
    ),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

tidy_schedule = dg.ScheduleDefinition(
    name="tidy_0150",
    job=tidy,
    cron_schedule="50 1 * * *",
    execution_timezone=SETTINGS.timezone,
    description="Before the night's work, so that there is space for it.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

SCHEDULES = [nightly_schedule, canaries_schedule, archive_schedule, tidy_schedule]

_GATE_INPUTS = ("sharegpt_dataset", "contrastive_pairs", "training_release", "review_sample")


@dg.sensor(
    job=gate,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the gate once its inputs have changed and come to rest.",
)
@discreet
def gate_inputs_changed(
    context: dg.SensorEvaluationContext, workspace: Workspace
) -> dg.RunRequest | dg.SkipReason:
    """A run of its own: inside a partitioned run the gate's checks would lose their target.

    The cursor holds the last fingerprint seen; a run is asked for when two ticks agree, so a
    backfill that writes a partition a minute does not start a gate run a minute.
    """
    seen = gate_fingerprint(workspace)
    if seen != context.cursor:
        context.update_cursor(seen)
        return dg.SkipReason("The gate's inputs are changing; waiting for them to come to rest.")
    return dg.RunRequest(run_key=seen)


def gate_fingerprint(workspace: Workspace) -> str:
    """Hash of the version of everything the gate reads."""
    digest = hashlib.sha256()
    lake, reviews = workspace.lake, workspace.settings.reviews
    for name in _GATE_INPUTS:
        for day in lake.days(name):
            digest.update(f"{name} {day} {lake.version(name, day)}\n".encode())
    for path in sorted(reviews.glob("*.jsonl")):
        facts = path.stat()
        digest.update(f"{path} {facts.st_size} {facts.st_mtime}\n".encode())
    return digest.hexdigest()


SENSORS = [gate_inputs_changed]
