import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import SPILL, Lake, connect, replace_bytes
from clawtrain_assets.core.schemas import QUARANTINE, SCORED_TURNS

TABLE = pa.table({"turn_id": ["a", "b"], "text": ["SECRET-IN-TEXT", "x"], "overall": [1.0, 2.0]})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write("scored", "2026-03-07", TABLE)
    assert lake.read("scored", "2026-03-07").equals(TABLE)
    assert lake.read("scored", "2026-03-07", ["overall"]).column_names == ["overall"]
    assert lake.days("scored") == ["2026-03-07"]


def test_a_partition_is_replaced_and_its_old_bytes_are_gone(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write("scored", "2026-03-07", TABLE)
    lake.write("scored", "2026-03-07", TABLE.slice(1))
    assert lake.read("scored", "2026-03-07").num_rows == 1
    held = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(held) == 1
    assert b"SECRET-IN-TEXT" not in held[0]


def test_statistics_hold_no_text(tmp_path: Path) -> None:
    path = Lake(str(tmp_path)).write("scored", "2026-03-07", TABLE)
    group = pq.read_metadata(str(path)).row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert columns["text"].statistics is None
    assert columns["overall"].statistics is not None


def test_an_empty_day_is_a_file_with_the_schema(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write_rows("scored_turns", "2026-03-07", [], SCORED_TURNS)
    assert lake.read("scored_turns", "2026-03-07").schema.names == SCORED_TURNS.names


def test_rows_without_their_own_column_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(ValueError, match="reason"):
        lake.write_rows("quarantine", "all", [{"source_file": "f"}], QUARANTINE)
    row = {**dict.fromkeys(QUARANTINE.names), "colour": 1}
    with pytest.raises(ValueError, match="colour"):
        lake.write_rows("quarantine", "all", [row], QUARANTINE)
    assert not lake.exists("quarantine")


def test_a_missing_partition_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ClawtrainError, match="raw_turns has no partition 2026-03-07: materialize"):
        Lake(str(tmp_path)).read("raw_turns", "2026-03-07")


def test_all_days_can_be_asked_at_once(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for day in ("2026-03-07", "2026-03-08"):
        lake.write("scored", day, TABLE)
    answer = lake.query("SELECT count(*) AS n, sum(overall) AS s FROM s", s="scored")
    assert answer.to_pylist() == [{"n": 4, "s": 6.0}]


def test_files_and_directories_are_the_owners_alone(tmp_path: Path) -> None:
    path = Path(str(Lake(str(tmp_path / "lake")).write("scored", "2026-03-07", TABLE)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for directory in (path.parent, path.parent.parent, tmp_path / "lake"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    writer = (
        "import sys, pyarrow as pa\n"
        "from clawtrain_assets.core.lake import Lake\n"
        "lake = Lake(sys.argv[1])\n"
        "for n in range(10**9):\n"
        "    lake.write('t', 'd', pa.table({'n': [n] * 20000, 's': [str(n)] * 20000}))\n"
        "    print(n, flush=True)\n"
    )
    lake = Lake(str(tmp_path))
    for delay in (0.0, 0.003, 0.007, 0.011):
        child = subprocess.Popen(
            [sys.executable, "-c", writer, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert child.stdout
        child.stdout.readline()
        time.sleep(delay)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert len(set(lake.read("t", "d")["n"].to_pylist())) == 1


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    from upath import UPath

    target = tmp_path / "file"
    target.mkdir()  # a directory cannot be replaced by a file
    with pytest.raises(OSError, match="file"):
        replace_bytes(UPath(target), b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def batches(rows: list[tuple[str, int]]) -> list[pa.RecordBatch]:
    schema = pa.schema([("day", pa.string()), ("n", pa.int64())])
    return [pa.record_batch({"day": [day], "n": [n]}, schema=schema) for day, n in rows]


def test_one_stream_fills_many_days_and_empties_the_others(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    stream = batches([("d1", 1), ("d2", 2), ("d1", 3)])
    lake.write_days("t", ["d0"], batches([("d0", 9)]), stream[0].schema)
    counts = lake.write_days("t", ["d0", "d1", "d2"], stream, stream[0].schema)
    assert counts == {"d0": 0, "d1": 2, "d2": 1}
    assert lake.read("t", "d1")["n"].to_pylist() == [1, 3]
    assert lake.read("t", "d0").num_rows == 0


def test_a_stream_that_breaks_off_replaces_no_day(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    old = batches([("d1", 1)])
    lake.write_days("t", ["d1"], old, old[0].schema)

    def broken():
        yield from batches([("d1", 2), ("d2", 2)])
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        lake.write_days("t", ["d1", "d2"], broken(), old[0].schema)
    assert lake.read("t", "d1")["n"].to_pylist() == [1]
    assert lake.days("t") == ["d1"]
    assert not list(tmp_path.rglob("*.tmp-*"))


def test_what_memory_cannot_hold_stays_beside_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    lake = Lake(str(tmp_path / "lake"))
    lake.write("scored", "2026-03-07", TABLE)
    with connect(lake.root) as connection:
        connection.execute("SET memory_limit = '30MB'; SET threads = 1")
        connection.execute("CREATE TABLE t AS SELECT md5(i::text) AS x FROM range(2000000) r(i)")
        spilled = list((tmp_path / "lake" / SPILL).iterdir())
        assert spilled
        assert list(elsewhere.iterdir()) == []
    assert not any(path.exists() for path in spilled)
