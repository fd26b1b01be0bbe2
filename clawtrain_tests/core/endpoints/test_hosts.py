"""Several hosts behind one endpoint: who gets the work, and what becomes of a bad one's."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from clawtrain_assets.core.endpoints import ChatReply, ChatRequest, EndpointError, run_all
from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.ollama import Ollama
from clawtrain_assets.core.endpoints.room import Room
from clawtrain_assets.core.endpoints.supervisor import Patience
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.scripted_server import Running, scripted_server

QUICK = Patience(
    alive_every_s=0.2,
    give_up_s=1.0,
    loading_s=0.6,
    overdue_s=0.3,
    first_pause_s=0.02,
    longest_pause_s=0.1,
)


def fleet(servers: list[Running], slots: int = 1, **changes: Any) -> HostFleet:
    hosts = tuple(server.url for server in servers)
    values = {"connect_timeout_s": 0.5} | changes
    where = Endpoint(model="judge:1b", hosts=hosts, slots=slots, **values)
    return HostFleet(where, Ollama(), patience=QUICK)


async def ask_all(asked: HostFleet, count: int) -> list[ChatReply]:
    """Everything as a run asks it; raises what ends a run."""
    replies: list[ChatReply] = []

    async def work(item: int) -> ChatReply:
        return await asked.chat(ChatRequest([Message("user", f"item {item}")]))

    await run_all(range(count), work, asked.slots, lambda item, reply: replies.append(reply))
    return replies


def ask_together(scripts: list[dict[str, Any]], count: int, slots: int = 1) -> list[int]:
    """How many of ``count`` questions each host answered; all are answered."""
    with ExitStack() as stack:
        servers = [stack.enter_context(scripted_server(script)) for script in scripts]

        async def run() -> list[ChatReply]:
            async with fleet(servers, slots) as opened:
                return await ask_all(opened, count)

        replies = asyncio.run(run())
        answered = Counter(reply.host for reply in replies)
        assert len(replies) == count
        return [answered[server.url] for server in servers]


def test_work_flows_to_the_fast_hosts_and_away_from_those_that_fail_or_hang() -> None:
    fast = {"latency_s": 0.02, "parallel": 2}
    slow = {"latency_s": 0.4, "parallel": 2}
    broken = {"faults": [{"kind": "status:500"}]}
    hung = {"faults": [{"kind": "hang"}]}
    one, other, seldom, never, nothing = ask_together([fast, fast, slow, broken, hung], 200, 2)
    assert one > 3 * seldom
    assert other > 3 * seldom
    assert seldom > 0
    assert (never, nothing) == (0, 0)


def test_a_request_that_times_out_on_one_host_is_answered_by_another() -> None:
    with scripted_server({"faults": [{"kind": "hang"}]}) as hung, scripted_server() as good:

        async def run() -> list[ChatReply]:
            async with fleet([hung, good], total_timeout_s=0.5) as opened:
                return await ask_all(opened, 6)

        assert {reply.host for reply in asyncio.run(run())} == {good.url}


def test_a_host_that_comes_back_with_another_build_is_given_nothing() -> None:
    with scripted_server({"latency_s": 0.02}) as steady, scripted_server() as changed:

        async def run() -> list[ChatReply]:
            async with fleet([steady, changed]) as opened:
                await opened.identity()
                changed.stop()
                await ask_all(opened, 4)
                changed.script["build"] = "another"
                await asyncio.to_thread(changed.start)
                asked_before = len(changed.asked)
                replies = await ask_all(opened, 40)
                assert len(changed.asked) == asked_before
                return replies

        assert {reply.host for reply in asyncio.run(run())} == {steady.url}


def test_a_model_pulled_anew_in_the_middle_ends_the_run_instead_of_being_mixed_in() -> None:
    with scripted_server() as server:

        async def run() -> None:
            patient = replace(QUICK, verify_every_s=0.05, give_up_s=8.0)
            where = Endpoint(model="judge:1b", hosts=(server.url,))
            async with HostFleet(where, Ollama(), patience=patient) as opened:
                await opened.identity()
                await ask_all(opened, 2)
                server.stop()
                server.script["build"] = "another"
                await asyncio.to_thread(server.start)
                async with asyncio.timeout(30):
                    while True:
                        await ask_all(opened, 1)

        with pytest.raises(EndpointError, match="another build") as caught:
            asyncio.run(run())
    assert caught.value.error_class == "model_differs"


@pytest.mark.parametrize("cold", [False, True])
def test_a_server_that_does_not_queue_is_given_what_it_takes(*, cold: bool) -> None:
    """For ever, or while a model with a queue of one is being loaded."""
    script = {"latency_s": 0.05, "takes": 2, "cold": cold}
    with scripted_server(script) as server:

        async def run() -> list[ChatReply]:
            async with fleet([server], slots=8) as opened:
                return await ask_all(opened, 60)

        assert len(asyncio.run(run())) == 60
        at_once = [asked["under_way"] for asked in server.asked]
        refused = len(server.asked) - 60
    if cold:
        assert max(at_once[30:]) > 2  # once it is loaded all slots are used
        assert refused <= 12
    else:
        assert refused <= 30  # far from once per request


def test_room_is_made_smaller_by_refusals_and_grows_ever_more_rarely() -> None:
    room = Room(most=8)
    for under_way in (7, 6, 5, 4, 3, 2):
        room.refused(under_way)
    assert room.now == 2
    waits = []
    for _ in range(3):
        answers = 0
        while room.now == 2:
            room.answered()
            answers += 1
        waits.append(answers)
        room.refused(2)
    assert waits == [2, 4, 8]
    room.on_trial()
    assert room.now == 1
    for _ in range(7):
        room.answered()
    assert room.now == 8
