"""A host that is dead, deaf or dying: when the run ends, and when others go on."""

import asyncio
import socket
import time
from dataclasses import replace
from typing import Any

import pytest

from clawtrain_assets.core.endpoints import ChatReply, ChatRequest, EndpointError
from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.ollama import Ollama
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.endpoints.faulty import QUESTION, QUICK, endpoint, faulty, one_error
from clawtrain_tests.scripted_server import scripted_server


def test_a_server_that_stays_busy_ends_the_run() -> None:
    with faulty("status:503") as server:
        error = one_error(endpoint(server.url))
    assert (error.error_class, error.item_fault) == ("busy", False)


def test_a_refused_connection_ends_the_run_with_what_to_do() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = one_error(endpoint(f"http://127.0.0.1:{unused.getsockname()[1]}"))
    assert (error.error_class, error.item_fault) == ("unreachable", False)
    assert "start the model server" in str(error)
    assert str(error).count(".\n") == 0


def test_a_server_that_accepts_and_never_answers_is_found_dead_long_before_the_timeout() -> None:
    with faulty("deaf") as server:
        started = time.monotonic()
        error = one_error(endpoint(server.url))
        assert error.error_class == "unreachable"
        assert time.monotonic() - started < 5


def test_a_host_that_dies_hands_its_work_to_the_others_and_comes_back() -> None:
    with scripted_server({"latency_s": 0.02}) as first, scripted_server() as second:

        async def run() -> set[str]:
            where = endpoint(first.url, second.url)
            async with HostFleet(where, Ollama(), patience=QUICK) as fleet:
                first.stop()
                during = await asyncio.gather(*(fleet.chat(QUESTION) for _ in range(8)))
                await asyncio.to_thread(first.start)
                async with asyncio.timeout(30):
                    while not first.asked:
                        await asyncio.gather(*(fleet.chat(QUESTION) for _ in range(4)))
                return {reply.host for reply in during}

        assert asyncio.run(run()) == {second.url}


def test_a_restart_of_the_only_host_is_survived() -> None:
    with scripted_server() as server:

        async def run() -> ChatReply:
            # A busy machine may let the new server wait for longer than QUICK bears with it.
            patient = replace(QUICK, alive_every_s=30.0, give_up_s=300.0)
            where = endpoint(server.url, connect_timeout_s=30.0)
            async with HostFleet(where, Ollama(), patience=patient) as fleet:
                server.stop()
                asked = asyncio.create_task(fleet.chat(QUESTION))
                ended, _ = await asyncio.wait([asked], timeout=0.05)
                assert not ended
                await asyncio.to_thread(server.start)
                return await asked

        reply = asyncio.run(run())
    assert reply.message.text


def test_a_cancelled_question_closes_its_connection_and_leaves_the_fleet_usable() -> None:
    with faulty("hang", times=1) as server:

        async def run() -> ChatReply:
            async with HostFleet(endpoint(server.url), Ollama(), patience=QUICK) as fleet:
                asked = asyncio.create_task(fleet.chat(QUESTION))
                while not server.asked:
                    await asyncio.sleep(0.01)
                asked.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asked
                replies = await asyncio.gather(*(fleet.chat(QUESTION) for _ in range(6)))
                return replies[0]

        assert asyncio.run(run()).message.text


def identify(*hosts: str) -> Any:
    async def run() -> Any:
        async with HostFleet(endpoint(*hosts), Ollama(), patience=QUICK) as fleet:
            return await fleet.identity()

    return asyncio.run(run())


def test_hosts_with_different_builds_of_a_model_are_not_one_judge() -> None:
    with scripted_server({"build": "a"}) as one, scripted_server({"build": "b"}) as other:
        with pytest.raises(EndpointError, match="pull it again") as caught:
            identify(one.url, other.url)
        assert not caught.value.item_fault
        assert identify(one.url, one.url).digest != identify(other.url).digest


def test_one_living_host_is_enough_to_begin() -> None:
    with scripted_server() as one, scripted_server() as other:
        other.stop()
        assert identify(other.url, one.url) == identify(one.url)


def test_a_request_that_brings_its_server_down_is_not_asked_for_ever() -> None:
    with faulty("exit", match="poison") as server:

        async def restart() -> None:
            while True:
                if not server.running:
                    await asyncio.to_thread(server.stop)
                    await asyncio.to_thread(server.start)
                await asyncio.sleep(0.02)

        async def run() -> tuple[EndpointError, ChatReply]:
            patient = replace(QUICK, give_up_s=5.0)
            async with HostFleet(endpoint(server.url), Ollama(), patience=patient) as fleet:
                supervisor = asyncio.create_task(restart())
                with pytest.raises(EndpointError) as caught:
                    await fleet.chat(ChatRequest(messages=[Message("user", "poison")]))
                reply = await fleet.chat(QUESTION)
                supervisor.cancel()
                return caught.value, reply

        error, reply = asyncio.run(run())
        assert (error.error_class, error.item_fault) == ("model_error", True)
        assert reply.message.text
        assert len(server.asked) == QUICK.attempts + 1
