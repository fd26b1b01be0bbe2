"""A sample OpenClaw history, so that everything can be seen working before one's own is read.

Invented from start to end: a small yarn shop, its owner, her server. It holds what real
histories hold: private values, failures, corrections, and turns that are no work to learn from.
"""

import json
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from upath import UPath

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.demo.plants import make_plants
from clawtrain_assets.demo.story import load_stories, read_text
from clawtrain_assets.demo.transcript import (
    API,
    PROVIDER,
    Tally,
    Transcript,
    iso,
    make_uuid,
    millis,
)

_SEED = 20_260
_IDS = ("cron_morning", "cron_stock", "cron_reminder", "subagent")  # public names of jobs and runs


@dataclass(frozen=True)
class SampleHistory:
    """What was written, and what reading it must give.

    ``planted`` are private values by name: none may appear in anything released, and neither may
    ``signatures`` (of thinking). ``denylist`` is what the owner would list: names, hosts and the
    like, which no pattern knows. Turns are counted once, however many copies there are;
    ``excluded`` of them by ``exclusion_reason``; ``scorable_turns`` use tools and are not
    excluded. ``lines`` counts all transcript files, copies too; ``malformed_lines`` of them.
    """

    state_dir: Path
    days: tuple[str, ...]
    planted: Mapping[str, str]
    signatures: tuple[str, ...]
    denylist: Mapping[str, tuple[str, ...]]
    files: int
    lines: int
    malformed_lines: int
    assistant_turns: int
    tool_use_turns: int
    scorable_turns: int
    excluded: Mapping[str, int]
    cost_usd: float


def write_sample_history(directory: Path, last_day: date) -> SampleHistory:
    """Write an OpenClaw state directory of five days that end on ``last_day`` (UTC).

    The same day and directory give the same bytes. The directory appears whole or not at all;
    raises UsageError if it exists.
    """
    if directory.exists():
        raise UsageError(f"{directory} exists already: name a new directory for the sample.")
    staging = directory.with_name(f"{directory.name}.incomplete")
    shutil.rmtree(staging, ignore_errors=True)
    rng = random.Random(_SEED)
    plants = make_plants(rng)
    ids = {name: str(make_uuid(rng)) for name in _IDS}
    values = {**{name: plant.value for name, plant in plants.items()}, **ids}
    sender = {
        "name": values["name_owner"],
        "user": values["user"],
        "username": values["user_telegram"],
        "telegram_id": values["telegram_id"],
    }
    transcripts = []
    for story, day in load_stories(values.__getitem__, last_day):
        start = datetime.combine(day, time.fromisoformat(story.time), tzinfo=UTC)
        transcripts.append(Transcript(story, start, sender, rng))

    written: list[list[str]] = []
    for transcript in transcripts:
        for path, lines in _files(transcript, rng):
            written.append(lines)
            _write_lines(_sessions(staging, transcript.story.agent) / path, lines)
    for agent in sorted({transcript.story.agent for transcript in transcripts}):
        _write_store(staging, directory, agent, transcripts)
    for transcript in transcripts:
        if transcript.story.sidecar:
            _write_sidecar(staging, transcript, values, rng)
        if transcript.story.key is not None and ":cron:" in transcript.story.key:
            _write_run_log(staging, transcript)
    staging.rename(directory)

    tally = _sum([transcript.tally for transcript in transcripts])
    denylist: dict[str, list[str]] = {}
    for plant in plants.values():
        if plant.denylist is not None:
            denylist.setdefault(plant.denylist, []).append(plant.value)
    return SampleHistory(
        state_dir=directory,
        days=tuple(sorted({f"{transcript.start:%Y-%m-%d}" for transcript in transcripts})),
        planted={name: plant.value for name, plant in plants.items()},
        signatures=tuple(mark for transcript in transcripts for mark in transcript.signatures),
        denylist={kind: tuple(values) for kind, values in denylist.items()},
        files=len(written),
        lines=sum(len(lines) for lines in written),
        malformed_lines=sum(
            step.malformed is not None
            for transcript in transcripts
            for step in transcript.story.step
        ),
        assistant_turns=tally.turns,
        tool_use_turns=tally.tool_use_turns,
        scorable_turns=tally.scorable_turns,
        excluded=tally.excluded,
        cost_usd=tally.cost_usd,
    )


def _files(transcript: Transcript, rng: random.Random) -> list[tuple[str, list[str]]]:
    """File names (OpenClaw src/config/sessions/artifacts.ts) and their lines."""
    name = f"{transcript.session_id}.jsonl"
    if transcript.story.family != "live":
        gone = transcript.end + timedelta(hours=2, milliseconds=137)
        name += f".{transcript.story.family}.{iso(gone).replace(':', '-')}"
    files = [(name, transcript.lines)]
    if transcript.story.checkpoint:
        copy = f"{transcript.session_id}.checkpoint.{make_uuid(rng)}.jsonl"
        files.append((copy, transcript.before_compaction))
    return files


def _write_lines(path: Path, lines: list[str]) -> None:
    replace_bytes(UPath(path), ("\n".join(lines) + "\n").encode())


def _sessions(directory: Path, agent: str) -> Path:
    return directory / "agents" / agent / "sessions"


def _write_store(staging: Path, directory: Path, agent: str, transcripts: list[Transcript]) -> None:
    """sessions.json: the current session of each key."""
    store = {
        transcript.story.key: {
            "sessionId": transcript.session_id,
            "updatedAt": millis(transcript.end),
            "sessionFile": str(_sessions(directory, agent) / f"{transcript.session_id}.jsonl"),
            "chatType": "direct",
            "modelProvider": PROVIDER,
            "model": transcript.story.model,
            "contextTokens": 200_000,
            "compactionCount": int(transcript.story.checkpoint),
        }
        for transcript in transcripts
        if transcript.story.agent == agent and transcript.story.key is not None
    }
    target = _sessions(staging, agent) / "sessions.json"
    replace_bytes(UPath(target), json.dumps(store, indent=2).encode())


def _write_sidecar(
    directory: Path, transcript: Transcript, values: Mapping[str, str], rng: random.Random
) -> None:
    """The flight recorder's file, the only place of the system prompt and the tools' schemas."""
    run_id = str(make_uuid(rng))
    workspace = f"/home/{values['user']}/.openclaw/workspace"
    day = transcript.start.date()
    prompt = read_text("system-prompt.md", values.__getitem__, day).strip()
    tools = json.loads(read_text("tools.json", values.__getitem__, day))
    events: list[tuple[str, dict[str, Any]]] = [
        ("session.started", {}),
        ("trace.metadata", {"harness": {"type": "openclaw", "version": "2026.5.28"}}),
        ("context.compiled", {"systemPrompt": prompt, "tools": tools}),
        ("model.completed", {"usage": transcript.usage}),
        ("session.ended", {"status": "success"}),
    ]
    lines = [
        json.dumps(
            {
                "traceSchema": "openclaw-trajectory",
                "schemaVersion": 1,
                "traceId": transcript.session_id,
                "source": "runtime",
                "type": kind,
                "ts": iso(transcript.start + timedelta(milliseconds=number)),
                "seq": number,
                "sourceSeq": number,
                "sessionId": transcript.session_id,
                "sessionKey": transcript.story.key,
                "runId": run_id,
                "workspaceDir": workspace,
                "provider": PROVIDER,
                "modelId": transcript.story.model,
                "modelApi": API,
                "data": data,
            },
            separators=(",", ":"),
        )
        for number, (kind, data) in enumerate(events, start=1)
    ]
    name = f"{transcript.session_id}.trajectory.jsonl"
    _write_lines(_sessions(directory, transcript.story.agent) / name, lines)


def _write_run_log(directory: Path, transcript: Transcript) -> None:
    """cron/runs/<job>.jsonl (OpenClaw src/cron/run-log.ts)."""
    assert transcript.story.key is not None
    job = transcript.story.key.rsplit(":", 1)[1]
    line = {
        "ts": millis(transcript.end),
        "jobId": job,
        "action": "finished",
        "status": "ok",
        "sessionId": transcript.session_id,
        "sessionKey": transcript.story.key,
        "runAtMs": millis(transcript.start),
        "durationMs": millis(transcript.end) - millis(transcript.start),
        "model": transcript.story.model,
        "provider": PROVIDER,
    }
    _write_lines(directory / "cron" / "runs" / f"{job}.jsonl", [json.dumps(line)])


def _sum(tallies: list[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.turns += tally.turns
        whole.tool_use_turns += tally.tool_use_turns
        whole.scorable_turns += tally.scorable_turns
        whole.cost_usd += tally.cost_usd
        for reason, count in tally.excluded.items():
            whole.exclude(reason, count)
    return whole
