"""Alerts to a webhook: ids, names and one sentence, never conversation text.

The body is ``{"text": …, "kind": …, …}``: Slack, Mattermost, Matrix bridges and ntfy show ``text``,
programs read the rest.
"""

import time
from dataclasses import dataclass, field
from typing import Literal

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.gate.rules import Verdict, is_open

_TRIES = 3
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Alert:
    """What happened, in a sentence for people and in ``facts`` (ids and names) for programs."""

    kind: Literal["run_failure", "gate_change"]
    text: str
    facts: dict[str, str | bool | list[str]] = field(default_factory=dict)


def run_failure(job: str, run_id: str, partition: str | None, sentence: str) -> Alert:
    """``sentence``: what failed and what to do next, free of conversation text."""
    of_day = f" for {partition}" if partition else ""
    facts: dict[str, str | bool | list[str]] = {"job": job, "run_id": run_id}
    if partition:
        facts["partition"] = partition
    return Alert("run_failure", f"Clawtrain: {job}{of_day} failed: {sentence}", facts)


def gate_change(before: set[str], verdicts: list[Verdict]) -> Alert | None:
    """An alert if the passing checks are not those of ``before``; None if they are."""
    passing = {verdict.name for verdict in verdicts if verdict.passed}
    if passing == before:
        return None
    said = [f"{v.name} fails now ({v.detail})" for v in verdicts if v.name in before - passing]
    said += [f"{v.name} passes now" for v in verdicts if v.name in passing - before]
    state = (
        "open" if is_open(verdicts) else f"closed, {len(passing)} of {len(verdicts)} checks pass"
    )
    facts: dict[str, str | bool | list[str]] = {
        "open": is_open(verdicts),
        "passing": sorted(passing),
        "failing": sorted({verdict.name for verdict in verdicts} - passing),
    }
    return Alert("gate_change", f"Clawtrain: the gate is {state}: {'; '.join(said)}.", facts)


def post(webhook: str, alert: Alert, pause_s: float = 1.0) -> None:
    """Deliver one alert, trying again if the server is unreachable or fails.

    Raises ClawtrainError that names neither the address (it is often a secret) nor the alert.
    """
    import httpx  # nothing else in the definitions needs it

    body = {"text": alert.text, "kind": alert.kind, **alert.facts}
    reason = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(pause_s * 2 ** (attempt - 1))
        try:
            answer = httpx.post(webhook, json=body, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            reason = type(error).__name__
            continue
        if answer.is_success:
            return
        reason = f"HTTP {answer.status_code}"
        if answer.status_code < 500 and answer.status_code != 429:
            break
    raise ClawtrainError(
        f"The webhook of [alerts] took no message ({reason}): correct its address in the settings."
    )
