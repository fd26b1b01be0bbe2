"""SQLite databases as LCM and OpenClaw write them, from hand-written sessions."""

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import zstandard

from .history import Script, iso

_LCM = """
CREATE TABLE conversations (conversation_id INTEGER PRIMARY KEY, session_id TEXT,
  session_key TEXT);
CREATE TABLE messages (message_id INTEGER PRIMARY KEY, conversation_id INTEGER, seq INTEGER,
  role TEXT, content TEXT, transcript_entry_id TEXT, created_at TEXT, large_content TEXT);
CREATE TABLE message_parts (part_id TEXT PRIMARY KEY, message_id INTEGER, session_id TEXT,
  part_type TEXT, ordinal INTEGER, text_content TEXT, metadata TEXT);
"""
_ROLES = {"user": "user", "assistant": "assistant", "toolResult": "tool"}


def write_lcm(
    path: Path, script: Script, entry_ids: bool = True, models: bool = True, key: str | None = None
) -> Path:
    """What LCM stores of a session: messages to the second and their blocks, no usage."""
    with sqlite3.connect(path) as db:
        db.executescript(_LCM)
        # The key moved on: the conversation names a later session, the parts the right one.
        db.execute("INSERT INTO conversations VALUES (1, 'later-session', ?)", (key,))
        for number, entry in enumerate(script.entries):
            message = entry.get("message")
            if message is None or message["role"] not in _ROLES:
                continue
            second = iso(message["timestamp"])[:19].replace("T", " ")
            db.execute(
                "INSERT INTO messages VALUES (?, 1, ?, ?, ?, ?, ?, NULL)",
                (
                    number,
                    number,
                    _ROLES[message["role"]],
                    "text",
                    entry.get("id") if entry_ids else None,
                    second,
                ),
            )
            for ordinal, block in enumerate(message["content"]):
                meta: dict[str, Any] = {"originalRole": message["role"], "raw": block}
                if message["role"] == "toolResult":
                    meta |= {k: message[k] for k in ("toolCallId", "toolName", "isError")}
                if message["role"] == "assistant" and ordinal == 0 and models:
                    meta |= {"modelProvider": "anthropic", "modelId": "claude-sonnet-4-6"}
                db.execute(
                    "INSERT INTO message_parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        f"{number}-{ordinal}",
                        number,
                        script.session_id,
                        "text",
                        ordinal,
                        None,
                        json.dumps(meta),
                    ),
                )
    db.close()
    return path


# What is read of the documented schema of 2026.9, with its types and constraints.
_AGENT = """
CREATE TABLE session_nodes (session_key TEXT NOT NULL PRIMARY KEY, current_session_id TEXT,
  entry_json TEXT NOT NULL) STRICT;
CREATE TABLE session_windows (session_id TEXT NOT NULL PRIMARY KEY, session_key TEXT NOT NULL,
  previous_session_id TEXT, reason TEXT, started_at INTEGER, model_provider TEXT, model TEXT,
  spawned_by TEXT) STRICT;
CREATE TABLE transcript_events (session_id TEXT NOT NULL, seq INTEGER NOT NULL, event_json TEXT,
  created_at INTEGER NOT NULL, event_zstd BLOB, event_utf8_bytes INTEGER,
  PRIMARY KEY (session_id, seq)) STRICT;
CREATE TABLE transcript_event_identities (session_id TEXT NOT NULL, event_id TEXT NOT NULL,
  seq INTEGER NOT NULL, event_type TEXT, parent_id TEXT) STRICT;
CREATE TABLE session_transcript_archives (session_id TEXT NOT NULL, generation TEXT NOT NULL,
  session_key TEXT NOT NULL, reason TEXT NOT NULL CHECK (reason IN ('deleted', 'reset')),
  encoding TEXT NOT NULL CHECK (encoding IN ('identity', 'zstd')), archive_blob BLOB NOT NULL,
  archive_sha256 TEXT NOT NULL CHECK (length(archive_sha256) = 64),
  archive_name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, published_at INTEGER,
  PRIMARY KEY (session_id, generation)) STRICT;
CREATE TABLE session_transcript_cold_archives (session_id TEXT NOT NULL PRIMARY KEY,
  generation TEXT NOT NULL, archive_name TEXT NOT NULL UNIQUE, archive_sha256 TEXT NOT NULL,
  event_count INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, archive_bytes INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, archived_at INTEGER NOT NULL,
  storage TEXT NOT NULL CHECK (storage IN ('file', 'sqlite')), archive_blob BLOB,
  CHECK ((storage = 'file') = (archive_blob IS NULL))) STRICT;
CREATE TABLE trajectory_runtime_events (session_id TEXT NOT NULL, seq INTEGER NOT NULL,
  run_id TEXT, event_json TEXT NOT NULL) STRICT;
"""


class AgentDatabase:
    """``agents/main/agent/openclaw-agent.sqlite`` below a state directory."""

    def __init__(self, root: Path, packed: bool) -> None:
        self.path = root / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
        self.path.parent.mkdir(parents=True)
        self._packed = packed
        with self._writing() as db:
            db.executescript(_AGENT)

    def _writing(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.path, isolation_level=None))

    def add(self, script: Script, key: str, model: tuple[str, str] | None = ("p", "m")) -> None:
        """A session and its window, which is its key's current one."""
        session = script.session_id
        with self._writing() as db:
            for seq, entry in enumerate(script.entries):
                text = json.dumps(entry)
                data = zstandard.ZstdCompressor().compress(text.encode())
                plain, packed = (None, data) if self._packed else (text, None)
                db.execute(
                    "INSERT INTO transcript_events VALUES (?, ?, ?, ?, ?, ?)",
                    (session, seq, plain, script.ms, packed, len(text.encode())),
                )
            provider, name = model or (None, None)
            db.execute(
                "INSERT INTO session_windows VALUES (?, ?, NULL, NULL, ?, ?, ?, NULL)",
                (session, key, script.ms, provider, name),
            )
            db.execute("INSERT INTO session_nodes VALUES (?, ?, '{}')", (key, session))

    def record(self, script: Script, events: list[dict[str, Any]]) -> None:
        """What the flight recorder saw of a session."""
        with self._writing() as db:
            for seq, event in enumerate(events):
                db.execute(
                    "INSERT INTO trajectory_runtime_events VALUES (?, ?, 'r', ?)",
                    (script.session_id, seq, json.dumps(event)),
                )

    def archive(self, script: Script, reason: str, key: str) -> None:
        """A session that was reset or deleted, its transcript not yet published as a file."""
        blob = script.lines()
        name = f"{script.session_id}.jsonl.{reason}.2026-03-08T04-00-00.000Z"
        digest = sha256(blob).hexdigest()
        if self._packed:
            blob, name = zstandard.ZstdCompressor().compress(blob), f"{name}.zst"
        with self._writing() as db:
            db.execute(
                "INSERT INTO session_transcript_archives"
                " VALUES (?, 'g', ?, ?, ?, ?, ?, ?, 1, NULL)",
                (
                    script.session_id,
                    key,
                    reason,
                    "zstd" if self._packed else "identity",
                    blob,
                    digest,
                    name,
                ),
            )

    def freeze(self, script: Script) -> None:
        """A session in cold storage inside the database."""
        raw = script.lines()
        blob = zstandard.ZstdCompressor().compress(raw)
        with self._writing() as db:
            db.execute(
                "INSERT INTO session_transcript_cold_archives"
                " VALUES (?, 'g', ?, ?, 1, ?, ?, 1, 1, 'sqlite', ?)",
                (
                    script.session_id,
                    f"{script.session_id}.jsonl.zst",
                    sha256(raw).hexdigest(),
                    len(raw),
                    len(blob),
                    blob,
                ),
            )


def write_agent_database(root: Path, script: Script, packed: bool) -> Path:
    """One session of a subagent, as the flight recorder saw it."""
    database = AgentDatabase(root, packed)
    database.add(script, "agent:main:subagent:x")
    tools = [{"name": "read", "parameters": {}}]
    compiled = {"systemPrompt": "Be brief.", "tools": tools}
    event = {"type": "context.compiled", "ts": iso(script.ms), "data": compiled}
    database.record(script, [event])
    return database.path
