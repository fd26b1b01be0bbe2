"""Another reader of the same files, run by the interpreter it is installed for.

    python benchmarks/extract_peers.py (dataclaw|data-designer) DIRECTORY

Prints one JSON object: MB per CPU second, peak memory in MB, assistant turns found, files refused.
DataClaw would also replace user names while it parses; it is spared that.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class _Unchanged:
    """Stands in for DataClaw's anonymizer."""

    def text(self, text: str) -> str:
        return text

    def path(self, path: str) -> str:
        return path


def _dataclaw() -> Callable[[Path], list[dict[str, Any]]]:
    from dataclaw.parsers.openclaw import parse_session_file  # type: ignore[import-not-found]

    def parse(path: Path) -> list[dict[str, Any]]:
        session = parse_session_file(path, _Unchanged())
        if session is None:
            raise ValueError("not a session")
        messages: list[dict[str, Any]] = session["messages"]
        return messages

    return parse


def _data_designer() -> Callable[[Path], list[dict[str, Any]]]:
    from data_designer.engine.resources.agent_rollout.pi_coding_agent import (  # type: ignore[import-not-found]
        PiCodingAgentRolloutFormatHandler,
    )

    handler = PiCodingAgentRolloutFormatHandler()

    def parse(path: Path) -> list[dict[str, Any]]:
        records = handler.parse_file(root_path=path.parent, relative_path=path.name)
        return [message for record in records for message in record.messages]

    return parse


PEERS = {"dataclaw": _dataclaw, "data-designer": _data_designer}


def _files(root: Path) -> Iterator[Path]:
    """What both peers read: ``*.jsonl``, live files only."""
    return iter(sorted(path for path in root.rglob("*.jsonl") if "cron" not in path.parts))


def peak_memory() -> float:
    """Most memory this process ever held, in MB (getrusage would count its parent's)."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    logging.disable(logging.CRITICAL)
    name, root = sys.argv[1], Path(sys.argv[2])
    parse = PEERS[name]()
    size = turns = refused = 0
    started = time.process_time()
    for path in _files(root):
        size += path.stat().st_size
        try:
            turns += sum(message.get("role") == "assistant" for message in parse(path))
        except ValueError:
            refused += 1
    spent = time.process_time() - started
    found = {"rate": size / 1e6 / spent, "peak": peak_memory(), "turns": turns, "no": refused}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
