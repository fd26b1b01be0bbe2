"""Any file comes back as it was at any capture, whatever became of it and of the archive since."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.restoring import chosen, moment_of, restore, states_of

from .history import OTHER, SESSION, conversation

Files = dict[str, bytes]


def _on_disk(state: Path) -> Files:
    return {str(p): p.read_bytes() for p in state.rglob("*") if p.is_file()}


def _restored(archive: Archive, at: datetime | None, out: Path) -> Files:
    """Files by the path they had, as they were at a moment."""
    written = restore(archive, chosen(archive.states(), at), out)
    return {f"/{path.relative_to(out)}": path.read_bytes() for path in written}


def _capture(archive: Archive, state: Path) -> datetime:
    """Capture; returns a moment after it and before the next one (states count milliseconds)."""
    archive.capture([state], None)
    done = int(datetime.now(UTC).timestamp() * 1000)
    while int(datetime.now(UTC).timestamp() * 1000) == done:
        pass
    return datetime.fromtimestamp(done / 1000, UTC)


def _change(state: Path, rng: random.Random) -> None:
    """What OpenClaw, LCM or a disk does to the sessions of a state directory."""
    folder = state / "agents" / "main" / "sessions"
    live = folder / f"{rng.choice([SESSION, OTHER])}.jsonl"
    kind = rng.randrange(6)
    line = f'{{"type":"custom","id":"{rng.random()}"}}\n'.encode()
    if not live.exists() or kind == 0:
        data = b"".join(conversation(live.stem).lines().splitlines(True)[: rng.randrange(2, 8)])
        live.write_bytes(data + (line if kind == 0 else b""))
    elif kind == 1:
        live.rename(folder / f"{live.name}.reset.2026-03-08T04-00-{rng.randrange(10, 60)}.000Z")
    elif kind == 2:
        rng.choice(sorted(folder.iterdir())).unlink()
    elif kind == 3:  # a copy, then both go on
        (folder / f"{live.name}.bak-1-{rng.randrange(3)}").write_bytes(live.read_bytes())
    else:
        for path in folder.glob("*.jsonl*"):
            if rng.random() < 0.7:
                path.write_bytes(path.read_bytes() + line * rng.randrange(1, 3))


@pytest.mark.parametrize("seed", range(12))
def test_every_capture_can_be_restored_whole(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    conversation().write(state)
    seen: list[tuple[datetime, Files]] = []
    for _ in range(15):
        for _ in range(rng.randrange(3)):
            _change(state, rng)
        seen.append((_capture(archive, state), _on_disk(state)))
    for number, (moment, files) in enumerate(seen):
        if files:
            assert _restored(archive, moment, tmp_path / f"out{number}") == files
        else:
            with pytest.raises(UsageError, match="at that time"):
                chosen(archive.states(), moment)


def test_a_grown_renamed_and_deleted_file_has_all_its_states(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    path = conversation().write(state)
    lines = path.read_bytes().splitlines(keepends=True)
    moments = []
    for count in (2, 5, len(lines)):
        path.write_bytes(b"".join(lines[:count]))
        moments.append((_capture(archive, state), count))
    path.rename(path.with_name(f"{path.name}.deleted.2026-03-08T04-00-00.000Z"))
    archive.capture([state], None)
    assert len(archive.files()) == 1  # the shorter contents are not stored again
    for moment, count in moments:
        files = _restored(archive, moment, tmp_path / f"out{count}")
        assert files == {str(path): b"".join(lines[:count])}


_GROW = """
import sys
from pathlib import Path
from clawtrain_assets.core.sessions.archive import Archive
archive, path = Archive(Path(sys.argv[1])), Path(sys.argv[2])
print("ready", flush=True)
number = 0
while True:
    number += 1
    with path.open("ab") as stream:
        stream.write(b'{"type":"custom","id":"%d"}\\n' % number)
    if number % 7 == 0:
        path.rename(path.with_name(f"{path.name}.bak-1-{number}"))
        path.write_bytes(b'{"type":"session","version":3}\\n')
    archive.capture([path.parents[3]], None)
    print(number, flush=True)
"""


def test_a_killed_capture_leaves_every_state_restorable(tmp_path: Path) -> None:
    path = conversation().write(tmp_path / "state")
    for kill in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", _GROW, str(tmp_path / "archive"), str(path)],
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            for _ in range(3 + 2 * kill):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
        archive = Archive(tmp_path / "archive")
        states = archive.states()
        for number, state in enumerate(states):
            (written,) = restore(archive, [state], tmp_path / f"out{kill}-{number}")
            assert sha256(written.read_bytes()).hexdigest() == state.sha256
        open_ended = [(state.root, state.path) for state in states if state.until is None]
        assert len(set(open_ended)) == len(open_ended)
    assert len(states) > 20
    now = _capture(archive, tmp_path / "state")
    assert _restored(archive, now, tmp_path / "out") == _on_disk(tmp_path / "state")


def test_a_killed_restore_can_be_repeated_and_overwrites_nothing(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    conversation().write(state)
    conversation(OTHER).write(state)
    archive.capture([state], None)
    wanted = chosen(archive.states(), None)
    restore(archive, wanted[:1], tmp_path / "out")  # killed after the first file
    first, second = restore(archive, wanted, tmp_path / "out")
    assert [first.stat().st_mode & 0o777, second.stat().st_mode & 0o777] == [0o600, 0o600]
    second.write_bytes(b"mine")
    with pytest.raises(UsageError, match="other bytes"):
        restore(archive, wanted, tmp_path / "out")
    assert second.read_bytes() == b"mine"


def test_damage_in_the_archive_is_noticed(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    conversation().write(state)
    archive.capture([state], None)
    (blob,) = (tmp_path / "archive" / "blobs").glob("??/*")
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes().replace(b"milk", b"wine"))
    with pytest.raises(ClawtrainError, match="damaged"):
        restore(archive, archive.states(), tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_no_state_of_a_forgotten_session_is_left(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    path = conversation().write(state)
    conversation(OTHER).write(state)
    log = state / "cron" / "runs" / "j.jsonl"
    log.parent.mkdir(parents=True)
    for session in (OTHER, SESSION):
        with log.open("a") as stream:
            stream.write(json.dumps({"sessionId": session}) + "\n")
        archive.capture([state], None)
    path.write_bytes(path.read_bytes()[:400])
    archive.capture([state], None)
    archive.forget(SESSION)
    left = archive.states()
    assert {state.path.rsplit("/")[-1] for state in left} == {f"{OTHER}.jsonl", "j.jsonl"}
    for file in restore(archive, left, tmp_path / "out"):
        assert SESSION.encode() not in file.read_bytes()


def test_an_archive_of_before_there_were_states_is_taken_over(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    path = conversation().write(state)
    archive.capture([state], None)
    with sqlite3.connect(tmp_path / "archive" / "index.sqlite") as index:
        index.execute("DROP TABLE states")
        index.execute("DROP TABLE captures")
        index.execute("CREATE TABLE captures (at REAL NOT NULL)")
    index.close()
    assert archive.states() == []
    before = path.read_bytes()
    path.write_bytes(before + b'{"type":"custom"}\n')
    after = _capture(archive, state)
    assert [s.size for s in archive.states()] == [len(before), len(before) + 18]
    assert _restored(archive, after, tmp_path / "out") == _on_disk(state)
    assert len(archive.captures()) == 1


def test_files_are_named_by_a_part_of_their_path(tmp_path: Path) -> None:
    state, archive = tmp_path / "state", Archive(tmp_path / "archive")
    conversation().write(state)
    conversation(OTHER).write(state)
    with pytest.raises(UsageError, match="nothing yet"):
        states_of(archive, "")
    archive.capture([state], None)
    assert [s.path for s in states_of(archive, OTHER)] == [f"agents/main/sessions/{OTHER}.jsonl"]
    with pytest.raises(UsageError, match="no file"):
        states_of(archive, "elsewhere")


def test_times_are_the_users_own() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert moment_of("2026-03-07 14:30", berlin) == datetime(2026, 3, 7, 13, 30, tzinfo=UTC)
    assert moment_of("2026-03-07T14:30Z", berlin) == datetime(2026, 3, 7, 14, 30, tzinfo=UTC)
    with pytest.raises(UsageError, match="no time"):
        moment_of("yesterday", berlin)
