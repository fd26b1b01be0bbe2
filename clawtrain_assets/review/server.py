"""The review in a browser: a page on this machine alone, for whoever holds its link."""

import csv
import hmac
import io
import re
import secrets
import socket
from collections.abc import Awaitable, Callable
from importlib.resources import files

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from clawtrain_assets.core.dataset.reviews import Judgment
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.privacy.pseudonyms import OWN
from clawtrain_assets.core.schemas import SCORES
from clawtrain_assets.review.session import ReviewSession
from clawtrain_assets.settings import Settings

_LOOPBACK = "127.0.0.1"
# What the scrubber writes in place of a value, for the page to mark; the same in JavaScript.
_STAND_IN = rf"{OWN.pattern}|198\.1[89](?:\.\d{{1,3}}){{2}}|2001:db8::[0-9a-f:]+"
_BODY_LIMIT = 100_000  # bytes of a posted verdict


class _Posted(msgspec.Struct, forbid_unknown_fields=True):
    example_id: str
    verdict: Judgment
    notes: str = ""
    scores: dict[str, float] | None = None


def serve_review(
    settings: Settings,
    reviewer: str | None,
    announce: Callable[[str], None],
    port: int = 0,
    lan: bool = False,
) -> None:
    """Serve the newest release's review until interrupted; ``announce`` gets the link.

    On loopback alone, unless ``lan`` asks for this machine's address on its network as well: then
    whoever sees the link, or the traffic, which is not encrypted, can read the sample. Raises
    UsageError for an unknown reviewer, ClawtrainError without a release, without a network to be
    reached from, or if the port is taken.
    """
    session = ReviewSession.newest(settings, reviewer)
    token = secrets.token_urlsafe(24)
    address = _own_address() if lan else _LOOPBACK
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise ClawtrainError(
            f"Port {port} is not free ({error.strerror}): choose another with --port."
        ) from None
    listener.listen()  # from here on the link works: the first request waits for the server
    announce(f"http://{address}:{listener.getsockname()[1]}/?token={token}")
    config = uvicorn.Config(review_app(session, token, address), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


def _own_address() -> str:
    """This machine's IPv4 address on the network it would leave by; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address that is nobody's
        except OSError:
            raise ClawtrainError(
                "This machine is in no network: leave out --lan and open the page here."
            ) from None
        return str(probe.getsockname()[0])


def review_app(session: ReviewSession, token: str, address: str = _LOOPBACK) -> Starlette:
    """The application; every request needs ``token`` and a name of this machine as Host.

    Any port in the Host, so that the page can be reached through a forwarded one. The token comes
    in the page's link or, for everything else, in a header no other site can set; so a page from
    elsewhere can neither read examples nor give verdicts.
    """
    pages = _Pages(session)
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/api/examples", pages.examples),
            Route("/api/verdict", pages.judge, methods=["POST"]),
            Route("/api/verdicts.csv", pages.export),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard(token, address))],
    )


def _guard(
    token: str, address: str
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    names = "|".join(re.escape(name) for name in (_LOOPBACK, "localhost", address))
    host = re.compile(rf"({names})(:\d{{1,5}})?", re.IGNORECASE)

    async def guard(
        request: Request, proceed: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if not host.fullmatch(request.headers.get("host", "")):
            return PlainTextResponse("This address is not served here.", 421)
        in_link = request.query_params.get("token", "") if request.url.path == "/" else ""
        given = request.headers.get("x-review-token", in_link)
        if not hmac.compare_digest(given.encode(), token.encode()):
            return PlainTextResponse("Open the link that `clawtrain review` printed.", 403)
        response = await proceed(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return guard


class _Pages:
    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._index = {example.example_id: n for n, example in enumerate(session.examples)}

    async def page(self, request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        html = files("clawtrain_assets.review").joinpath("page.html").read_text("utf-8")
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return HTMLResponse(
            html.replace("{{nonce}}", nonce), headers={"Content-Security-Policy": policy}
        )

    async def examples(self, request: Request) -> Response:
        shown = [
            {
                "example_id": example.example_id,
                "messages": example.messages,
                "tools": example.tools,
                **self._said(index),
            }
            for index, example in enumerate(self._session.examples)
        ]
        return JSONResponse(
            {
                "release_id": self._session.release_id,
                "reviewer": self._session.reviewer,
                "score_names": SCORES,
                "stand_in_pattern": _STAND_IN,
                "examples": shown,
            }
        )

    async def judge(self, request: Request) -> Response:
        body = await request.body()
        try:
            if len(body) > _BODY_LIMIT:
                raise ValueError("it is too long")
            posted = msgspec.json.decode(body, type=_Posted)
            index = self._index[posted.example_id]
            _check(posted.scores)
        except KeyError:
            return PlainTextResponse("The example is not in this release's sample.", 404)
        except ValueError as error:
            return PlainTextResponse(f"Not a verdict: {error}.", 400)
        try:
            self._session.judge(index, posted.verdict, posted.notes, posted.scores)
        except ClawtrainError as error:
            return PlainTextResponse(str(error), 507)
        return JSONResponse(self._said(index))

    async def export(self, request: Request) -> Response:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["release", "example", "reviewer", "verdict", *SCORES, "notes", "time"])
        for index in range(len(self._session.examples)):
            given = self._session.verdict(index)
            if given:
                scores = given.scores or {}
                row = [given.release_id, given.example_id, given.reviewer, given.verdict]
                row += [str(scores.get(name, "")) for name in SCORES]
                writer.writerow([_cell(x) for x in [*row, given.notes, given.time.isoformat()]])
        return Response(out.getvalue(), media_type="text/csv; charset=utf-8")

    def _said(self, index: int) -> dict[str, object]:
        """The reviewer's own words; the judge's scores only beside the reviewer's."""
        given = self._session.verdict(index)
        scores = given.scores if given else None
        return {
            "verdict": given.verdict if given else None,
            "notes": given.notes if given else "",
            "scores": scores,
            "judge_scores": self._session.examples[index].judge_scores if scores else None,
        }


def _check(scores: dict[str, float] | None) -> None:
    if scores is None:
        return
    if set(scores) != set(SCORES) or not all(0 <= score <= 10 for score in scores.values()):
        raise ValueError("give all five scores from 0 to 10, or none")


def _cell(text: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
