"""Whose turn it is: model and provider with their source, cost, session, agent and kind."""

import json
from datetime import date
from pathlib import Path

import pytest

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.settings import Price

from .history import NO_USAGE, SESSION, START, USAGE, Script, conversation, iso, read


def test_cost_states(tmp_path: Path) -> None:
    script = Script()
    free = {**USAGE, "cost": NO_USAGE["cost"]}
    alias = {"prompt_tokens": 1_000_000, "completion_tokens": 0}
    script.user("go")
    script.assistant("recorded")
    script.assistant("zero cost", usage=free)
    script.assistant("other names", usage=alias, model="local-7b")
    script.assistant("nothing", usage=NO_USAGE)
    script.write(tmp_path)
    prices = (
        Price(model="local-*", since=date(2026, 1, 1), input=2.0, output=0.0),
        Price(model="local-*", since=date(2026, 3, 1), input=3.0, output=0.0),
        Price(model="local-*", since=date(2027, 1, 1), input=9.0, output=0.0),
    )
    turns, _ = read(tmp_path, prices)
    assert [(t.cost_state, t.cost_usd) for t in turns] == [
        ("priced", 0.3),
        ("unpriced", None),
        ("recomputed", 3.0),
        ("none", None),
    ]


def test_attribution_falls_back_with_its_source(tmp_path: Path) -> None:
    script = Script()
    script.entries[0] |= {"provider": "p0", "modelId": "m0"}
    nameless = {"provider": None, "model": None}
    script.user("go")
    script.assistant("a", **nameless)
    script.entry("model_change", provider="p1", modelId="m1")
    script.assistant("b", **nameless)
    script.entry("custom", customType="model-snapshot", data={"provider": "p2", "modelId": "m2"})
    script.assistant("c", **nameless)
    script.assistant("d")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert [(t.provider, t.model, t.attribution_source) for t in turns] == [
        ("p0", "m0", "header"),
        ("p1", "m1", "model_change"),
        ("p2", "m2", "model_snapshot"),
        ("anthropic", "claude-sonnet-4-6", "message"),
    ]


def test_session_key_kind_and_agent(tmp_path: Path) -> None:
    conversation().write(tmp_path, agent="helper")
    store = tmp_path / "agents" / "helper" / "sessions" / "sessions.json"
    store.write_text(f'{{"agent:helper:cron:job1:run:{SESSION}": {{"sessionId": "{SESSION}"}}}}')
    turns, _ = read(tmp_path)
    assert {(t.agent_id, t.session_kind) for t in turns} == {("helper", "cron")}
    assert turns[0].session_key == f"agent:helper:cron:job1:run:{SESSION}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[cron:1a4b nightly] Report", "cron"),
        ("[Subagent Context] You are running as a subagent (depth 1/1)", "subagent"),
        ("[Thu 2026-02-26 19:13 GMT+8] [OpenClaw heartbeat poll]", "heartbeat"),
        ("hello", "main"),
    ],
)
def test_kind_from_the_first_words(tmp_path: Path, text: str, kind: str) -> None:
    script = Script()
    script.user(text)
    script.assistant("done")
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    assert turn.session_kind == kind


def test_a_trajectory_gives_prompt_tools_and_model(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    script.assistant("done", model=None, provider=None)
    path = script.write(tmp_path)
    line = {"provider": "p", "modelId": "m", "runId": "r", "type": "prompt.submitted"}
    compiled = {
        "systemPrompt": "Be brief.",
        "tools": [{"name": "read", "description": "Reads", "input_schema": {"type": "object"}}],
    }
    lines = [
        {**line, "ts": iso(START)},
        {**line, "ts": iso(START + 500), "type": "context.compiled", "data": compiled},
        {**line, "ts": iso(START + 60_000), "type": "session.ended"},
    ]
    sidecar = path.with_name(f"{SESSION}.trajectory.jsonl")
    sidecar.write_text("".join(json.dumps(item) + "\n" for item in lines) + "broken\n")
    (turn,), _ = read(tmp_path)
    assert (turn.provider, turn.model, turn.attribution_source) == ("p", "m", "trajectory")
    assert turn.system_prompt == "Be brief."
    assert turn.tools_source == "trajectory"
    assert turn.definitions == [
        {
            "type": "function",
            "function": {
                "name": "read",
                "description": "Reads",
                "parameters": {"type": "object", "properties": {}, "required": []},
            },
        }
    ]


def test_all_windows_of_a_rolling_flight_recorder_are_read(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = Script()
    script.user("go")
    script.assistant("one", model=None, provider=None)
    script.ms += 3_600_000
    script.assistant("two", model=None, provider=None)
    path = script.write(state)
    sidecar = path.with_name(f"{SESSION}.trajectory.jsonl")
    for number, start in enumerate((START, START + 3_600_000)):
        seen = {"provider": "p", "modelId": f"m{number}", "runId": number}
        lines = [{**seen, "ts": iso(start + offset)} for offset in (0, 60_000)]
        sidecar.write_text("".join(json.dumps(line) + "\n" for line in lines))
        archive.capture([state], None)
    assert [turn.model for turn in read(archive)[0]] == ["m0", "m1"]


def test_a_cron_log_names_the_model_last(tmp_path: Path) -> None:
    script = Script()
    script.user("[cron:j nightly] go")
    script.assistant("done", model=None, provider=None)
    script.write(tmp_path)
    log = tmp_path / "cron" / "runs" / "j.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"sessionId": SESSION, "model": "m", "provider": "p"}) + "\n")
    (turn,), _ = read(tmp_path)
    assert (turn.provider, turn.model, turn.attribution_source) == ("p", "m", "cron_log")
