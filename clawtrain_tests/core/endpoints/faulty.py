"""A model server that does wrong, and a fleet that is soon out of patience with it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clawtrain_assets.core.endpoints import ChatReply, ChatRequest, EndpointError, open_fleet
from clawtrain_assets.core.endpoints.supervisor import Patience
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.scripted_server import Running, scripted_server

QUICK = Patience(
    alive_every_s=0.2, give_up_s=0.6, loading_s=0.6, first_pause_s=0.02, longest_pause_s=0.1
)
QUESTION = ChatRequest(messages=[Message("user", "What now?")])


def endpoint(*hosts: str, **changes: Any) -> Endpoint:
    values = {"model": "judge:1b", "hosts": hosts, "connect_timeout_s": 0.3}
    return Endpoint(**values | changes)


def chat(
    where: Endpoint, request: ChatRequest = QUESTION, times: int = 1
) -> list[ChatReply | EndpointError]:
    """Ask ``times`` times in a row; failures are returned like replies."""

    async def run() -> list[ChatReply | EndpointError]:
        async with open_fleet(where, QUICK) as fleet:
            outcomes: list[ChatReply | EndpointError] = []
            for _ in range(times):
                try:
                    outcomes.append(await fleet.chat(request))
                except EndpointError as error:
                    outcomes.append(error)
            return outcomes

    return asyncio.run(run())


def one_error(where: Endpoint, request: ChatRequest = QUESTION) -> EndpointError:
    (outcome,) = chat(where, request)
    assert isinstance(outcome, EndpointError)
    return outcome


@contextmanager
def faulty(kind: str, **more: Any) -> Iterator[Running]:
    with scripted_server({"faults": [{"kind": kind, **more}]}) as server:
        yield server
