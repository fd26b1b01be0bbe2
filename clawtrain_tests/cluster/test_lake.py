"""The lake on an object store."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from upath import UPath

from clawtrain_assets.core.dataset import neardup
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import Lake, connect, replacing

pytestmark = pytest.mark.cluster

TABLE = pa.table({"turn_id": ["a", "b"], "day": ["2026-03-07"] * 2, "overall": [1.0, 2.0]})


@pytest.fixture
def lake(bucket: str) -> Lake:
    return Lake(f"{bucket}/lake")


def objects(lake: Lake) -> list[str]:
    return [path.removeprefix(lake.root.path + "/") for path in lake.root.fs.find(lake.root.path)]


def test_what_is_written_is_read_and_nothing_else_is_left(lake: Lake) -> None:
    lake.write("scored", "2026-03-07", TABLE)
    lake.write("scored", "2026-03-07", TABLE.slice(1))
    assert lake.read("scored", "2026-03-07").equals(TABLE.slice(1))
    assert lake.read("scored", "2026-03-07", ["overall"]).column_names == ["overall"]
    assert objects(lake) == ["scored/day=2026-03-07/part-0.parquet"]
    assert not lake.root.fs.list_multipart_uploads(lake.root.path.partition("/")[0])


def test_a_partition_that_is_not_there_says_so(lake: Lake) -> None:
    assert lake.days("scored") == []
    assert not lake.exists("scored", "2026-03-07")
    with pytest.raises(ClawtrainError, match="materialize it first"):
        lake.read("scored", "2026-03-07")


def test_what_another_machine_writes_is_seen_at_once(lake: Lake) -> None:
    assert lake.days("scored") == []
    code = "import sys; from clawtrain_tests.cluster.test_lake import *; "
    code += "Lake(sys.argv[1]).write('scored', '2026-03-07', TABLE)"
    subprocess.run([sys.executable, "-c", code, str(lake.root)], check=True)
    assert lake.days("scored") == ["2026-03-07"]
    assert lake.exists("scored", "2026-03-07")


def test_many_days_from_one_stream_and_questions_over_all(lake: Lake) -> None:
    days = [f"2026-03-{day:02}" for day in range(1, 11)]
    schema = TABLE.schema
    numbers = [float(number) for number in range(5)]
    batches = (
        pa.record_batch([[f"{day}-{n}" for n in numbers], [day] * 5, numbers], schema=schema)
        for day in days
    )
    rows = lake.write_days("scored", [*days, "2026-03-31"], batches, schema)
    assert rows == {**dict.fromkeys(days, 5), "2026-03-31": 0}
    assert lake.days("scored") == [*days, "2026-03-31"]
    counted = lake.query("SELECT count(*) AS n, sum(overall) AS s FROM t", t="scored")
    assert counted.to_pylist() == [{"n": 50, "s": 100.0}]


def test_a_question_asks_the_store_a_few_times_a_file(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 11):
        lake.write("scored", f"2026-03-{day:02}", TABLE)
    from s3fs import S3FileSystem

    asked: list[str] = []
    call = S3FileSystem._call_s3

    async def counted(self: Any, method: str, *given: Any, **named: Any) -> Any:
        asked.append(method)
        return await call(self, method, *given, **named)

    monkeypatch.setattr(S3FileSystem, "_call_s3", counted)
    assert lake.query("SELECT sum(overall) AS s FROM t", t="scored").to_pylist() == [{"s": 30.0}]
    assert len(asked) <= 6 * 10, Counter(asked)


def test_a_question_while_a_partition_is_replaced_is_about_one_version(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write("scored", "2026-03-07", TABLE)
    asked: list[int] = []

    def late(root: UPath) -> duckdb.DuckDBPyConnection:
        connection = connect(root)
        asked.append(1)
        if len(asked) == 1:  # listed, then replaced, then read
            listed = UPath(root, use_listings_cache=True)
            assert listed.fs.glob(f"{listed.path}/scored/day=*/part-0.parquet")
            lake.write("scored", "2026-03-07", TABLE.slice(1))
        return connection

    monkeypatch.setattr("clawtrain_assets.core.lake.connect", late)
    assert lake.query("SELECT overall FROM t", t="scored").to_pylist() == [{"overall": 2.0}]
    assert len(asked) == 2


def test_a_write_that_fails_leaves_the_old_partition(lake: Lake) -> None:
    target = lake.write("scored", "2026-03-07", TABLE)
    with pytest.raises(RuntimeError), replacing(target) as stream:  # noqa: PT012
        stream.write(b"half of")
        raise RuntimeError
    assert lake.read("scored", "2026-03-07").equals(TABLE)


def test_a_replaced_partition_has_another_version(lake: Lake) -> None:
    lake.write("scored", "2026-03-07", TABLE)
    before = lake.version("scored", "2026-03-07")
    assert lake.version("scored", "2026-03-07") == before
    lake.write("scored", "2026-03-07", TABLE.set_column(0, "turn_id", pa.array(["b", "a"])))
    assert lake.version("scored", "2026-03-07") != before


def test_near_duplicates_are_found_there(lake: Lake) -> None:
    words = [f"word{n}" for n in range(60)]
    table = neardup.band_table([("a" * 20, " ".join(words)), ("b" * 20, " ".join(words[1:]))])
    lake.write(neardup.ASSET, "2026-03-07", table)
    pattern = str(lake.root / neardup.ASSET / "day=*" / "part-0.parquet")
    ids = [neardup.doc_number(letter * 20) for letter in "ab"]
    assert len(neardup.candidates(pattern, ids)) == 1


WRITER = """
import sys
import pyarrow as pa
from clawtrain_assets.core.lake import Lake

lake, count = Lake(sys.argv[1]), 50_000
while True:
    for number in range(2):
        values = pa.array([f"{number}-{n * 7919 % count}" for n in range(count)])
        table = pa.table({"turn_id": values, "number": pa.repeat(number, count)})
        lake.write("scored", "2026-03-07", table)
        print("written", flush=True)
"""


def test_a_killed_writer_leaves_a_whole_partition(lake: Lake, tmp_path: Path) -> None:
    for kill in range(8):
        command = [sys.executable, "-c", WRITER, str(lake.root)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        assert process.stdout is not None
        for _ in range(1 + kill % 2):
            assert process.stdout.readline() == b"written\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.02 * kill)  # spreads the kills over a write
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        table = lake.read("scored", "2026-03-07")
        assert table.num_rows == 50_000
        assert len(set(table["number"].to_pylist())) == 1
    assert objects(lake) == ["scored/day=2026-03-07/part-0.parquet"]
    assert list(tmp_path.iterdir()) == []
