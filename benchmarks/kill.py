"""Kill the judge at random moments, start it again, and count what was lost or asked twice.

    python benchmarks/kill.py [--quick] [--json]

Every run is a process of its own that scores the same turns with the same journal; it is killed
(SIGKILL) after a random time, until the kills are used up, then left to finish. The server logs
every question it is asked before it answers.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clawtrain_assets.core.journal import Journal  # noqa: E402
from clawtrain_assets.core.judging.rubric import write_default  # noqa: E402
from clawtrain_tests.scripted_server import scripted_server  # noqa: E402

SLOTS = 4
LATENCY_S = 0.03
TURNS_PER_KILL = 40

RUN = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from clawtrain_assets.core.endpoints import open_fleet
    from clawtrain_assets.core.journal import Journal
    from clawtrain_assets.core.judging.judge import judge_turns
    from clawtrain_assets.core.judging.rubric import load_rubric
    from clawtrain_assets.settings import Endpoint, Judging
    from clawtrain_tests.core.judging.turns import tool_turn

    async def main(url, folder, slots, turns):
        where = Endpoint(model="judge:1b", hosts=(url,), slots=int(slots))
        day = [tool_turn(number) for number in range(int(turns))]
        rubric = load_rubric(Path(folder) / "rubric.toml")
        print("started", flush=True)
        with Journal(f"sqlite:///{folder}/journal.sqlite") as journal:
            async with open_fleet(where) as fleet:
                rows = await judge_turns(day, fleet, journal, rubric, Judging(), lambda p: None)
        print(sum(row["status"] == "scored" for row in rows))

    asyncio.run(main(*sys.argv[1:]))
    """
)


def start(url: str, folder: str, turns: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", RUN, url, folder, str(SLOTS), str(turns)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def measure(kills: int) -> list[dict[str, object]]:
    chance = random.Random(11)
    turns = kills * TURNS_PER_KILL
    with scripted_server({"latency_s": LATENCY_S}) as server, tempfile.TemporaryDirectory() as at:
        write_default(Path(at) / "rubric.toml")
        saved = 0
        lost = 0
        for _ in range(kills):
            process = start(server.url, at, turns)
            time.sleep(chance.uniform(0.05, 0.7))
            process.kill()
            process.communicate()
            with Journal(f"sqlite:///{at}/journal.sqlite") as journal:
                now = sum(row["answers"] for row in journal.summary())
            lost += max(0, saved - now)
            saved = now
        last = start(server.url, at, turns)
        scored = int(last.communicate()[0])
        with Journal(f"sqlite:///{at}/journal.sqlite") as journal:
            kept = Counter(row["item_id"] for row in journal.export("judge"))
        asked = len(server.asked)
    doubled = sum(count - 1 for count in kept.values())
    return [
        record("kills", kills, kills, True, "kills"),
        record("judgments_lost", lost + turns - scored, 0, lost + turns == scored, "judgments"),
        record("judgments_doubled", doubled, 0, doubled == 0, "judgments"),
        record(
            "asked_again_per_kill",
            round((asked - turns) / kills, 2),
            SLOTS + 1,
            asked - turns <= kills * (SLOTS + 1),
            "requests",
        ),
        record("killed_before_done", saved, turns, saved < turns, "judgments"),
    ]


def record(metric: str, value: float, aim: float, met: bool, unit: str) -> dict[str, object]:
    again = "requests in flight" if metric == "asked_again_per_kill" else None
    return {
        "metric": metric,
        "value": value,
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": again,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Judgments over many kills")
    parser.add_argument("--quick", action="store_true", help="20 kills, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    chosen = parser.parse_args()
    for one in measure(20 if chosen.quick else 100):
        if chosen.json:
            print(json.dumps(one))
        else:
            verdict = "met" if one["met"] else "NOT met"
            print(
                f"{one['metric']:22} {one['value']:8} {one['unit']} (aim {one['aim']}, {verdict})"
            )


if __name__ == "__main__":
    main()
