"""An example holds the newest context that fits, and always what was read last."""

from collections.abc import Sequence

import pytest

from clawtrain_assets.core.dataset.budget import TooLong, fitting
from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.turn import Message
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.turns import (
    MaskingScrubber,
    called,
    result,
    said,
    score,
    turn,
    user,
)

LONG = "x" * 1_000


def kept(context: Sequence[Message], bound: int, request: str = "?", system: str = "") -> int:
    return len(fitting(context, request, [said("ok")], system, [], bound))


def exchanges(n: int) -> list[Message]:
    return [message for _ in range(n) for message in (user(LONG), said(LONG))]


def test_a_context_that_fits_is_whole() -> None:
    assert kept(exchanges(10), 32_000) == 20


def test_the_oldest_messages_go_first() -> None:
    context = [*exchanges(20), user("last")]
    tail = fitting(context, "last", [said("ok")], "", [], 20_000)
    assert tail == context[-len(tail) :]
    assert 17 <= len(tail) <= 20


def test_a_long_system_prompt_leaves_the_context_its_least() -> None:
    context = [*exchanges(20), user("last")]
    assert kept(context, 32_000, system="s" * 100_000) == kept(context, 32_000, system="s" * 31_000)
    assert kept(context, 32_000, system="s" * 100_000) >= 10
    assert kept(context, 64_000, system="s" * 100_000) >= 20


def test_bytes_count_not_characters() -> None:
    plain, wide = user("a" * 5_000), user("语" * 5_000)
    assert kept([plain] * 6, 32_000) == 6
    assert kept([wide] * 6, 32_000) == 2


def test_what_was_read_last_stays_but_may_lose_its_middle() -> None:
    call = called(("1", "read", {"path": "a"}), ("2", "read", {"path": "b"}))
    results = [result("1", "head" + LONG * 20 + "tail"), result("2", "short")]
    tail = fitting([user("go"), call, *results], "go", [said("ok")], "", [], 4_000)
    assert [message.role for message in tail] == ["assistant", "tool", "tool"]
    assert tail[0] == call
    assert tail[1].text.startswith("headxxx")
    assert "[... left out ...]" in tail[1].text
    assert tail[1].text.endswith("xxxtail")
    assert len(tail[1].text) < 4_000
    assert tail[2].text == "short"
    assert kept([user(LONG), user("语" * 50_000)], 4_000) == 1


def test_an_answer_that_leaves_nothing_to_read_is_too_long() -> None:
    answer = called(("1", "write", {"text": "x" * 31_000}))
    with pytest.raises(TooLong, match="example_bytes = 32000"):
        fitting([user("go")], "go", [answer], "", [], 32_000)
    assert fitting([user("go")], "go", [answer], "", [], 64_000) == [user("go")]
    (row,) = build_examples(
        [t := turn("a", answer, tools_source="builtin")],
        {"a": score(t)},
        MaskingScrubber(),
        Dataset(),
    )
    assert (row["status"], row["detail"]) == (
        "invalid",
        "longer than [dataset] example_bytes = 32000 allows",
    )


def test_there_is_room_for_a_request_that_was_cut_off() -> None:
    steps = [m for n in range(20) for m in (called((str(n), "read", {})), result(str(n), LONG))]
    request = "r" * 8_000
    assert kept([user(request), *steps], 20_000, request) < kept(steps, 20_000, "short")
