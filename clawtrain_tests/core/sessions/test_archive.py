"""The archive holds what the source had, whatever becomes of the source."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.sessions.archive import Archive

from .databases import write_lcm
from .history import SESSION, START, Script, conversation, read


def _contents(archive: Archive) -> list[bytes]:
    found = []
    for file in archive.files():
        with archive.open(file) as stream:
            found.append(stream.read())
            assert len(found[-1]) == file.size
    return found


def test_capture_copies_only_new_bytes(tmp_path: Path) -> None:
    script = conversation()
    path = script.write(tmp_path / "state")
    archive = Archive(tmp_path / "archive")
    first = archive.capture([tmp_path / "state"], None)
    assert (first.added, first.bytes_copied) == (1, path.stat().st_size)
    again = archive.capture([tmp_path / "state"], None)
    assert (again.unchanged, again.bytes_copied) == (1, 0)
    before = archive.files()
    addition = b'{"type":"label","id":"z","parentId":null}\n'
    with path.open("ab") as stream:
        stream.write(addition)
    grown = archive.capture([tmp_path / "state"], None)
    assert (grown.grown, grown.bytes_copied) == (1, len(addition))
    assert _contents(archive) == [path.read_bytes()]
    assert archive.files() != before


def test_a_renamed_file_costs_nothing_and_is_kept_once(tmp_path: Path) -> None:
    path = conversation().write(tmp_path / "state")
    archive = Archive(tmp_path / "archive")
    archive.capture([tmp_path / "state"], None)
    path.rename(path.with_name(path.name + ".reset.2026-03-08T04-00-00.000Z"))
    report = archive.capture([tmp_path / "state"], None)
    assert (report.added, report.gone, report.bytes_copied) == (1, 1, 0)
    (file,) = archive.files()
    assert (file.family, file.session_id, file.status) == ("reset", SESSION, "present")


def test_pruned_and_rewritten_files_keep_their_turns(tmp_path: Path) -> None:
    script = conversation()
    path = script.write(tmp_path / "state")
    other = "99999999-2222-4333-8444-555555555555"
    conversation(other).write(tmp_path / "state")
    archive = Archive(tmp_path / "archive")
    archive.capture([tmp_path / "state"], None)
    expected, _ = read(archive)
    tail = Script()
    tail.entries += script.entries[-2:]
    tail.write(tmp_path / "state")
    (path.parent / f"{other}.jsonl").unlink()
    report = archive.capture([tmp_path / "state"], None)
    assert (report.rewritten, report.gone) == (1, 1)
    turns, extraction = read(archive)
    assert {t.turn_id for t in turns} == {t.turn_id for t in expected}
    assert len(turns) == 8
    assert extraction.report.balanced()
    assert archive.table().schema == schemas.ARCHIVE
    assert sorted(archive.table()["status"].to_pylist()) == ["gone", "gone", "present"]


def test_only_sessions_of_the_wanted_days_are_read(tmp_path: Path) -> None:
    conversation().write(tmp_path / "state")
    conversation("99999999-2222-4333-8444-555555555555", START + 13 * 86_400_000).write(
        tmp_path / "state"
    )
    archive = Archive(tmp_path / "archive")
    archive.capture([tmp_path / "state"], None)
    turns, extraction = read(archive, days={"2026-03-20"})
    assert {turn.day for turn in turns} == {"2026-03-20"}
    assert len(turns) == 4
    assert extraction.report.sessions == 1


def test_the_source_is_never_written(tmp_path: Path) -> None:
    state = tmp_path / "state"
    conversation().write(state)
    database = write_lcm(state / "lcm.db", conversation())
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in state.rglob("*")}
    archive = Archive(tmp_path / "archive")
    archive.capture([state], database)
    assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in state.rglob("*")} == before
    assert "lcm" in {file.family for file in archive.files()}


def test_a_live_database_is_captured_with_its_log(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    writer = sqlite3.connect(write_lcm(state / "lcm.db", conversation()))
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE conversations SET session_key = 'agent:main:cron:late'")
    writer.commit()
    archive = Archive(tmp_path / "archive")
    archive.capture([state], None)
    turns, _ = read(archive)
    assert {t.session_kind for t in turns} == {"cron"}
    writer.close()


def test_a_log_whose_writer_died_is_read_and_left_alone(tmp_path: Path) -> None:
    state, crashed = tmp_path / "state", tmp_path / "crashed"
    state.mkdir()
    crashed.mkdir()
    writer = sqlite3.connect(write_lcm(state / "lcm.db", conversation()))
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE conversations SET session_key = 'agent:main:cron:late'")
    writer.commit()
    for name in ("lcm.db", "lcm.db-wal"):
        (crashed / name).write_bytes((state / name).read_bytes())
    writer.close()
    before = {p: p.read_bytes() for p in crashed.iterdir()}
    turns, _ = read(crashed)
    assert {t.session_kind for t in turns} == {"cron"}
    assert {p: p.read_bytes() for p in crashed.iterdir()} == before


def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    conversation().write(tmp_path / "state")
    Archive(tmp_path / "archive").capture([tmp_path / "state"], None)
    for path in (tmp_path / "archive").rglob("*"):
        if path.name != "capture.lock":
            assert path.stat().st_mode & 0o077 == 0 or path.name.startswith("index.sqlite-")


def test_a_lost_blob_is_named(tmp_path: Path) -> None:
    conversation().write(tmp_path / "state")
    archive = Archive(tmp_path / "archive")
    archive.capture([tmp_path / "state"], None)
    for blob in (tmp_path / "archive" / "blobs").glob("??/*"):
        blob.unlink()
    with pytest.raises(ClawtrainError, match="restore"):
        archive.open(archive.files()[0])


def test_one_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    conversation().write(tmp_path / "state")
    sessions = tmp_path / "state" / "agents" / "main" / "agent"
    sessions.mkdir()
    (sessions / "openclaw-agent.sqlite").write_bytes(b"no database" * 100)
    report = Archive(tmp_path / "archive").capture([tmp_path / "state"], None)
    assert (report.added, report.unreadable) == (1, 1)
    assert "openclaw-agent.sqlite" in report.warnings[0]


def test_a_killed_capture_leaves_a_readable_archive(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for number in range(60):
        conversation(f"{number:08d}-2222-4333-8444-555555555555").write(state)
    code = (
        "import sys; from pathlib import Path;"
        "from clawtrain_assets.core.sessions.archive import Archive;"
        "print('ready', flush=True);"
        "Archive(Path(sys.argv[1])).capture([Path(sys.argv[2])], None)"
    )
    target = tmp_path / "archive"
    for delay in (0.01, 0.03, 0.06):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(target), str(state)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
        archive = Archive(target)
        for content in _contents(archive):
            assert content.endswith(b"\n")
    archive.capture([state], None)
    assert len(_contents(archive)) == 60
    assert not list((target / "blobs").glob("incoming-*"))


def test_a_file_that_grows_while_it_is_read_gives_what_was_whole(tmp_path: Path) -> None:
    path = conversation().write(tmp_path / "state")
    code = (
        "import sys, time\n"
        "with open(sys.argv[1], 'ab', buffering=0) as stream:\n"
        "  while True:\n"
        "    stream.write(b'{\"type\":\"custom\",'); print('half', flush=True)\n"
        "    stream.write(b'\"data\":\"' + b'x' * 50000 + b'\"}\\n'); time.sleep(0.001)\n"
    )
    archive = Archive(tmp_path / "archive")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        for _ in range(10):
            writer.stdout.readline()
            archive.capture([tmp_path / "state"], None)
            for source in (archive, tmp_path / "state"):
                turns, extraction = read(source)
                assert len(turns) == 4
                assert extraction.quarantine == []
                assert extraction.report.unfinished <= 1
                assert extraction.report.balanced()
        os.kill(writer.pid, signal.SIGKILL)
        writer.stdout.read()
    for content in _contents(archive):
        assert path.read_bytes().startswith(content)


def test_a_database_in_use_is_not_written(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]);"
        "db.execute('PRAGMA journal_mode = WAL');"
        "db.execute(\"UPDATE conversations SET session_key = 'agent:main:cron:late'\");"
        "db.commit(); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(write_lcm(state / "lcm.db", conversation()))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        before = {p.name: p.read_bytes() for p in state.iterdir()}
        assert set(before) == {"lcm.db", "lcm.db-wal", "lcm.db-shm"}
        archive = Archive(tmp_path / "archive")
        archive.capture([state], None)
        assert {p.name: p.read_bytes() for p in state.iterdir()} == before
        writer.communicate()
    assert {t.session_kind for t in read(archive)[0]} == {"cron"}
