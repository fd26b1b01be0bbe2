"""What a model server can say wrong, and what comes of it."""

import asyncio

import pytest

from clawtrain_assets.core.endpoints import ChatReply, ChatRequest, EndpointError, open_fleet
from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.ollama import Ollama
from clawtrain_assets.core.endpoints.openai import OpenAI
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.endpoints.faulty import QUICK, chat, endpoint, faulty, one_error
from clawtrain_tests.scripted_server import scripted_server


@pytest.mark.parametrize("protocol", ["ollama", "openai"])
@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        ("length", "cut_off"),
        ("thought_only", "cut_off"),
        ("empty", "empty_reply"),
        ("torn_call", "bad_reply"),
        ("too_long", "does_not_fit"),
        ("status:400", "rejected"),
    ],
)
def test_a_reply_that_is_none_is_the_items_failure(
    fault: str, error_class: str, protocol: str
) -> None:
    with faulty(fault) as server:
        error = one_error(endpoint(server.url, protocol=protocol))
        assert (error.error_class, error.item_fault) == (error_class, True)
        assert len(server.asked) == 1  # asking again would give the same


def test_a_reply_the_server_gave_up_on_is_not_taken_for_an_answer() -> None:
    with faulty("done_false") as server:
        error = one_error(endpoint(server.url))
        assert (error.error_class, error.item_fault) == ("stopped_early", True)


@pytest.mark.parametrize("fault", ["status:500", "status:503", "status:429", "reset", "error_line"])
def test_what_passes_is_asked_again(fault: str) -> None:
    with faulty(fault, times=2) as server:
        (reply,) = chat(endpoint(server.url))
        assert isinstance(reply, ChatReply)
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "item", "whole"),
    [
        ("status:500", "model_error", "server_error"),
        ("reset", "model_error", "server_error"),
        ("error_line", "model_error", "server_error"),
        ("status:400", "rejected", "rejected"),
    ],
)
def test_one_request_that_always_breaks_is_an_item_and_several_in_a_row_are_the_endpoint(
    fault: str, item: str, whole: str
) -> None:
    with faulty(fault) as server:
        outcomes = chat(endpoint(server.url), times=3)
    faults = [(e.error_class, e.item_fault) for e in outcomes if isinstance(e, EndpointError)]
    assert faults == [(item, True), (item, True), (whole, False)]


def test_an_endpoint_without_hosts_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="at least one"):
        open_fleet(endpoint())


def test_a_poisonous_request_between_good_ones_never_ends_the_run() -> None:
    with faulty("status:500", match="poison") as server:

        async def run() -> list[str]:
            where = endpoint(server.url)
            async with HostFleet(where, Ollama(), patience=QUICK) as fleet:
                classes = []
                for number in range(8):
                    text = "poison" if number % 2 else "fine"
                    try:
                        await fleet.chat(ChatRequest(messages=[Message("user", text)]))
                        classes.append("ok")
                    except EndpointError as error:
                        classes.append(error.error_class if error.item_fault else "the endpoint")
                return classes

        assert asyncio.run(run()) == ["ok", "model_error"] * 4


def test_a_request_without_answer_from_a_living_server_times_out_as_an_item() -> None:
    with faulty("hang", times=1) as server:
        outcomes = chat(endpoint(server.url, total_timeout_s=0.5), times=2)
    assert isinstance(outcomes[0], EndpointError)
    assert (outcomes[0].error_class, outcomes[0].item_fault) == ("timeout", True)
    assert isinstance(outcomes[1], ChatReply)


def test_only_timeouts_end_the_run() -> None:
    with faulty("hang") as server:
        outcomes = chat(endpoint(server.url, total_timeout_s=0.3), times=3)
    assert [e.item_fault for e in outcomes if isinstance(e, EndpointError)] == [True, True, False]


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [("status:403", "forbidden"), ("status:404", "bad_endpoint"), ("html", "bad_endpoint")],
)
def test_what_only_a_person_can_mend_ends_the_run_at_once(fault: str, error_class: str) -> None:
    with faulty(fault) as server:
        error = one_error(endpoint(server.url))
        assert (error.error_class, error.item_fault) == (error_class, False)
        assert len(server.asked) == 1


@pytest.mark.parametrize("protocol", ["ollama", "openai"])
def test_a_missing_model_is_named_with_the_next_step(protocol: str) -> None:
    with scripted_server() as server:
        where = endpoint(server.url, model="absent:1b", protocol=protocol)

        async def identify() -> None:
            dialect = Ollama() if protocol == "ollama" else OpenAI()
            async with HostFleet(where, dialect, patience=QUICK) as fleet:
                await fleet.identity()

        with pytest.raises(EndpointError) as caught:
            asyncio.run(identify())
        asked_anyway = one_error(where)
    assert caught.value.error_class == asked_anyway.error_class == "model_missing"
    if protocol == "ollama":
        assert "ollama pull absent:1b" in str(caught.value)


def test_an_ollama_that_would_cut_prompts_silently_is_refused() -> None:
    with scripted_server({"version": "0.12.5"}) as server:

        async def identify() -> None:
            async with HostFleet(endpoint(server.url), Ollama(), patience=QUICK) as fleet:
                await fleet.identity()

        with pytest.raises(EndpointError, match=r"update it to 0\.12\.6"):
            asyncio.run(identify())


@pytest.mark.parametrize("status", [400, 403, 404, 422, 429, 500, 503])
def test_a_server_that_quotes_the_prompt_in_its_error_is_not_quoted(status: int) -> None:
    with faulty(f"echo:{status}") as server:
        error = one_error(endpoint(server.url))
        assert "What now?" not in str(error)
        assert "What now?" not in repr(error.__cause__)


def test_what_a_model_cannot_do_is_said_in_the_servers_own_words() -> None:
    with faulty("echo:400") as server:
        asked = ChatRequest(messages=[Message("user", "thinking about What now?")])
        error = one_error(endpoint(server.url), asked)
        assert error.error_class == "unsupported"
        assert "judge:1b does not support thinking: choose" in str(error)
