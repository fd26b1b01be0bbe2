"""The Dagster web UI behind a guard, because a loopback bind alone does not keep web pages out.

Dagster 1.13 runs mutations sent by GET, and answers whatever Host a request names: any page the
owner visits could start runs (a forged request) or read results (DNS rebinding). The guard lets
through only what the UI, and tools on the same machine, send.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path

import click
import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clawtrain_assets.core.errors import ClawtrainError, UsageError

# Any port, so that the UI can be reached through `ssh -L 8080:localhost:3000`. What another local
# server of the owner sends is stopped by its Origin, not by its Host.
_LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_UI_POLL_MS = 2_000
_SHUTDOWN_GRACE_S = 3


class Guard:
    """ASGI middleware that answers the owner's browser and local tools, and refuses web pages.

    400: the Host is not this machine's loopback name. 403: sent from another site (Origin or
    Sec-Fetch-Site). 405: GraphQL by anything but POST, or any other method that changes things.
    415: a POST that is not JSON, which a page could send without asking first (CORS "simple
    request"). Websockets are held to the first two. Answers forbid being framed (clickjacking).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            status, reason = refusal
            await PlainTextResponse(reason, status_code=status)(scope, receive, send)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    """Status and reason for a request that must not reach Dagster, or None."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _LOOPBACK_HOST.fullmatch(hosts[0]):
        return 400, "The Host header must be 127.0.0.1, localhost or [::1]."
    if scope["type"] == "websocket":
        return _foreign(headers, hosts[0])
    method, path = scope["method"], scope["path"]
    if method in _SAFE_METHODS:
        if path.rstrip("/") == "/graphql" and scope["query_string"]:
            return 405, "GraphQL is answered by POST only."
        return None
    if method != "POST":
        return 405, f"{method} is not used by this server."
    return _foreign(headers, hosts[0]) or _not_json(headers, scope)


def _foreign(headers: Headers, host: str) -> tuple[int, str] | None:
    """Browsers name the page a request comes from; tools send neither header."""
    same = {f"http://{host}".lower(), f"https://{host}".lower()}
    if any(origin.lower() not in same for origin in headers.getlist("origin")):
        return 403, "Requests from other sites are refused."
    if any(site not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")):
        return 403, "Requests from other sites are refused."
    return None


def _not_json(headers: Headers, scope: Scope) -> tuple[int, str] | None:
    """Dagster looks for "application/json" anywhere in the header; here it is the type itself."""
    kinds = [kind.split(";")[0].strip().lower() for kind in headers.getlist("content-type")]
    if kinds == ["application/json"]:
        return None
    if not kinds and scope["path"].startswith("/report_asset_"):
        return None  # these take their values from the query too
    return 415, "Send application/json."


def _unframed(send: Send) -> Send:
    async def add_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-Frame-Options"] = "DENY"
        await send(message)

    return add_header


def serve(workspace_file: Path, host: str, port: int) -> None:
    """Serve the UI for the code locations of ``workspace_file`` until interrupted.

    Uses the Dagster instance of DAGSTER_HOME. Raises UsageError for an address that other
    machines could reach (Dagster has no login) and when DAGSTER_HOME is not set.
    """
    require_loopback(host)
    _require_dagster_home(os.environ)
    # The only private names of Dagster in use: there is no public way to put a middleware around
    # the web server. Both have kept these signatures since 1.0.
    import dagster as dg
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.webserver import DagsterWebserver

    target = WorkspaceFileTarget([str(workspace_file)])
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(instance, target, version=dg.__version__) as context,
    ):
        inner = DagsterWebserver(context, live_data_poll_rate=_UI_POLL_MS).create_asgi_app()
        uvicorn.run(
            Guard(inner),
            host=host,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
        )


def require_loopback(host: str) -> None:
    """Raises UsageError unless ``host`` is an address of this machine alone."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UsageError(
            f"The web UI has no login, so it cannot be served on {host}: use 127.0.0.1 and reach "
            "it from elsewhere with `ssh -L`."
        )


def _require_dagster_home(environment: Mapping[str, str]) -> None:
    if not environment.get("DAGSTER_HOME"):
        raise UsageError("DAGSTER_HOME is not set: start the web UI with `clawtrain up`.")


@click.command()
@click.argument("workspace_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65_535))
def main(workspace_file: Path, host: str, port: int) -> None:
    """Serve the guarded Dagster web UI (`clawtrain up` starts it beside the daemon)."""
    try:
        serve(workspace_file, host, port)
    except ClawtrainError as error:
        raise click.exceptions.Exit(_say(error)) from None


def _say(error: ClawtrainError) -> int:
    click.echo(str(error), err=True)
    return error.exit_status


if __name__ == "__main__":
    main()
