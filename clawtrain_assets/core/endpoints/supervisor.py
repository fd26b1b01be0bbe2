"""Looks after the hosts of a fleet: who is down, who rests, who may be tried again."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from clawtrain_assets.core.endpoints.host import Host
from clawtrain_assets.core.endpoints.trouble import Trouble
from clawtrain_assets.core.endpoints.turns import Turns
from clawtrain_assets.core.endpoints.types import EndpointError, ModelIdentity

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
    verify_every_s: float = 60.0  # whether hosts still hold the build they began with
    attempts: int = 3  # for a request that breaks on a living host
    in_a_row: int = 3  # failures without a success between: the host rests, the run ends


PATIENCE = Patience()


class Supervisor:
    """Tasks beside the requests. ``identity`` is what hosts must have, once it is known."""

    def __init__(self, hosts: Sequence[Host], turns: Turns, patience: Patience, model: str) -> None:
        self.identity: ModelIdentity | None = None
        self._hosts = hosts
        self._turns = turns
        self._patience = patience
        self._model = model
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        for host in self._hosts:
            self._add(host.watch(self._patience.alive_every_s))
        self._add(self._watch())
        self._add(self._verify())

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _add(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def failed(self, host: Host) -> None:
        """Too often in a row: let it rest, twice as long each time, then try it with one request.

        The only host at work is spared: requests that fail there pause by themselves.
        """
        host.failures += 1
        too_many = host.failures - self._patience.in_a_row
        if too_many >= 0 and self._turns.elsewhere({host}):
            host.room.on_trial()
            rest_s = self._patience.first_pause_s * 2.0 ** min(too_many, 30)
            self.rest(host, min(rest_s, self._patience.loading_s))

    def rest(self, host: Host, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        host.rests_until = loop.time() + seconds
        loop.call_at(host.rests_until, self._turns.hand_out)

    def put_down(self, host: Host) -> None:
        if host.down_since is not None:
            return
        host.down_since = asyncio.get_running_loop().time()
        self._add(self._recover(host))

    def pause_s(self, attempt: int) -> float:
        """Doubling, with jitter so that requests that failed together do not return together."""
        longest = self._patience.first_pause_s * 2.0 ** (attempt - 1)
        return min(longest, self._patience.longest_pause_s) * random.uniform(0.5, 1.0)

    def unreachable(self) -> EndpointError:
        hosts = ", ".join(host.url for host in self._hosts)
        return next((host.unfit for host in self._hosts if host.unfit), None) or EndpointError(
            "unreachable",
            f"No host of {self._model} answers ({hosts}): start the model server or "
            "correct hosts, then start again; everything answered is saved.",
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
                self._turns.end(self.unreachable())

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

    async def _verify(self) -> None:
        """Now and then: a model pulled anew must not answer in the name of the old one."""
        while True:
            await asyncio.sleep(self._patience.verify_every_s)
            for host in self._hosts:
                if host.down_since is None and not await self._fit(host) and host.unfit is not None:
                    self.put_down(host)
                    for call in list(host.calls):
                        call.end(Trouble("gone", f"{host.url} holds another build now"))

    async def _recover(self, host: Host) -> None:
        """Probe a host that is down, ever more rarely, until it is fit for a trial."""
        probes = 0
        while True:
            probes += 1
            await asyncio.sleep(self.pause_s(probes))
            if await self._fit(host):
                host.down_since = None
                host.room.on_trial()
                self._turns.hand_out()
                return

    async def _fit(self, host: Host) -> bool:
        """Whether it answers, with the model that all answers of this fleet are filed under."""
        known = self.identity
        if known is None:
            return await host.alive()
        try:
            found = await host.identity()
        except Trouble:
            host.unfit = None
            return False
        except EndpointError as error:
            host.unfit = error
            return False
        if (found.model, found.digest) == (known.model, known.digest):
            host.unfit = None
            return True
        host.unfit = EndpointError(
            "model_differs",
            f"{host.url} has another build of {self._model} than at the start: start again, "
            "then all answers come from that one; what the other one answered is saved.",
            item_fault=False,
        )
        return False
