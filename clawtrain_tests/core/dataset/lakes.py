"""A small lake: two days of turns, scores, examples and pairs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.release import ScrubCheck, build_release
from clawtrain_assets.core.dataset.released import Release
from clawtrain_assets.core.dataset.scrubbing import Scrubbing
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.turns import (
    MaskingScrubber,
    called,
    result,
    said,
    score,
    turn,
    user,
)

DAYS = ("2026-03-07", "2026-03-08")


def day_turns(day: str, sessions: int = 3) -> list[Turn]:
    """Two good turns for each session: a call, then the answer that uses its result."""
    turns = []
    for n in range(sessions):
        name, ask = f"{day}-{n}", f"Read file {n} of {day}, secret-{n}"
        call = called(("toolu_1", "read", {"path": f"{name}.txt"}))
        turns.append(turn(f"{name}-call", call, request=ask, session=name, day=day))
        context = [user(ask), call, result("toolu_1", f"milk {n}")]
        answer = said(f"It says milk {n} on {day}.")
        turns.append(turn(f"{name}-say", answer, context, request=ask, session=name, day=day))
    return turns


def write_day(
    lake: Lake,
    day: str,
    turns: Sequence[Turn],
    scrubber: Scrubbing | None = None,
    **overall: float,
) -> None:
    scores = {t.turn_id: score(t, overall.get(t.turn_id, 8.0)) for t in turns}
    rows = build_examples(turns, scores, scrubber or MaskingScrubber(), Dataset())
    lake.write("raw_turns", day, turns_table(turns))
    lake.write("scored_turns", day, _table(list(scores.values()), schemas.SCORED_TURNS))
    lake.write_rows("sharegpt_dataset", day, rows, schemas.SHAREGPT_DATASET)


def pair(reference: Turn, candidate: Message, **changes: Any) -> dict[str, Any]:
    return {
        "pair_id": f"pair-{reference.turn_id}",
        "turn_id": reference.turn_id,
        "session_id": reference.session_id,
        "day": reference.day,
        "status": "pair",
        "chosen_arm": "reference",
        "gap": 4.0,
        "reference": msgspec.json.encode(reference.response).decode(),
        "candidate": msgspec.json.encode(candidate).decode(),
    } | changes


def write_pairs(lake: Lake, day: str, pairs: Sequence[Mapping[str, Any]]) -> None:
    lake.write("contrastive_pairs", day, _table(pairs, schemas.CONTRASTIVE_PAIRS))


def _table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    blank = dict.fromkeys(schema.names)
    return pa.Table.from_pylist([blank | row for row in rows], schema=schema)


def small_lake(root: Path) -> Lake:
    lake = Lake(str(root / "lake"))
    for day in DAYS:
        turns = day_turns(day)
        write_day(lake, day, turns)
        write_pairs(
            lake,
            day,
            [
                pair(turns[0], said("I cannot read files, secret-9.")),
                pair(turns[1], called(("x", "read", {"path": "again"})), chosen_arm="candidate"),
                pair(turns[3], said("no"), status="no_gap", chosen_arm=None),
            ],
        )
    return lake


def clean(files: Sequence[Path]) -> ScrubCheck:
    return ScrubCheck((), {"files": len(files)})


def release(lake: Lake, root: Path, **changes: Any) -> Release:
    """A release of the lake in ``root/releases``, verified by nobody unless told."""
    wanted: dict[str, Any] = {
        "dataset": Dataset(validation_share=0.49),
        "rubric_hash": "r1",
        "scrubber": MaskingScrubber(),
        "verify": clean,
    } | changes
    return build_release(lake, root / "releases", **wanted)
