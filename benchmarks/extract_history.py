"""Histories to measure extraction on: invented ones of any size, and real ones repeated."""

import json
import random
import re
import sysconfig
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

START = 1_772_866_000_000


def write_history(root: Path, megabytes: int, files: int, result: tuple[int, int]) -> None:
    """``files`` sessions of one agent, about ``megabytes`` together.

    ``result`` bounds the characters of a tool result.
    """
    rng = random.Random(7)
    pool = _texts(rng)
    folder = root / "agents" / "main" / "sessions"
    folder.mkdir(parents=True)
    for number in range(files):
        name = f"{number:08d}-2222-4333-8444-555555555555"
        budget = megabytes * 1_000_000 // files
        with (folder / f"{name}.jsonl").open("wb") as stream:
            for entry in _session(name, rng, pool, START + number * 3_600_000, result):
                line = json.dumps(entry).encode() + b"\n"
                stream.write(line)
                budget -= len(line)
                if budget <= 0:
                    break


def write_days(root: Path, first: datetime, days: int, turns: int) -> None:
    """A session of ``turns`` assistant turns for each day, with results of 200 to 3,000 characters.

    Written line by line, so that a history of any size takes no more memory than one turn.
    """
    rng = random.Random(7)
    pool = _texts(rng)
    folder = root / "agents" / "main" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(days):
        name = f"{number:08d}-3333-4333-8444-555555555555"
        start = int((first + timedelta(days=number)).timestamp() * 1000)
        written = 0
        with (folder / f"{name}.jsonl").open("wb") as stream:
            for entry in _session(name, rng, pool, start, (200, 3_000)):
                stream.write(json.dumps(entry).encode() + b"\n")
                written += entry.get("message", {}).get("role") == "assistant"
                if written == turns:
                    break


def _texts(rng: random.Random) -> list[str]:
    """Source files of the standard library, the plainest real text at hand anywhere."""
    library = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return [path.read_text("utf-8", "replace") for path in rng.sample(library, 80)]


def _session(
    name: str, rng: random.Random, pool: list[str], start: int, result: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    def cut(low: int, high: int) -> str:
        text = rng.choice(pool)
        size = rng.randint(low, high)
        at = rng.randrange(max(len(text) - size, 1))
        return text[at : at + size]

    ms, parent, count = start, None, 0

    def entry(message: dict[str, Any]) -> dict[str, Any]:
        nonlocal parent, count, ms
        ms += 1500
        count += 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000)) + f".{ms % 1000:03d}Z"
        made = {"type": "message", "id": f"{count:08x}", "parentId": parent, "timestamp": stamp}
        parent = made["id"]
        return {**made, "message": message}

    yield {"type": "session", "version": 3, "id": name, "timestamp": "2026-03-07T06:46:40.000Z"}
    while True:
        stamp = "[Sat 2026-03-07 08:39 GMT+1] "
        text = stamp + cut(200, 9000)
        yield entry({"role": "user", "content": [{"type": "text", "text": text}], "timestamp": ms})
        for step in range(rng.randint(1, 4)):
            call = f"call_{count}"
            last = step and rng.random() < 0.1
            content: list[dict[str, Any]] = [{"type": "thinking", "thinking": cut(100, 1500)}]
            content.append({"type": "text", "text": cut(50, 2500)})
            if not last:
                arguments = {"command": cut(50, 4000)}
                content.append(
                    {"type": "toolCall", "id": call, "name": "exec", "arguments": arguments}
                )
            yield entry(
                {
                    "role": "assistant",
                    "content": content,
                    "api": "anthropic-messages",
                    "provider": "anthropic",
                    "model": "claude-sonnet-4-6",
                    "usage": {
                        "input": 9,
                        "output": 800,
                        "cacheRead": 21_000,
                        "cacheWrite": 900,
                        "cost": {"total": 0.02},
                    },
                    "stopReason": "stop" if last else "toolUse",
                    "timestamp": ms,
                }
            )
            if last:
                break
            yield entry(
                {
                    "role": "toolResult",
                    "toolCallId": call,
                    "toolName": "exec",
                    "content": [{"type": "text", "text": cut(*result)}],
                    "isError": False,
                    "timestamp": ms,
                }
            )


def repeat_history(source: Path, root: Path, megabytes: int) -> None:
    """The transcripts below ``source`` again and again, each time as other sessions."""
    files = [path for path in sorted(source.rglob("*.jsonl*")) if "cron" not in path.parts]
    folder = root / "agents" / "main" / "sessions"
    folder.mkdir(parents=True)
    written, again = 0, 0
    while written < megabytes * 1_000_000:
        for path in files:
            data = path.read_bytes()
            header, newline, rest = data.partition(b"\n")
            name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}-{again}"))
            header = re.sub(rb'"id":"[^"]*"', b'"id":"%s"' % name.encode(), header, count=1)
            (folder / f"{name}.jsonl").write_bytes(header + newline + rest)
            written += len(data)
        again += 1
