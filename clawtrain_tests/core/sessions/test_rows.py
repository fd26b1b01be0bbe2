"""How turns lie in a table: whole for every reader, and each message once."""

from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions import rows
from clawtrain_assets.core.sessions.extract import Extraction, extract
from clawtrain_assets.core.sessions.rows import read_turns, turns_from_table, turns_table
from clawtrain_assets.core.sessions.sources import DirectorySource
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Sources

from .history import START, Script, conversation, read

DAY, NEXT_DAY = "2026-03-07", "2026-03-08"
OTHER = "22222222-2222-4333-8444-555555555555"


def extraction(root: Path) -> Extraction:
    return extract(DirectorySource([root]), Sources(), ZoneInfo("UTC"), ())


def lake_of(root: Path) -> Lake:
    """One session of DAY, one that goes on the day after."""
    state = root / "state"
    conversation().write(state)
    script = Script(OTHER, start=START + 86_400_000)
    script.user("tomorrow's question")
    script.assistant("tomorrow's answer")
    script.write(state)
    lake = Lake(str(root / "lake"))
    lake.write_days("raw_turns", [], extraction(state).batches(), schemas.TURNS)
    return lake


def by_id(turns: list[Turn]) -> dict[str, Turn]:
    return {turn.turn_id: turn for turn in turns}


def texts_in(table: pa.Table) -> list[str]:
    """The distinct messages of the contexts, as the file holds them."""
    chunks = table["context"].chunks
    return [text for chunk in chunks for text in chunk.values.dictionary.to_pylist()]


def test_turns_survive_the_table(tmp_path: Path) -> None:
    conversation().write(tmp_path)
    turns, _ = read(tmp_path)
    assert turns_from_table(turns_table(turns)) == turns
    assert turns_from_table(turns_table([])) == []


def test_turns_survive_the_lake(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    turns, _ = read(tmp_path / "state")
    assert by_id(read_turns(lake, DAY) + read_turns(lake, NEXT_DAY)) == by_id(turns)
    assert by_id(turns_from_table(lake.read("raw_turns", DAY))) == by_id(read_turns(lake, DAY))
    wanted = turns[1].turn_id
    assert by_id(read_turns(lake, DAY, {wanted, "none"})) == {wanted: turns[1]}


def test_a_message_that_many_turns_show_is_in_the_file_once(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    shown = lake.read("raw_turns", DAY)["context"].to_pylist()
    held = texts_in(lake.read("raw_turns", DAY, repeated=True))
    assert sum(map(len, shown)) == 1 + 3 + 5 + 7
    assert len(held) == len(set(held)) == 7


def test_a_file_holds_no_text_of_another_day(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    held = str(texts_in(lake.read("raw_turns", DAY, repeated=True)))
    assert "notes.txt" in held
    assert "tomorrow" not in held


def test_rows_that_are_written_again_leave_nothing_of_the_others(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    table = lake.read("raw_turns", DAY)
    first = table.filter(pc.equal(table["turn_index"], 1))
    lake.write("raw_turns", DAY, first)
    assert turns_from_table(lake.read("raw_turns", DAY)) == turns_from_table(first)
    held = texts_in(lake.read("raw_turns", DAY, repeated=True))
    assert [msgspec.json.decode(text)["text"] for text in held] == ["what is in notes.txt?"]


def test_other_readers_see_lists_of_messages(tmp_path: Path) -> None:
    path = str(lake_of(tmp_path).path("raw_turns", DAY))
    asked = duckdb.connect().execute(
        "SELECT context, response, outcome.messages[1], outcome.tool_results "
        f"FROM '{path}' WHERE turn_index = 2"
    )
    context, response, result, results = asked.fetchone() or ()
    assert [msgspec.json.decode(text)["text"] for text in context] == [
        "what is in notes.txt?",
        "Looking.",
        "milk, bread",
    ]
    assert msgspec.json.decode(response)["tool_calls"][0]["name"] == "exec"
    assert (msgspec.json.decode(result)["text"], results) == ("Saturday", 1)
    schema = pq.read_schema(path)
    assert {field.name: field.type for field in schema} == {
        field.name: field.type for field in schemas.TURNS
    }


def test_full_batches_are_given_out_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake_of(tmp_path)
    whole = list(extraction(tmp_path / "state").batches())
    monkeypatch.setattr(rows, "_GROUP_BYTES", 1)
    single = list(extraction(tmp_path / "state").batches())
    assert [batch.num_rows for batch in single] == [1] * sum(batch.num_rows for batch in whole)
    monkeypatch.setattr(rows, "_GROUP_BYTES", 1 << 30)
    monkeypatch.setattr(rows, "_WAITING_BYTES", 300)
    for batch in extraction(tmp_path / "state").batches():
        assert len(batch["day"].unique()) == 1


def test_a_lake_of_an_earlier_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    table = lake.read("raw_turns", DAY)
    place = table.schema.get_field_index("context")
    old = table.set_column(place, "context", pa.array(["[]"] * table.num_rows))
    lake.write("raw_turns", DAY, old)
    with pytest.raises(ClawtrainError, match="materialize raw_turns again"):
        read_turns(lake, DAY)
    assert lake.query("SELECT count(*) AS n FROM t", t="raw_turns")["n"].to_pylist() == [5]
