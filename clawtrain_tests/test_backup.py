"""A backup taken while models are asked, brought back into an empty home."""

import asyncio
import json
import stat
import threading
from pathlib import Path

import pytest

from clawtrain_assets.core.backup import restore_backup, write_backup
from clawtrain_assets.core.endpoints import open_fleet
from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.judge import judge_turns
from clawtrain_assets.core.judging.rubric import default_rubric, read_rubric
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.settings import Endpoint, Judging, load_settings
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.defs.simulated import write_turns
from clawtrain_tests.scripted_server import Running, scripted_server
from clawtrain_tests.test_cli import clawtrain

DAY = "2026-03-01"
TURNS = [tool_turn(number) for number in range(200)]


def judge(server: Running, journal: Path) -> list[dict[str, object]]:
    async def judged() -> list[dict[str, object]]:
        endpoint = Endpoint(model="judge:1b", hosts=(server.url,), slots=2)
        rubric = read_rubric(default_rubric(), "the shipped rubric")
        with Journal(f"sqlite:///{journal}") as entries:
            async with open_fleet(endpoint) as fleet:
                return await judge_turns(
                    TURNS, fleet, entries, rubric, Judging(), lambda _: None, None
                )

    return asyncio.run(judged())


def answers(journal: Path) -> int:
    with Journal(f"sqlite:///{journal}") as entries:
        return sum(row["answers"] for row in entries.summary())


def test_what_was_answered_when_the_copy_was_made_is_not_asked_again(
    home: Path, tmp_path: Path
) -> None:
    Lake(home / "lake").write("raw_turns", DAY, turns_table(TURNS))
    with scripted_server({"latency_s": 0.02}) as server:
        judging = threading.Thread(target=judge, args=(server, home / "journal.sqlite"))
        judging.start()
        while len(server.asked) < 40:
            assert judging.is_alive()
        answered_before = answers(home / "journal.sqlite")
        assert answered_before
        write_backup(home, tmp_path / "backup")
        assert judging.is_alive()  # the copy was made in the middle
        judging.join()

        restored = tmp_path / "restored"
        restore_backup(tmp_path / "backup", restored)
        kept = answers(restored / "journal.sqlite")
        assert kept >= answered_before
        asked = len(server.asked)
        rows = judge(server, restored / "journal.sqlite")
        assert len(server.asked) == asked + len(TURNS) - kept
    assert [row["status"] for row in rows] == ["scored"] * len(TURNS)
    assert Lake(restored / "lake").read("raw_turns", DAY).num_rows == len(TURNS)


def test_the_restored_home_has_the_same_gate_archive_and_settings(
    home: Path, tmp_path: Path
) -> None:
    (home / "clawtrain.toml").write_text('[review]\nreviewers = ["a"]\n')
    write_turns(Lake(home / "lake"), DAY)
    sessions = tmp_path / "openclaw" / "agents" / "main" / "sessions"
    sessions.mkdir(parents=True)
    (sessions / "one.jsonl").write_text('{"type":"session","version":3,"id":"one"}\n')
    archive = Archive(load_settings().archive)
    archive.capture([tmp_path / "openclaw"], None)
    before = json.loads(clawtrain("status", "--json", home=home).stdout)

    file, elsewhere = tmp_path / "away" / "backup", tmp_path / "elsewhere"
    made = clawtrain("backup", str(file), home=home)
    assert made.returncode == 0, made.stderr
    assert b"pseudonym key" in made.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = clawtrain("restore", str(file), home=elsewhere)
    assert done.returncode == 0, done.stderr

    assert json.loads(clawtrain("status", "--json", home=elsewhere).stdout) == before
    again = Archive(elsewhere / "archive")
    assert again.files() == archive.files()
    with again.open(again.files()[0]) as stream:
        assert b'"id":"one"' in stream.read()
    assert (elsewhere / "clawtrain.toml").read_text() == (home / "clawtrain.toml").read_text()
    for path in (elsewhere, *elsewhere.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_home_that_is_not_empty_is_left_alone(home: Path, tmp_path: Path) -> None:
    (home / "clawtrain.toml").write_text("")
    write_backup(home, tmp_path / "backup")
    with pytest.raises(UsageError, match="not empty"):
        restore_backup(tmp_path / "backup", home)
    assert [path.name for path in home.iterdir()] == ["clawtrain.toml"]


@pytest.mark.parametrize("kept", [0, 1, 20, 0.5, 0.9, -5, -4, -1])
def test_a_file_that_is_cut_off_is_refused_whole(home: Path, tmp_path: Path, kept: float) -> None:
    for number in range(3):
        Lake(home / "lake").write(
            "raw_turns", f"2026-03-0{number + 1}", turns_table(TURNS[number : number + 1])
        )
    file, target = tmp_path / "backup", tmp_path / "target"
    write_backup(home, file)
    whole = file.read_bytes()
    end = int(kept * len(whole)) if isinstance(kept, float) else kept
    file.write_bytes(whole[:end])
    with pytest.raises(ClawtrainError, match="another"):
        restore_backup(file, target)
    assert not target.exists()
    assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name] == []


def test_a_backup_does_not_go_into_what_it_copies(home: Path) -> None:
    with pytest.raises(UsageError, match="outside"):
        write_backup(home, home / "backup")


def test_a_link_to_another_disk_is_followed(home: Path, tmp_path: Path) -> None:
    Lake(tmp_path / "big").write("raw_turns", DAY, turns_table(TURNS[:1]))
    (home / "lake").symlink_to(tmp_path / "big")
    write_backup(home, tmp_path / "backup")
    restore_backup(tmp_path / "backup", tmp_path / "restored")
    assert Lake(tmp_path / "restored" / "lake").read("raw_turns", DAY).num_rows == 1
