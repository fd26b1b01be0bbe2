"""Kill the judge at random moments, start it again, and count what was lost or asked twice.

    python benchmarks/kill.py [--quick] [--json]

Every run is a process of its own that scores the same 500 turns with the same journal; it is
killed (SIGKILL) after a random time, until the kills are used up, then left to finish. The server
fails one call in five, in every way a living server can that is the item's or passes. At the end
the table is compared with that of an undisturbed run. The server logs every question it is asked
before it answers.
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

from clawtrain_assets.core.endpoints.host import requests_at_once  # noqa: E402
from clawtrain_assets.core.journal import Journal  # noqa: E402
from clawtrain_assets.core.judging.rubric import write_default  # noqa: E402
from clawtrain_assets.settings import Endpoint  # noqa: E402
from clawtrain_tests.scripted_server import scripted_server  # noqa: E402

SLOTS = 4
LATENCY_S = 0.25
LIFE_S = (0.05, 0.6)
TURNS_PER_KILL = 5
SCRIPT = {
    "latency_s": LATENCY_S,
    "flaky": {
        "share": 0.45,  # of prompts; most of their second calls succeed, so about 0.2 of calls
        "passing": ["status:500", "status:503", "status:429", "reset", "error_line"],
        "lasting": ["done_false", "length", "empty", "too_long", "prose", "score_11",
                    "score_string", "missing_field", "not_json", "fence"],
    },
}  # fmt: skip

RUN = textwrap.dedent(
    """
    import asyncio, hashlib, json, sys
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
        table = [row | {"latency_s": None} for row in rows]  # the one thing that may differ
        digest = hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
        print(json.dumps([len(rows), sum(row["status"] == "scored" for row in rows), digest]))

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
    with scripted_server(SCRIPT) as server, tempfile.TemporaryDirectory() as at:
        write_default(Path(at) / "rubric.toml")
        undisturbed = json.loads(start(server.url, at, turns).communicate()[0])
    with scripted_server(SCRIPT) as server, tempfile.TemporaryDirectory() as at:
        write_default(Path(at) / "rubric.toml")
        saved = lost = early = 0
        for _ in range(kills):
            process = start(server.url, at, turns)
            time.sleep(chance.uniform(*LIFE_S))
            early += process.poll() is None
            process.kill()
            process.communicate()
            with Journal(f"sqlite:///{at}/journal.sqlite") as journal:
                now = sum(row["answers"] for row in journal.summary())
            lost += max(0, saved - now)
            saved = now
        disturbed = json.loads(start(server.url, at, turns).communicate()[0])
        with Journal(f"sqlite:///{at}/journal.sqlite") as journal:
            answers = list(journal.export("judge"))
        asked = server.asked
    places = ("item_id", "model_digest", "prompt_hash", "sample")
    kept = Counter(tuple(row[place] for place in places) for row in answers)
    doubled = sum(count - 1 for count in kept.values())
    passing = sum(one["fault"] in SCRIPT["flaky"]["passing"] for one in asked)  # type: ignore[index]
    again = (len(asked) - passing - len(answers)) / kills
    failed = sum(one["fault"] is not None for one in asked) / len(asked)
    at_once = requests_at_once(Endpoint(model="judge:1b", slots=SLOTS))
    return [
        record("kills_while_working", early, kills, early == kills, "kills"),
        record("calls_failed_by_the_server", round(failed, 3), None, None, "share"),
        record("answers_lost", lost, 0, lost == 0, "answers"),
        record("answers_doubled", doubled, 0, doubled == 0, "answers"),
        record("rows_missing", turns - disturbed[0], 0, disturbed[0] == turns, "rows"),
        record("turns_scored", disturbed[1], undisturbed[1], disturbed == undisturbed, "turns"),
        record("same_table", int(disturbed[2] == undisturbed[2]), 1, disturbed == undisturbed, ""),
        record("asked_again_per_kill", round(again, 2), at_once, again <= at_once, "requests"),
    ]


def record(
    metric: str, value: float, aim: float | None, met: bool | None, unit: str
) -> dict[str, object]:
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
            verdict = {True: "met", False: "NOT met", None: "-"}[one["met"]]  # type: ignore[index]
            print(
                f"{one['metric']:28} {one['value']:8} {one['unit']} (aim {one['aim']}, {verdict})"
            )


if __name__ == "__main__":
    main()
