"""How full the judge's endpoint is kept, and what a judgment costs this machine.

    python benchmarks/score.py [--quick] [--json] [--peer PYTHON]

The floor is ``slots / latency`` of endpoints that answer every request in the same time, serving
``slots`` at once: real server processes on loopback that speak Ollama's protocol. Everything else
is the product: prompt, journal on disk, validation, rows. CPU is this process's, all threads; the
servers' is not in it. With no latency there is no floor, and only the CPU is measured.

``--peer`` is an interpreter that has the ``ollama`` package: its AsyncClient then asks the same
number of equally long prompts of the same server, ``slots`` at a time with asyncio.gather and
without journal, validation or prompt building.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

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


class Case(NamedTuple):
    """``slots`` are those of each host."""

    slots: int
    latency_s: float
    hosts: int = 1

    @property
    def name(self) -> str:
        several = f"_{self.hosts}_hosts" if self.hosts > 1 else ""
        return f"{self.slots}_slots_{self.latency_s * 1000:g}_ms{several}"


QUICK = (Case(1, 0.25), Case(4, 0.25), Case(16, 0.25), Case(64, 1.0))
FULL = (
    *(Case(slots, 0.0) for slots in (1, 16)),
    *(Case(slots, 0.05) for slots in (1, 4)),
    *(Case(slots, 1.0) for slots in (1, 4, 16, 64)),
    Case(4, 0.25, hosts=2),
    Case(16, 1.0, hosts=2),
)

PEER = textwrap.dedent(
    """
    import asyncio, json, sys, time
    from ollama import AsyncClient

    async def main(url, slots, count, characters):
        client = AsyncClient(host=url)
        form = {"type": "object", "properties": {"answer": {"type": "string"}}}
        said = [{"role": "user", "content": "x" * int(characters)}]
        limit = asyncio.Semaphore(int(slots))

        async def one():
            async with limit:
                await client.chat(model="judge:1b", messages=said, format=form)

        await one()
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one() for _ in range(int(count))))
        print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))

    asyncio.run(main(*sys.argv[1:]))
    """
)


def day_of_turns(count: int) -> list[Turn]:
    """Turns whose transcripts fill the judge's budget, as real ones do."""
    before = [Message("user", "word " * 400), Message("assistant", "reply " * 400)] * 3
    result = Message("tool", "output line\n" * 400, tool_name="exec")
    outcome = Outcome((result,), (), Message("user", "thanks"))
    return [tool_turn(number, context=before, outcome=outcome) for number in range(count)]


async def score(
    turns: list[Turn], urls: tuple[str, ...], slots: int, folder: Path
) -> tuple[float, float]:
    """Wall seconds and CPU seconds for scoring ``turns``, nothing known before."""
    write_default(folder / "rubric.toml")
    rubric = load_rubric(folder / "rubric.toml")
    where = Endpoint(model="judge:1b", hosts=urls, slots=slots)
    with Journal(f"sqlite:///{folder / 'journal.sqlite'}") as journal:
        async with open_fleet(where) as fleet:
            await judge_turns(turns[:1], fleet, journal, rubric, Judging(), lambda p: None)
            started, cpu = time.perf_counter(), time.process_time()
            rows = await judge_turns(turns[1:], fleet, journal, rubric, Judging(), lambda p: None)
            spent = time.perf_counter() - started, time.process_time() - cpu
    if any(row["status"] != "scored" for row in rows):
        raise RuntimeError("a judgment failed")
    return spent


def measure(case: Case, seconds: float, peer: str | None) -> list[dict[str, object]]:
    slots = case.slots * case.hosts
    expected_s = case.latency_s or 0.004 * slots
    count = slots * max(8, round(seconds / expected_s))
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        script = {"latency_s": case.latency_s, "parallel": case.slots}
        urls = tuple(stack.enter_context(scripted_server(script)).url for _ in range(case.hosts))
        wall, cpu = asyncio.run(score(day_of_turns(count + 1), urls, case.slots, Path(folder)))
        found = records("", case, count, wall, cpu)
        if peer and case.hosts == 1:
            arguments = [urls[0], str(slots), str(count), "20000"]
            done = subprocess.run(
                [peer, "-c", PEER, *arguments], capture_output=True, text=True, check=True
            )
            found += records("peer_ollama_", case, count, *json.loads(done.stdout))
    return found


def records(
    prefix: str, case: Case, count: int, wall: float, cpu: float
) -> list[dict[str, object]]:
    per = cpu / count * 1000
    aim_cpu, aim_full = (None, None) if prefix else (AIM_CPU_MS, AIM_FULL)
    found = [record(f"{prefix}cpu_{case.name}", per, aim_cpu, per <= AIM_CPU_MS, "ms")]
    if case.latency_s:
        full = count / wall / (case.slots * case.hosts / case.latency_s)
        found.append(record(f"{prefix}full_{case.name}", full, aim_full, full >= AIM_FULL, "share"))
    return found


def record(metric: str, value: float, aim: float | None, met: bool, unit: str) -> dict[str, object]:
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
    parser.add_argument("--peer", metavar="PYTHON", help="interpreter with the ollama package")
    chosen = parser.parse_args()
    if not chosen.peer:
        print("No --peer interpreter: the ollama client is not measured.", file=sys.stderr)
    for case in QUICK if chosen.quick else FULL:
        for one in measure(case, 6.0 if chosen.quick else 20.0, chosen.peer):
            if chosen.json:
                print(json.dumps(one), flush=True)
            else:
                verdict = {True: "met", False: "NOT met", None: "-"}[one["met"]]  # type: ignore[index]
                aim = "" if one["aim"] is None else f"aim {one['aim']} "
                print(
                    f"{one['metric']:34} {one['value']:8} {one['unit']:5} {aim}{verdict}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
