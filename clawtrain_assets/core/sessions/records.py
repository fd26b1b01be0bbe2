"""What lies beside the transcripts: session store, flight recorder, cron log.

Shapes: OpenClaw 2026.3.13 (config/sessions/types, src/cron/run-log.ts) and 2026.5.28
(trajectory sidecars: provider and model on every line, tools and system prompt in
``context.compiled``).
"""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

import msgspec

from clawtrain_assets.core.sessions.entries import epoch_ms
from clawtrain_assets.core.sessions.row import Identity
from clawtrain_assets.core.sessions.tools import as_function


class StoredSession(NamedTuple):
    """A session's entry in ``sessions.json``."""

    key: str
    model: Identity | None


class Run(NamedTuple):
    """A stretch of time (epoch ms) in which the flight recorder saw one model at work."""

    first: int
    last: int
    identity: Identity


class Trajectory(NamedTuple):
    """What a sidecar adds to its session."""

    runs: list[Run]
    system_prompt: str | None
    tools: list[dict[str, Any]]

    def model_at(self, ms: int) -> Identity | None:
        """The model of the latest run that covers the moment."""
        covering = [run for run in self.runs if run.first <= ms <= run.last]
        return max(covering, key=lambda run: run.first).identity if covering else None


NO_TRAJECTORY = Trajectory([], None, [])


def read_session_store(stream: BinaryIO) -> dict[str, StoredSession]:
    """Session id -> key and current model; an unreadable store is empty (files still count)."""
    try:
        store = msgspec.json.decode(stream.read())
    except (ValueError, RecursionError):
        return {}
    found: dict[str, StoredSession] = {}
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(store, dict):
        pairs = store.items()
    elif isinstance(store, list):  # as given out by an agent database: a key had several sessions
        pairs = [(entry.get("sessionKey"), entry) for entry in store if isinstance(entry, dict)]
    for key, entry in pairs:
        if not isinstance(key, str) or not isinstance(entry, dict):
            continue
        if isinstance(session_id := entry.get("sessionId"), str):
            model = _identity(entry.get("modelProvider"), entry.get("model"), "session_store")
            found[session_id.lower()] = StoredSession(key, model)
    return found


def read_cron_log(stream: BinaryIO) -> dict[str, Identity]:
    """Session id -> model of the finished run."""
    found: dict[str, Identity] = {}
    for line in _objects(stream):
        session_id = line.get("sessionId")
        identity = _identity(line.get("provider"), line.get("model"), "cron_log")
        if isinstance(session_id, str) and identity is not None:
            found[session_id.lower()] = identity
    return found


def last_heard(stream: BinaryIO, store: bool) -> dict[str, int]:
    """Session id (lower case) -> when a session store or a cron log last heard of it (epoch ms)."""
    heard: dict[str, int] = {}
    entries: Iterable[Any] = _entries(stream) if store else _objects(stream)
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("sessionId"), str):
            continue
        begun, took = epoch_ms(entry.get("runAtMs")), entry.get("durationMs")
        ms = epoch_ms(entry.get("updatedAt")) if store else epoch_ms(entry.get("ts"))
        if begun is not None and isinstance(took, int):
            ms = begun + took
        if ms is not None:
            name = entry["sessionId"].lower()
            heard[name] = max(ms, heard.get(name, ms))
    return heard


def _entries(stream: BinaryIO) -> Iterable[Any]:
    try:
        store = msgspec.json.decode(stream.read())
    except (ValueError, RecursionError):
        return ()
    return store.values() if isinstance(store, dict) else ()


def cron_sessions(stream: BinaryIO) -> set[str]:
    """Ids (lower case) of the sessions a cron log names."""
    named = (line.get("sessionId") for line in _objects(stream))
    return {name.lower() for name in named if isinstance(name, str)}


def read_trajectory(stream: Iterable[bytes]) -> Trajectory:
    """Runs, the last system prompt and the last tool definitions of a sidecar."""
    runs: dict[str, Run] = {}
    prompt: str | None = None
    tools: list[dict[str, Any]] = []
    for line in _objects(stream):
        ms = epoch_ms(line.get("ts"))
        identity = _identity(line.get("provider"), line.get("modelId"), "trajectory")
        if ms is not None and identity is not None:
            key = f"{line.get('runId')}\0{identity.provider}\0{identity.model}"
            known = runs.get(key)
            first, last = (min(known.first, ms), max(known.last, ms)) if known else (ms, ms)
            runs[key] = Run(first, last, identity)
        data = line.get("data")
        if line.get("type") == "context.compiled" and isinstance(data, dict):
            if isinstance(data.get("systemPrompt"), str):
                prompt = data["systemPrompt"]
            recorded = data.get("tools")
            if isinstance(recorded, list):
                functions = [as_function(tool) for tool in recorded if isinstance(tool, dict)]
                tools = [function for function in functions if function] or tools
    return Trajectory(list(runs.values()), prompt, tools)


def _identity(provider: object, model: object, source: str) -> Identity | None:
    if not isinstance(model, str) or not model:
        return None
    return Identity(provider if isinstance(provider, str) and provider else None, model, source)


def _objects(stream: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Objects of JSON lines; these files only enrich, so a bad line is passed over."""
    for line in stream:
        try:
            value = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
