"""One host of a fleet: its connections, one request at a time on each, and whether it lives."""

import asyncio
import time
from typing import Any

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


class Host:
    """A server and ``slots + 1`` connections to it, each in an httpx client of its own.

    One pool for all of them would scan itself for every request, which at 64 connections costs
    more than the request. The one beyond the slots waits in the server's queue, so that no slot
    idles while an answer travels.
    """

    def __init__(
        self, url: str, endpoint: Endpoint, dialect: Dialect, alive_every_s: float
    ) -> None:
        self.url = url
        self.down_since: float | None = None
        self._endpoint = endpoint
        self._dialect = dialect
        self._alive_every_s = alive_every_s
        self._idle = [self._client() for _ in range(endpoint.slots + 1)]
        self._prober = self._client()
        self._probe: asyncio.Task[bool] | None = None

    def _client(self) -> httpx.AsyncClient:
        key = self._endpoint.api_key
        return httpx.AsyncClient(
            base_url=self.url,
            # Proxy settings are meant for the web, not for a machine on the desk.
            trust_env=False,
            # Loading the certificate store takes 25 ms, wasted on plain HTTP.
            verify=self.url.startswith("https:"),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=httpx.Timeout(None, connect=self._endpoint.connect_timeout_s),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {key}"} if key else {}),
        )

    @property
    def free(self) -> int:
        """Requests it can take now."""
        return 0 if self.down_since is not None else len(self._idle)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        for client in (*self._idle, self._prober):
            await client.aclose()

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
        client = self._idle.pop()
        try:
            return await self._attempt(client, request)
        finally:
            self._idle.append(client)

    async def _attempt(self, client: httpx.AsyncClient, request: ChatRequest) -> ChatReply:
        body = msgspec.json.encode(self._dialect.payload(self._endpoint, request))
        started = time.perf_counter()
        sent = asyncio.create_task(client.post(self._dialect.chat_path, content=body))
        try:
            response = await self._wait(sent, started)
        except httpx.ConnectError as error:
            raise Trouble("gone", f"{self.url} refuses connections") from error
        except httpx.ConnectTimeout as error:
            raise Trouble("gone", f"{self.url} does not answer") from error
        except httpx.TransportError as error:
            if await self.alive():
                raise Trouble("broken", f"{self.url} dropped the connection") from error
            raise Trouble("lost", f"{self.url} went away") from error
        finally:
            if not sent.done():  # closes the connection, which makes the server stop working
                sent.cancel()
                await asyncio.wait([sent])
        latency_s = time.perf_counter() - started
        data = _decode(response)
        raise_for_status(
            response.status_code,
            self._dialect.error_text(data) or ("" if data is not None else response.text),
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

    async def _wait(self, sent: "asyncio.Task[httpx.Response]", started: float) -> httpx.Response:
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


def _decode(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return None
