"""A real disk that is full: a small one in memory, which only root may mount."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.space import RESERVE_BYTES, is_full
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.scripted_server import scripted_server
from clawtrain_tests.test_cli import clawtrain

DAY = "2026-03-01"
TURNS = 300


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    size = f"size={RESERVE_BYTES + 60_000_000}"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def leave(disk: Path, free: int) -> Path:
    """Fill the disk up to ``free`` bytes; deleting the file that is returned frees it again."""
    ballast = disk / "ballast"
    with ballast.open("wb") as stream:
        stream.write(bytes(shutil.disk_usage(disk).free - free))
    return ballast


def test_a_partition_that_does_not_fit_leaves_the_old_one_and_no_rest(disk: Path) -> None:
    lake = Lake(disk / "lake")
    lake.write("raw_turns", DAY, turns_table([tool_turn(0)]))
    ballast = leave(disk, 8_192)
    more = turns_table([tool_turn(number) for number in range(2_000)])
    with pytest.raises(ClawtrainError, match=r"disk is full.*free some space"):
        lake.write("raw_turns", DAY, more)
    assert lake.read("raw_turns", DAY).num_rows == 1
    assert [path.name for path in (disk / "lake").rglob("*") if path.is_file()] == [
        "part-0.parquet"
    ]

    ballast.unlink()
    lake.write("raw_turns", DAY, more)
    assert lake.read("raw_turns", DAY).num_rows == 2_000


def test_nothing_is_captured_below_the_reserve(disk: Path) -> None:
    sessions = disk / "openclaw" / "agents" / "main" / "sessions"
    sessions.mkdir(parents=True)
    (sessions / "one.jsonl").write_text('{"type":"session","version":3,"id":"one"}\n')
    archive = Archive(disk / "archive")
    ballast = leave(disk, RESERVE_BYTES - 100_000)
    with pytest.raises(ClawtrainError, match="MB left"):
        archive.capture([disk / "openclaw"], None)
    assert archive.files() == []

    ballast.unlink()
    archive.capture([disk / "openclaw"], None)
    assert len(archive.files()) == 1


@pytest.mark.slow
def test_judging_stops_with_a_sentence_and_goes_on_when_there_is_space(disk: Path) -> None:
    home = disk / "home"
    home.mkdir(mode=0o700)
    lake = Lake(home / "lake")
    lake.write("raw_turns", DAY, turns_table([tool_turn(number) for number in range(TURNS)]))
    with scripted_server({"parallel": 2}) as judge:
        (home / "clawtrain.toml").write_text(
            f'[judge]\nmodel = "judge:1b"\nhosts = ["{judge.url}"]\nslots = 2\n'
        )
        leave(disk, 1_000_000)
        refused = clawtrain("score", home=home)
        assert refused.returncode == 1
        assert refused.stderr.decode().count("\n") == 1
        assert b"MB left" in refused.stderr
        assert not judge.asked

        leave(disk, RESERVE_BYTES + 1_700_000)  # room for Dagster's record and some answers
        stopped = clawtrain("score", home=home)
        assert stopped.returncode == 1
        assert stopped.stderr.decode().count("\n") == 1
        assert b"score failed: scored_turns" in stopped.stderr
        assert b"MB left" in stopped.stderr
        asked = len(judge.asked)
        assert 0 < asked < TURNS
        assert not lake.exists("scored_turns", DAY)
        assert not list(home.rglob("*.tmp-*"))
        with Journal(f"sqlite:///{home / 'journal.sqlite'}") as journal:
            kept = sum(row["answers"] for row in journal.summary())

        (disk / "ballast").unlink()
        done = clawtrain("score", home=home)
        assert done.returncode == 0, done.stderr
        assert len(judge.asked) == asked + TURNS - kept
    assert lake.read("scored_turns", DAY)["status"].to_pylist() == ["scored"] * TURNS


def test_a_full_disk_is_recognised_however_it_was_wrapped() -> None:
    full = sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))
    wrapped = RuntimeError("the step failed")
    wrapped.__cause__ = full
    assert is_full(wrapped)
    assert is_full(OSError(28, "No space left on device"))
    assert not is_full(OSError(13, "Permission denied"))
    assert not is_full(None)
