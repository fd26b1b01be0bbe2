"""One host of a fleet: its connections, one request at a time on each, and whether it lives."""

import asyncio
import time
from typing import Any

import httpcore
import httpx
import msgspec

from clawtrain_assets.core.endpoints.trouble import Trouble, raise_for_status
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.endpoints.wire import Dialect
from clawtrain_assets.settings import Endpoint


def requests_at_once(slots: int) -> int:
    """What a host with so many slots is given to work on and to queue."""
    return slots + 1 + slots // 8


class Host:
    """A server and its connections, each in a pool of its own.

    One pool for all of them would scan itself for every request, which at 64 connections costs
    more than the request. Questions go through httpcore, which costs a third less than httpx
    around it; what is asked rarely goes through httpx. Some requests beyond the slots wait in the
    server's queue, so that no slot idles while an answer travels: one, and one more for every
    eight slots, because many slots come free in the same moment.
    """

    def __init__(
        self, url: str, endpoint: Endpoint, dialect: Dialect, alive_every_s: float
    ) -> None:
        self.url = url
        self.down_since: float | None = None
        self._endpoint = endpoint
        self._dialect = dialect
        self._alive_every_s = alive_every_s
        key = endpoint.api_key
        self._headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {key}"} if key else {}
        )
        self._chat_url = httpcore.URL(url + dialect.chat_path)
        self._chat_headers = httpx.Headers(
            {"Host": httpx.URL(url).netloc.decode(), **self._headers}
        ).raw
        self._idle = [_connection() for _ in range(requests_at_once(endpoint.slots))]
        self._prober = self._client()
        self._probe: asyncio.Task[bool] | None = None

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url,
            # Proxy settings are meant for the web, not for a machine on the desk.
            trust_env=False,
            # Loading the certificate store takes 25 ms, wasted on plain HTTP.
            verify=self.url.startswith("https:"),
            timeout=httpx.Timeout(None, connect=self._endpoint.connect_timeout_s),
            headers=self._headers,
        )

    @property
    def free(self) -> int:
        """Requests it can take now."""
        return 0 if self.down_since is not None else len(self._idle)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self._prober.aclose()
        for connection in self._idle:
            await connection.aclose()

    async def identity(self) -> ModelIdentity:
        """Raises Trouble if nothing answers, EndpointError if it lacks the model."""
        try:
            async with asyncio.timeout(self._endpoint.connect_timeout_s * 2):
                return await self._dialect.identity(self._endpoint, self.url, self._prober)
        except (httpx.TransportError, TimeoutError) as error:
            raise Trouble("gone", f"{self.url} does not answer") from error
        except (ValueError, AttributeError) as error:
            raise EndpointError(
                "bad_endpoint",
                f"{self.url} does not speak {self._endpoint.protocol}: check hosts and protocol "
                "of the endpoint.",
                item_fault=False,
            ) from error

    async def alive(self) -> bool:
        """Whether the server answers anything at all within the connect timeout.

        Those who ask while a probe is under way share its answer.
        """
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._answers())
        return await asyncio.shield(self._probe)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(self._endpoint.connect_timeout_s):
                return (await self._prober.get(self._dialect.alive_path)).status_code < 500
        except (httpx.TransportError, TimeoutError):
            return False

    async def chat(self, request: ChatRequest) -> ChatReply:
        """One attempt; raises Trouble for what may pass, EndpointError for what will not."""
        connection = self._idle.pop()
        try:
            return await self._attempt(connection, request)
        finally:
            self._idle.append(connection)

    async def _attempt(
        self, connection: httpcore.AsyncConnectionPool, request: ChatRequest
    ) -> ChatReply:
        body = msgspec.json.encode(self._dialect.payload(self._endpoint, request))
        started = time.perf_counter()
        sent = asyncio.create_task(
            connection.request(
                "POST",
                self._chat_url,
                headers=[*self._chat_headers, (b"Content-Length", b"%d" % len(body))],
                content=body,
                extensions={"timeout": {"connect": self._endpoint.connect_timeout_s}},
            )
        )
        try:
            response = await self._wait(sent, started)
        except httpcore.ConnectError as error:
            raise Trouble("gone", f"{self.url} refuses connections") from error
        except httpcore.ConnectTimeout as error:
            raise Trouble("gone", f"{self.url} does not answer") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            if await self.alive():
                raise Trouble("broken", f"{self.url} dropped the connection") from error
            raise Trouble("lost", f"{self.url} went away") from error
        finally:
            if not sent.done():  # closes the connection, which makes the server stop working
                sent.cancel()
                await asyncio.wait([sent])
        latency_s = time.perf_counter() - started
        data = _decode(response.content)
        raise_for_status(
            response.status,
            self._dialect.error_text(data)
            or ("" if data is not None else response.content.decode(errors="replace")),
            self.url,
            self._endpoint.model,
            self._dialect.missing(self._endpoint, self.url),
        )
        if not isinstance(data, dict):
            raise EndpointError(
                "bad_endpoint",
                f"{self.url} answers, but not in the configured protocol: check hosts and "
                "protocol of the endpoint.",
                item_fault=False,
            )
        return self._dialect.reply(data, latency_s, self.url)

    async def _wait(
        self, sent: "asyncio.Task[httpcore.Response]", started: float
    ) -> httpcore.Response:
        """A long silence is work or death: the server is asked now and then whether it lives."""
        while True:
            left_s = self._endpoint.total_timeout_s - (time.perf_counter() - started)
            if left_s <= 0:
                raise Trouble(
                    "timeout", f"{self.url} took over {self._endpoint.total_timeout_s:g} s"
                )
            done, _ = await asyncio.wait([sent], timeout=min(left_s, self._alive_every_s))
            if done:
                return sent.result()
            if not await self.alive() and not await self.alive() and not sent.done():
                raise Trouble("lost", f"{self.url} stopped answering")


def _connection() -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(max_connections=1, max_keepalive_connections=1)


def _decode(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
