"""OpenClaw's own database: the same turns as its session files, captured while it is written."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.databases import snapshot

from .databases import AgentDatabase, write_agent_database, write_lcm
from .history import SESSION, START, Script, conversation, iso, read


def test_a_database_that_is_none_is_quarantined_by_name(tmp_path: Path) -> None:
    conversation().write(tmp_path)
    with sqlite3.connect(tmp_path / "lcm.db") as db:
        db.execute("CREATE TABLE notes (text TEXT)")
    db.close()
    turns, extraction = read(tmp_path)
    assert len(turns) == 4
    assert [row["source_file"] for row in extraction.quarantine] == ["lcm.db"]
    assert extraction.report.balanced()


def test_openclaws_own_database_gives_the_same_turns(tmp_path: Path) -> None:
    script = conversation()
    script.write(tmp_path / "files")
    expected, _ = read(tmp_path / "files")
    for packed in (False, True):
        root = tmp_path / f"packed-{packed}"
        write_agent_database(root, script, packed)
        turns, extraction = read(root)
        assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
        assert [t.context for t in turns] == [t.context for t in expected]
        assert {t.session_kind for t in turns} == {"subagent"}
        assert {t.system_prompt for t in turns} == {"Be brief."}
        assert {t.tools_source for t in turns} == {"trajectory+inferred"}
        assert {t.source_family for t in turns} == {"agent_sqlite"}
        assert extraction.report.balanced()
        assert extraction.report.lines == len(script.entries)


def _told(session: str, start: int, text: str) -> Script:
    script = Script(session, start=start)
    script.user(text)
    script.assistant("", calls=(("a", "exec", {"command": "ls"}),), provider=None, model=None)
    script.result("a", "two files", tool="exec")
    script.assistant("Two files.")
    return script


PLACE = ("source_file", "source_family")


def _rows(root: Path) -> list[dict[str, Any]]:
    """Every column of every row but where it was found, by turn."""
    _, extraction = read(root)
    rows = [row for batch in extraction.batches() for row in batch.to_pylist()]
    assert extraction.report.balanced()
    assert extraction.quarantine == []
    kept = [{k: v for k, v in row.items() if k not in PLACE} for row in rows]
    return sorted(kept, key=lambda row: row["turn_id"])


@pytest.mark.parametrize("packed", [False, True], ids=["identity", "zstd"])
def test_a_state_directory_on_sqlite_gives_the_rows_of_its_twin_in_files(
    tmp_path: Path, packed: bool
) -> None:
    ids = [f"{n}1111111-2222-4333-8444-555555555555" for n in range(1, 5)]
    live = conversation(ids[0])
    cron = _told(ids[1], START + 7_200_000, "[cron:j nightly] list")
    reset = _told(ids[2], START + 10_800_000, "list, then reset")
    cold = _told(ids[3], START + 14_400_000, "list, long ago")
    keys = ["agent:main:main", "agent:main:cron:j:run:1", "agent:main:subagent:x"]
    seen = {"provider": "p", "modelId": "m", "runId": "r"}
    compiled = {"systemPrompt": "Be brief.", "tools": [{"name": "exec", "parameters": {}}]}
    events = [
        {**seen, "type": "prompt.submitted", "ts": iso(cron.ms - 5000)},
        {**seen, "type": "context.compiled", "ts": iso(cron.ms), "data": compiled},
    ]

    files = tmp_path / "files"
    folder = live.write(files).parent
    cron.write(files)
    (folder / f"{ids[1]}.trajectory.jsonl").write_text(
        "".join(json.dumps(event) + "\n" for event in events)
    )
    reset.write(files, f"{ids[2]}.jsonl.reset.2026-03-08T04-00-00.000Z")
    (folder / "cold").mkdir()
    packer = zstandard.ZstdCompressor()
    (folder / "cold" / f"{ids[3]}.jsonl.zst").write_bytes(packer.compress(cold.lines()))
    entries = [{"sessionId": name, "modelProvider": "p", "model": "m"} for name in ids]
    store = dict(zip(keys, entries, strict=False))
    del store[keys[2]]["model"], store[keys[2]]["modelProvider"]  # archives keep the key alone
    (folder / "sessions.json").write_text(json.dumps(store))

    database = AgentDatabase(tmp_path / "sqlite", packed)
    database.add(live, keys[0])
    database.add(cron, keys[1])
    database.record(cron, events)
    database.archive(reset, "reset", keys[2])
    database.freeze(cold)

    twin, rows = _rows(files), _rows(tmp_path / "sqlite")
    assert len(twin) == 4 + 2 + 2 + 2
    assert rows == twin
    assert {row["session_kind"] for row in rows} == {"main", "cron", "subagent"}
    assert {row["attribution_source"] for row in rows} == {
        "message",
        "archive",
        "trajectory",
        "unknown",
    }


def test_a_database_is_copied_while_another_program_writes_it(tmp_path: Path) -> None:
    """Every pair of rows is written in one transaction: no copy may hold one without the other."""
    path = tmp_path / "busy.sqlite"
    code = (
        "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('PRAGMA journal_mode = ' + sys.argv[2]);"
        "db.execute('CREATE TABLE pairs (n INTEGER, filler TEXT)'); n = 0\n"
        "while True:\n"
        "  db.execute('BEGIN IMMEDIATE'); n += 1\n"
        "  db.execute('INSERT INTO pairs VALUES (?, ?)', (n, 'x' * 3000))\n"
        "  db.execute('INSERT INTO pairs VALUES (?, ?)', (-n, 'x' * 3000)); db.execute('COMMIT')\n"
        "  print(n, flush=True); time.sleep(0.003)"
    )
    for mode in ("WAL", "DELETE"):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path), mode], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            for _ in range(15):
                writer.stdout.readline()
                (row,) = snapshot(path).execute("SELECT COUNT(*), SUM(n) FROM pairs").fetchall()
                assert row[0] >= 2
                assert row[1] == 0
            os.kill(writer.pid, signal.SIGKILL)
            writer.stdout.read()
        path.unlink()
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_a_transaction_whose_writer_died_is_undone_in_the_copy_alone(tmp_path: Path) -> None:
    path, crashed = tmp_path / "a.sqlite", tmp_path / "crashed"
    crashed.mkdir()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")  # spills half a transaction into the file
    writer.execute("CREATE TABLE t (n INTEGER, filler TEXT)")
    writer.execute("INSERT INTO t VALUES (1, 'kept')")
    writer.execute("BEGIN")
    for number in range(2, 200):
        writer.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * 3000))
    for name in ("a.sqlite", "a.sqlite-journal"):
        (crashed / name).write_bytes((tmp_path / name).read_bytes())
    writer.execute("ROLLBACK")
    writer.close()
    before = {p: p.read_bytes() for p in crashed.iterdir()}
    assert snapshot(crashed / "a.sqlite").execute("SELECT n FROM t").fetchall() == [(1,)]
    assert {p: p.read_bytes() for p in crashed.iterdir()} == before


def test_a_locked_database_is_reported_and_captured_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawtrain_assets.core.sessions.databases._PATIENCE_S", 0.05)
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    path = write_agent_database(state, conversation(), packed=False)
    archive.capture([state], None)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("DELETE FROM session_nodes")
    writer.execute("BEGIN EXCLUSIVE")
    report = archive.capture([state], None)
    assert (report.unreadable, report.gone) == (1, 0)
    assert "locked" in report.warnings[0]
    writer.execute("ROLLBACK")
    writer.close()
    report = archive.capture([state], None)
    assert (report.unreadable, report.gone, report.added, report.warnings) == (0, 0, 0, [])
    assert {file.status for file in archive.files()} == {"present"}


def test_no_copy_of_a_database_is_left_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lcm = write_lcm(tmp_path / "lcm.db", conversation())
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert snapshot(lcm).execute("SELECT COUNT(*) FROM messages").fetchone() == (8,)
    assert list(scratch.iterdir()) == []


def test_imported_files_and_the_database_are_one_history(tmp_path: Path) -> None:
    script = conversation()
    folder = tmp_path / "agents" / "main" / "sessions" / "session-sqlite-import-archive"
    folder.mkdir(parents=True)
    (folder / f"{SESSION}.jsonl").write_bytes(b"".join(script.lines().splitlines(True)[:7]))
    write_agent_database(tmp_path, script, packed=True)
    turns, _ = read(tmp_path)
    assert len(turns) == 4
    assert [t.copies for t in turns] == [2, 2, 1, 1]


def test_a_damaged_event_is_quarantined(tmp_path: Path) -> None:
    path = write_agent_database(tmp_path, conversation(), packed=True)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE transcript_events SET event_zstd = x'00ff' WHERE seq = 4")
    db.close()
    turns, extraction = read(tmp_path)
    (row,) = extraction.quarantine
    assert (row["reason"], row["source_line"]) == ("not JSON", 5)
    assert row["raw"] == b"damaged event 00ff"
    assert len(turns) == 4
    assert extraction.report.balanced()


def test_a_session_evicted_from_the_database_stays_in_the_archive(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    script = conversation()
    path = write_agent_database(state, script, packed=True)
    expected, _ = read(state)
    first = archive.capture([state], None)
    assert first.warnings == []
    assert archive.capture([state], None).bytes_copied == 0
    addition = {**script.entries[-1], "id": "new", "parentId": script.entries[-1]["id"]}
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO transcript_events VALUES (?, 99, ?, 0, NULL, NULL)",
            (SESSION, json.dumps(addition)),
        )
    db.close()
    grown = archive.capture([state], None)
    assert grown.bytes_copied == len(json.dumps(addition)) + 1
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM transcript_events")
    db.close()
    archive.capture([state], None)
    turns, _ = read(archive)
    assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
    assert {t.session_kind for t in turns} == {"subagent"}
    assert {t.system_prompt for t in turns} == {"Be brief."}


def test_a_database_being_written_is_read_with_its_log(tmp_path: Path) -> None:
    path = write_agent_database(tmp_path, conversation(), packed=False)
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE session_windows SET session_key = 'agent:main:cron:late'")
    writer.commit()
    turns, _ = read(tmp_path)
    assert {t.session_kind for t in turns} == {"cron"}
    writer.close()
