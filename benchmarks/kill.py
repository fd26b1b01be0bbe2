"""Kill the judge at random moments, start it again, and count what was lost or asked twice.

    python benchmarks/kill.py [--quick] [--json]

Every run is a process of its own that scores the same 500 turns with the same journal; it is
killed (SIGKILL) after a random time, until the kills are used up, then left to finish. At the end
the table is compared with that of an undisturbed run. Two drills:

One server that fails one call in three, in every way a living server can that is the item's or
passes. It logs every question before it answers, so that what is asked again can be counted.

``sick_``: two servers that moreover hang on a request, go deaf to everything for a second, and
end and are started again, each a dozen times in 500 turns. Timeouts are shortened, and a request
gets 8 attempts instead of 3, because it meets the death of its host so often.
"""

import json
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import figures

from clawtrain_assets.core.endpoints.host import requests_at_once
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.rubric import write_default
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.scripted_server import Running, scripted_server

ROOT = Path(__file__).resolve().parent.parent
SLOTS = 4
LATENCY_S = 0.25
LIFE_S = (0.05, 0.6)
TURNS_PER_KILL = 5
PASSING = ["status:500", "status:503", "status:429", "reset", "error_line"]
DEADLY = ["hang", "deaf", "exit"]
LASTING = ["done_false", "length", "empty", "too_long", "prose", "score_11", "score_string",
           "missing_field", "not_json", "fence"]  # fmt: skip

RUN = textwrap.dedent(
    """
    import asyncio, hashlib, json, sys
    from collections import Counter
    from pathlib import Path
    from clawtrain_assets.core.endpoints.fleet import HostFleet
    from clawtrain_assets.core.endpoints.supervisor import Patience
    from clawtrain_assets.core.endpoints.ollama import Ollama
    from clawtrain_assets.core.journal import Journal
    from clawtrain_assets.core.judging.judge import judge_turns
    from clawtrain_assets.core.judging.rubric import load_rubric
    from clawtrain_assets.settings import Endpoint, Judging
    from clawtrain_tests.core.judging.turns import tool_turn

    SICK = Patience(
        alive_every_s=0.5, give_up_s=20.0, first_pause_s=0.05, longest_pause_s=0.5, attempts=8
    )

    async def main(folder, slots, turns, *urls):
        where = Endpoint(model="judge:1b", hosts=urls, slots=int(slots))
        patience = Patience()
        if len(urls) > 1:
            where = where.model_copy(update={"total_timeout_s": 2.0, "connect_timeout_s": 0.5})
            patience = SICK
        day = [tool_turn(number) for number in range(int(turns))]
        rubric = load_rubric(Path(folder) / "rubric.toml")
        print("started", flush=True)
        with Journal(f"sqlite:///{folder}/journal.sqlite") as journal:
            async with HostFleet(where, Ollama(), patience=patience) as fleet:
                rows = await judge_turns(day, fleet, journal, rubric, Judging(), lambda p: None)
        table = [row | {"latency_s": None} for row in rows]  # the one thing that may differ
        digest = hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
        print(json.dumps([len(rows), Counter(row["status"] for row in rows), digest]))

    asyncio.run(main(*sys.argv[1:]))
    """
)


def start(servers: list[Running], folder: str, turns: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", RUN, folder, str(SLOTS), str(turns)]
    command += [server.url for server in servers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    process.stdout.readline()
    return process


@contextmanager
def servers_for(folder: str, sick: bool) -> Iterator[list[Running]]:
    """The drill's servers; those that end are started again."""
    memory = Path(folder) / "failed"
    memory.mkdir()
    flaky = {"passing": [*PASSING, *(DEADLY if sick else [])], "lasting": LASTING}
    script = {"latency_s": LATENCY_S, "memory": str(memory), "flaky": flaky | {"share": 0.45}}
    over = threading.Event()

    def supervise(servers: list[Running]) -> None:
        while not over.wait(0.05):
            for server in servers:
                if not server.running:
                    server.stop()
                    server.start()

    with ExitStack() as stack:
        servers = [stack.enter_context(scripted_server(script)) for _ in range(2 if sick else 1)]
        supervisor = threading.Thread(target=supervise, args=(servers,))
        supervisor.start()
        try:
            yield servers
        finally:
            over.set()
            supervisor.join()


def measure(kills: int, sick: bool) -> list[dict[str, Any]]:
    chance = random.Random(11)
    turns = kills * TURNS_PER_KILL
    with tempfile.TemporaryDirectory() as at, servers_for(at, sick) as servers:
        write_default(Path(at) / "rubric.toml")
        undisturbed = json.loads(start(servers, at, turns).communicate()[0])
    with tempfile.TemporaryDirectory() as at, servers_for(at, sick) as servers:
        write_default(Path(at) / "rubric.toml")
        saved = lost = early = 0
        for _ in range(kills):
            process = start(servers, at, turns)
            time.sleep(chance.uniform(*LIFE_S))
            early += process.poll() is None
            process.kill()
            process.communicate()
            with Journal(f"sqlite:///{at}/journal.sqlite") as journal:
                now = sum(row["answers"] for row in journal.summary())
            lost += max(0, saved - now)
            saved = now
        disturbed = json.loads(start(servers, at, turns).communicate()[0])
        with Journal(f"sqlite:///{at}/journal.sqlite") as journal:
            answers = list(journal.export("judge"))
        asked = [one for server in servers for one in server.asked]
    same = disturbed == undisturbed
    if not same:
        print(f"undisturbed: {undisturbed[1]}, disturbed: {disturbed[1]}", file=sys.stderr)
    places = ("item_id", "model_digest", "prompt_hash", "sample")
    kept = Counter(tuple(row[place] for place in places) for row in answers)
    doubled = sum(count - 1 for count in kept.values())
    failed = sum(one["fault"] is not None for one in asked) / len(asked)
    deadly = sum(one["fault"] in DEADLY for one in asked)
    scored = undisturbed[1]["scored"]
    found = [
        figures.figure("kills_while_working", early, "kills", kills, below=False),
        figures.figure("calls_failed_by_the_server", failed, "share"),
        figures.figure("answers_lost", lost, "answers", 0),
        figures.figure("answers_doubled", doubled, "answers", 0),
        figures.figure("rows_missing", turns - disturbed[0], "rows", 0),
        figures.figure("turns_scored", disturbed[1]["scored"], "turns", scored, below=False),
        figures.figure("same_table", int(same), "", 1, below=False),
    ]
    if sick:
        found.append(figures.figure("hung_deaf_or_ended", deadly, "times"))
        return [one | {"metric": f"sick_{one['metric']}"} for one in found]
    passing = sum(one["fault"] in PASSING for one in asked)
    again = (len(asked) - passing - len(answers)) / kills
    at_once = requests_at_once(Endpoint(model="judge:1b", slots=SLOTS))
    name, flight = "asked_again_per_kill", "requests in flight"
    return [*found, figures.figure(name, again, "requests", at_once, to=flight)]


def main() -> None:
    chosen = figures.arguments(__doc__).parse_args()
    for sick in (False, True):
        figures.show(measure(8 if chosen.quick else 100, sick), chosen.json)


if __name__ == "__main__":
    main()
