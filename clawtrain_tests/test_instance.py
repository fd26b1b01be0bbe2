import os
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import httpx
import pytest
import yaml

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.instance.prepare import prepare_instance, write_workspace
from clawtrain_assets.instance.up import run_up
from clawtrain_tests.instance_families import family, gone_within

POOLS = {"judge": 1, "candidate": 1, "embedded": 1}


def limits(home: Path) -> dict[str, int]:
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        return {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}


class TestPrepareInstance:
    def test_writes_an_instance_that_dagster_opens(self, tmp_path: Path) -> None:
        directory = prepare_instance(tmp_path / "home", POOLS)

        assert directory == tmp_path / "home" / "dagster"
        with dg.DagsterInstance.from_config(str(directory)) as instance:
            assert not instance.telemetry_enabled
            assert not instance.nux_enabled
            assert instance.run_monitoring_enabled
            assert instance.run_monitoring_max_runtime_seconds > 0
            assert instance.run_retries_enabled
            assert not instance.run_retries_max_retries > 1

    def test_limits_every_pool_before_the_first_run(self, tmp_path: Path) -> None:
        prepare_instance(tmp_path, POOLS)
        assert limits(tmp_path) == POOLS

    def test_keeps_a_limit_that_the_user_chose(self, tmp_path: Path) -> None:
        directory = prepare_instance(tmp_path, POOLS)
        with dg.DagsterInstance.from_config(str(directory)) as instance:
            instance.event_log_storage.set_concurrency_slots("judge", 3)
        prepare_instance(tmp_path, {**POOLS, "second": 1})
        assert limits(tmp_path) == {**POOLS, "judge": 3, "second": 1}

    def test_keeps_a_configuration_that_the_user_changed(self, tmp_path: Path) -> None:
        config = prepare_instance(tmp_path, POOLS) / "dagster.yaml"
        edited = config.read_text().replace("max_concurrent_runs: 4", "max_concurrent_runs: 9")
        config.write_text(edited)
        prepare_instance(tmp_path, POOLS)
        assert config.read_text() == edited

    def test_renews_an_older_configuration_of_ours(self, tmp_path: Path) -> None:
        config = prepare_instance(tmp_path, POOLS) / "dagster.yaml"
        current = config.read_text()
        body = "telemetry: {enabled: false}\n"
        sealing = "printf %s \"$0\" | sha256sum | cut -d' ' -f1"
        digest = subprocess.run(
            ["sh", "-c", sealing, body], capture_output=True, check=True, text=True
        ).stdout.strip()
        config.write_text(f"# clawtrain-sha256: {digest}\n{body}")
        prepare_instance(tmp_path, POOLS)
        assert config.read_text() == current

    def test_is_for_the_owner_alone(self, tmp_path: Path) -> None:
        directory = prepare_instance(tmp_path / "home", POOLS)
        for path in (tmp_path / "home", directory):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "dagster.yaml").stat().st_mode) == 0o600

    def test_says_what_is_wrong_with_a_broken_configuration(self, tmp_path: Path) -> None:
        config = prepare_instance(tmp_path, POOLS) / "dagster.yaml"
        config.write_text("telemetry: {enabledd: false}\n")
        with pytest.raises(ClawtrainError, match=r"dagster\.yaml"):
            prepare_instance(tmp_path, POOLS)


def test_the_workspace_names_this_interpreter_and_location(tmp_path: Path) -> None:
    workspace = yaml.safe_load(write_workspace(tmp_path).read_text())
    (location,) = workspace["load_from"]
    assert location["python_module"]["module_name"] == "clawtrain_assets.definitions"
    assert location["python_module"]["location_name"] == "clawtrain"
    assert location["python_module"]["executable_path"] == sys.executable


class TestLeash:
    """Held: a shell and the child it would leave behind."""

    def start(self, home: Path, script: str) -> subprocess.Popen[bytes]:
        leash = subprocess.Popen(
            [sys.executable, "-m", "clawtrain_assets.instance.leash", "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "CLAWTRAIN_HOME": str(home)},
            start_new_session=True,
        )
        assert leash.stdout is not None
        assert select.select([leash.stdout], [], [], 20)[0]
        assert leash.stdout.readline() == b"ready\n"
        return leash

    def test_ends_the_children_of_a_command_that_ends(self, tmp_path: Path) -> None:
        leash = self.start(tmp_path, "sleep 300 & echo ready; exit 7")
        assert leash.wait(10) == 7
        assert gone_within(tmp_path, 5)

    def test_ends_the_family_when_its_parent_closes_the_input(self, tmp_path: Path) -> None:
        leash = self.start(tmp_path, "trap 'exit 3' INT; sleep 300 & echo ready; wait")
        assert len(family(tmp_path)) == 3
        assert leash.stdin is not None
        leash.stdin.close()
        assert leash.wait(10) == 3
        assert gone_within(tmp_path, 5)

    def test_ends_the_family_when_its_parent_is_killed(self, tmp_path: Path) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, "trap 'exit 3' INT; sleep 300 & echo ready; wait"],
            stdout=subprocess.PIPE,
            env={**os.environ, "CLAWTRAIN_HOME": str(tmp_path)},
        )
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert len(family(tmp_path)) == 4
        parent.kill()
        parent.wait()
        assert gone_within(tmp_path, 10)

    def test_interrupts_a_command_started_where_interrupts_are_ignored(
        self, tmp_path: Path
    ) -> None:
        leash = subprocess.Popen(
            [
                "sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable,
                "-m", "clawtrain_assets.instance.leash", "sh", "-c", "echo ready; exec sleep 300",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "CLAWTRAIN_HOME": str(tmp_path)},
        )  # fmt: skip
        assert leash.stdout is not None
        assert leash.stdout.readline() == b"ready\n"
        assert leash.stdin is not None
        leash.stdin.close()
        leash.wait(10)
        assert gone_within(tmp_path, 5)


PARENT = """
import subprocess, sys
leash = [sys.executable, "-m", "clawtrain_assets.instance.leash", "sh", "-c", sys.argv[1]]
subprocess.Popen(leash, stdin=subprocess.PIPE, start_new_session=True).wait()
"""
UP = """
import sys
from pathlib import Path
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.instance.prepare import write_workspace
from clawtrain_assets.instance.up import run_up

home = Path(sys.argv[1])
try:
    run_up(home, int(sys.argv[2]), write_workspace(home, sys.argv[3], working_directory=home))
except ClawtrainError as error:
    sys.exit(str(error))
"""
DEFINITIONS = """
import dagster as dg

@dg.asset
def one():
    return 1

defs = dg.Definitions(assets=[one])
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def up(home: Path, port: int, module: str) -> subprocess.Popen[str]:
    prepare_instance(home, POOLS)
    return subprocess.Popen(
        [sys.executable, "-c", UP, str(home), str(port), module],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def daemons(address: str) -> dict[str, bool]:
    query = "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"
    reply = httpx.post(f"{address}/graphql", json={"query": query}, timeout=30).json()
    statuses = reply["data"]["instance"]["daemonHealth"]["allDaemonStatuses"]
    return {status["daemonType"]: bool(status["healthy"]) for status in statuses}


@pytest.mark.slow
class TestUp:
    def test_serves_until_interrupted_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        (tmp_path / "small_definitions.py").write_text(DEFINITIONS)
        port = free_port()
        process = up(tmp_path, port, "small_definitions")
        assert process.stdout is not None
        address = f"http://127.0.0.1:{port}"
        assert address in process.stdout.readline()
        deadline = time.monotonic() + 30
        while not daemons(address).get("SCHEDULER"):
            assert time.monotonic() < deadline
            time.sleep(0.3)

        process.send_signal(signal.SIGINT)

        _, errors = process.communicate(timeout=40)
        assert process.returncode == 0, errors
        assert not family(tmp_path)

    def test_names_the_error_of_definitions_that_do_not_load(self, tmp_path: Path) -> None:
        (tmp_path / "broken_definitions.py").write_text("import no_such_package\n")
        process = up(tmp_path, free_port(), "broken_definitions")
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1
        assert errors.count("\n") == 1
        assert "No module named 'no_such_package'" in errors
        assert not family(tmp_path)

    def test_refuses_a_port_that_is_taken(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(UsageError, match=f"Port {port} .*--port"):
                run_up(tmp_path, port, tmp_path / "workspace.yaml")
        assert not family(tmp_path)
