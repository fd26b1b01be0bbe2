"""The journal on PostgreSQL, shared by processes and outliving the server's restarts."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.journal import Answer, Journal, database
from clawtrain_tests.cluster.services import Postgres
from clawtrain_tests.core.test_journal import ASKER, OPENER, answer, key

pytestmark = pytest.mark.cluster


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.url(postgres.new_database())


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    with Journal(url) as opened:
        yield opened


def start_asker(url: str, log: Path, count: int, pause: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ASKER, url, str(log), str(count), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def answered(url: str, count: int) -> int:
    with Journal(url) as journal:
        return len(
            journal.get([key(f"turn{n}", model_digest="d", prompt_hash="p") for n in range(count)])
        )


def claimed(postgres: Postgres, url: str) -> int:
    cursor = postgres.connect(url.rpartition("/")[2]).cursor()
    cursor.execute("SELECT count(*) FROM claims")
    return int(cursor.fetchone()[0])


def test_what_was_put_is_there_after_opening_it_again(url: str) -> None:
    full = answer('{"role":"assistant"}', model="m", temperature=0.3, seed=2**40, latency_s=1.5)
    with Journal(url) as first:
        first.put(key(), full)
        first.put(key(), answer("later"))
        first.put(key("torn"), answer(error="bytes \0 of a broken server", error_class="bad_reply"))
    with Journal(url) as second:
        assert second.get([key(), key("turn2")]) == {key(): full}
        assert [row["item_id"] for row in second.export("judge")] == ["turn1", "torn"]
        assert second.summary()[0]["answers"] + second.summary()[-1]["answers"] == 2


def test_processes_that_open_a_new_journal_together_all_get_it(url: str) -> None:
    command = [sys.executable, "-c", OPENER, url]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in openers:
        ready(process)
    for process in openers:
        process.communicate("go\n", timeout=60)
    assert [process.returncode for process in openers] == [0, 0, 0, 0]


def test_two_processes_share_the_work_and_ask_nothing_twice(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [start_asker(url, log, 120, 0.01) for _ in range(2)]
    for process in both:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert sorted(map(int, log.read_text().split())) == list(range(120))
    assert answered(url, 120) == 120


def test_killed_at_any_time_only_what_was_in_flight_is_asked_again(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    in_flight = []
    for kill in range(5):
        process = start_asker(url, log, 200, 0.02)
        ready(process)
        time.sleep(0.05 * (kill + 1))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        in_flight.append(claimed(postgres, url))
    last = start_asker(url, log, 200, 0.02)
    last.communicate(timeout=60)
    asked = list(map(int, log.read_text().split()))
    assert set(asked) == set(range(200))
    assert max(in_flight) <= 12  # four for each of the 3 slots
    assert len(asked) - 200 <= sum(in_flight)
    assert answered(url, 200) == 200


def test_restarts_of_the_server_lose_and_double_nothing(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    both = [start_asker(url, log, 600, 0.1) for _ in range(2)]
    for process in both:
        ready(process)
    for _ in range(3):
        seen = len(log.read_text().split())
        while len(log.read_text().split()) < seen + 60:
            time.sleep(0.02)
        postgres.stop()
        postgres.start()
    for process in both:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert sorted(map(int, log.read_text().split())) == list(range(600))
    assert answered(url, 600) == 600


def test_a_commit_whose_word_was_lost_is_one_claim_and_one_answer(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg2

    dialect = journal._engine.dialect
    commit = type(dialect).do_commit
    lost: list[int] = []

    def losing(self: Any, connection: Any) -> None:
        commit(self, connection)
        lost.append(1)
        if len(lost) % 2:
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(type(dialect), "do_commit", losing)
    asked = []

    async def ask() -> Answer:
        asked.append(1)
        await asyncio.sleep(0.2)
        return answer("only")

    async def both() -> list[Answer]:
        async with asyncio.timeout(20):
            return await asyncio.gather(journal.once(key(), ask), journal.once(key(), ask))

    assert [one.reply for one in asyncio.run(both())] == ["only", "only"]
    assert len(asked) == 1
    assert lost


def test_a_server_that_stays_away_is_named_and_nothing_is_lost(
    postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_S", 1.0)
    with Journal(url) as journal:
        journal.put(key("before"), answer())
        postgres.stop()
        with pytest.raises(ClawtrainError, match="cannot be written"):
            journal.put(key("meanwhile"), answer())
        with pytest.raises(ClawtrainError, match="cannot be read"):
            journal.get([key("before")])
        with pytest.raises(ClawtrainError, match="does not answer"):
            Journal(url)
        postgres.start()
        journal.put(key("after"), answer())
        wanted = [key("before"), key("meanwhile"), key("after")]
        assert list(journal.get(wanted)) == [key("before"), key("after")]


def test_forgotten_answers_are_gone_from_the_table_s_file(postgres: Postgres) -> None:
    name = postgres.new_database()
    with Journal(postgres.url(name)) as journal:
        journal.put(key("turn1"), answer("the secret word is xyzzy-1"))
        journal.put(key("turn2"), answer("the kept word is plugh-2"))
        assert journal.forget(["turn1"]) == 1
        postgres.connect(name).cursor().execute("CHECKPOINT")
        held = b"".join(p.read_bytes() for p in postgres.tables.rglob("*") if p.is_file())
        assert b"plugh-2" in held
        assert b"xyzzy" not in held


def test_two_that_claim_in_opposite_order_both_end(url: str) -> None:
    keys = [key(f"turn{n}") for n in range(40)]
    asked: list[str] = []

    async def ask_all(journal: Journal, ordered: list[Any]) -> None:
        async def ask(one: Any) -> Answer:
            asked.append(one.item_id)
            await asyncio.sleep(0.05)
            return answer()

        await asyncio.gather(*(journal.once(one, lambda one=one: ask(one)) for one in ordered))

    def one_process(ordered: list[Any]) -> None:
        with Journal(url) as journal:
            asyncio.run(ask_all(journal, ordered))

    threads = [threading.Thread(target=one_process, args=(order,)) for order in (keys, keys[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(asked) == sorted(one.item_id for one in keys)
