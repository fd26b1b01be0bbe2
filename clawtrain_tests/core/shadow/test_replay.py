import asyncio
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from clawtrain_assets.core.endpoints.types import ChatRequest, EndpointError
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.progress import Progress
from clawtrain_assets.core.schemas import SHADOW_REPLAYS
from clawtrain_assets.core.shadow.replay import replay
from clawtrain_assets.core.shadow.sampling import Sampled
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_tests.core.shadow.fakes import FakeFleet, failing
from clawtrain_tests.core.shadow.samples import READ_TOOL, a_turn, call


def answer(_request: ChatRequest) -> Message:
    return Message("assistant", "Here they are.", thinking="which notes?")


def run(
    turns: list[Turn], fleet: FakeFleet, journal: Journal, seen: list[Progress] | None = None
) -> list[dict[str, Any]]:
    sampled = [Sampled(turn, "turns 1-3 / calls 0 / read / main") for turn in turns]
    note = seen.append if seen is not None else lambda _progress: None
    rows = asyncio.run(replay(sampled, fleet, journal, note))
    pa.Table.from_pylist(rows, schema=SHADOW_REPLAYS)
    assert all(row.keys() == set(SHADOW_REPLAYS.names) for row in rows)
    return rows


def test_the_candidate_gets_what_the_reference_had(journal: Journal) -> None:
    fleet = FakeFleet(answer)
    run([a_turn()], fleet, journal)
    (request,) = fleet.requests
    assert request.messages[0] == Message("system", "You are a careful assistant.")
    assert request.messages[1:] == a_turn().context
    assert request.tools == [READ_TOOL]
    assert request.schema is None
    assert request.max_output_tokens == fleet.max_output_tokens


def test_a_reply_is_stored_raw_with_thinking_apart(journal: Journal) -> None:
    (row,) = run([a_turn()], FakeFleet(answer), journal)
    reply = msgspec.json.decode(row["reply"], type=Message)
    assert (reply.text, reply.thinking) == ("Here they are.", "which notes?")
    assert row["status"] == "replayed"
    assert row["error"] is None
    assert (row["prompt_tokens"], row["output_tokens"], row["latency_s"]) == (100, 20, 1.5)
    assert row["reference_latency_s"] == 2.0
    assert row["reference_cost_usd"] == 0.02
    assert row["candidate_model"] == "qwen3:235b"


@pytest.mark.parametrize("error_class", ["cut_off", "empty_reply", "bad_reply", "timeout"])
def test_a_reply_that_never_was_is_a_row_with_its_error_class(
    journal: Journal, error_class: str
) -> None:
    (row,) = run([a_turn()], FakeFleet(failing(error_class)), journal)
    assert row["status"] == error_class
    assert row["error"]
    assert row["reply"] is None


def test_nothing_is_asked_twice(journal: Journal) -> None:
    turns = [a_turn("a"), a_turn("b")]
    first = run(turns, FakeFleet(answer), journal)
    silent = FakeFleet(failing("unreachable", item_fault=False))
    assert run(turns, silent, journal) == first
    assert silent.requests == []


def test_another_candidate_is_asked_itself(journal: Journal) -> None:
    (one,) = run([a_turn()], FakeFleet(answer), journal)
    (other,) = run([a_turn()], FakeFleet(answer, model="qwen3:8b"), journal)
    assert one["replay_id"] != other["replay_id"]


def test_a_dead_endpoint_ends_the_run_and_keeps_what_was_answered(journal: Journal) -> None:
    turns = [a_turn(str(n), request=str(n), context=[Message("user", str(n))]) for n in range(6)]

    def dies(request: ChatRequest) -> Message:
        if request.messages[-1].text == "3":
            raise EndpointError("unreachable", "Start it.", item_fault=False)
        return Message("assistant", "fine")

    with pytest.raises(EndpointError, match="Start it"):
        run(turns, FakeFleet(dies), journal)
    second = FakeFleet(answer)
    assert [row["status"] for row in run(turns, second, journal)] == ["replayed"] * 6
    assert len(second.requests) < 6


def test_rows_come_in_the_order_of_the_sample_and_progress_counts_them(journal: Journal) -> None:
    turns = [a_turn(f"t{n}") for n in range(7)]
    seen: list[Progress] = []
    rows = run(turns, FakeFleet(answer), journal, seen)
    assert [row["turn_id"] for row in rows] == [turn.turn_id for turn in turns]
    assert [progress.left for progress in seen] == [6, 5, 4, 3, 2, 1, 0]


def test_a_context_too_long_loses_its_oldest_messages_and_says_so(journal: Journal) -> None:
    context = [Message("user", f"{n} " + "x" * 2_000) for n in range(10)]
    fleet = FakeFleet(answer, context_tokens=4_096)
    (row,) = run([a_turn(context=context)], fleet, journal)
    assert row["status"] == "replayed"
    assert row["context_dropped"] > 0
    assert fleet.requests[0].messages[1:] == context[row["context_dropped"] :]
    assert fleet.requests[0].max_output_tokens == 1_024


def test_a_server_that_counts_more_tokens_is_asked_with_less(journal: Journal) -> None:
    context = [Message("user", f"{n} " + "x" * 2_000) for n in range(10)]

    def strict(request: ChatRequest) -> Message:
        if len(request.messages) > 4:
            raise EndpointError("does_not_fit", "Too long.", item_fault=True)
        return Message("assistant", "fine")

    fleet = FakeFleet(strict, context_tokens=4_096)
    (row,) = run([a_turn(context=context)], fleet, journal)
    assert row["status"] == "replayed"
    assert len(fleet.requests) > 1
    assert row["context_dropped"] == 10 - (len(fleet.requests[-1].messages) - 1)


def test_a_turn_that_fits_nowhere_is_a_row_and_not_a_request(journal: Journal) -> None:
    fleet = FakeFleet(answer, context_tokens=4_096)
    (row,) = run([a_turn(context=[Message("user", "x" * 50_000)])], fleet, journal)
    assert row["status"] == "does_not_fit"
    assert fleet.requests == []


def test_a_tool_call_is_a_reply(journal: Journal) -> None:
    (row,) = run([a_turn()], FakeFleet(lambda _: call(path="b.md")), journal)
    assert row["status"] == "replayed"
    assert '"b.md"' in row["reply"]


def test_the_same_model_at_another_temperature_is_another_candidate(journal: Journal) -> None:
    fleet = FakeFleet(answer)
    turns = [a_turn()]
    sampled = [Sampled(turn, "turns 1-3 / calls 0 / read / main") for turn in turns]
    (greedy,) = run(turns, fleet, journal)
    (warm,) = asyncio.run(replay(sampled, fleet, journal, lambda _: None, temperature=0.7))
    assert [request.temperature for request in fleet.requests] == [0.0, 0.7]
    assert warm["candidate_model"] == "qwen3:235b at temperature 0.7"
    assert warm["replay_id"] != greedy["replay_id"]
    asyncio.run(replay(sampled, fleet, journal, lambda _: None, temperature=0.7))
    assert len(fleet.requests) == 2
