"""How full the judge's endpoint is kept, and what a judgment costs this machine.

    python benchmarks/score.py [--quick] [--json] [--peers PYTHON]

The floor is ``slots / latency`` of endpoints that give every answer in the same time, serving
``slots`` at once: real server processes on loopback that speak Ollama's protocol and begin what
waits by the clock, so that their own CPU time is not in it as long as something waits. Everything
else is the product: prompt, journal on disk, validation, rows. "full" is the rate without the first
two rounds, in which the slots fill, and the last, which several hosts end unevenly; CPU is this
process's, all threads, over all of it. Medians of several measurements, the peers' in turn with
ours. With no latency there is no floor: that row is what the machine itself allows.

``--peers`` is an interpreter that has ``ollama`` and ``distilabel``: the first's AsyncClient asks
the same server for as many answers to equally long prompts, ``slots`` at a time with
asyncio.gather; the second's OllamaLLM in its batches of 50, or of two rounds. Neither builds a
prompt, keeps a journal, validates, or asks again what failed.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import figures

from clawtrain_assets.core.endpoints import Fleet, open_fleet
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.judge import judge_turns
from clawtrain_assets.core.judging.rubric import load_rubric, write_default
from clawtrain_assets.core.progress import Progress
from clawtrain_assets.core.turn import Message, Outcome, Turn
from clawtrain_assets.settings import Endpoint, Judging
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.scripted_server import scripted_server

AIM_FULL = 0.97
AIM_CPU_MS = 3.0
PROMPT_CHARACTERS = 20_000  # about what a judge reads of these turns, rubric included


class Case(NamedTuple):
    """``slots`` are those of each host."""

    slots: int
    latency_s: float
    hosts: int = 1

    @property
    def name(self) -> str:
        several = f"_{self.hosts}_hosts" if self.hosts > 1 else ""
        return f"{self.slots}_slots_{self.latency_s * 1000:g}_ms{several}"


QUICK = (Case(1, 0.05), Case(4, 0.05), Case(16, 0.25), Case(64, 1.0))
FULL = (
    *(Case(slots, latency) for latency in (0.0, 0.05, 1.0) for slots in (1, 4, 16, 64)),
    Case(4, 0.05, hosts=2),
    Case(16, 1.0, hosts=2),
)
ROUNDS_LEFT_OUT = 2

PEERS = {
    "ollama": """
import asyncio, json, sys, time
from ollama import AsyncClient

async def main(url, slots, count, characters):
    client = AsyncClient(host=url)
    form = {"type": "object", "properties": {"answer": {"type": "string"}}}
    said = [{"role": "user", "content": "x" * characters}]
    limit = asyncio.Semaphore(slots)
    stamps = []

    async def one():
        async with limit:
            await client.chat(model="judge:1b", messages=said, format=form)
        stamps.append(time.perf_counter())

    await one()
    stamps.clear()
    cpu = time.process_time()
    await asyncio.gather(*(one() for _ in range(count)))
    print(json.dumps([stamps, time.process_time() - cpu]))

asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
""",
    "distilabel": """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from distilabel.models.llms import OllamaLLM

class Stamped(OllamaLLM):
    async def agenerate(self, *args, **more):
        answer = await super().agenerate(*args, **more)
        stamps.append(time.perf_counter())
        return answer

url, (slots, count, characters) = sys.argv[1], map(int, sys.argv[2:])
stamps = []
llm = Stamped(model="judge:1b", host=url)
llm.load()
said = [{"role": "user", "content": "x" * characters}]
llm.generate_outputs(inputs=[said])
stamps.clear()
cpu, size = time.process_time(), max(50, 2 * slots)
for start in range(0, count, size):
    llm.generate_outputs(inputs=[said] * min(size, count - start))
print(json.dumps([stamps, time.process_time() - cpu]))
""",
}


class Measured(NamedTuple):
    """``stamps`` are the moments at which answers were complete."""

    stamps: list[float]
    cpu_s: float

    def full(self, case: Case) -> float:
        slots = case.slots * case.hosts
        first = ROUNDS_LEFT_OUT * slots
        counted = self.stamps[first - 1 : -slots]
        return (len(counted) - 1) / (counted[-1] - counted[0]) / (slots / case.latency_s)

    @property
    def per_s(self) -> float:
        return (len(self.stamps) - 1) / (self.stamps[-1] - self.stamps[0])

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / len(self.stamps) * 1000


def day_of_turns(count: int) -> list[Turn]:
    """Turns whose transcripts fill the judge's budget, as real ones do."""
    before = [Message("user", "word " * 400), Message("assistant", "reply " * 400)] * 3
    result = Message("tool", "output line\n" * 400, tool_name="exec")
    outcome = Outcome((result,), (), Message("user", "thanks"))
    return [tool_turn(number, context=before, outcome=outcome) for number in range(count)]


async def judged(
    turns: list[Turn], fleet: Fleet, folder: Path, warm_up: int = 0
) -> tuple[list[dict[str, Any]], list[float], float]:
    """Judge ``turns`` with a journal of their own; the first ``warm_up`` are not measured.

    Returns the others' rows, the moments of the beginning and of each answer, and the CPU seconds.
    """
    write_default(folder / "rubric.toml")
    rubric = load_rubric(folder / "rubric.toml")
    stamps: list[float] = []

    def note(_: Progress) -> None:
        stamps.append(time.perf_counter())

    with Journal(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        async with fleet:
            await judge_turns(turns[:warm_up], fleet, journal, rubric, Judging(), note)
            stamps.clear()
            cpu = time.process_time()
            rows = await judge_turns(turns[warm_up:], fleet, journal, rubric, Judging(), note)
            return rows, stamps, time.process_time() - cpu


async def score(turns: list[Turn], urls: tuple[str, ...], slots: int, folder: Path) -> Measured:
    """Score ``turns``, nothing known before; the first one is not measured."""
    where = Endpoint(model="judge:1b", hosts=urls, slots=slots)
    rows, stamps, cpu = await judged(turns, open_fleet(where), folder, warm_up=1)
    if any(row["status"] != "scored" for row in rows):
        raise RuntimeError("a judgment failed")
    return Measured(stamps[1:], cpu)


def ask_peer(python: str, script: str, url: str, case: Case, count: int) -> Measured:
    command = [python, "-c", script, url, str(case.slots), str(count), str(PROMPT_CHARACTERS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def measure(case: Case, seconds: float, repeats: int, python: str | None) -> list[dict[str, Any]]:
    slots = case.slots * case.hosts
    rounds = max(6, round(seconds / (case.latency_s or 0.004 * slots)))
    count = slots * (ROUNDS_LEFT_OUT + rounds)
    turns = day_of_turns(count + 1)
    script = {"latency_s": case.latency_s, "parallel": case.slots}
    found: dict[str, list[Measured]] = {"": []}
    for _ in range(repeats):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            urls = tuple(
                stack.enter_context(scripted_server(script)).url for _ in range(case.hosts)
            )
            found[""].append(asyncio.run(score(turns, urls, case.slots, folder)))
            if python and case.hosts == 1:
                for name, code in PEERS.items():
                    one = ask_peer(python, code, urls[0], case, count)
                    found.setdefault(f"peer_{name}_", []).append(one)
    return [line for prefix, runs in found.items() for line in records(prefix, case, runs)]


def records(prefix: str, case: Case, runs: list[Measured]) -> Iterator[dict[str, Any]]:
    aim_cpu, aim_full = (None, None) if prefix else (AIM_CPU_MS, AIM_FULL)
    cpu = statistics.median(run.cpu_ms for run in runs)
    yield figures.figure(f"{prefix}cpu_{case.name}", cpu, "ms", aim_cpu)
    if case.latency_s:
        full = statistics.median(run.full(case) for run in runs)
        name = f"{prefix}full_{case.name}"
        yield figures.figure(name, full, "share", aim_full, below=False, to="slots / latency")
    else:
        rate = statistics.median(run.per_s for run in runs)
        yield figures.figure(f"{prefix}rate_{case.name}", rate, "per s")


def main() -> None:
    parser = figures.arguments(__doc__)
    parser.add_argument("--peers", metavar="PYTHON", help="one with ollama and distilabel")
    parser.add_argument("--only", metavar="NAME", help="one case, as 4_slots_50_ms")
    chosen = parser.parse_args()
    if not chosen.peers:
        print("No --peers interpreter: only ours is measured.", file=sys.stderr)
    seconds, repeats = (4.0, 1) if chosen.quick else (5.0, 3)
    for case in QUICK if chosen.quick else FULL:
        if chosen.only in (None, case.name):
            figures.show(measure(case, seconds, repeats, chosen.peers), chosen.json)


if __name__ == "__main__":
    main()
