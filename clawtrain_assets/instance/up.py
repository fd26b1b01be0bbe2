"""`clawtrain up`: the guarded web UI and the daemon, started together and ended together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click
import httpx

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import make_private
from clawtrain_assets.instance.prepare import dagster_home

_HOST = "127.0.0.1"
_START_LIMIT_S = 300.0  # a loaded small machine took 54 s
_STOP_LIMIT_S = 40.0  # above the leash's own limits
_LOCATIONS = """
{ workspaceOrError {
    __typename
    ... on PythonError { message }
    ... on Workspace { locationEntries {
        name loadStatus
        locationOrLoadError {
          __typename
          ... on PythonError { message causes { message } } } } } } }
"""


class _Server:
    """A server process on a leash; its output goes to a log file."""

    def __init__(self, name: str, command: Sequence[str], home: Path) -> None:
        self.name = name
        self.log = dagster_home(home) / "logs" / f"{name.replace(' ', '-')}.log"
        make_private(self.log.parent)
        environment = {
            **os.environ,
            "CLAWTRAIN_HOME": str(home),
            "DAGSTER_HOME": str(dagster_home(home)),
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        if self.log.exists():  # what it said before it ended may be why it was started again
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))
        self.log.touch(mode=0o600)
        with self.log.open("ab") as output:  # appending, so that it may be truncated meanwhile
            self.process = subprocess.Popen(
                [sys.executable, "-m", "clawtrain_assets.instance.leash", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=dagster_home(home),
                start_new_session=True,  # the terminal's Ctrl-C is for us to pass on, once
            )

    def require_alive(self) -> None:
        status = self.process.poll()
        if status is not None:
            raise ClawtrainError(
                f"The {self.name} ended by itself (status {status}): see {self.log}."
            )

    def slacken(self) -> None:
        """Closing its input tells the leash to end the server and its children."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def wait(self) -> None:
        try:
            self.process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()


def run_up(home: Path, port: int, workspace_file: Path) -> None:
    """Serve the web UI on 127.0.0.1:``port`` and run the daemon until interrupted.

    ``home`` is a CLAWTRAIN_HOME that ``prepare_instance`` made ready. Prints the address when the
    UI answers and the code location is loaded. Ctrl-C, SIGTERM and SIGHUP end everything; the
    servers end by themselves if this process is killed. Raises UsageError if the port is taken,
    ClawtrainError if the code location does not load or a server ends by itself.
    """
    _require_free(port)
    web = ["-m", "clawtrain_assets.web", str(workspace_file), "--host", _HOST, "--port", str(port)]
    daemon = ["-m", "dagster._daemon", "run", "-w", str(workspace_file), "--log-level", "warning"]
    with _interruptible(), ExitStack() as stack:
        servers: list[_Server] = []
        stack.callback(_stop, servers)
        try:
            for name, command in (("web server", web), ("daemon", daemon)):
                servers.append(_Server(name, [sys.executable, *command], home))
            address = f"http://{_HOST}:{port}"
            _await_ready(address, servers)
            click.echo(f"clawtrain is up: {address} (Ctrl-C stops it)")
            while True:
                time.sleep(0.5)
                for server in servers:
                    server.require_alive()
        except KeyboardInterrupt:
            click.echo("Stopping; runs in progress are interrupted, their answers are kept.")


def _stop(servers: Sequence[_Server]) -> None:
    for server in servers:
        server.slacken()
    for server in servers:
        server.wait()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the block as Ctrl-C does, and Ctrl-C work in background jobs."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise UsageError(
                f"Port {port} cannot be used ({error.strerror}): stop what listens there or "
                "choose another with --port."
            ) from None


def _await_ready(address: str, servers: Sequence[_Server]) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    with httpx.Client(base_url=address, timeout=30.0, trust_env=False) as client:
        while time.monotonic() < deadline:
            for server in servers:
                server.require_alive()
            if _loaded(client):
                return
            time.sleep(0.3)
    raise ClawtrainError(
        f"The web UI did not answer within {_START_LIMIT_S:.0f} s: see {servers[0].log}."
    )


def _loaded(client: httpx.Client) -> bool:
    """Whether every code location is loaded; raises ClawtrainError if one cannot be."""
    try:
        reply = client.post("/graphql", json={"query": _LOCATIONS})
    except httpx.TransportError:
        return False
    if reply.status_code != httpx.codes.OK:
        return False
    workspace = reply.json()["data"]["workspaceOrError"]
    if workspace["__typename"] == "PythonError":
        raise ClawtrainError(f"Dagster cannot read the workspace: {_first_line(workspace)}")
    entries = workspace["locationEntries"]
    for entry in entries:
        found = entry["locationOrLoadError"]
        if found is not None and found["__typename"] == "PythonError":
            raise ClawtrainError(
                f"The code location {entry['name']} does not load: {_first_line(found)} "
                "(correct that, then start again)."
            )
    return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)


def _first_line(error: dict[str, object]) -> str:
    """The first line of the innermost cause: Dagster wraps the error of the code it imports."""
    causes = error.get("causes")
    chain = [error, *(causes if isinstance(causes, list) else [])]
    return str(chain[-1]["message"]).strip().split("\n", 1)[0]
