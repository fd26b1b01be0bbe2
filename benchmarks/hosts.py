"""Eight hosts of different speed and health behind one judge.

    python benchmarks/hosts.py [--quick] [--json]

Six are healthy and answer in 0.25, 0.5 or 1 s, two requests at once; one fails a third of the
prompts it sees for the first time with HTTP 500; one answers health checks and never a question.
All are real server processes on loopback. The floor is the sum of slots / latency of the six.
The time after which a silent host is doubted is shortened from 300 and 60 s to 4 and 2 s, as the
answers are shorter than a real judge's.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.score import day_of_turns, record  # noqa: E402
from clawtrain_assets.core.endpoints.fleet import HostFleet  # noqa: E402
from clawtrain_assets.core.endpoints.ollama import Ollama  # noqa: E402
from clawtrain_assets.core.endpoints.supervisor import Patience  # noqa: E402
from clawtrain_assets.core.endpoints.types import ChatReply, ChatRequest  # noqa: E402
from clawtrain_assets.core.journal import Journal  # noqa: E402
from clawtrain_assets.core.judging.judge import judge_turns  # noqa: E402
from clawtrain_assets.core.judging.rubric import load_rubric, write_default  # noqa: E402
from clawtrain_assets.settings import Endpoint, Judging  # noqa: E402
from clawtrain_tests.scripted_server import scripted_server  # noqa: E402

SLOTS = 2
HEALTHY_S = (0.25, 0.25, 0.5, 0.5, 1.0, 1.0)
FLAKY = {"latency_s": 0.5, "flaky": {"share": 0.33, "passing": ["status:500"]}}
HUNG = {"faults": [{"kind": "hang"}]}
FLOOR = sum(SLOTS / latency for latency in HEALTHY_S)
PATIENCE = Patience(loading_s=4.0, overdue_s=2.0)
MIDDLE = (0.1, 0.9)  # of the answers: neither filling the slots nor the last ones


class Counting(HostFleet):
    """Knows who answered."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint, Ollama(), patience=PATIENCE)
        self.answered: Counter[str] = Counter()

    async def chat(self, request: ChatRequest) -> ChatReply:
        reply = await super().chat(request)
        self.answered[reply.host] += 1
        return reply


async def run(urls: tuple[str, ...], count: int, folder: Path) -> dict[str, Any]:
    write_default(folder / "rubric.toml")
    rubric = load_rubric(folder / "rubric.toml")
    where = Endpoint(model="judge:1b", hosts=urls, slots=SLOTS)
    stamps: list[float] = []
    turns = day_of_turns(count)
    with Journal(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        async with Counting(where) as fleet:
            cpu = time.process_time()
            rows = await judge_turns(
                turns,
                fleet,
                journal,
                rubric,
                Judging(),
                lambda p: stamps.append(time.perf_counter()),
            )
            cpu = time.process_time() - cpu
    first, last = (int(share * count) for share in MIDDLE)
    return {
        "rate": (last - first) / (stamps[last] - stamps[first]),
        "seconds": stamps[-1] - stamps[0],
        "failed": sum(row["status"] != "scored" for row in rows),
        "cpu_ms": cpu / count * 1000,
        "answered": [fleet.answered[url] for url in urls],
    }


def measure(seconds: float) -> list[dict[str, Any]]:
    count = round(FLOOR * seconds)
    scripts = [{"latency_s": latency} for latency in HEALTHY_S] + [FLAKY, HUNG]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = tuple(
            stack.enter_context(scripted_server({"parallel": SLOTS} | script)).url
            for script in scripts
        )
        found = asyncio.run(run(urls, count, folder))
    healthy, hung = found["answered"][: len(HEALTHY_S)], found["answered"][-1]
    speeds = [SLOTS / latency / FLOOR for latency in HEALTHY_S]
    shares = [one / sum(healthy) / speed for one, speed in zip(healthy, speeds, strict=True)]
    full = found["rate"] / FLOOR
    late_s = found["seconds"] - count / FLOOR
    return [
        record("hosts_full", full, 0.95, full >= 0.95, "share")
        | {"ratio_to": "sum of the healthy hosts' slots / latency"},
        record("hosts_least_used_healthy", min(shares), 0.9, min(shares) >= 0.9, "of its speed"),
        record("hosts_failed_items", found["failed"], 0, found["failed"] == 0, "items"),
        record("hosts_answered_by_the_hung", hung, 0, hung == 0, "items"),
        record("hosts_end_after_the_floor", late_s, None, False, "s"),
        record("hosts_cpu", found["cpu_ms"], 3.0, found["cpu_ms"] <= 3.0, "ms"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Eight hosts behind one judge")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    chosen = parser.parse_args()
    for one in measure(15.0 if chosen.quick else 60.0):
        if chosen.json:
            print(json.dumps(one), flush=True)
            continue
        verdict = {True: "met", False: "NOT met", None: "-"}[one["met"]]
        aim = "" if one["aim"] is None else f"aim {one['aim']} "
        print(f"{one['metric']:28} {one['value']:8} {one['unit']:12} {aim}{verdict}", flush=True)


if __name__ == "__main__":
    main()
