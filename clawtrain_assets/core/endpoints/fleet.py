"""Hosts behind one endpoint: keeps them full, moves work off a dead one, knows when to give up."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from clawtrain_assets.core.endpoints.host import Host
from clawtrain_assets.core.endpoints.trouble import Trouble
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.endpoints.wire import Dialect
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.settings import Endpoint


@dataclass(frozen=True)
class Patience:
    """How long to bear with a host; seconds. Together they end a dead fleet within a minute."""

    alive_every_s: float = 15.0  # silence of a request after which the host is probed
    give_up_s: float = 20.0  # all hosts down for so long: the run ends
    busy_s: float = 300.0  # a host that answers "later" is alive; a large model loads slowly
    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0
    attempts: int = 3  # for a request that breaks on a living host
    broken_in_a_row: int = 3  # requests given up without a success between: the host is sick


class HostFleet:
    """All hosts of one endpoint (see ``types.Fleet``).

    A host that is gone takes no requests until a probe finds it alive again; the others take
    over. A request that breaks, times out or is rejected is that item's failure, unless several
    in a row end so: then the endpoint is sick and the run ends.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Dialect,
        *,
        patience: Patience = Patience(),
        small: bool = False,
    ) -> None:
        if not endpoint.hosts:
            raise UsageError(f"No host is set for {endpoint.model}: name at least one in hosts.")
        self.slots = endpoint.slots * len(endpoint.hosts)
        self.context_tokens = endpoint.context_tokens
        self.max_output_tokens = endpoint.max_output_tokens
        self.small = small
        self.options = (
            f"{endpoint.protocol} num_ctx={endpoint.context_tokens} think={endpoint.think} "
            f"num_predict<={endpoint.max_output_tokens}"
        )
        self._endpoint = endpoint
        self._dialect = dialect
        self._patience = patience
        self._hosts: list[Host] = []
        self._changed = asyncio.Event()
        self._recoveries: set[asyncio.Task[None]] = set()
        self._identity: ModelIdentity | None = None
        self._broken_in_a_row = 0

    async def __aenter__(self) -> Self:
        self._hosts = [
            Host(_base(url), self._endpoint, self._dialect, self._patience.alive_every_s)
            for url in self._endpoint.hosts
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for recovery in self._recoveries:
            recovery.cancel()
        await asyncio.gather(*self._recoveries, return_exceptions=True)
        for host in self._hosts:
            await host.close()

    async def identity(self) -> ModelIdentity:
        """The one model all living hosts serve; asked once per fleet."""
        if self._identity is None:
            self._identity = await self._identify()
        return self._identity

    async def _identify(self) -> ModelIdentity:
        found: dict[str, ModelIdentity] = {}
        answers = await asyncio.gather(
            *(host.identity() for host in self._hosts), return_exceptions=True
        )
        for host, answer in zip(self._hosts, answers, strict=True):
            if isinstance(answer, Trouble):
                self._put_down(host)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found[host.url] = answer
        if not found:
            raise self._unreachable()
        if len({(one.model, one.digest) for one in found.values()}) > 1:
            raise EndpointError(
                "model_differs",
                f"The hosts hold different builds of {self._endpoint.model}: pull it again on "
                f"{', '.join(found)} so that all answers come from one model.",
                item_fault=False,
            )
        return next(iter(found.values()))

    async def chat(self, request: ChatRequest) -> ChatReply:
        troubled: float | None = None
        attempts = 0
        while True:
            host = await self._free_host()
            try:
                reply = await host.chat(request)
            except Trouble as trouble:
                attempts += trouble.kind != "gone"
                troubled = troubled or time.monotonic()
                await self._bear(trouble, host, attempts, time.monotonic() - troubled)
            else:
                self._broken_in_a_row = 0
                return reply
            finally:
                self._changed.set()

    async def _bear(self, trouble: Trouble, host: Host, attempts: int, waited_s: float) -> None:
        """Return when it is worth asking again, after the due pause; else raise EndpointError."""
        if trouble.kind in ("gone", "lost"):
            self._put_down(host)
            if attempts >= self._patience.attempts:
                raise self._exhausted(trouble)
            return
        if trouble.kind == "busy":
            if waited_s > self._patience.busy_s:
                raise EndpointError(
                    "busy",
                    f"{trouble.detail} for {waited_s:.0f} s: let it finish its other work or add "
                    "a host, then start again; everything answered is saved.",
                    item_fault=False,
                )
        elif trouble.kind in ("timeout", "rejected") or attempts >= self._patience.attempts:
            raise self._exhausted(trouble)
        await asyncio.sleep(self._pause_s(attempts))

    def _exhausted(self, trouble: Trouble) -> EndpointError:
        self._broken_in_a_row += 1
        broken = trouble.kind in ("broken", "lost")
        error_class = "model_error" if broken else trouble.kind
        if self._broken_in_a_row < self._patience.broken_in_a_row:
            return EndpointError(error_class, f"{trouble.detail}.", item_fault=True)
        return EndpointError(
            "server_error" if broken else trouble.kind,
            f"{trouble.detail}, {self._broken_in_a_row} requests in a row: look at its log"
            f"{' or raise total_timeout_s' if trouble.kind == 'timeout' else ''}, then start "
            "again; everything answered is saved.",
            item_fault=False,
        )

    async def _free_host(self) -> Host:
        """The living host with most room, waited for; raises when none lives for too long."""
        while True:
            best = max(self._hosts, key=lambda host: host.free)
            if best.free:
                return best
            down = [host.down_since for host in self._hosts if host.down_since is not None]
            all_down = len(down) == len(self._hosts)
            since_s = time.monotonic() - max(down) if all_down else 0.0
            if since_s >= self._patience.give_up_s:
                raise self._unreachable()
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(
                    self._patience.give_up_s - since_s if all_down else None
                ):
                    await self._changed.wait()

    def _unreachable(self) -> EndpointError:
        hosts = ", ".join(host.url for host in self._hosts)
        return EndpointError(
            "unreachable",
            f"No host of {self._endpoint.model} answers ({hosts}): start the model server or "
            "correct hosts, then start again; everything answered is saved.",
            item_fault=False,
        )

    def _put_down(self, host: Host) -> None:
        if host.down_since is not None:
            return
        host.down_since = time.monotonic()
        recovery = asyncio.create_task(self._recover(host))
        self._recoveries.add(recovery)
        recovery.add_done_callback(self._recoveries.discard)
        self._changed.set()

    async def _recover(self, host: Host) -> None:
        """Probe a host that is down, ever more rarely, until it lives."""
        probes = 0
        while True:
            probes += 1
            await asyncio.sleep(self._pause_s(probes))
            if await host.alive():
                host.down_since = None
                self._changed.set()
                return

    def _pause_s(self, attempt: int) -> float:
        """Doubling, with jitter so that requests that failed together do not return together."""
        longest = self._patience.first_pause_s * 2.0 ** (attempt - 1)
        return min(longest, self._patience.longest_pause_s) * random.uniform(0.5, 1.0)


def _base(url: str) -> str:
    return url.rstrip("/").removesuffix("/v1")
