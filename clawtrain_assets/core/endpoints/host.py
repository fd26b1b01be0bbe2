"""One host of a fleet: its connections, what it is given, and whether it lives."""

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from clawtrain_assets.core.endpoints.room import Room
from clawtrain_assets.core.endpoints.trouble import Trouble, raise_for_status
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.endpoints.wire import Dialect, Got
from clawtrain_assets.settings import Endpoint

_REMEMBERED = 32  # answers whose longest says what is usual


def requests_at_once(endpoint: Endpoint) -> int:
    """What a host is given to work on and to queue.

    Some requests beyond the slots wait in the server's queue, so that no slot idles while an
    answer travels; half as many, because slots that began together come free together.
    """
    ahead = endpoint.queue_ahead
    return endpoint.slots + ((endpoint.slots + 1) // 2 if ahead is None else ahead)


@dataclass(eq=False)
class Call:
    """A request under way. ``end`` breaks it off with a reason."""

    started: float
    limit: asyncio.Timeout
    movable: bool  # another host may be asked instead when it takes too long
    trouble: Trouble | None = None

    def end(self, trouble: Trouble) -> None:
        if self.trouble is None and not self.limit.expired():
            self.trouble = trouble
            self.limit.reschedule(self.started)


class Host:
    """A server. Its fleet decides what it is given and counts it in ``taken``."""

    def __init__(self, url: str, endpoint: Endpoint, dialect: Dialect) -> None:
        self.url = url
        self.down_since: float | None = None
        self.rests_until = 0.0
        self.unfit: EndpointError | None = None  # why it stays down though it answers
        self.failures = 0  # in a row
        self.refusals = 0  # in a row, with nothing of ours under way
        self.taken = 0
        self.calls: set[Call] = set()
        self.room = Room(requests_at_once(endpoint))
        self._latest_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._endpoint = endpoint
        self._dialect = dialect
        self._heard = 0.0
        key = endpoint.api_key
        self._session = aiohttp.ClientSession(
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {key}"} if key else {}),
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=endpoint.connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # proxy settings are meant for the web, not for a machine on the desk
        )
        self._probe: asyncio.Task[bool] | None = None

    def at_work(self, now: float) -> bool:
        return self.down_since is None and now >= self.rests_until

    def free(self, now: float) -> int:
        """Requests it can take."""
        return max(0, self.room.now - self.taken) if self.at_work(now) else 0

    @property
    def wait_s(self) -> float:
        """About how long one more request would take; next to nothing for a host not yet tried."""
        usual_s = sum(self._latest_s) / len(self._latest_s) if self._latest_s else 1e-3
        return usual_s * math.ceil((self.taken + 1) / self._endpoint.slots)

    def _answered(self, latency_s: float) -> None:
        self.failures = self.refusals = 0
        self.room.answered()
        self._latest_s.append(latency_s)

    @property
    def longest_s(self) -> float:
        """The longest of its latest answers; 0 before the first."""
        return max(self._latest_s, default=0.0)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self._session.close()

    async def identity(self) -> ModelIdentity:
        """Raises Trouble if nothing answers, EndpointError if it lacks the model."""
        try:
            async with asyncio.timeout(self._endpoint.connect_timeout_s * 2):
                return await self._dialect.identity(self._endpoint, self.url, self._get)
        except (aiohttp.ClientError, TimeoutError) as error:
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
                got = await self._get(self._dialect.alive_path)
        except (aiohttp.ClientError, TimeoutError):
            return False
        self._heard = asyncio.get_running_loop().time()
        return got.status < 500

    async def _get(self, path: str) -> Got:
        async with self._session.get(self.url + path) as response:
            text = await response.text(errors="replace")
            return Got(response.status, text, response.headers.get("Server"))

    async def watch(self, silence_s: float) -> None:
        """For ever: after so long a silence at work, probe it; end its calls if it is dead."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(silence_s / 4)
            now = clock()
            oldest = min((call.started for call in self.calls), default=now)
            if now - max(oldest, self._heard) < silence_s:
                continue
            if not await self.alive() and not await self.alive() and self._heard < now:
                for call in self.calls:
                    call.end(Trouble("lost", f"{self.url} stopped answering"))

    async def chat(self, request: ChatRequest, *, movable: bool) -> ChatReply:
        """One attempt; raises Trouble for what may pass, EndpointError for what will not."""
        try:
            body = msgspec.json.encode(self._dialect.payload(self._endpoint, request))
            status, content, latency_s = await self._send(body, movable)
        finally:
            self.taken -= 1
        data = _decode(content)
        raise_for_status(
            status,
            self._dialect.error_text(data)
            or ("" if data is not None else content.decode(errors="replace")),
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
        try:
            reply = self._dialect.reply(data, latency_s, self.url)
        except EndpointError:  # a bad answer, not a bad host
            self._answered(latency_s)
            raise
        self._answered(latency_s)
        return reply

    async def _send(self, body: bytes, movable: bool) -> tuple[int, bytes, float]:
        """Status, content and seconds. Leaving it early closes the connection, which makes the
        server stop working on the request."""
        started = asyncio.get_running_loop().time()
        # What waits in the server's queue has the time of those before it as well.
        turns = math.ceil(self.taken / self._endpoint.slots)
        call = Call(started, asyncio.timeout(self._endpoint.total_timeout_s * turns), movable)
        try:
            async with call.limit:
                return await self._post(call, body)
        except aiohttp.ConnectionTimeoutError as error:
            raise Trouble("gone", f"{self.url} does not answer") from error
        except aiohttp.ClientConnectorError as error:
            raise Trouble("gone", f"{self.url} refuses connections") from error
        except aiohttp.ClientError as error:
            if await self.alive():
                raise Trouble("broken", f"{self.url} dropped the connection") from error
            raise Trouble("lost", f"{self.url} went away") from error
        except TimeoutError:
            took = f"{self.url} took over {self._endpoint.total_timeout_s:g} s"
            raise call.trouble or Trouble("timeout", took) from None

    async def _post(self, call: Call, body: bytes) -> tuple[int, bytes, float]:
        self.calls.add(call)
        try:
            async with self._session.post(
                self.url + self._dialect.chat_path, data=body, allow_redirects=False
            ) as response:
                content = await response.read()
        finally:
            self.calls.discard(call)
        self._heard = asyncio.get_running_loop().time()
        return response.status, content, self._heard - call.started


def _decode(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
