"""PostgreSQL, Redis and an S3 server as processes of a test: on loopback, in directories of theirs.

A program that is not installed fails the test with a sentence that says what to install.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pytest

_START_S = 60.0
_POSTGRES_DIRECTORIES = (*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(true: Callable[[], bool], what: str, limit_s: float = _START_S) -> None:
    """Wait for a condition; the test fails when it does not come."""
    deadline = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come within {limit_s:.0f} s")
        time.sleep(0.1)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name: str, package: str, directories: Sequence[Path] = ()) -> str:
    path = os.pathsep.join([*map(str, directories), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.fail(f"{name} is not installed: `apt-get install {package}` (Debian), then repeat.")
    return found


class Service:
    """A server in a process of its own, with a temporary directory and a free port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix=f"clawtrain-{type(self).__name__.lower()}-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd=self.directory, **self.account
            )
        until(lambda: self._answers(), f"{type(self).__name__} on port {self.port}")

    @property
    def account(self) -> dict[str, int]:
        return {}

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail((self.directory / "log").read_text(errors="replace")[-2000:])
        return accepts(self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None


class ObjectStore(Service):
    """moto's S3 server: the protocol and its rules over HTTP, objects in its memory."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    @property
    def environment(self) -> dict[str, str]:
        """What botocore, and with it s3fs, reads; the keys are invented."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def new_bucket(self) -> str:
        import s3fs

        name = f"test-{uuid.uuid4().hex}"
        s3fs.S3FileSystem(endpoint_url=self.environment["AWS_ENDPOINT_URL"]).mkdir(name)
        return f"s3://{name}"


class Redis(Service):
    def command(self) -> list[str]:
        server = program("redis-server", "redis-server")
        return [server, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", "."]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class Postgres(Service):
    """A PostgreSQL server; run as its own user when the tests are root's, as it demands."""

    def __init__(self) -> None:
        super().__init__()
        self._data = self.directory / "data"

    @property
    def account(self) -> dict[str, int]:
        if os.getuid() != 0:
            return {}
        try:
            entry = pwd.getpwnam("postgres")
        except KeyError:
            pytest.fail("There is no user postgres to run the server as: install postgresql.")
        return {"user": entry.pw_uid, "group": entry.pw_gid}

    def __enter__(self) -> Self:
        if account := self.account:
            os.chown(self.directory, account["user"], account["group"])
        initdb = program("initdb", "postgresql", _POSTGRES_DIRECTORIES)
        command = [initdb, "-D", str(self._data), "-U", "clawtrain", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*command, "--locale=C"], check=True, capture_output=True, cwd="/", **self.account
        )
        return super().__enter__()

    def command(self) -> list[str]:
        server = program("postgres", "postgresql", _POSTGRES_DIRECTORIES)
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.directory),
            "max_connections": "200",
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [server, "-D", str(self._data), "-p", str(self.port), *given]

    def _answers(self) -> bool:
        """The port opens before the server takes connections."""
        import psycopg2

        if not super()._answers():
            return False
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def connect(self, database: str):  # type: ignore[no-untyped-def]
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="clawtrain", dbname=database
        )
        connection.autocommit = True
        return connection

    @property
    def tables(self) -> Path:
        """Where the tables' files are."""
        return self._data / "base"

    def new_database(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        connection = self.connect("postgres")
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return name

    def url(self, database: str) -> str:
        return f"postgresql+psycopg2://clawtrain@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """A fast shutdown: connections are cut."""
        if self._process is not None:
            self._process.send_signal(2)
            self._process.wait(60)
            self._process = None
