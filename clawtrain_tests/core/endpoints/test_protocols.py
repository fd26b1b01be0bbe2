"""What goes over the wire, and what is made of the answer."""

import asyncio
from typing import Any

import pytest

from clawtrain_assets.core.endpoints import ChatRequest, open_fleet, prompt_hash
from clawtrain_assets.core.endpoints.ollama import Ollama, too_old
from clawtrain_assets.core.endpoints.openai import OpenAI
from clawtrain_assets.core.endpoints.preflight import preflight
from clawtrain_assets.core.endpoints.running import run_all
from clawtrain_assets.core.endpoints.wire import split_reasoning, tool_definitions
from clawtrain_assets.core.turn import Message, ToolCall
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.scripted_server import scripted_server

HISTORY = [
    Message("user", "List it"),
    Message("assistant", "", "hidden", (ToolCall("c1", "exec", {"command": "ls"}),)),
    Message("tool", "a.txt", tool_call_id="c1", tool_name="exec"),
]


def test_ollama_always_gets_the_options_that_make_an_answer_trustworthy() -> None:
    where = Endpoint(model="judge:1b", context_tokens=9000, max_output_tokens=700)
    body = Ollama().payload(where, ChatRequest(messages=HISTORY, seed=4, max_output_tokens=900))
    assert body["truncate"] is False
    assert body["think"] is False
    assert body["options"] == {"num_ctx": 9000, "num_predict": 700, "temperature": 0.0, "seed": 4}
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"command": "ls"}
    assert body["messages"][2]["tool_name"] == "exec"
    assert "hidden" not in str(body)


def test_openai_gets_arguments_as_text_and_the_schema_as_response_format() -> None:
    where = Endpoint(model="judge", protocol="openai")
    schema = {"type": "object", "properties": {}}
    body = OpenAI().payload(where, ChatRequest(messages=HISTORY, schema=schema))
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"command":"ls"}'
    assert body["response_format"]["json_schema"]["schema"] == schema
    assert "hidden" not in str(body)


@pytest.mark.parametrize("protocol", ["ollama", "openai"])
def test_tool_calls_come_back_with_arguments_as_objects(protocol: Any) -> None:
    tool = {"name": "exec", "parameters": {"type": "object", "required": ["command"]}}
    with scripted_server() as server:

        async def ask() -> Message:
            where = Endpoint(model="judge:1b", protocol=protocol, hosts=(f"{server.url}/",))
            async with open_fleet(where) as fleet:
                identity = await fleet.identity()
                assert identity.model == "judge:1b"
                assert len(identity.digest) == 64
                return (await fleet.chat(ChatRequest(messages=HISTORY, tools=[tool]))).message

        message = asyncio.run(ask())
    assert message.tool_calls == (ToolCall("call_1", "exec", {"command": "value"}),)


def test_definitions_in_either_form_get_an_object_schema() -> None:
    bare = {"name": "now"}
    wrapped = {"type": "function", "function": {"name": "now", "description": None}}
    assert tool_definitions([bare]) == tool_definitions([wrapped])
    assert tool_definitions([bare])[0]["function"]["parameters"]["type"] == "object"


def test_reasoning_left_in_the_text_is_taken_out_of_it() -> None:
    assert split_reasoning("<think>hm</think>\nyes") == ("yes", "hm")
    assert split_reasoning("<think>hm, and cut") == ("", "hm, and cut")
    assert split_reasoning("a <think> in passing") == ("a <think> in passing", "")


@pytest.mark.parametrize(
    ("version", "old"),
    [("0.12.5", True), ("0.12.6", False), ("0.33.0-rc2", False), ("0.0.0", False), ("dev", False)],
)
def test_versions_that_ignore_truncate_are_known(version: str, *, old: bool) -> None:
    assert too_old(version) is old


def test_the_prompt_hash_covers_all_but_the_seed() -> None:
    request = ChatRequest(messages=HISTORY, seed=1)
    same = ChatRequest(messages=HISTORY, seed=2)
    warmer = ChatRequest(messages=HISTORY, temperature=0.3)
    assert prompt_hash(request, "a") == prompt_hash(same, "a")
    assert (
        len({prompt_hash(request, "a"), prompt_hash(warmer, "a"), prompt_hash(request, "b")}) == 3
    )


@pytest.mark.parametrize(
    ("slots", "ahead", "at_once"), [(1, None, 2), (4, None, 6), (16, None, 24), (4, 0, 4)]
)
def test_a_host_gets_its_slots_and_a_few_to_queue_and_never_more(
    slots: int, ahead: int | None, at_once: int
) -> None:
    with scripted_server({"latency_s": 0.05}) as server:
        where = Endpoint(model="judge:1b", hosts=(server.url,), slots=slots, queue_ahead=ahead)
        done: list[int] = []

        async def run() -> None:
            async with open_fleet(where) as fleet:

                async def work(item: int) -> int:
                    await fleet.chat(ChatRequest([Message("user", f"item {item}")]))
                    return item

                await run_all(
                    range(6 * slots), work, fleet.slots, lambda item, result: done.append(result)
                )

        asyncio.run(run())
        assert max(asked["under_way"] for asked in server.asked) == at_once
    assert sorted(done) == list(range(6 * slots))


def test_the_first_failure_stops_the_rest_before_it_is_raised() -> None:
    ended: list[int] = []

    async def work(item: int) -> None:
        try:
            await asyncio.sleep(0.01 if item == 1 else 5)
        finally:
            ended.append(item)
        raise RuntimeError("dead")

    with pytest.raises(RuntimeError, match="dead"):
        asyncio.run(run_all(range(100), work, 2, lambda item, result: None))
    assert sorted(ended) == list(range(8))


def test_preflight_names_what_is_ready_and_what_to_do_otherwise() -> None:
    with scripted_server() as server:
        ready = asyncio.run(
            preflight(Endpoint(model="judge:1b", hosts=(server.url,), context_tokens=4096), "judge")
        )
        absent = asyncio.run(preflight(Endpoint(model="absent:1b", hosts=(server.url,))))
        crowded = asyncio.run(
            preflight(Endpoint(model="judge:1b", hosts=(server.url,), context_tokens=99_999))
        )
    assert all(check.ok for check in ready)
    assert {check.name.rsplit(": ")[-1] for check in ready} == {"model", "warm-up", "context"}
    assert [check.ok for check in absent] == [False]
    assert "ollama pull absent:1b" in absent[0].fix
    assert [check.fix for check in crowded if not check.ok] == [
        "Set context_tokens to 8192 or less."
    ]
