"""The journal: nothing lost, nothing doubled, nothing asked twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.journal import Answer, Journal, Key, store
from clawtrain_tests.together import at_once


def key(item: str = "turn1", **changes: object) -> Key:
    return Key("judge", item, "digest", "prompt", 0)._replace(**changes)


def answer(reply: str = "{}", **changes: object) -> Answer:
    return Answer(**{"reply": reply, "created_at": datetime(2026, 3, 1, tzinfo=UTC)} | changes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "journal.sqlite"


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    with Journal(f"sqlite:///{file}") as opened:
        yield opened


def test_what_was_put_is_there_after_opening_it_again(file: Path) -> None:
    full = answer(
        '{"role":"assistant"}', model="m", temperature=0.3, seed=2, prompt_tokens=5, latency_s=1.5
    )
    with Journal(f"sqlite:///{file}") as first:
        first.put(key(), full)
    with Journal(f"sqlite:///{file}") as second:
        assert second.get([key(), key("turn2")]) == {key(): full}


def test_every_part_of_the_key_counts(journal: Journal) -> None:
    journal.put(key(), answer())
    others = [
        key(purpose="blind"),
        key("turn2"),
        key(model_digest="x"),
        key(prompt_hash="x"),
        key(sample=1),
    ]
    assert journal.get(others) == {}


def test_the_first_answer_stays(journal: Journal) -> None:
    journal.put(key(), answer("first"))
    journal.put(key(), answer("second"))
    assert journal.get([key()])[key()].reply == "first"


def test_more_keys_than_a_statement_may_bind_are_found(journal: Journal) -> None:
    keys = [key(f"turn{number}") for number in range(1200)]

    async def put_all() -> None:
        await asyncio.gather(*(journal.aput(one, answer()) for one in keys))

    asyncio.run(put_all())
    assert len(journal.get(keys)) == 1200


def test_the_file_is_for_its_owner_alone_and_survives_a_power_cut(
    journal: Journal, file: Path
) -> None:
    journal.put(key(), answer())
    modes = {path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == {0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700
    with journal._engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        ]
    assert pragmas == ["wal", 2, 1]


def test_forgotten_answers_leave_no_byte_behind(journal: Journal, file: Path) -> None:
    journal.put(key("turn1"), answer("the secret word is xyzzy-1"))
    journal.put(key("turn1/reference"), answer("the secret word is xyzzy-2"))
    journal.put(key("turn10"), answer("kept"))
    assert journal.forget(["turn1"]) == 2
    assert list(journal.get([key("turn1"), key("turn10")])) == [key("turn10")]
    assert b"xyzzy" not in b"".join(path.read_bytes() for path in file.parent.iterdir())


def test_summary_and_export_account_for_every_answer(journal: Journal) -> None:
    journal.put(key("a"), answer(prompt_tokens=10, latency_s=2.0))
    journal.put(key("b"), answer(prompt_tokens=5, error_class="cut_off"))
    journal.put(key("c", purpose="shadow"), answer())
    rows = {row["purpose"]: row for row in journal.summary()}
    assert rows["judge"]["answers"] == 2
    assert rows["judge"]["errors"] == 1
    assert rows["judge"]["prompt_tokens"] == 15
    assert rows["judge"]["day"] == "2026-03-01"
    assert [row["item_id"] for row in journal.export("shadow")] == ["c"]


def test_errors_can_be_asked_again(journal: Journal) -> None:
    journal.put(key("a"), answer())
    journal.put(key("b"), answer(error_class="cut_off"))
    assert journal.forget_errors("judge") == 1
    assert list(journal.get([key("a"), key("b")])) == [key("a")]


def test_questions_asked_at_once_are_asked_once(journal: Journal) -> None:
    asked = []

    async def ask() -> Answer:
        asked.append(1)
        await asyncio.sleep(0.05)
        return answer("only")

    async def both() -> list[Answer]:
        return await asyncio.gather(journal.once(key(), ask), journal.once(key(), ask))

    assert [one.reply for one in asyncio.run(both())] == ["only", "only"]
    assert len(asked) == 1


def test_a_failed_question_may_be_asked_again_at_once(journal: Journal) -> None:
    async def fail() -> Answer:
        raise ClawtrainError("no")

    async def succeed() -> Answer:
        return answer("now")

    async def run() -> Answer:
        with pytest.raises(ClawtrainError):
            await journal.once(key(), fail)
        async with asyncio.timeout(5):
            return await journal.once(key(), succeed)

    assert asyncio.run(run()).reply == "now"


def test_a_claim_of_another_machine_holds_until_it_expires(journal: Journal) -> None:
    far = "elsewhere:1:token"
    with journal._engine.begin() as connection:
        assert store.claim(connection, "k", far, time.time() + 60)
        assert not store.claim(connection, "k", "me:2:token", time.time() + 60)
        store.renew(connection, far, time.time() - 1)
        assert store.claim(connection, "k", "me:2:token", time.time() + 60)


def test_a_url_that_is_none_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="journal_url"):
        Journal("mongodb:/what")


def test_a_journal_that_cannot_be_written_says_so(journal: Journal) -> None:
    with journal._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE answers")
    quoted = "what the model said"
    with pytest.raises(ClawtrainError, match="cannot be written") as caught:
        journal.put(key(), answer(quoted))
    assert quoted not in f"{caught.value} {caught.value.__cause__}"


ASKER = textwrap.dedent(
    """
    import asyncio, os, sys
    from datetime import UTC, datetime
    from clawtrain_assets.core.endpoints import run_all
    from clawtrain_assets.core.journal import Answer, Journal, Key

    url, log, count, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    asked = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def work(number):
        async def ask():
            os.write(asked, f"{number}\\n".encode())
            await asyncio.sleep(pause)
            return Answer(reply=str(number), created_at=datetime.now(UTC))
        return await journal.once(Key("judge", f"turn{number}", "d", "p", 0), ask)

    with Journal(url) as journal:
        print("ready", flush=True)
        asyncio.run(run_all(range(count), work, 3, lambda item, result: None))
    """
)


def start_asker(file: Path, log: Path, count: int, pause: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ASKER, f"sqlite:///{file}", str(log), str(count), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=30)


def answered(file: Path, count: int) -> int:
    with Journal(f"sqlite:///{file}") as journal:
        return len(
            journal.get([key(f"turn{n}", model_digest="d", prompt_hash="p") for n in range(count)])
        )


def test_two_processes_share_the_work_and_ask_nothing_twice(file: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [start_asker(file, log, 120, 0.005) for _ in range(2)]
    for process in both:
        finish(process)
        assert process.returncode == 0
    assert sorted(map(int, log.read_text().split())) == list(range(120))
    assert answered(file, 120) == 120


def test_killed_at_any_time_only_what_was_in_flight_is_asked_again(
    file: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    kills = 5
    for kill in range(kills):
        process = start_asker(file, log, 200, 0.01)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.03 * (kill + 1))
        os.kill(process.pid, signal.SIGKILL)
        finish(process)
    started = time.monotonic()
    last = start_asker(file, log, 200, 0.01)
    finish(last)
    assert last.returncode == 0
    assert time.monotonic() - started < 20  # claims of the dead did not have to expire
    asked = json.loads(f"[{','.join(log.read_text().split())}]")
    assert set(asked) == set(range(200))
    assert len(asked) - 200 <= kills * 12  # what run_all has under way with 3 slots
    assert answered(file, 200) == 200


OPENER = textwrap.dedent(
    """
    import sys
    from clawtrain_assets.core.journal import Journal

    print("ready", flush=True)
    sys.stdin.readline()
    Journal(sys.argv[1]).close()
    """
)


def test_processes_that_open_a_new_journal_together_all_get_it(tmp_path: Path) -> None:
    for number in range(3):
        at_once(OPENER, f"sqlite:///{tmp_path / str(number)}.sqlite")
