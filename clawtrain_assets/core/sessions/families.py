"""Which files of a state directory hold history, and which session each belongs to.

Layouts and names: OpenClaw 2026.1 to 2026.9 (src/config/sessions/paths.ts, artifacts.ts,
src/agents/session-file-repair.ts), stand-alone pi, and any directory of ``*.jsonl``.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

Family = Literal[
    "live",
    "reset",
    "deleted",
    "bak",
    "checkpoint",
    "cold",
    "trajectory",
    "cron_run",
    "session_store",
    "lcm",
    "agent_sqlite",
]

# Order in which copies of one session are read: the file that is still written comes last, because
# the position in the conversation it ends at is the current one.
RANK: dict[str, int] = {
    "bak": 0,
    "checkpoint": 1,
    "deleted": 2,
    "reset": 3,
    "cold": 4,
    "agent_sqlite": 5,
    "live": 6,
}
TRANSCRIPTS = frozenset(RANK)
DATABASES = frozenset({"lcm", "agent_sqlite"})  # given out session by session

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_STAMP = r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:[.-]\d{3})?Z"
_ARCHIVED = re.compile(rf"^(?P<stem>.+)\.jsonl\.(?P<kind>reset|deleted|bak)\.{_STAMP}(?:\.zst)?$")
_REPAIR = re.compile(r"^(?P<stem>.+)\.jsonl\.bak(?:-\d+-\d+|-[\w.-]+)?$")
_CHECKPOINT = re.compile(rf"^(?P<stem>.+)\.checkpoint\.{_UUID}\.jsonl(?:\.zst)?$", re.IGNORECASE)
_PI = re.compile(rf"^{_STAMP}_(?P<id>{_UUID})$", re.IGNORECASE)
_UUID_NAME = re.compile(rf"^{_UUID}$", re.IGNORECASE)
_STORE = re.compile(r"^sessions\.json(?:\.bak\.\d+)?$")
_SKIPPED_DIRECTORIES = {"node_modules", ".git", ".venv", "__pycache__"}


class Name(NamedTuple):
    """What a file name says. ``session_id`` is None where only the header can tell."""

    family: Family
    session_id: str | None


def classify(path: str) -> Name | None:
    """Family and session of a path relative to its state directory; None: not history."""
    parts = path.split("/")
    name = parts[-1]
    if name == "lcm.db":
        return Name("lcm", None)
    if name == "openclaw-agent.sqlite":
        return Name("agent_sqlite", None)
    if _STORE.match(name):
        return Name("session_store", None)
    if ".trajectory" in name:
        stem, _, rest = name.partition(".trajectory")
        return Name("trajectory", session_of(stem)) if rest == ".jsonl" else None
    if "cron" in parts[:-1] and "runs" in parts[:-1]:
        return Name("cron_run", None) if name.endswith(".jsonl") else None
    if archived := _ARCHIVED.match(name):
        return Name(archived["kind"], session_of(archived["stem"]))  # type: ignore[arg-type]
    if checkpoint := _CHECKPOINT.match(name):
        return Name("checkpoint", session_of(checkpoint["stem"]))
    if repair := _REPAIR.match(name):
        return Name("bak", session_of(repair["stem"]))
    if name.endswith(".jsonl.zst"):
        return Name("cold", session_of(name.removesuffix(".jsonl.zst")))
    if name.endswith(".jsonl"):
        stem = name.removesuffix(".jsonl")
        family: Family = "cold" if "session-sqlite-import-archive" in parts else "live"
        return Name(family, session_of(stem))
    return None


def session_of(stem: str) -> str | None:
    """Session id in a file stem, None unless the name alone is conclusive (a UUID)."""
    stem = stem.partition("-topic-")[0]
    if pi := _PI.match(stem):
        return pi["id"].lower()
    return stem.lower() if _UUID_NAME.match(stem) else None


def agent_of(path: str) -> str:
    """Agent id in a relative path: ``agents/<id>/...``, 'pi' for pi's own layout, else 'main'."""
    parts = path.split("/")
    if "agents" in parts[:-2]:
        return parts[parts.index("agents") + 1]
    return "pi" if any(p.startswith("--") and p.endswith("--") for p in parts[:-1]) else "main"


def scan(state_dir: Path) -> Iterator[tuple[str, Name]]:
    """History files below ``state_dir`` as (relative POSIX path, Name), in stable order.

    An OpenClaw state directory is searched only where OpenClaw writes; any other directory whole.
    Links are not followed. A directory that cannot be listed raises OSError.
    """
    if (state_dir / "agents").is_dir():
        roots = [state_dir / "agents", state_dir / "cron" / "runs"]
        if (state_dir / "lcm.db").is_file():
            yield "lcm.db", Name("lcm", None)
    elif (state_dir / "sessions").is_dir():
        roots = [state_dir / "sessions"]
    else:
        roots = [state_dir]
    for root in roots:
        for directory, names, files in os.walk(root, onerror=_raise_unless_missing):
            names[:] = sorted(n for n in names if n not in _SKIPPED_DIRECTORIES)
            for name in sorted(files):
                path = Path(directory, name)
                relative = path.relative_to(state_dir).as_posix()
                found = classify(relative)
                if found is not None and path.is_file() and not path.is_symlink():
                    yield relative, found


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
