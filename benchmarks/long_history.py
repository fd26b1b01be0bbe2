"""Years of an invented history, written day by day as the assets leave it: seeded, never in memory.

A day is 500 turns in 50 sessions: the tables of five assets, a session file as OpenClaw writes it
and an answer in the journal for each turn. The tables are made once, by the assets' own code; for
each day Arrow's compute puts other ids, times and words into them. Answers have 40 to 300 words of
which every fifth is the day's own, so that days are no copies of each other; one turn in ten is a
near copy of the one before, another one in ten says the same all week.
"""

import hashlib
import json
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.journal import Answer, Journal, Key
from clawtrain_assets.core.journal.store import answers
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.turns import called, result, said, score, turn, user

TURNS = 500
PAIRS = 20
FIRST = date(2020, 1, 1)
_SESSION = 10  # turns
_IDS = ("turn_id", "session_id", "example_id", "pair_id", "replay_id", "fingerprint")
_DAY, _WEEK = "daymark", "weekmark"
_VOCABULARY = [f"w{number:x}" + "abcdefgh"[: number % 6] for number in range(50_000)]
_REPLY = "r" * 1_000  # of the judge; SQLite stores it as it is


def day_of(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


# --- the tables


def template(turns: list[Turn]) -> dict[str, pa.Table]:
    """The tables of the day ``turns``, ids as dictionaries."""
    scores = [score(t, 4.0 if n % 5 == 4 else 7.0 + n % 3) for n, t in enumerate(turns)]
    rows = build_examples(
        turns,
        {row["turn_id"]: row for row in scores},
        Scrubber(Denylist(), (), b"k" * 32),
        Dataset(),
    )
    tables = {
        "raw_turns": turns_table(turns),
        "scored_turns": _table(scores, schemas.SCORED_TURNS),
        "sharegpt_dataset": _table(rows, schemas.SHAREGPT_DATASET),
        "contrastive_pairs": _table(map(_pair, turns[:PAIRS]), schemas.CONTRASTIVE_PAIRS),
        "shadow_replays": _table(map(_replay, turns[:PAIRS]), schemas.SHADOW_REPLAYS),
    }
    return {asset: _with_dictionaries(table) for asset, table in tables.items()}


def one_day() -> list[Turn]:
    """Turns whose words name no day yet."""
    chance = random.Random(5)
    turns: list[Turn] = []
    for number in range(TURNS):
        mark = _WEEK if number % 10 == 9 else _DAY
        ask = f"Round {number} of {mark}: what did the relay {chance.choice(_VOCABULARY)} report?"
        words = chance.choices(_VOCABULARY, k=chance.randrange(40, 300))
        words[::5] = [mark] * len(words[::5])
        if number % 10 == 8:
            ask, words = turns[-1].request, turns[-1].response.text.split()
            words[-2] = chance.choice(_VOCABULARY)
        answer = called(("call_b", "read", {"path": f"relay/{number}.txt"}), text=" ".join(words))
        made = turn(
            f"turn-{number}",
            answer,
            [user(ask), called(("call_a", "bash", {"command": "ls"})), result("call_a", "relay")],
            request=ask,
            session=f"session-{number // _SESSION}",
            day=FIRST.isoformat(),
            minute=number,
        )
        turns.append(made)
    return turns


def _pair(turn: Turn) -> dict[str, Any]:
    dimensions = {f"reference_{name}": 8.0 for name in schemas.SCORES}
    dimensions |= {f"candidate_{name}": 4.0 for name in schemas.SCORES}
    return dimensions | {
        "pair_id": f"pair-{turn.turn_id}",
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "day": turn.day,
        "status": "pair",
        "chosen_arm": "reference",
        "gap": 4.0,
        "reference_samples": '[{"overall":{"score":8}}]',
        "candidate_samples": '[{"overall":{"score":4}}]',
        "reference": msgspec.json.encode(turn.response).decode(),
        "candidate": msgspec.json.encode(said("I have no way to look at files.")).decode(),
        "candidate_model": "candidate",
        "judge_model": "judge",
        "rubric_hash": "r1",
        "session_kind": turn.session_kind,
        "tools_source": turn.tools_source,
        "stratum": "2 1",
    }


def _replay(turn: Turn) -> dict[str, Any]:
    names = ("turn_id", "session_id", "day")
    own = {name: getattr(turn, name) for name in names}
    return own | {
        "replay_id": f"replay-{turn.turn_id}",
        "candidate_model": "candidate",
        "status": "replayed",
        "reply": msgspec.json.encode(said("I have no way to look at files.")).decode(),
    }


def _table(rows: Any, schema: pa.Schema) -> pa.Table:
    blank = dict.fromkeys(schema.names)
    return pa.Table.from_pylist([blank | row for row in rows], schema=schema)


def _with_dictionaries(table: pa.Table) -> pa.Table:
    for name in set(_IDS) & set(table.schema.names):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].combine_chunks().dictionary_encode())
    return table


def tables_of(template: dict[str, pa.Table], number: int) -> Iterator[tuple[str, pa.Table]]:
    """The tables of the ``number``-th day."""
    for asset, table in template.items():
        schema = table.schema
        for place, name in enumerate(schema.names):
            column = table[name]
            if pa.types.is_dictionary(column.type) and name in _IDS:
                ids = column.combine_chunks()
                column = pa.array(renamed(ids.dictionary.to_pylist(), number)).take(ids.indices)
            elif name == "day":
                column = pa.repeat(pa.scalar(day_of(number)), table.num_rows)
            elif name == "timestamp":
                column = pc.add(column, pa.scalar(timedelta(days=number), pa.duration("ms")))
            elif pa.types.is_string(column.type):
                column = _worded(column, number)
            elif pa.types.is_dictionary(column.type):
                texts = column.combine_chunks()
                new = _worded(texts.dictionary, number)
                column = pa.DictionaryArray.from_arrays(texts.indices, new)
            table = table.set_column(place, name, column)
        yield asset, table


def _worded(texts: Any, number: int) -> Any:
    for mark, word in ((_DAY, f"d{number}"), (_WEEK, f"k{number // 7}")):
        texts = pc.replace_substring(texts, mark, word)
    return texts


def renamed(ids: list[str], number: int) -> list[str]:
    """Other ids, the same for the same id in all tables of the day."""
    return [hashlib.sha256(f"{one} {number}".encode()).hexdigest()[:32] for one in ids]


# --- the sessions


def session_file(turns: list[Turn]) -> bytes:
    """A session of ``turns`` as OpenClaw writes it, on the first day."""
    lines: list[dict[str, Any]] = [{"type": "session", "version": 3, "id": "sessionmark"}]
    start = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp() * 1000)
    for number, one in enumerate(turns):
        call = {
            "type": "toolCall",
            "id": f"call_{number}",
            "name": "read",
            "arguments": {"path": f"relay/{number}.txt"},
        }
        content = [{"type": "text", "text": one.response.text}, call]
        usage = {"input": 9, "output": 800, "cacheRead": 21_000, "cost": {"total": 0.02}}
        spoken = {"api": "anthropic-messages", "provider": "anthropic", "usage": usage}
        spoken |= {"model": "claude-sonnet-4-6", "stopReason": "toolUse"}
        messages: list[dict[str, Any]] = [
            {"role": "user", "content": [{"type": "text", "text": one.request}]},
            {"role": "assistant", "content": content, **spoken},
            {
                "role": "toolResult",
                "toolCallId": call["id"],
                "toolName": "read",
                "content": [{"type": "text", "text": one.response.text[:300]}],
                "isError": False,
            },
        ]
        for message in messages:
            ms = start + len(lines) * 20_000
            stamp = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
            entry = {"type": "message", "id": f"{len(lines):08x}"}
            entry["parentId"] = None if len(lines) == 1 else f"{len(lines) - 1:08x}"
            entry["timestamp"] = stamp.replace("+00:00", "Z")
            lines.append({**entry, "message": {**message, "timestamp": ms}})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def write_session(root: Path, data: bytes, number: int) -> None:
    """The session of the ``number``-th day below the state directory ``root``."""
    name = f"{number:08d}-3333-4333-8444-555555555555"
    later = number * 86_400_000
    data = re.sub(
        rb'("timestamp": )(\d{13})', lambda found: found[1] + b"%d" % (int(found[2]) + later), data
    )
    data = data.replace(FIRST.isoformat().encode(), day_of(number).encode())
    data = data.replace(b"sessionmark", name.encode()).replace(_DAY.encode(), b"d%d" % number)
    data = data.replace(_WEEK.encode(), b"k%d" % (number // 7))
    folder = root / "agents" / "main" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_bytes(data)


# --- the journal


def answer() -> Answer:
    return Answer(
        reply=_REPLY,
        created_at=datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC),
        model="judge:1b",
        prompt_tokens=5_000,
        output_tokens=300,
        latency_s=1.0,
    )


def keys_of(number: int) -> list[Key]:
    """The questions of a day."""
    names = renamed([f"turn-{n}" for n in range(TURNS)], number)
    return [Key("judge", name, "a" * 64, f"{n:064x}", 0) for n, name in enumerate(names)]


def fill_journal(file: Path, first: int, last: int) -> None:
    """The answers of the days from ``first`` to before ``last``, in bulk.

    The rows are those that ``Journal.put`` writes, in its order, so the trees are as deep and as
    full; nothing waits for the disk.
    """
    with Journal(f"sqlite:///{file}"):
        pass  # makes the tables
    names = answers.c.keys()
    sql = f"INSERT INTO answers ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    values = msgspec.structs.asdict(answer())
    values["created_at"] = values["created_at"].isoformat()
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -1000000")
        for number in range(first, last):
            values["created_at"] = f"{day_of(number)}T03:00:00+00:00"
            rows = (
                values | key._asdict() | {"key": key.digest, "turn_id": key.item_id}
                for key in keys_of(number)
            )
            database.executemany(sql, ([row[name] for name in names] for row in rows))
            if number % 50 == 49:
                database.commit()
        database.commit()


# --- all of it


def grow(home: Path, days: int) -> None:
    """Bring the history below ``home`` to so many days; what is there stays."""
    lake = Lake(home / "lake")
    present = len(lake.days("shadow_replays"))  # the last table of a day
    turns = one_day()
    tables, session = template(turns), session_file(turns)
    for number in range(present, days):
        write_session(home / "openclaw", session, number)
        for asset, table in tables_of(tables, number):
            lake.write(asset, day_of(number), table)
    fill_journal(home / "journal.sqlite", present, days)
