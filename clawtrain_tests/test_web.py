import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.instance.prepare import dagster_home, prepare_instance, write_workspace
from clawtrain_assets.web import Guard, serve

JSON = {"content-type": "application/json"}
HERE = {"host": "127.0.0.1:3000"}


async def reached(_request: object) -> PlainTextResponse:
    return PlainTextResponse("reached")


async def socket_reached(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("reached")
    await websocket.close()


@pytest.fixture
def guarded() -> TestClient:
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    routes = [
        WebSocketRoute("/graphql", socket_reached),
        Route("/{path:path}", reached, methods=methods),
    ]
    return TestClient(Guard(Starlette(routes=routes)))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "LOCALHOST", "localhost:8080"],
)
def test_loopback_names_are_answered(guarded: TestClient, host: str) -> None:
    assert guarded.get("/runs", headers={"host": host}).text == "reached"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:3000", "localhost.evil.example", "localhost:3000x",
     "10.0.0.7:3000", "user@localhost", "", "127.0.0.1:3000, evil.example"],
)  # fmt: skip
def test_other_names_are_refused(guarded: TestClient, host: str) -> None:
    assert guarded.get("/runs", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/%67raphql"])
def test_a_graphql_query_in_the_address_is_refused(guarded: TestClient, path: str) -> None:
    for method in ("GET", "HEAD"):
        reply = guarded.request(method, f"{path}?query=mutation{{x}}", headers=HERE)
        assert reply.status_code == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_methods_the_ui_never_uses_are_refused(guarded: TestClient, method: str) -> None:
    assert guarded.request(method, "/graphql", headers=HERE).status_code == 405


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/graphql",
     "text/plain; application/json", "application/jsonp", "multipart/x; a=application/json"],
)  # fmt: skip
def test_a_post_that_needs_no_preflight_is_refused(guarded: TestClient, kind: str | None) -> None:
    headers = HERE if kind is None else {**HERE, "content-type": kind}
    assert guarded.post("/graphql", headers=headers, content=b"{}").status_code == 415


@pytest.mark.parametrize(
    ("name", "value"),
    [("origin", "http://evil.example"), ("origin", "null"), ("origin", "http://localhost:3000"),
     ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site"),
     ("sec-fetch-site", "same-site")],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/graphql", "/report_asset_materialization/scored_turns"])
def test_changes_asked_by_other_sites_are_refused(
    guarded: TestClient, name: str, value: str, path: str
) -> None:
    reply = guarded.post(path, headers={**HERE, **JSON, name: value}, content=b"{}")
    assert reply.status_code == 403


def test_the_ui_and_local_tools_may_post_json(guarded: TestClient) -> None:
    browser = {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}
    kind = {"content-type": "application/json; charset=utf-8"}
    for headers in ({**HERE, **kind, **browser}, {**HERE, **JSON}):
        assert guarded.post("/graphql", headers=headers, content=b"{}").text == "reached"
    bare = guarded.post("/report_asset_check/phase5_gate?passed=true", headers=HERE)
    assert bare.text == "reached"


def test_websockets_are_held_to_host_and_origin(guarded: TestClient) -> None:
    own = {**HERE, "origin": "http://127.0.0.1:3000"}
    with guarded.websocket_connect("/graphql", headers=own) as session:
        assert session.receive_text() == "reached"
    for bad in ({"host": "evil.example"}, {**HERE, "origin": "http://evil.example"}):
        with (
            pytest.raises(WebSocketDisconnect),
            guarded.websocket_connect("/graphql", headers=bad),
        ):
            pass


def test_pages_cannot_be_framed(guarded: TestClient) -> None:
    assert guarded.get("/", headers=HERE).headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.11.150", "::", "example.org"])
def test_an_address_others_can_reach_is_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ssh -L"):
        serve(tmp_path / "workspace.yaml", host, 3000)


def test_without_an_instance_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with pytest.raises(UsageError, match="clawtrain up"):
        serve(tmp_path / "workspace.yaml", "127.0.0.1", 3000)


DEFINITIONS = """
import dagster as dg

@dg.asset
def one():
    return 1

@dg.schedule(cron_schedule="0 3 * * *", job_name="all_assets", name="nightly")
def nightly():
    return {}

defs = dg.Definitions(
    assets=[one], jobs=[dg.define_asset_job("all_assets")], schedules=[nightly]
)
"""
SELECTOR = (
    '{repositoryLocationName: "clawtrain", repositoryName: "__repository__", '
    'scheduleName: "nightly"}'
)
START = f"mutation {{ startSchedule(scheduleSelector: {SELECTOR}) {{ __typename }} }}"
STATUS = (
    f"{{ scheduleOrError(scheduleSelector: {SELECTOR}) "
    "{ ... on Schedule { scheduleState { status } } } }"
)


class Server:
    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.port = port

    def post(self, query: str, **headers: str) -> httpx.Response:
        return httpx.post(
            f"{self.address}/graphql", json={"query": query}, headers=headers, timeout=60
        )

    def schedule_status(self) -> str:
        found = self.post(STATUS).json()["data"]["scheduleOrError"]
        status: str = found["scheduleState"]["status"]
        return status


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    (home / "small_definitions.py").write_text(DEFINITIONS)
    prepare_instance(home, {})
    workspace = write_workspace(home, "small_definitions", working_directory=home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "clawtrain_assets.web", str(workspace), "--port", str(port)],
        env={**os.environ, "DAGSTER_HOME": str(dagster_home(home))},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        process_group=0,
    )
    running = Server(port)
    try:
        _await_location(process, running)
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(15) == 0
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _await_location(process: subprocess.Popen[bytes], running: Server) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            running.schedule_status()
        except (httpx.TransportError, KeyError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the web server did not load the definitions")


@pytest.mark.slow
class TestTheRealServer:
    def test_serves_the_ui(self, server: Server) -> None:
        page = httpx.get(f"{server.address}/asset-groups")
        assert page.status_code == 200
        assert "<title>Dagster</title>" in page.text or "dagster" in page.text.lower()

    def test_refuses_a_mutation_by_get(self, server: Server) -> None:
        reply = httpx.get(f"{server.address}/graphql", params={"query": START})
        assert reply.status_code == 405
        assert server.schedule_status() == "STOPPED"

    def test_refuses_another_host_and_another_origin(self, server: Server) -> None:
        assert server.post(START, host="evil.example").status_code == 400
        assert server.post(START, origin="http://evil.example").status_code == 403
        assert server.schedule_status() == "STOPPED"

    def test_carries_out_a_mutation_of_its_own_page(self, server: Server) -> None:
        reply = server.post(START, origin=server.address)
        assert reply.json()["data"]["startSchedule"]["__typename"] == "ScheduleStateResult"
        assert server.schedule_status() == "RUNNING"

    def test_refuses_an_event_reported_by_another_site(self, server: Server) -> None:
        path = f"{server.address}/report_asset_materialization/one"
        assert httpx.post(path, headers={"origin": "http://evil.example"}).status_code == 403
        assert httpx.post(path, timeout=30).status_code == 200

    def test_serves_subscriptions_over_its_websocket(self, server: Server) -> None:
        query = 'subscription { pipelineRunLogs(runId: "none") { __typename } }'
        with connect(
            f"ws://127.0.0.1:{server.port}/graphql",
            origin=server.address,  # type: ignore[arg-type]
            subprotocols=[Subprotocol("graphql-ws")],
        ) as session:
            session.send(json.dumps({"type": "connection_init"}))
            assert json.loads(session.recv(10))["type"] == "connection_ack"
            session.send(json.dumps({"type": "start", "id": "1", "payload": {"query": query}}))
            answer = json.loads(session.recv(10))
        kind = answer["payload"]["data"]["pipelineRunLogs"]["__typename"]
        assert kind == "PipelineRunLogsSubscriptionFailure"

    def test_refuses_the_websocket_of_another_site(self, server: Server) -> None:
        with pytest.raises(InvalidStatus) as refused:
            connect(
                f"ws://127.0.0.1:{server.port}/graphql",
                origin="http://evil.example",  # type: ignore[arg-type]
            )
        assert refused.value.response.status_code == 403
