"""Which host takes which request, and who waits."""

import asyncio
from collections.abc import Sequence

from clawtrain_assets.core.endpoints.host import Host
from clawtrain_assets.core.endpoints.types import EndpointError


class Turns:
    """Requests wait in the order they came, but none for a host that cannot serve it better.

    A request goes to the host that will probably answer it first. One that failed at a host goes
    to another, as long as another lives.
    """

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts = hosts
        self._waiting: dict[asyncio.Future[Host], set[Host]] = {}

    async def next(self, failed_at: set[Host]) -> Host:
        """A host with room, which counts the request as taken."""
        host = None if self._waiting else self._choose(failed_at)
        if host is not None:
            host.taken += 1
            return host
        turn: asyncio.Future[Host] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = failed_at
        self.hand_out()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # given in the same moment
                turn.result().taken -= 1
                self.hand_out()
            raise
        finally:
            self._waiting.pop(turn, None)

    @property
    def full(self) -> bool:
        now = asyncio.get_running_loop().time()
        return not any(host.free(now) for host in self._hosts)

    def hand_out(self) -> None:
        """Give those who wait the hosts that have room; to be called whenever that may be so."""
        if not self._waiting or self.full:
            return
        for turn, failed_at in list(self._waiting.items()):
            host = self._choose(failed_at)
            if host is not None and not turn.done():
                host.taken += 1
                turn.set_result(host)
                del self._waiting[turn]

    def end(self, error: EndpointError) -> None:
        """Nobody need wait any longer."""
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(error)

    def elsewhere(self, failed_at: set[Host]) -> list[Host]:
        """The hosts at work that have not failed this request."""
        now = asyncio.get_running_loop().time()
        return [host for host in self._hosts if host.at_work(now) and host not in failed_at]

    def _choose(self, failed_at: set[Host]) -> Host | None:
        now = asyncio.get_running_loop().time()
        left = self.elsewhere(failed_at) if failed_at else self._hosts
        free = [host for host in left or self._hosts if host.free(now)]
        return min(free, key=lambda host: (host.wait_s, -host.free(now)), default=None)
