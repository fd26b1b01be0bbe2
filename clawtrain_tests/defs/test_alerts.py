"""Alerts reach the configured webhook, say what happened, and carry no conversation text."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clawtrain_assets.core.alerts import Alert, post
from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.defs.alerts import alert_gate_changed, alert_run_failed
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.settings import load_settings
from clawtrain_tests.defs.simulated import write_pairs


class Hook:
    """A webhook on loopback; answers with ``statuses`` in turn, then 200."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.statuses.pop(0) if hook.statuses else 200
                if status == 200:
                    hook.bodies.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def hook(home: Path) -> Iterator[Hook]:
    made = Hook()
    (home / "clawtrain.toml").write_text(
        f'[alerts]\nwebhook = "{made.url}"\n[gate]\ncontrastive_pairs = 3\n'
    )
    yield made
    made.server.shutdown()
    made.server.server_close()


def fail_and_tell(instance: dg.DagsterInstance, raising: Callable[[], None]) -> str:
    """Runs a job that raises, and the sensor on it; returns the run's id."""

    @dg.op
    def work() -> None:
        raising()

    @dg.job(name="nightly", tags={"dagster/partition": "2026-03-07"})
    def failing() -> None:
        work()

    result = failing.execute_in_process(instance=instance, raise_on_error=False)
    with dg.build_run_status_sensor_context(
        sensor_name="alert_run_failed",
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
        resources={"workspace": Workspace()},
    ) as context:
        alert_run_failed(context.for_run_failure())
    return result.run_id


def test_a_failed_run_is_told_by_the_sentence_meant_for_people(hook: Hook) -> None:
    def raising() -> None:
        raise UsageError("The rubric is gone: write one.") from KeyError("the agent said hello")

    with dg.DagsterInstance.ephemeral() as instance:
        run_id = fail_and_tell(instance, raising)
    (body,) = hook.bodies
    assert body["kind"] == "run_failure"
    assert body["run_id"] == run_id
    assert (body["job"], body["partition"]) == ("nightly", "2026-03-07")
    assert body["text"] == (
        "Clawtrain: nightly for 2026-03-07 failed: The rubric is gone: write one."
    )


def test_an_unforeseen_error_is_told_by_its_kind_alone(hook: Hook) -> None:
    def raising() -> None:
        raise ValueError("the agent said hello to Katarina")

    with dg.DagsterInstance.ephemeral() as instance:
        fail_and_tell(instance, raising)
    (body,) = hook.bodies
    assert "work raised ValueError" in body["text"]
    assert "Katarina" not in json.dumps(body)


def tick(instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    with dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"workspace": Workspace()}
    ) as context:
        alert_gate_changed(context)
        return context.cursor


def test_a_change_of_the_gate_is_told_once(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clawtrain_assets.core.alerts.time.sleep", lambda _: None)
    with dg.DagsterInstance.ephemeral() as instance:
        first = tick(instance, None)
        assert hook.bodies == []  # how it was before, nobody knows
        assert tick(instance, first) == first
        write_pairs(Lake(load_settings().lake), "2026-03-07", 3)
        hook.statuses = [500, 500, 500]
        with pytest.raises(ClawtrainError, match="HTTP 500"):
            tick(instance, first)
        second = tick(instance, first)  # not lost: told by the next tick
        assert tick(instance, second) == second
    (body,) = hook.bodies
    assert body["kind"] == "gate_change"
    assert body["open"] is False
    assert body["passing"] == ["contrastive_pairs"]
    assert "contrastive_pairs passes now" in body["text"]


def test_a_short_outage_is_waited_out_and_a_wrong_address_is_not_repeated(hook: Hook) -> None:
    alert = Alert("run_failure", "text", {})
    hook.statuses = [503]
    post(hook.url, alert, pause_s=0.01)
    assert len(hook.bodies) == 1
    hook.statuses = [404, 200]
    with pytest.raises(ClawtrainError, match="HTTP 404") as error:
        post(hook.url, alert, pause_s=0.01)
    assert hook.statuses == [200]
    assert hook.url not in str(error.value)
    with pytest.raises(ClawtrainError, match="ConnectError"):
        post("http://127.0.0.1:9/secret", alert, pause_s=0.01)


def test_without_a_webhook_the_sensors_are_off_and_say_why(home: Path) -> None:
    assert alert_run_failed.default_status == dg.DefaultSensorStatus.STOPPED
    assert alert_gate_changed.default_status == dg.DefaultSensorStatus.STOPPED
    with dg.build_sensor_context(resources={"workspace": Workspace()}) as context:
        skipped = alert_gate_changed(context)
    assert isinstance(skipped, dg.SkipReason)
    assert "[alerts] webhook" in (skipped.skip_message or "")


def test_an_address_that_is_none_is_refused(home: Path) -> None:
    (home / "clawtrain.toml").write_text('[alerts]\nwebhook = "slack"\n')
    with pytest.raises(UsageError, match=r"alerts\.webhook"):
        load_settings()
