"""SQLite databases as LCM and OpenClaw write them, from hand-written sessions."""

import json
import sqlite3
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


def write_agent_database(root: Path, script: Script, packed: bool) -> Path:
    path = root / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT,"
            " event_zstd BLOB, created_at INTEGER);"
            "CREATE TABLE session_nodes (session_key TEXT, current_session_id TEXT,"
            " entry_json TEXT);"
            "CREATE TABLE session_windows (session_id TEXT, session_key TEXT, model_provider TEXT,"
            " model TEXT);"
            "CREATE TABLE trajectory_runtime_events (session_id TEXT, seq INTEGER, run_id TEXT,"
            " event_json TEXT);"
        )
        for seq, entry in enumerate(script.entries):
            text = json.dumps(entry)
            data = zstandard.ZstdCompressor().compress(text.encode())
            row = (None, data) if packed else (text, None)
            db.execute(
                "INSERT INTO transcript_events VALUES (?, ?, ?, ?, ?)",
                (script.session_id, seq, *row, script.ms),
            )
        db.execute(
            "INSERT INTO session_windows VALUES (?, 'agent:main:subagent:x', 'p', 'm')",
            (script.session_id,),
        )
        event = {
            "type": "context.compiled",
            "ts": iso(script.ms),
            "data": {"systemPrompt": "Be brief.", "tools": [{"name": "read", "parameters": {}}]},
        }
        db.execute(
            "INSERT INTO trajectory_runtime_events VALUES (?, 1, 'r', ?)",
            (script.session_id, json.dumps(event)),
        )
    db.close()
    return path
