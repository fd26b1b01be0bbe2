"""Alerts: sensors that post failed runs and changes of the gate, once a webhook is set."""

import json

import dagster as dg

from clawtrain_assets.core import alerts, gate
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.failures import step_failure
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace

_ON = dg.DefaultSensorStatus.RUNNING
_OFF = dg.DefaultSensorStatus.STOPPED
_STATUS = _ON if SETTINGS.alerts.webhook else _OFF
_NO_WEBHOOK = "No webhook is set: name one in [alerts] webhook."
_PARTITION = "dagster/partition"


@dg.run_failure_sensor(
    monitor_all_code_locations=False,
    default_status=_STATUS,
    description="Posts the job, the run's id and the failing step's sentence to the webhook.",
)
@discreet
def alert_run_failed(
    context: dg.RunFailureSensorContext, workspace: Workspace
) -> dg.SkipReason | None:
    webhook = workspace.settings.alerts.webhook
    if not webhook:
        return dg.SkipReason(_NO_WEBHOOK)
    run = context.dagster_run
    sentence = failure_sentence(context)
    alert = alerts.run_failure(run.job_name, run.run_id, run.tags.get(_PARTITION), sentence)
    alerts.post(webhook, alert)
    return None


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=_STATUS,
    description="Posts which of the gate's checks pass and which do not, when that has changed.",
)
@discreet
def alert_gate_changed(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SkipReason:
    """The cursor holds the checks that passed when last told, so a failed post is tried again."""
    webhook = workspace.settings.alerts.webhook
    if not webhook:
        return dg.SkipReason(_NO_WEBHOOK)
    verdicts = gate.current(workspace.settings)
    passing = json.dumps(sorted(verdict.name for verdict in verdicts if verdict.passed))
    if context.cursor is not None:
        alert = alerts.gate_change(set(json.loads(context.cursor)), verdicts)
        if alert is None:
            return dg.SkipReason("The gate is as it was.")
        alerts.post(webhook, alert)
    context.update_cursor(passing)
    return dg.SkipReason("The gate's state is noted.")


def failure_sentence(context: dg.RunFailureSensorContext) -> str:
    """The sentence of an error meant for people; of any other error only its kind.

    An unforeseen error's message may hold anything, also what the agent said.
    """
    for event in context.get_step_failure_events():
        failure = step_failure(event)
        return (
            failure.sentence or f"{failure.step} raised {failure.kind}: see the run in the web UI."
        )
    return "it ended without an error of its own: see the run in the web UI."


ALERTS = [alert_run_failed, alert_gate_changed]
