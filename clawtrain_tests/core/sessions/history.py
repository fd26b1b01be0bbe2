"""Session files written by hand for the tests: the shapes of OpenClaw and pi, invented content."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clawtrain_assets.core.sessions.extract import Extraction, extract
from clawtrain_assets.core.sessions.sources import DirectorySource, HistorySource
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Price, Sources

SESSION = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
START = 1_772_866_000_000  # 2026-03-07 06:46:40 UTC
USAGE = {
    "input": 10,
    "output": 20,
    "cacheRead": 30,
    "cacheWrite": 0,
    "totalTokens": 60,
    "cost": {"input": 0.1, "output": 0.2, "cacheRead": 0.0, "cacheWrite": 0.0, "total": 0.3},
}
NO_USAGE = {
    "input": 0,
    "output": 0,
    "cacheRead": 0,
    "cacheWrite": 0,
    "totalTokens": 0,
    "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": 0},
}


def iso(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


class Script:
    """Writes the entries of one session, a second apart, each a child of the one before."""

    def __init__(
        self, session_id: str = SESSION, version: int | None = 3, start: int = START
    ) -> None:
        self.session_id = session_id
        self.version = version
        self.ms = start
        self.parent: str | None = None
        self.number = 0
        header: dict[str, Any] = {"type": "session", "id": session_id, "timestamp": iso(start)}
        if version is not None:
            header["version"] = version
        self.entries: list[dict[str, Any]] = [header]

    def entry(self, kind: str, **fields: Any) -> str:
        self.number += 1
        self.ms += 1000
        name = f"e{self.number:07d}"
        entry: dict[str, Any] = {"type": kind, "timestamp": iso(self.ms)}
        if self.version is not None:
            entry |= {"id": name, "parentId": self.parent}
        entry |= fields
        self.entries.append(entry)
        self.parent = name
        return name

    def user(self, text: Any, **fields: Any) -> str:
        content = [{"type": "text", "text": text}] if isinstance(text, str) else text
        message = {"role": "user", "content": content, "timestamp": self.ms + 1000, **fields}
        return self.entry("message", message=message)

    def assistant(
        self,
        text: str = "",
        calls: tuple[tuple[str, str, dict[str, Any]], ...] = (),
        entry: dict[str, Any] | None = None,
        **fields: Any,
    ) -> str:
        content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        content += [
            {"type": "toolCall", "id": i, "name": name, "arguments": arguments}
            for i, name, arguments in calls
        ]
        message = {
            "role": "assistant",
            "content": content,
            "api": "anthropic-messages",
            "provider": "anthropic",
            "model": "claude-sonnet-4-6",
            "usage": USAGE,
            "stopReason": "toolUse" if calls else "stop",
            "timestamp": self.ms + 400,
            **fields,
        }
        return self.entry("message", message=message, **(entry or {}))

    def result(self, call: str, text: str, tool: str = "read", **fields: Any) -> str:
        message = {
            "role": "toolResult",
            "toolCallId": call,
            "toolName": tool,
            "content": [{"type": "text", "text": text}],
            "isError": False,
            "timestamp": self.ms + 1000,
            **fields,
        }
        return self.entry("message", message=message)

    def lines(self) -> bytes:
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in self.entries)

    def write(self, root: Path, name: str | None = None, agent: str = "main") -> Path:
        path = root / "agents" / agent / "sessions" / (name or f"{self.session_id}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.lines())
        return path


def conversation(session_id: str = SESSION, start: int = START) -> Script:
    """Two exchanges: one with two tool calls, one plain."""
    script = Script(session_id, start=start)
    script.entry("model_change", provider="anthropic", modelId="claude-sonnet-4-6")
    script.user("what is in notes.txt?")
    script.assistant("Looking.", calls=(("c1", "read", {"path": "notes.txt"}),))
    script.result("c1", "milk, bread")
    script.assistant("", calls=(("c2", "exec", {"command": "date"}),))
    script.result("c2", "Saturday", tool="exec")
    script.assistant("Milk and bread; it is Saturday.")
    script.user("thanks")
    script.assistant("You are welcome.")
    return script


def rotated(script: Script, keep: int) -> Script:
    """What LCM leaves of a file: header, newest settings, the last messages linked anew."""
    tail = Script(script.session_id)
    settings = next(entry for entry in script.entries if entry["type"] == "model_change")
    kept = [entry for entry in script.entries if entry["type"] == "message"][-keep:]
    tail.entries += [settings, {**kept[0], "parentId": settings["id"]}, *kept[1:]]
    return tail


def read(
    source: HistorySource | Path,
    prices: tuple[Price, ...] = (),
    days: set[str] | None = None,
    **sources: Any,
) -> tuple[list[Turn], Extraction]:
    if isinstance(source, Path):
        source = DirectorySource([source])
    extraction = extract(source, Sources(**sources), ZoneInfo("UTC"), prices, days)
    return list(extraction.turns), extraction
