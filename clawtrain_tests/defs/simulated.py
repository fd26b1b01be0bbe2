"""An invented history big enough to open the gate, written as the stages before would leave it.

``raw_turns``, ``scored_turns`` and ``contrastive_pairs`` are written directly: their own stages
need an agent and models. The scores come from a script, which is what the judge's name says.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_tests.core.dataset.turns import called, result, said, turn, user

JUDGE = "scripted-stand-in"
TURNS_A_DAY = 650
_ROOMS = ("kitchen", "hall", "attic", "cellar", "porch", "garage", "study", "pantry", "loft")
_THINGS = ("lamp", "boiler", "fan", "meter", "pump", "valve", "sensor", "blind", "heater", "relay")


def write_turns(lake: Lake, day: str) -> None:
    """A day of tool calls, four in five of them scored well by the script."""
    turns = [_turn(day, number) for number in range(TURNS_A_DAY)]
    scores = [_score(turn, _scripted(number)) for number, turn in enumerate(turns)]
    lake.write("raw_turns", day, turns_table(turns))
    lake.write("scored_turns", day, _table(scores, schemas.SCORED_TURNS))


def write_pairs(lake: Lake, day: str, count: int) -> None:
    """Pairs in which the reference reads the file and the candidate says that it cannot."""
    refusal = msgspec.json.encode(said("I have no way to look at files.")).decode()
    rows = [
        {
            "pair_id": f"pair-{turn.turn_id}",
            "turn_id": turn.turn_id,
            "session_id": turn.session_id,
            "day": day,
            "status": "pair",
            "chosen_arm": "reference",
            "gap": 5.0,
            "reference": msgspec.json.encode(turn.response).decode(),
            "candidate": refusal,
            "judge_model": JUDGE,
        }
        for turn in (_turn(day, number) for number in range(count))
    ]
    lake.write("contrastive_pairs", day, _table(rows, schemas.CONTRASTIVE_PAIRS))


def _turn(day: str, number: int) -> Turn:
    place = _ROOMS[number % len(_ROOMS)], _THINGS[number // len(_ROOMS) % len(_THINGS)]
    path = f"{place[0]}/{place[1]}-{number}-{day}.txt"
    ask = f"What did the {place[1]} in the {place[0]} report in round {number} of {day}?"
    context: list[Message] = [user(ask)]
    if number % 3 == 0:  # the second step of an exchange
        context += [called(("call_a", "bash", {"command": f"ls {place[0]}"}))]
        context += [result("call_a", path)]
    return turn(
        f"{day}-{number}",
        called(("call_b", "read", {"path": path})),
        context,
        request=ask,
        session=f"{day}-{number // 10}",
        day=day,
        minute=number,
    )


def _scripted(number: int) -> float:
    return 4.0 if number % 5 == 4 else 7.0 + number % 3


def _score(turn: Turn, overall: float) -> dict[str, Any]:
    return {
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "day": turn.day,
        "status": "scored",
        **dict.fromkeys(schemas.SCORES, overall),
        "judge_model": JUDGE,
        "judge_digest": "none",
        "rubric_hash": "none",
    }


def _table(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    blank = dict.fromkeys(schema.names)
    return pa.Table.from_pylist([blank | row for row in rows], schema=schema)
