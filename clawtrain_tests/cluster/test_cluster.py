"""A backfill over several workers, one of them killed, the database restarted: nothing lost."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
import sqlalchemy as sa

from clawtrain_assets.core.journal import store
from clawtrain_assets.core.journal.database import open_engine
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.key import load_or_create_key
from clawtrain_tests.cluster import installation
from clawtrain_tests.cluster.installation import DAYS, SPREAD, TURNS_A_DAY, Dagster, Process
from clawtrain_tests.cluster.services import Postgres, Redis, until
from clawtrain_tests.scripted_server import Running, scripted_server

pytestmark = pytest.mark.cluster

_QUESTION = ("purpose", "item_id", "model_digest", "prompt_hash", "sample")
_LIMIT_S = 1500.0  # of each wait; on a quiet machine the whole test takes a few minutes


class Cluster:
    """Two machines: ``home`` with web UI, daemon, histories and a worker; ``second`` a worker."""

    def __init__(self, folder: Path, environment: dict[str, str], **settings: object) -> None:
        self.folder, self.environment = folder, environment
        self.home, self.second = folder / "home", folder / "second"
        installation.write_history(folder / "openclaw")
        installation.write_home(self.home, state_dir=folder / "openclaw", **settings)
        self._command("init")
        load_or_create_key(self.home)
        installation.share_files(self.home, self.second)
        for machine in (self.home, self.second):
            installation.write_instance(machine)
        self.processes: list[Process] = []

    def _command(self, *arguments: str) -> None:
        base = [sys.executable, "-m", "clawtrain_assets.cli", "--home", str(self.home)]
        subprocess.run([*base, *arguments], check=True, capture_output=True)

    def worker(self, machine: Path, *queues: str) -> Process:
        arguments = ["worker", "--name", machine.name]
        arguments += [part for queue in queues for part in ("--queue", queue)]
        log = self.folder / f"{machine.name}-worker.log"
        process = Process(arguments, machine, self.environment, log)
        self.processes.append(process)
        return process

    def up(self) -> Dagster:
        process, dagster = installation.up(self.home, self.environment, self.folder / "up.log")
        self.processes.append(process)
        return dagster

    def limit_pool(self, pool: str, steps: int) -> None:
        command = [sys.executable, "-m", "dagster", "instance", "concurrency", "set"]
        subprocess.run(
            [*command, pool, str(steps)],
            check=True,
            capture_output=True,
            env={**os.environ, **self.environment, "DAGSTER_HOME": str(self.home / "dagster")},
        )

    def end(self) -> None:
        for process in reversed(self.processes):
            process.end()


@pytest.fixture
def latency_s() -> float:
    return 0.3


@pytest.fixture
def model_server(latency_s: float) -> Iterator[Running]:
    with scripted_server({"scores": "varied", "latency_s": latency_s}) as running:
        yield running


@pytest.fixture
def cluster(
    bucket: str,
    postgres: Postgres,
    model_server: Running,
    tmp_path: Path,
) -> Iterator[Cluster]:
    journal = postgres.url(postgres.new_database())
    with Redis() as redis:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
        environment = {name: os.environ[name] for name in (*names, "AWS_ENDPOINT_URL")}
        environment["DAGSTER_PG_URL"] = postgres.url(postgres.new_database())
        environment["CELERY_BROKER_URL"] = redis.url
        made = Cluster(
            tmp_path,
            environment,
            lake=f"{bucket}/lake",
            journal=journal,
            model_server=model_server.url,
        )
        try:
            yield made
        finally:
            made.end()


def test_a_killed_worker_and_a_restarted_database_change_nothing(
    cluster: Cluster,
    postgres: Postgres,
    model_server: Running,
    bucket: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = time.monotonic()
    cluster.limit_pool("judge_endpoint", 3)
    other = cluster.worker(cluster.home, "home", "dagster")
    victim = cluster.worker(cluster.second, "dagster")
    dagster = cluster.up()
    archived = dagster.run_job("archive")
    until(lambda: dagster.run(archived)["status"] == "SUCCESS", "the archive", 120)
    started = time.monotonic()
    backfill = dagster.backfill(["raw_turns", *SPREAD])
    journal = open_engine(_journal_url(cluster.home), store.metadata)

    until(lambda: len(_held_by(journal, victim)) > 1, "a question of the second worker", _LIMIT_S)
    victim.kill()
    in_flight = sum(not other.has(pid) for pid in _owners(journal))
    cluster.worker(cluster.second, "dagster")  # a service manager starts it again

    half = len(DAYS) * TURNS_A_DAY // 2
    until(lambda: _count(journal) >= half, "half of the answers", _LIMIT_S)
    postgres.stop()
    postgres.start()
    journal.dispose()  # its connections are cut, too

    over = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED")
    until(lambda: dagster.backfill_status(backfill) in over, "the end of the backfill", _LIMIT_S)
    took = time.monotonic() - started
    runs = Counter(run["status"] for run in dagster.runs())
    assert dagster.backfill_status(backfill) == "COMPLETED_SUCCESS", runs

    asked = len(model_server.asked)
    answered = _questions(journal)
    with journal.connect() as connection:
        claims = connection.execute(sa.select(sa.func.count()).select_from(store.claims)).scalar()
    alone = _alone(cluster)
    lake = Lake(f"{bucket}/lake")
    figures = {
        "days": len(DAYS),
        "seconds from start": round(time.monotonic() - began),
        "seconds of the backfill": round(took),
        "questions": len(answered),
        "in flight at the kill": in_flight,
        "asked again": asked - len(answered),
        "runs": dict(runs),
    }
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
    for asset in ("raw_turns", *SPREAD):
        assert lake.days(asset) == list(DAYS)
    assert claims == 0
    # One item is asked about under several prompts (two arms, both orders): what one process asks
    # is what there is to ask, so nothing is lost and nothing was asked twice in other words.
    assert answered == _questions(open_engine(alone.journal, store.metadata))
    judged = [question for question in answered if question[0] == "judge"]
    assert len(judged) == len(DAYS) * TURNS_A_DAY
    assert 0 <= asked - len(answered) <= in_flight
    assert _differences(lake, alone.lake) == {}


@pytest.mark.parametrize("latency_s", [30.0])
def test_a_cancelled_run_cleans_up_and_is_not_started_again(
    cluster: Cluster, model_server: Running
) -> None:
    cluster.worker(cluster.home, "home", "dagster")
    dagster = cluster.up()
    ingest = dagster.run_job("ingest", DAYS[0])
    until(lambda: dagster.run(ingest)["status"] == "SUCCESS", "a day's turns", _LIMIT_S)
    score = dagster.run_job("score", DAYS[0])
    until(lambda: bool(model_server.asked), "a question", _LIMIT_S)
    dagster.cancel(score)
    until(lambda: dagster.run(score)["status"] == "CANCELED", "the cancel", 60)
    assert _owners(open_engine(_journal_url(cluster.home), store.metadata)) == []
    assert {run["runId"] for run in dagster.runs()} == {ingest, score}


def _journal_url(home: Path) -> str:
    line = next(
        line for line in (home / "clawtrain.toml").read_text().splitlines() if "journal_url" in line
    )
    return line.split('"')[1]


def _owners(journal: sa.Engine) -> list[int]:
    with journal.connect() as connection:
        owners = connection.execute(sa.select(store.claims.c.owner)).scalars().all()
    return [int(owner.rsplit(":", 2)[1]) for owner in owners]


def _held_by(journal: sa.Engine, worker: Process) -> list[int]:
    return [pid for pid in _owners(journal) if worker.has(pid)]


def _count(journal: sa.Engine) -> int:
    with journal.connect() as connection:
        counted = sa.select(sa.func.count()).select_from(store.answers)
        return int(connection.execute(counted).scalar_one())


_ALONE = """
import sys
import dagster as dg
from clawtrain_assets.definitions import defs

job = defs.resolve_job_def("archive")
assert job.execute_in_process().success
names = sys.argv[1].split(",")
assets = list(defs.assets)
resources = dict(defs.resources)
for day in sys.argv[2].split(","):
    for name in names:
        chosen = dg.AssetSelection.assets(name).without_checks()
        result = dg.materialize(assets, selection=chosen, partition_key=day, resources=resources)
        assert result.success
"""


class _Alone(NamedTuple):
    lake: Lake
    journal: str


def _alone(cluster: Cluster) -> _Alone:
    """The same history by one process, with files and SQLite."""
    home = cluster.folder / "alone"
    with scripted_server({"scores": "varied"}) as server:
        installation.share_files(cluster.home, home)
        settings = (home / "clawtrain.toml").read_text().splitlines()
        local = [line for line in settings if "lake_url" not in line and "journal_url" not in line]
        hosts = [f'hosts = ["{server.url}"]' if "hosts" in line else line for line in local]
        (home / "clawtrain.toml").write_text("\n".join(hosts))
        names = ",".join(("raw_turns", *SPREAD))
        done = subprocess.run(
            [sys.executable, "-c", _ALONE, names, ",".join(DAYS)],
            env={**os.environ, "CLAWTRAIN_HOME": str(home)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    return _Alone(Lake(str(home / "lake")), f"sqlite:///{home / 'journal.sqlite'}")


def _questions(journal: sa.Engine) -> set[tuple[object, ...]]:
    """All that was answered, by everything that makes a question one of its own."""
    columns = [store.answers.c[name] for name in _QUESTION]
    with journal.connect() as connection:
        return {tuple(row) for row in connection.execute(sa.select(*columns))}


def _differences(one: Lake, other: Lake) -> dict[str, list[str]]:
    """Columns of a day that differ, but for what time it took."""
    found: dict[str, list[str]] = {}
    for asset in ("raw_turns", *SPREAD):
        for day in DAYS:
            columns = _differing(one.read(asset, day), other.read(asset, day))
            if columns:
                found[f"{asset} {day}"] = columns
    return found


def _differing(one: pa.Table, other: pa.Table) -> list[str]:
    assert one.column_names == other.column_names
    return [
        name
        for name in one.column_names
        if "latency_s" not in name and one[name].to_pylist() != other[name].to_pylist()
    ]
