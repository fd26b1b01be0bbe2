"""Eight hosts of different speed and health behind one judge.

    python benchmarks/hosts.py [--quick] [--json]

Six are healthy and answer in 0.25, 0.5 or 1 s, two requests at once; one fails a third of the
prompts it sees for the first time with HTTP 500; one answers health checks and never a question.
All are real server processes on loopback. The floor is the sum of slots / latency of the six.
The time after which a silent host is doubted is shortened from 300 and 60 s to 4 and 2 s, as the
answers are shorter than a real judge's.
"""

import asyncio
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import figures
from score import day_of_turns, judged

from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.ollama import Ollama
from clawtrain_assets.core.endpoints.supervisor import Patience
from clawtrain_assets.core.endpoints.types import ChatReply, ChatRequest
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.scripted_server import scripted_server

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
    fleet = Counting(Endpoint(model="judge:1b", hosts=urls, slots=SLOTS))
    rows, stamps, cpu = await judged(day_of_turns(count), fleet, folder)
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
    floor = "sum of the healthy hosts' slots / latency"
    return [
        figures.figure("hosts_full", full, "share", 0.95, below=False, to=floor),
        figures.figure("hosts_least_used_healthy", min(shares), "of its speed", 0.9, below=False),
        figures.figure("hosts_failed_items", found["failed"], "items", 0),
        figures.figure("hosts_answered_by_the_hung", hung, "items", 0),
        figures.figure("hosts_end_after_the_floor", late_s, "s"),
        figures.figure("hosts_cpu", found["cpu_ms"], "ms", 3.0),
    ]


def main() -> None:
    chosen = figures.arguments(__doc__).parse_args()
    figures.show(measure(15.0 if chosen.quick else 60.0), chosen.json)


if __name__ == "__main__":
    main()
