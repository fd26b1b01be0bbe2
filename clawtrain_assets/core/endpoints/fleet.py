"""Hosts behind one endpoint: keeps them full, moves work off a bad one, knows when to give up."""

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from clawtrain_assets.core.endpoints.host import Host
from clawtrain_assets.core.endpoints.supervisor import PATIENCE, Patience, Supervisor
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
        patience: Patience = PATIENCE,
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
        self._identity: ModelIdentity | None = None
        self._supervisor = Supervisor(self._hosts, self._turns, patience, endpoint.model)
        self._exhausted_in_a_row = 0

    async def __aenter__(self) -> Self:
        self._hosts += [
            Host(_base(url), self._endpoint, self._dialect) for url in self._endpoint.hosts
        ]
        self._supervisor.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._supervisor.stop()
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
                self._supervisor.put_down(host)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found[host.url] = answer
        if not found:
            raise self._supervisor.unreachable()
        if len({(one.model, one.digest) for one in found.values()}) > 1:
            raise EndpointError(
                "model_differs",
                f"The hosts hold different builds of {self._endpoint.model}: pull it again on "
                f"{', '.join(found)} so that all answers come from one model.",
                item_fault=False,
            )
        self._supervisor.identity = next(iter(found.values()))
        return self._supervisor.identity

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
            self._supervisor.put_down(host)
        elif trouble.kind != "rejected":
            self._supervisor.failed(host)
        elsewhere = self._turns.elsewhere(story.failed_at)
        alone = len(self._hosts) == 1
        final = trouble.kind == "rejected" or (trouble.kind == "timeout" and alone)
        if final or story.attempts >= self._patience.attempts:
            raise self._exhausted(trouble)
        return (
            self._supervisor.pause_s(story.attempts)
            if trouble.kind == "broken" and not elsewhere
            else 0.0
        )

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
        self._supervisor.rest(host, self._supervisor.pause_s(host.refusals))

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


def _base(url: str) -> str:
    return url.rstrip("/").removesuffix("/v1")
