"""Hosts behind one endpoint: keeps them full, moves work off a bad one, knows when to give up."""

import asyncio
import random
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from clawtrain_assets.core.endpoints.host import Host
from clawtrain_assets.core.endpoints.trouble import Trouble
from clawtrain_assets.core.endpoints.turns import Turns
from clawtrain_assets.core.endpoints.types import (
    ChatReply,
    ChatRequest,
    EndpointError,
    ModelIdentity,
)
from clawtrain_assets.core.endpoints.wire import Dialect
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.settings import Endpoint

_OVERDUE_FACTOR = 5  # times the longest of a host's latest answers


@dataclass(frozen=True)
class Patience:
    """How long to bear with a host; seconds. Together they end a dead fleet within a minute."""

    alive_every_s: float = 15.0  # silence of a host at work after which it is probed
    give_up_s: float = 20.0  # all hosts down for so long: the run ends
    loading_s: float = 300.0  # a large model loads slowly: its host is busy, or silent, but lives
    overdue_s: float = 60.0  # the least time after which another host is asked instead
    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0
    attempts: int = 3  # for a request that breaks on a living host
    in_a_row: int = 3  # failures without a success between: the host rests, the run ends


@dataclass
class _Story:
    """What one request has been through."""

    attempts: int = 0
    failed_at: set[Host] = field(default_factory=set)
    busy_since: float | None = None
    movable: bool = True


class HostFleet:
    """All hosts of one endpoint (see ``types.Fleet``).

    A host that is gone takes no requests until it answers a probe, one that fails several times
    in a row takes none for a while; then it gets one on trial. The others take over. A request
    that breaks, times out or is rejected is that item's failure, unless several in a row end so:
    then the endpoint is sick and the run ends.
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
        self._turns = Turns(self._hosts)
        self._tasks: set[asyncio.Task[None]] = set()
        self._identity: ModelIdentity | None = None
        self._exhausted_in_a_row = 0

    async def __aenter__(self) -> Self:
        for url in self._endpoint.hosts:
            host = Host(_base(url), self._endpoint, self._dialect)
            self._hosts.append(host)
            self._tasks.add(asyncio.create_task(host.watch(self._patience.alive_every_s)))
        self._tasks.add(asyncio.create_task(self._watch()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for host in self._hosts:
            await host.close()

    @property
    def full(self) -> bool:
        return self._turns.full

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
        story = _Story()
        while True:
            host = await self._turns.next(story.failed_at)
            try:
                reply = await host.chat(request, movable=story.movable)
            except Trouble as trouble:
                pause_s = self._bear(trouble, host, story)
            else:
                self._exhausted_in_a_row = 0
                return reply
            finally:
                self._turns.hand_out()
            if pause_s:
                await asyncio.sleep(pause_s)

    def _bear(self, trouble: Trouble, host: Host, story: _Story) -> float:
        """Seconds after which it is worth asking again; else raises EndpointError."""
        if trouble.kind == "busy":
            self._refused(trouble, host, story)
            return 0.0
        story.failed_at.add(host)
        if trouble.kind == "overdue":
            story.movable = False  # a long answer is long everywhere
        elif trouble.kind != "gone":
            story.attempts += 1
        if trouble.kind in ("gone", "lost"):
            self._put_down(host)
        elif trouble.kind != "rejected":
            self._failed(host)
        elsewhere = self._turns.elsewhere(story.failed_at)
        alone = len(self._hosts) == 1
        final = trouble.kind == "rejected" or (trouble.kind == "timeout" and alone)
        if final or story.attempts >= self._patience.attempts:
            raise self._exhausted(trouble)
        return self._pause_s(story.attempts) if trouble.kind == "broken" and not elsewhere else 0.0

    def _refused(self, trouble: Trouble, host: Host, story: _Story) -> None:
        """The host said "later". Is it at work for us, then it does not take so much at once; is
        it busy with something else, then it is left alone for a while, but not for ever."""
        if host.taken:
            host.room.refused(host.taken)
            return
        now = asyncio.get_running_loop().time()
        story.busy_since = story.busy_since or now
        waited_s = now - story.busy_since
        if waited_s > self._patience.loading_s:
            raise EndpointError(
                "busy",
                f"{trouble.detail} for {waited_s:.0f} s: let it finish its other work or add "
                "a host, then start again; everything answered is saved.",
                item_fault=False,
            )
        host.refusals += 1
        self._rest(host, self._pause_s(host.refusals))

    def _exhausted(self, trouble: Trouble) -> EndpointError:
        self._exhausted_in_a_row += 1
        broken = trouble.kind in ("broken", "lost")
        error_class = "model_error" if broken else trouble.kind
        if self._exhausted_in_a_row < self._patience.in_a_row:
            return EndpointError(error_class, f"{trouble.detail}.", item_fault=True)
        return EndpointError(
            "server_error" if broken else trouble.kind,
            f"{trouble.detail}, {self._exhausted_in_a_row} requests in a row: look at its log"
            f"{' or raise total_timeout_s' if trouble.kind == 'timeout' else ''}, then start "
            "again; everything answered is saved.",
            item_fault=False,
        )

    async def _watch(self) -> None:
        """Move what is overdue to other hosts; end the wait for a fleet that is dead."""
        while True:
            await asyncio.sleep(self._patience.alive_every_s / 4)
            now = asyncio.get_running_loop().time()
            for host in self._hosts:
                self._move_overdue(host, now)
            down = [host.down_since for host in self._hosts if host.down_since is not None]
            if len(down) == len(self._hosts) and now - max(down) >= self._patience.give_up_s:
                self._turns.end(self._unreachable())

    def _move_overdue(self, host: Host, now: float) -> None:
        """A host that lives and does not answer must not hold up what others could do."""
        if not any(other.longest_s for other in self._turns.elsewhere({host})):
            return  # nobody has shown to be faster
        limit_s = max(self._patience.overdue_s, _OVERDUE_FACTOR * host.longest_s)
        if not host.longest_s:
            limit_s = max(limit_s, self._patience.loading_s)
        for call in list(host.calls):
            if call.movable and now - call.started > limit_s:
                call.end(Trouble("overdue", f"{host.url} takes far longer than usual"))

    def _failed(self, host: Host) -> None:
        """Too often in a row: let it rest, twice as long each time, then try it with one request.

        The only host at work is spared: requests that fail there pause by themselves.
        """
        host.failures += 1
        too_many = host.failures - self._patience.in_a_row
        if too_many >= 0 and self._turns.elsewhere({host}):
            host.room.on_trial()
            rest_s = self._patience.first_pause_s * 2.0 ** min(too_many, 30)
            self._rest(host, min(rest_s, self._patience.loading_s))

    def _rest(self, host: Host, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        host.rests_until = loop.time() + seconds
        loop.call_at(host.rests_until, self._turns.hand_out)

    def _put_down(self, host: Host) -> None:
        if host.down_since is not None:
            return
        host.down_since = asyncio.get_running_loop().time()
        recovery = asyncio.create_task(self._recover(host))
        self._tasks.add(recovery)
        recovery.add_done_callback(self._tasks.discard)

    async def _recover(self, host: Host) -> None:
        """Probe a host that is down, ever more rarely, until it is fit for a trial."""
        probes = 0
        while True:
            probes += 1
            await asyncio.sleep(self._pause_s(probes))
            if await self._fit(host):
                host.down_since = None
                host.room.on_trial()
                self._turns.hand_out()
                return

    async def _fit(self, host: Host) -> bool:
        """Whether it answers with the model that all answers of this fleet are filed under."""
        host.unfit = None
        try:
            found = await host.identity()
        except Trouble:
            return False
        except EndpointError as error:
            host.unfit = error
            return False
        known = self._identity
        if known is None or (found.model, found.digest) == (known.model, known.digest):
            return True
        host.unfit = EndpointError(
            "model_differs",
            f"{host.url} came back with another build of {self._endpoint.model}: start again, "
            "then all answers come from that one; what the other one answered is saved.",
            item_fault=False,
        )
        return False

    def _unreachable(self) -> EndpointError:
        hosts = ", ".join(host.url for host in self._hosts)
        return next((host.unfit for host in self._hosts if host.unfit), None) or EndpointError(
            "unreachable",
            f"No host of {self._endpoint.model} answers ({hosts}): start the model server or "
            "correct hosts, then start again; everything answered is saved.",
            item_fault=False,
        )

    def _pause_s(self, attempt: int) -> float:
        """Doubling, with jitter so that requests that failed together do not return together."""
        longest = self._patience.first_pause_s * 2.0 ** (attempt - 1)
        return min(longest, self._patience.longest_pause_s) * random.uniform(0.5, 1.0)


def _base(url: str) -> str:
    return url.rstrip("/").removesuffix("/v1")
