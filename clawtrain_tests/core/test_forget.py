"""A forgotten session is nowhere, however often that was interrupted, and does not come back."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.formats import sharegpt_jsonl
from clawtrain_assets.core.dataset.neardup import update_bands
from clawtrain_assets.core.dataset.reviews import ReviewVerdict, VerdictLog
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.forget import describe, forget_session
from clawtrain_assets.core.journal import Answer, Journal, Key
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.quarantine import write_quarantine
from clawtrain_assets.core.sessions.rows import turns_from_table
from clawtrain_assets.settings import Settings, load_settings
from clawtrain_tests.core.dataset.lakes import write_day
from clawtrain_tests.core.sessions.databases import write_lcm
from clawtrain_tests.core.sessions.history import START, Script, conversation, read

WORD = "xyzzyquartz"  # said in the forgotten session only
GONE = "aaaaaaaa-2222-4333-8444-555555555555"
KEPT = "bbbbbbbb-2222-4333-8444-555555555555"
NAMED = "by-hand"  # its file name is no UUID and its header names it
DAY = "2026-03-07"


def spoken(session_id: str, word: str) -> Script:
    """A session whose every message holds ``word``."""
    script = Script(session_id)
    for number in range(3):
        script.user(f"read {word}{number}.txt, please")
        script.assistant(f"{word} it is.", calls=(("c1", "read", {"path": f"{word}{number}.txt"}),))
        script.result(
            "c1", f"{word} milk and a long list of things that is worth learning from " * 4
        )
        script.assistant(f"The file says {word} " + " ".join(f"word{n}" for n in range(40)))
    return script


@pytest.fixture
def settings(home: Path, tmp_path: Path) -> Settings:
    """A home in which every stage has seen a session to forget and one to keep."""
    state = tmp_path / "state"
    (home / "clawtrain.toml").write_text(f'[sources]\nstate_dirs = ["{state}"]\n')
    gone = spoken(GONE, WORD)
    path = gone.write(state)
    path.with_name(path.name + ".reset.2026-03-06T04-00-00.000Z").write_bytes(gone.lines()[:-200])
    kept = spoken(KEPT, "plain")
    kept.write(state)
    store = {
        "agent:main:main": {"sessionId": GONE, "displayName": WORD},
        "agent:main:other": {"sessionId": KEPT, "displayName": "stays"},
    }
    (path.parent / "sessions.json").write_text(json.dumps(store))
    runs = state / "cron" / "runs"
    runs.mkdir(parents=True)
    lines = [{"sessionId": name, "summary": s} for name, s in ((GONE, WORD), (KEPT, "stays"))]
    (runs / "job.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_lcm(state / "lcm.db", gone)
    settings = load_settings()
    archive = Archive(settings.archive)
    archive.capture([state], None)
    turns, _ = read(archive)
    lake = Lake(settings.lake)
    write_day(lake, DAY, turns)
    lake.write("session_archive", "all", archive.table())
    lines_file = lake.directory("sharegpt_dataset", DAY) / "sharegpt.jsonl"
    lines_file.write_bytes(sharegpt_jsonl(lake.read("sharegpt_dataset", DAY).to_pylist()))
    update_bands(lake)
    (lake.directory("raw_turns", DAY) / "part-0.parquet.tmp-0").write_text(WORD)
    bad = {"source_line": 1, "byte_offset": 0, "reason": "not JSON"}
    where = f"agents/main/sessions/{GONE}.jsonl"
    write_quarantine(
        lake,
        [
            bad | {"source_file": where, "raw": WORD.encode()},
            bad | {"source_file": "cron/runs/job.jsonl", "raw": f"{GONE} {WORD}".encode()},
            bad | {"source_file": "other.jsonl", "raw": b"stays"},
        ],
    )
    samples = [dict.fromkeys(schemas.REVIEW_SAMPLE.names) | {"turn_id": t.turn_id} for t in turns]
    for row, turn in zip(samples, turns, strict=True):
        row["messages"] = turn.response.text
    lake.write("review_sample", "all", pa.Table.from_pylist(samples, schema=schemas.REVIEW_SAMPLE))
    log = VerdictLog(settings.reviews, "r1")
    with Journal(settings.journal) as journal:
        for turn in turns:
            text = turn.response.text
            answer = Answer(reply=json.dumps(text), created_at=datetime(2026, 3, 8, tzinfo=UTC))
            journal.put(Key("judge", turn.turn_id, "d", "p", 0), answer)
            journal.put(Key("blind", f"{turn.turn_id}/reference", "d", "p", 0), answer)
            log.append(
                ReviewVerdict(
                    release_id="r1",
                    example_id="e",
                    turn_id=turn.turn_id,
                    reviewer="Ada",
                    verdict="keep",
                    notes=f"says {text}",
                    time=datetime(2026, 3, 9, tzinfo=UTC),
                )
            )
    return settings


def places(home: Path, word: str) -> set[str]:
    """Files below home that hold the word: as bytes, or as values of a table."""
    found = set()
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            asset, day = path.parent.parent.name, path.parent.name[4:]
            data += str(Lake(str(home / "lake")).read(asset, day).to_pylist()).encode()
        if word.encode() in data:
            found.add(path.relative_to(home).as_posix())
    return found


def test_a_forgotten_session_is_in_no_byte_and_the_others_are_untouched(settings: Settings) -> None:
    home = settings.home
    before = {place.split("/")[0] for place in places(home, WORD)}
    assert before == {"archive", "lake", "journal.sqlite", "reviews"}
    kept = places(home, "plain")
    turns = {t.turn_id for t in read(Archive(settings.archive))[0] if t.session_id == KEPT}

    report = forget_session(GONE.upper(), settings)

    assert places(home, WORD) == set()
    assert places(home, "plain") == kept
    assert (report.turns, report.answers, report.notes) == (6, 12, 6)
    assert report.rows["raw_turns"] == 6
    assert report.rows["quarantine"] == 2
    assert report.rows["review_sample"] == 6
    archive = Archive(settings.archive)
    left, extraction = read(archive)
    assert {turn.turn_id for turn in left} == turns
    assert extraction.report.balanced()
    lake = Lake(settings.lake)
    assert {t.session_id for t in turns_from_table(lake.read("raw_turns", DAY))} == {KEPT}
    assert {file.family for file in archive.files()} == {"live", "session_store", "cron_run"}
    assert places(home, "stays") >= {"lake/quarantine/day=all/part-0.parquet"}
    assert [len(p.read_bytes()) for p in settings.reviews.iterdir()] != [0]


def test_captures_pass_a_forgotten_session_over_while_the_source_has_it(
    settings: Settings,
) -> None:
    report = forget_session(GONE, settings)
    state = settings.sources.state_dirs[0]
    assert len(report.in_source) == 3
    assert any("still has it" in line for line in describe(report, settings))
    archive = Archive(settings.archive)
    for _ in range(2):
        capture = archive.capture([state], None)
        assert capture.forgotten == 3
        assert (capture.added, capture.warnings) == (0, [])
        assert places(settings.home, WORD) == set()
    with (state / "cron" / "runs" / "job.jsonl").open("a") as log:
        log.write(json.dumps({"sessionId": GONE, "summary": WORD}) + "\n")
        log.write(json.dumps({"sessionId": KEPT, "summary": "later"}) + "\n")
    assert archive.capture([state], None).grown == 1
    assert places(settings.home, WORD) == set()
    assert any("archive" in place for place in places(settings.home, "later"))


def test_only_the_hash_of_the_id_is_left(settings: Settings) -> None:
    forget_session(GONE, settings)
    Archive(settings.archive).capture(settings.sources.state_dirs, None)
    assert places(settings.home, GONE) == set()


def test_forgetting_again_is_fine_and_an_unknown_session_is_not(settings: Settings) -> None:
    forget_session(GONE, settings)
    again = forget_session(GONE, settings)
    assert (again.files, again.answers, again.rows.total()) == (0, 0, 0)
    with pytest.raises(ClawtrainError, match="no session nonsense"):
        forget_session("nonsense", settings)


def test_a_session_known_by_its_header_alone(settings: Settings) -> None:
    state = settings.sources.state_dirs[0]
    Script.write(spoken(NAMED, "plughword"), state, "chat.jsonl")
    fork = conversation("cccccccc-2222-4333-8444-555555555555", START)
    fork.entries[0]["parentSession"] = NAMED
    fork.write(state)
    archive = Archive(settings.archive)
    archive.capture([state], None)
    assert places(settings.home, "plughword")
    report = forget_session(NAMED, settings)
    assert (report.files, len(report.in_source)) == (1, 1)
    assert [fork.session_id in path for path in report.forks] == [True]
    archive.capture([state], None)
    assert places(settings.home, "plughword") == set()


def test_releases_that_hold_it_are_listed_and_stay(settings: Settings) -> None:
    folder = settings.releases / "0123456789abcdef"
    folder.mkdir(parents=True)
    lake = Lake(settings.lake)
    rows = lake.read("raw_turns", DAY, ["turn_id", "session_id"]).to_pylist()
    lineage = [{"id": "x", "turn_id": row["turn_id"], "session_id": "s-1"} for row in rows]
    (folder / "lineage.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lineage)))
    before = (folder / "lineage.jsonl").read_bytes()
    report = forget_session(GONE, settings)
    assert report.releases == {folder.name: 6}
    assert any(str(folder) in line for line in describe(report, settings))
    assert (folder / "lineage.jsonl").read_bytes() == before


_KILLED = """
import os, signal, sys
from clawtrain_assets.core import forget
from clawtrain_assets.settings import load_settings
left = int(sys.argv[2])
def trace(frame, event, argument):
    global left
    if event == "call" and "clawtrain_assets" in frame.f_code.co_filename:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
settings = load_settings()
sys.setprofile(trace)
forget.forget_session(sys.argv[1], settings)
sys.setprofile(None)
print(-left)
"""


@pytest.mark.parametrize("calls", [80, 128, 174, 222, 300, 420])
def test_killed_at_any_moment_it_is_repeated_to_the_end(settings: Settings, calls: int) -> None:
    command = [sys.executable, "-c", _KILLED, GONE, str(calls)]
    killed = subprocess.run(command, env={**os.environ}, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    Archive(settings.archive).capture(settings.sources.state_dirs, None)  # the hourly one
    forget_session(GONE, settings)
    assert places(settings.home, WORD) == set()
    assert {t.session_id for t in read(Archive(settings.archive))[0]} == {KEPT}
    with sqlite3.connect(settings.archive / "index.sqlite") as index:
        assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
