"""How full the judge's endpoint is kept, and what a judgment costs this machine.

    python benchmarks/score.py [--quick] [--json]

The floor is ``slots / latency`` of an endpoint that answers every request in the same time,
serving ``slots`` at once: a real server process on loopback that speaks Ollama's protocol.
Everything else is the product: prompt, journal on disk, validation, rows. CPU is this process's,
all threads; the server's is not in it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

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

SLOTS = (1, 4, 16, 64)
LATENCY_S = 0.25  # a real judge takes a second or more; the shorter, the harder for us
AIM_FULL = 0.97
AIM_CPU_MS = 3.0


def day_of_turns(count: int) -> list[Turn]:
    """Turns whose transcripts fill the judge's budget, as real ones do."""
    before = [Message("user", "word " * 400), Message("assistant", "reply " * 400)] * 3
    result = Message("tool", "output line\n" * 400, tool_name="exec")
    outcome = Outcome((result,), (), Message("user", "thanks"))
    return [tool_turn(number, context=before, outcome=outcome) for number in range(count)]


async def score(turns: list[Turn], url: str, slots: int, folder: Path) -> tuple[float, float]:
    """Wall seconds and CPU seconds for scoring ``turns``, nothing known before."""
    write_default(folder / "rubric.toml")
    rubric = load_rubric(folder / "rubric.toml")
    where = Endpoint(model="judge:1b", hosts=(url,), slots=slots)
    with Journal(f"sqlite:///{folder / f'{slots}.sqlite'}") as journal:
        async with open_fleet(where) as fleet:
            await judge_turns(turns[:1], fleet, journal, rubric, Judging(), lambda p: None)
            started, cpu = time.perf_counter(), time.process_time()
            rows = await judge_turns(turns[1:], fleet, journal, rubric, Judging(), lambda p: None)
            spent = time.perf_counter() - started, time.process_time() - cpu
    if any(row["status"] != "scored" for row in rows):
        raise RuntimeError("a judgment failed")
    return spent


def measure(seconds: float) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for slots in SLOTS:
        script = {"latency_s": LATENCY_S, "parallel": slots}
        rounds = max(8, round(seconds / LATENCY_S))
        turns = day_of_turns(slots * rounds + 1)
        with scripted_server(script) as server, tempfile.TemporaryDirectory() as folder:
            wall, cpu = asyncio.run(score(turns, server.url, slots, Path(folder)))
        done = len(turns) - 1
        full = done / wall / (slots / LATENCY_S)
        found.append(
            record(f"endpoint_full_{slots}_slots", full, AIM_FULL, full >= AIM_FULL, "share")
        )
        per = cpu / done * 1000
        found.append(
            record(f"cpu_per_judgment_{slots}_slots", per, AIM_CPU_MS, per <= AIM_CPU_MS, "ms")
        )
    return found


def record(metric: str, value: float, aim: float, met: bool, unit: str) -> dict[str, object]:
    floor = "slots / latency" if unit == "share" else None
    return {
        "metric": metric,
        "value": round(value, 3),
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": floor,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Throughput and CPU cost of scoring")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    chosen = parser.parse_args()
    for one in measure(6.0 if chosen.quick else 30.0):
        if chosen.json:
            print(json.dumps(one))
        else:
            verdict = "met" if one["met"] else "NOT met"
            print(f"{one['metric']:28} {one['value']:8} {one['unit']:5} aim {one['aim']} {verdict}")


if __name__ == "__main__":
    main()
