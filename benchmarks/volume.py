"""What a long history costs: every step that looks beyond its own day, and the days' own steps.

    python benchmarks/volume.py [--quick] [--json] [--days N ...] [--home DIR] [--ask TEXT]

One history (``long_history.py``) grows to 20, 200 and 2,000 days of 500 turns: 10,000, 100,000 and
a million turns; --quick: 20 days. At each length every question is asked twice, in a fresh
process; the figures are the CPU seconds of the second time and the most memory the process had.
--home: keep the history there, or measure the one that is; --ask: only the questions whose names
contain it. ``volume_plot.py`` makes a table and a plot of what --json printed, up to ten million.
"""

import argparse
import asyncio
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import figures
import long_history
from long_history import FIRST, TURNS

from clawtrain_assets.core import quality, schemas
from clawtrain_assets.core.dataset import neardup, selection
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.proof import ReleaseProof
from clawtrain_assets.core.gate import gather_facts
from clawtrain_assets.core.journal import Answer, Journal
from clawtrain_assets.core.judging.measure import measure, read_scores
from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.coverage import Coverage
from clawtrain_assets.core.sessions.extract import extract
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.core.shadow import gap, night
from clawtrain_assets.core.shadow.traffic import count_strata
from clawtrain_assets.settings import Dataset, Shadow, Sources

Ask = Callable[[], Any]


class History:
    """The history below ``home``, and the questions to it: each method returns one to be asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lake = Lake(home / "lake")
        self.scratch = Lake(home / "scratch")
        self.archive = Archive(home / "archive")
        self.days = self.lake.days("raw_turns")
        self.last = self.days[-1]

    def extraction(self) -> Ask:
        def ask() -> None:
            found = extract(self.archive, Sources(), ZoneInfo("UTC"), (), {self.last})
            rows = self.scratch.write_days("raw_turns", [self.last], found.batches(), schemas.TURNS)
            assert rows == {self.last: TURNS}, rows

        return ask

    def capture(self) -> Ask:
        return lambda: self.archive.capture([self.home / "openclaw"], None)

    def dataset(self) -> Ask:
        def ask() -> None:
            turns = read_turns(self.lake, self.last)
            scores = self.lake.read("scored_turns", self.last).to_pylist()
            scrubber = Scrubber(Denylist(), (), b"k" * 32)
            by_turn = {row["turn_id"]: row for row in scores}
            rows = build_examples(turns, by_turn, scrubber, Dataset())
            self.scratch.write_rows("sharegpt_dataset", self.last, rows, schemas.SHAREGPT_DATASET)

        return ask

    def near_of_a_day(self) -> Ask:
        fresh = self.lake.read(neardup.ASSET, self.last)
        return lambda: neardup.new_candidates(self._bands, fresh)

    @property
    def _bands(self) -> str:
        return str(self.home / "lake" / neardup.ASSET / "day=*" / "part-0.parquet")

    def journal_asked(self) -> Ask:
        unasked = iter(range(len(self.days) + 10_000, len(self.days) + 10_002))
        answered = long_history.answer()

        async def instantly() -> Answer:
            return answered

        async def all_of(keys: list[Any]) -> None:
            with Journal(f"sqlite:///{self.home / 'journal.sqlite'}") as journal:
                for start in range(0, TURNS, 16):  # so many at a time as a host has slots
                    some = keys[start : start + 16]
                    await asyncio.gather(*(journal.once(key, instantly) for key in some))

        return lambda: asyncio.run(all_of(long_history.keys_of(next(unasked))))

    def journal_known(self) -> Ask:
        keys = long_history.keys_of(len(self.days) // 2)

        def ask() -> None:
            with Journal(f"sqlite:///{self.home / 'journal.sqlite'}") as journal:
                assert len(journal.get(keys)) == TURNS

        return ask

    def journal_summary(self) -> Ask:
        def ask() -> None:
            with Journal(f"sqlite:///{self.home / 'journal.sqlite'}") as journal:
                journal.summary()

        return ask

    def draw(self) -> Ask:
        return lambda: night.draw(self.lake, self.last, "candidate", Shadow())

    def gate(self) -> Ask:
        today = FIRST + timedelta(days=len(self.days))
        return lambda: gather_facts(self.lake, self.home / "releases", self.home, (), 50, today)

    def sensor(self) -> Ask:
        from clawtrain_assets.defs.jobs import gate_fingerprint  # a second of imports for one
        from clawtrain_assets.defs.resources import Workspace

        workspace = Workspace()
        workspace.__dict__["lake"] = self.lake
        return lambda: gate_fingerprint(workspace)

    def shown(self) -> Ask:
        def ask() -> None:
            found = Coverage(self.lake)
            found.by_day(60), found.by_model(), found.by_source(), found.lost({})

        return ask

    def checks(self) -> Ask:
        rules = (
            quality.turns_unique,
            quality.turns_attributed,
            quality.history_readable,
            quality.days_arrive,
        )
        return lambda: [rule(self.lake, WHOLE) for rule in rules]

    def judge(self) -> Ask:
        return lambda: measure(read_scores(self.lake), {})

    def model_gap(self) -> Ask:
        def ask() -> None:
            sql = "SELECT * FROM pairs ORDER BY day, pair_id"
            traffic = count_strata(self.lake, Shadow().reference_models)
            gap.measure(self.lake.query(sql, pairs="contrastive_pairs"), traffic)

        return ask

    def chosen(self) -> Ask:
        def ask() -> None:
            self.lake.path(neardup.EDGES).unlink(missing_ok=True)  # as if a day had changed
            selection.select(self.lake, 7.0, ())

        return ask

    def bands(self) -> Ask:
        return lambda: neardup.update_bands(self.lake)

    def canaries(self) -> Ask:
        key = b"k" * 32
        proof = ReleaseProof(self.lake, Denylist(), (), key, lambda d: Scrubber(d, (), key), {})
        return proof._sample


QUESTIONS: dict[str, Callable[[History], Ask]] = {
    "a day's turns from the archive": History.extraction,
    "archive: nothing new": History.capture,
    "judging 500: claim, look up, put": History.journal_asked,
    "judging 500 again: look up": History.journal_known,
    "clawtrain journal": History.journal_summary,
    "a day's examples": History.dataset,
    "a day's near-duplicates in all days": History.near_of_a_day,
    "a night draws its replays": History.draw,
    "history beside raw_turns": History.shown,
    "checks of raw_turns": History.checks,
    "the gate's facts": History.gate,
    "the gate's sensor": History.sensor,
    "the judge's report": History.judge,
    "the gap's report": History.model_gap,
    "a release: bands of unchanged days": History.bands,
    "a release: chooses its examples": History.chosen,
    "a release: turns for canaries": History.canaries,
}


def asked(home: Path, name: str) -> tuple[float, float]:
    """CPU seconds of the second time, and the process's peak memory in MB."""
    ask = QUESTIONS[name](History(home))
    ask()
    start = time.process_time()
    ask()
    spent = time.process_time() - start
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_another_process(function: Callable[..., Any], *values: Any) -> Any:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *values).result()


def grown(home: Path, days: int) -> None:
    long_history.grow(home, days)
    history = History(home)
    history.capture()()
    history.bands()()


def sizes(home: Path, turns: str) -> Iterator[dict[str, Any]]:
    files = {
        "lake": (home / "lake").rglob("*.parquet"),
        "journal": home.glob("journal.sqlite*"),
        "index of the archive": (home / "archive").glob("index.sqlite*"),
    }
    for name, found in files.items():
        size = sum(path.stat().st_size for path in found) / 1e6
        yield figures.figure(f"size: {name}, {turns}", size, "MB")


def report(days: list[int], home: Path, wanted: str) -> Iterator[dict[str, Any]]:
    for length in days:
        turns = f"{length * TURNS:,} turns"
        start = time.perf_counter()
        in_another_process(grown, home, length)
        yield figures.figure(f"history written, {turns}", time.perf_counter() - start, "s wall")
        yield from sizes(home, turns)
        for name in QUESTIONS:
            if wanted in name:
                spent, memory = in_another_process(asked, home, name)
                yield figures.figure(f"{name}, {turns}", spent, "s")
                yield figures.figure(f"memory: {name}, {turns}", memory, "MB")


def main() -> None:
    parser = figures.arguments(__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=[20, 200, 2_000])
    parser.add_argument("--home", type=Path, metavar="DIR", help="keep the history, or use it")
    parser.add_argument("--ask", default="", metavar="TEXT", help="only questions that contain it")
    chosen: argparse.Namespace = parser.parse_args()
    days = [20] if chosen.quick else sorted(chosen.days)
    with tempfile.TemporaryDirectory() as folder:
        figures.show(report(days, chosen.home or Path(folder), chosen.ask), chosen.json)


if __name__ == "__main__":
    main()
