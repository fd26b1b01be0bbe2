"""What a long history costs: every step that looks at more than its own day, against its length.

    python benchmarks/volume.py [--quick] [--json] [--days N ...]

500 turns a day for 20, 200 and 2,000 days: 10,000, 100,000 and a million turns; --quick: 20 and
100 days. The tables of one day are made once and written for each day under its own date, ids and
fingerprints; the sessions of ten days are in the archive whatever the length. CPU seconds of this
process for one question each, the second time it is asked; `10 million turns` is the straight line
through the two longest histories, drawn out. Steps that read their own day only (judging, the
daily dataset, replay) do not get dearer and are not here.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import figures
import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset import neardup
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.selection import select
from clawtrain_assets.core.gate import gather_facts
from clawtrain_assets.core.journal import Answer, Journal, Key
from clawtrain_assets.core.judging.measure import measure, read_scores
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.sessions import coverage
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.defs.jobs import gate_fingerprint
from clawtrain_assets.defs.resources import Workspace
from clawtrain_assets.instance.prepare import prepare_instance
from clawtrain_assets.settings import Dataset
from clawtrain_tests.defs.simulated import write_pairs, write_turns

_TURNS = 500
_FIRST = date(2020, 1, 1)
_ASSETS = ("raw_turns", "scored_turns", "sharegpt_dataset", "contrastive_pairs")
_IDS = ("turn_id", "session_id", "example_id", "pair_id", "fingerprint")


def template(lake: Lake) -> dict[str, pa.Table]:
    """One day's tables, as the assets write them."""
    day = _FIRST.isoformat()
    write_turns(lake, day)
    write_pairs(lake, day, 5)
    scores = {row["turn_id"]: row for row in lake.read("scored_turns", day).to_pylist()}
    scrubber = Scrubber(Denylist(), (), b"k" * 32)
    rows = build_examples(read_turns(lake, day), scores, scrubber, Dataset())
    lake.write_rows("sharegpt_dataset", day, rows, schemas.SHAREGPT_DATASET)
    return {asset: lake.read(asset, day).slice(0, _TURNS) for asset in _ASSETS}


def write_day(lake: Lake, tables: dict[str, pa.Table], day: str) -> None:
    for asset, table in tables.items():
        for name in table.schema.names:
            place = table.schema.get_field_index(name)
            if name == "day":
                column = pa.array([day] * table.num_rows, pa.string())
            elif name in _IDS:
                column = pa.array([_renamed(v, day) for v in table[name].to_pylist()], pa.string())
            else:
                continue
            table = table.set_column(place, table.schema.field(name), column)
        lake.write(asset, day, table)


def _renamed(value: str | None, day: str) -> str | None:
    """Another id of the same length, the same for the same value in all tables of the day."""
    if value is None:
        return None
    return hashlib.sha256(f"{value} {day}".encode()).hexdigest()[: max(len(value), 20)]


def questions(home: Path, lake: Lake) -> dict[str, Callable[[], Any]]:
    today = _FIRST + timedelta(days=2_500)
    workspace = Workspace()
    workspace.__dict__["lake"] = lake
    return {
        "the gate": lambda: gather_facts(lake, home / "releases", home, (), 50, today),
        "the gate's sensor, each minute": lambda: gate_fingerprint(workspace),
        "history shown by raw_turns, each night": lambda: [
            coverage.by_day(lake, 60),
            coverage.by_model(lake),
            coverage.by_source(lake),
            coverage.lost(lake, {}),
        ],
        "the judge's report": lambda: measure(read_scores(lake), {}),
        "a release chooses its examples": lambda: select(lake, 7.0, ()),
        "bands of days that did not change": lambda: neardup.update_bands(lake),
    }


def journal(home: Path, turns: int) -> Iterator[tuple[str, float]]:
    """Filling it, and what one more day costs in a journal of that size."""
    answer = Answer(reply="x" * 500, created_at=datetime.now(UTC), model="judge:1b")

    def keys(name: str) -> list[Key]:
        return [Key("judge", f"{name}-{n}", "a" * 64, f"{n:064x}", 0) for n in range(_TURNS)]

    with Journal(f"sqlite:///{home / 'journal.sqlite'}") as entries:
        for number in range(turns // _TURNS):
            waiting = [entries._put(key, answer) for key in keys(f"{number:05d}")]
            for one in waiting:
                one.result()
        start = time.process_time()
        for one in [entries._put(key, answer) for key in keys("new")]:
            one.result()
        yield "journal: 500 answers more", time.process_time() - start
        start = time.process_time()
        assert len(entries.get(keys("00003"))) == _TURNS
        yield "journal: 500 looked up", time.process_time() - start
        start = time.process_time()
        entries.summary()
        yield "clawtrain journal", time.process_time() - start


def lengths(days: int) -> dict[str, float]:
    """CPU seconds by question for a history of so many days."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lake = Lake(home / "lake")
        tables = template(lake)
        for number in range(days):
            write_day(lake, tables, (_FIRST + timedelta(days=number)).isoformat())
        neardup.update_bands(lake)
        for name, ask in questions(home, lake).items():
            ask()
            start = time.process_time()
            ask()
            found[name] = time.process_time() - start
        found |= dict(journal(home, days * _TURNS))
        found["Dagster: 5 assets materialized, for each day"] = dagster(home, min(days, 50))
    return found


def dagster(home: Path, days: int) -> float:
    with dg.DagsterInstance.from_config(str(prepare_instance(home, {}))) as instance:
        start = time.process_time()
        for number in range(days):
            day = (_FIRST + timedelta(days=number)).isoformat()
            for asset in (*_ASSETS, "shadow_replays"):
                event = dg.AssetMaterialization(asset, partition=day, metadata={"rows": _TURNS})
                instance.report_runless_asset_event(event)
        return (time.process_time() - start) / days


def report(sizes: list[int]) -> Iterator[dict[str, Any]]:
    measured = {}
    for days in sizes:
        measured[days] = lengths(days)
        for name, seconds in measured[days].items():
            yield figures.figure(f"{name}, {days * _TURNS:,} turns", seconds, "s")
    if len(sizes) < 2:
        return
    one, other = sizes[-2:]
    for name, seconds in measured[other].items():
        slope = (seconds - measured[one][name]) / (other - one)
        far = max(seconds + slope * (10_000_000 / _TURNS - other), seconds)
        yield figures.figure(f"{name}, 10 million turns (extrapolated)", far, "s")


def main() -> None:
    parser = figures.arguments(__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=[20, 200, 2_000])
    chosen: argparse.Namespace = parser.parse_args()
    figures.show(report([20, 100] if chosen.quick else chosen.days), chosen.json)


if __name__ == "__main__":
    main()
