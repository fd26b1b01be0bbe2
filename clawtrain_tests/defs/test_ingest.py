"""What the first two assets show of a history: numbers by day and model, and what may be lost."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clawtrain_assets.definitions import build_defs
from clawtrain_tests.core.sessions.databases import write_lcm
from clawtrain_tests.core.sessions.history import START, Script, conversation

DAY = "2026-03-07"
LOST = "99999999-2222-4333-8444-555555555555"


@pytest.fixture
def state(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    state = tmp_path / "state"
    monkeypatch.setenv("CLAWTRAIN_SOURCES__STATE_DIRS", json.dumps([str(state)]))
    script = conversation()
    script.assistant("By an unknown model.", provider=None, model=None)
    script.write(state)
    return state


def _metadata(asset: str, day: str) -> dict[str, Any]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = (
            build_defs()
            .resolve_job_def("ingest")
            .execute_in_process(instance=instance, partition_key=day)
        )
        assert result.success
        found = {
            event.asset_key.to_user_string(): event.materialization.metadata
            for event in result.get_asset_materialization_events()
            if event.asset_key is not None
        }
        return {
            name: [record.data for record in value.records]
            if isinstance(value, dg.TableMetadataValue)
            else value.value
            for name, value in found[asset].items()
        }


def test_sessions_lost_or_never_asked_for_are_numbers_of_the_archive(state: Path) -> None:
    Script(LOST, start=START - 400 * 86_400_000).write(state)
    store = state / "agents" / "main" / "sessions" / "sessions.json"
    unseen = LOST.replace("9", "8")
    store.write_text(json.dumps({"agent:main:x": {"sessionId": unseen}}))
    shown = _metadata("session_archive", DAY)
    assert shown["missing_sessions"] == 1
    assert shown["sessions before start_date"] == 1
    assert shown["earliest day"] == "2025-01-31"
    assert shown["deduplication ratio"] == 1.0
    assert 'start_date = "2025-01-31"' in str(shown["warnings"])


def test_the_hourly_capture_checks_itself(state: Path) -> None:
    store = state / "agents" / "main" / "sessions" / "sessions.json"
    store.write_text(json.dumps({"agent:main:x": {"sessionId": LOST}}))
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_defs().resolve_job_def("archive")
        result = job.execute_in_process(instance=instance)
        found = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert found == {
        "columns_as_declared": True,
        "captures_current": True,
        "nothing_pruned_uncaptured": False,
    }


def test_turns_are_shown_by_day_and_by_model(state: Path) -> None:
    shown = _metadata("raw_turns", DAY)
    assert shown["attributed share"] == 1.0  # the model change before it names the last one's
    days = [(day["day"], day["turns"], day["priced"]) for day in shown["days"]]
    assert days == [(DAY, 5, 5)]
    assert {model["attribution_source"]: model["turns"] for model in shown["models"]} == {
        "message": 4,
        "model_change": 1,
    }
    shares = {
        row["attribution_source"]: row["share_of_all"] for row in shown["attribution sources"]
    }
    assert shares == {"message": 0.8, "model_change": 0.2}
    assert shown["lost to rotation"] == []


def test_an_unpriced_day_has_no_cost_instead_of_none(state: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant("done", usage={"input": 5, "output": 5, "cost": {"total": 0}})
    script.write(state)
    shown = _metadata("raw_turns", DAY)
    assert "cost USD" not in shown
    assert [(day["unpriced"], day["cost_usd"]) for day in shown["days"]] == [(1, None)]


def test_what_rotation_took_is_shown_by_day(state: Path) -> None:
    script = conversation()
    write_lcm(state / "lcm.db", script)
    script.entries = [script.entries[0], *script.entries[-2:]]
    script.write(state)
    _tail(state)
    (lost,) = _metadata("raw_turns", DAY)["lost to rotation"]
    assert lost == {"day": DAY, "turns_only_in_lcm": 3, "without_beginning": 1}


def _tail(state: Path) -> None:
    """Another session, of which not even LCM has the beginning."""
    script = conversation(LOST)
    script.entries = [script.entries[0], *script.entries[-2:]]
    script.write(state)
