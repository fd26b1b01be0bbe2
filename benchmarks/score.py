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

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clawtrain_assets.core.endpoints import open_fleet  # noqa: E402
from clawtrain_assets.core.journal import Journal  # noqa: E402
from clawtrain_assets.core.judging.judge import judge_turns  # noqa: E402
from clawtrain_assets.core.judging.rubric import load_rubric, write_default  # noqa: E402
from clawtrain_assets.core.turn import Message, Outcome, Turn  # noqa: E402
from clawtrain_assets.settings import Endpoint, Judging  # noqa: E402
from clawtrain_tests.core.judging.turns import tool_turn  # noqa: E402
from clawtrain_tests.scripted_server import scripted_server  # noqa: E402

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


async def score(turns: list[Turn], urls: tuple[str, ...], slots: int, folder: Path) -> Measured:
    """Score ``turns``, nothing known before; the first one is not measured."""
    write_default(folder / "rubric.toml")
    rubric = load_rubric(folder / "rubric.toml")
    where = Endpoint(model="judge:1b", hosts=urls, slots=slots)
    stamps: list[float] = []
    with Journal(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        async with open_fleet(where) as fleet:
            await judge_turns(turns[:1], fleet, journal, rubric, Judging(), lambda p: None)
            cpu = time.process_time()
            rows = await judge_turns(
                turns[1:],
                fleet,
                journal,
                rubric,
                Judging(),
                lambda p: stamps.append(time.perf_counter()),
            )
            cpu = time.process_time() - cpu
    if any(row["status"] != "scored" for row in rows):
        raise RuntimeError("a judgment failed")
    return Measured(stamps[1:], cpu)  # the first report is that of the beginning


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


def records(prefix: str, case: Case, runs: list[Measured]) -> list[dict[str, Any]]:
    aim_cpu, aim_full = (None, None) if prefix else (AIM_CPU_MS, AIM_FULL)
    cpu = statistics.median(run.cpu_ms for run in runs)
    found = [record(f"{prefix}cpu_{case.name}", cpu, aim_cpu, cpu <= AIM_CPU_MS, "ms")]
    if case.latency_s:
        full = statistics.median(run.full(case) for run in runs)
        found.append(record(f"{prefix}full_{case.name}", full, aim_full, full >= AIM_FULL, "share"))
    else:
        rate = statistics.median(run.per_s for run in runs)
        found.append(record(f"{prefix}rate_{case.name}", rate, None, False, "per s"))
    return found


def record(metric: str, value: float, aim: float | None, met: bool, unit: str) -> dict[str, Any]:
    floor = "slots / latency" if unit == "share" else None
    return {
        "metric": metric,
        "value": round(value, 3),
        "aim": aim,
        "met": met if aim is not None else None,
        "unit": unit,
        "ratio_to": floor,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Throughput and CPU cost of scoring")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--peers", metavar="PYTHON", help="one with ollama and distilabel")
    parser.add_argument("--only", metavar="NAME", help="one case, as 4_slots_50_ms")
    chosen = parser.parse_args()
    if not chosen.peers:
        print("No --peers interpreter: only ours is measured.", file=sys.stderr)
    seconds, repeats = (4.0, 1) if chosen.quick else (5.0, 3)
    cases = QUICK if chosen.quick else FULL
    for case in (case for case in cases if chosen.only in (None, case.name)):
        for one in measure(case, seconds, repeats, chosen.peers):
            if chosen.json:
                print(json.dumps(one), flush=True)
            else:
                verdict = {True: "met", False: "NOT met", None: "-"}[one["met"]]
                aim = "" if one["aim"] is None else f"aim {one['aim']} "
                print(
                    f"{one['metric']:34} {one['value']:8} {one['unit']:5} {aim}{verdict}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
