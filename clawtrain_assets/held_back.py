"""``clawtrain quarantine``: what was kept from the dataset, for the user to look at on the spot.

Three sorts: pieces of the history that could not be read, examples whose scrub failed, and examples
and pairs that the newest release's verification took out. Their text is printed to the terminal on
request and is written nowhere.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow.compute as pc
from msgspec.json import decode
from rich.console import Console
from rich.text import Text

from clawtrain_assets.core.dataset.formats import to_openai
from clawtrain_assets.core.dataset.released import current_release, scrub_report
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_assets.core.sessions import quarantine
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.core.turn import Message
from clawtrain_assets.review.session import Example
from clawtrain_assets.review.terminal import shown, visible
from clawtrain_assets.settings import Settings

_EXAMPLES = "sharegpt_dataset"


class Held(NamedTuple):
    """One thing held back: ``day`` and ``turn_id`` of an example or pair, ``where`` of a piece."""

    id: str
    sort: str
    reason: str
    where: str
    day: str = ""
    turn_id: str = ""


def held_back(settings: Settings) -> list[Held]:
    """Everything held back, unreadable pieces first."""
    lake = Lake(settings.lake)
    return [*_pieces(lake), *_unscrubbed(lake), *_taken_out(settings)]


def listed(held: Sequence[Held]) -> Iterator[str]:
    """How many of each sort and reason, then one line for each: ids and places, no text."""
    for (sort, reason), count in Counter((one.sort, one.reason) for one in held).most_common():
        yield f"{count:6} {sort}: {reason}"
    if not held:
        yield "Nothing is held back."
        return
    yield ""
    for one in held:
        yield f"{one.id}  {one.sort:11}  {one.where}  {one.reason}"
    yield ""
    yield "`clawtrain quarantine ID` shows one here; the text is private."


def show(settings: Settings, which: str) -> None:
    """Print the text of what is held back under this id (or the start of one)."""
    found = [one for one in held_back(settings) if one.id.startswith(which)]
    if len(found) != 1:
        many = "several things are" if found else "nothing is"
        raise ClawtrainError(
            f"Under {which} {many} held back: take a whole id from `clawtrain quarantine`."
        )
    (one,) = found
    console = Console()
    console.print(f"{one.sort} {one.id}: {one.reason}\n{one.where}", markup=False)
    lake = Lake(settings.lake)
    lines = _piece(lake, one) if one.sort == "line" else shown(_example(lake, one), full=True)
    for line in lines:
        console.print(line)


def _pieces(lake: Lake) -> Iterator[Held]:
    for row, name in _rows_of_pieces(lake):
        where = f"{row['source_file']}:{row['source_line']}, byte {row['byte_offset']}"
        yield Held(name, "line", row["reason"], where)


def _rows_of_pieces(lake: Lake) -> Iterator[tuple[dict[str, Any], str]]:
    if lake.exists(quarantine.TABLE):
        for row in lake.read(quarantine.TABLE, WHOLE).to_pylist():
            place = f"{row['source_file']}\n{row['byte_offset']}".encode()
            yield row, hashlib.sha256(place + bytes(row["raw"] or b"")).hexdigest()[:20]


def _unscrubbed(lake: Lake) -> Iterator[Held]:
    columns = ("example_id", "turn_id", "status", "detail", "source_file", "source_line")
    for day in lake.days(_EXAMPLES):
        table = lake.read(_EXAMPLES, day, columns)
        for row in table.filter(pc.field("status") == "quarantined").to_pylist():
            where = f"{day}, {row['source_file']}:{row['source_line']}"
            yield Held(row["example_id"], "example", row["detail"], where, day, row["turn_id"])


def _taken_out(settings: Settings) -> Iterator[Held]:
    release = current_release(settings.releases)
    if release is None:
        return
    for row in scrub_report(release).get("held_back", ()):  # older ones do not tell
        sort = "example" if row["kind"] == "sft" else "pair"
        reason = f"found in release {release.release_id}: {', '.join(row['found'])}"
        where = f"{row['day']}, turn {row['turn_id']}"
        yield Held(row["id"], sort, reason, where, row["day"], row["turn_id"])


def _piece(lake: Lake, one: Held) -> list[Text]:
    return [
        Text(visible(bytes(row["raw"] or b"").decode("utf-8", "backslashreplace")))
        for row, name in _rows_of_pieces(lake)
        if name == one.id
    ]


def _example(lake: Lake, one: Held) -> Example:
    """The scrubbed example; the turn as it was, where there is none."""
    messages = _scrubbed(lake, one) or _as_it_was(lake, one)
    return Example(1, one.id, one.turn_id, messages, [], None)


def _scrubbed(lake: Lake, one: Held) -> list[dict[str, Any]]:
    if one.sort != "example" or not lake.exists(_EXAMPLES, one.day):
        return []
    table = lake.read(_EXAMPLES, one.day, ["turn_id", "messages"])
    rows = table.filter(pc.field("turn_id") == one.turn_id).to_pylist()
    return json.loads(rows[0]["messages"] or "[]") if rows else []


def _as_it_was(lake: Lake, one: Held) -> list[dict[str, Any]]:
    """The turn's conversation, with both answers of a pair."""
    turns = read_turns(lake, one.day, [one.turn_id])
    if not turns:
        raise ClawtrainError(f"Turn {one.turn_id} of {one.day} is gone: build a new release.")
    turn = turns[0]
    answers = [turn.response]
    if one.sort == "pair":
        pairs = lake.read("contrastive_pairs", one.day, ["pair_id", "reference", "candidate"])
        for row in pairs.filter(pc.field("pair_id") == one.id).to_pylist():
            answers = [decode(row[side], type=Message) for side in ("reference", "candidate")]
    return to_openai([*turn.context, *answers])
