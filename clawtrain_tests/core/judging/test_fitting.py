"""Prompts longer than the judge's window are made shorter once, the same way in every run."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawtrain_assets.core.endpoints.too_long import Lengths, lengths_of, too_long
from clawtrain_assets.core.endpoints.types import ChatReply, ChatRequest
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.journal import Answer, Journal
from clawtrain_assets.core.judging.blind import BlindItem, BlindScores, judge_blind
from clawtrain_assets.core.judging.fitting import shorter
from clawtrain_assets.core.judging.judge import judge_turns
from clawtrain_assets.core.judging.prompt import Prompt
from clawtrain_assets.core.judging.rubric import default_rubric, read_rubric
from clawtrain_assets.core.shadow.pairwise import AGREES, order_check
from clawtrain_assets.core.shadow.question import Judge
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Judging
from clawtrain_tests.core.judging.turns import tool_turn
from clawtrain_tests.core.shadow.fakes import FakeFleet, FakeJudge

RUBRIC = read_rubric(default_rubric(), "shipped")
LLAMA = "request ({} tokens) exceeds the available context size ({} tokens), try increasing it"


class Window(FakeFleet):
    """A judge whose server counts four Latin characters as a token, and two Chinese as three.

    ``says`` is how it refuses; without it, it cuts the prompt and answers past its window.
    """

    def __init__(self, tokens: int, says: str | None = LLAMA) -> None:
        super().__init__(FakeJudge({"": [8]}, lambda *_: "first"), context_tokens=tokens)
        self._says = says

    async def chat(self, request: ChatRequest) -> ChatReply:
        text = "".join(message.text for message in request.messages)
        dense = sum(ord(letter) > 0x2E7F for letter in text)
        prompt = int(1.5 * dense + (len(text) - dense) / 4)
        if self._says is not None and prompt > self.context_tokens:
            self.requests.append(request)
            raise too_long(self._says.format(prompt, self.context_tokens))
        reply = await super().chat(request)
        return ChatReply(reply.message, "stop", prompt, 300, 1.0, "fake")


class Bench:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def score(self, fleet: Window, turn: Turn, **settings: Any) -> dict[str, Any]:
        asked = judge_turns(
            [turn], fleet, self.journal, RUBRIC, Judging(**settings), lambda _: None
        )
        (row,) = asyncio.run(asked)
        return row

    def blind(self, fleet: Window, *items: BlindItem) -> dict[str, BlindScores]:
        asked = judge_blind(items, fleet, self.journal, RUBRIC, 1, 12_000, lambda _: None)
        return asyncio.run(asked)


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    with Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}") as journal:
        yield Bench(journal)


def dense_turn(characters: int = 9_000) -> Turn:
    return tool_turn(context=[Message("user", "漢" * characters)])


@pytest.mark.parametrize(
    ("said", "lengths"),
    [
        (f'{{"error":{{"message":"{LLAMA.format(7363, 512)}","n_ctx":512}}}}', (7363, 512)),
        (
            "This model's maximum context length is 16384 tokens. However, you requested 20000 "
            "tokens (15904 in the messages, 4096 in the completion).",
            (15904, 16384),
        ),
        (
            "This model's maximum context length is 4096 tokens. However, your messages resulted "
            "in 5000 tokens.",
            (5000, 4096),
        ),
        ("your prompt contains at least 4097 input tokens: context length 4096", None),
        ("The prompt is longer than the context window.", None),
    ],
)
def test_a_refusals_lengths_are_in_its_sentence(said: str, lengths: tuple[int, int] | None) -> None:
    error = too_long(said)
    assert (error.error_class, error.item_fault) == ("does_not_fit", True)
    assert lengths_of(str(error)) == (None if lengths is None else Lengths(*lengths))


def test_a_prompt_that_fits_is_asked_once_and_whole(bench: Bench) -> None:
    fleet = Window(8_192)
    row = bench.score(fleet, tool_turn())
    assert (row["status"], row["left_out"], len(fleet.requests)) == ("scored", 0, 1)


def test_a_refused_prompt_is_made_shorter_and_the_row_says_by_how_much(bench: Bench) -> None:
    fleet = Window(8_192)
    row = bench.score(fleet, dense_turn())
    first, second = fleet.requests
    assert row["status"] == "scored"
    assert row["left_out"] > 3_000
    assert "characters left out" in second.messages[-1].text
    assert second.messages[0] == first.messages[0]  # the rubric is never cut
    assert row["prompt_tokens"] + second.max_output_tokens <= 8_192


def test_a_second_run_finds_both_prompts_in_the_journal(bench: Bench) -> None:
    first = bench.score(Window(8_192), dense_turn(), samples=3)
    again = Window(8_192)
    assert bench.score(again, dense_turn(), samples=3) == first
    assert again.requests == []


def test_only_the_first_of_several_samples_is_refused(bench: Bench) -> None:
    fleet = Window(8_192)
    row = bench.score(fleet, dense_turn(), samples=3)
    assert len(fleet.requests) == 1 + 5  # 8 is near 7
    assert [sample["sample"] for sample in json.loads(row["samples"])] == [0, 1, 2, 3, 4]


def test_a_server_that_does_not_count_gets_half(bench: Bench) -> None:
    fleet = Window(8_192, says="The prompt is longer than the context window.")
    row = bench.score(fleet, dense_turn(7_000))
    first, second = (len(request.messages[-1].text) for request in fleet.requests)
    assert row["status"] == "scored"
    assert second == pytest.approx(first / 2, abs=300)


def test_a_reply_past_the_window_was_given_to_half_a_prompt(bench: Bench) -> None:
    fleet = Window(8_192, says=None)
    row = bench.score(fleet, dense_turn())
    assert len(fleet.requests) == 2
    assert row["left_out"] > 3_000
    assert bench.score(Window(8_192, says=None), dense_turn()) == row


def test_a_window_that_holds_no_more_than_the_rubric_is_wrong_use(bench: Bench) -> None:
    fleet = Window(3_072)
    with pytest.raises(UsageError, match="raise context_tokens"):
        bench.score(fleet, tool_turn())
    assert fleet.requests == []


def test_where_nothing_would_be_left_of_the_turn_the_row_says_so(bench: Bench) -> None:
    fleet = Window(8_192, says=LLAMA.replace("({} tokens),", "(2048 tokens),"))
    row = bench.score(fleet, dense_turn(), samples=3)
    assert row["status"] == "does_not_fit"
    assert row["error"].endswith("the model's context 2048.")
    assert row["overall"] is None
    assert len(fleet.requests) == 1


def test_it_is_made_shorter_once_and_not_for_ever(bench: Bench) -> None:
    class Stubborn(Window):
        async def chat(self, request: ChatRequest) -> ChatReply:
            self.requests.append(request)
            raise too_long(LLAMA.format(9_000, 8_192))

    fleet = Stubborn(8_192)
    assert bench.score(fleet, dense_turn())["status"] == "does_not_fit"
    assert len(fleet.requests) == 2


def test_both_arms_get_as_much_of_the_transcript_as_the_longer_one_can(bench: Bench) -> None:
    turn = dense_turn(4_300)
    short, long = Message("assistant", "ok"), Message("assistant", "好" * 400)
    alone = Window(8_192)
    bench.blind(alone, BlindItem("short", turn, short))
    assert len(alone.requests) == 1  # by itself it fits
    fleet = Window(8_192)
    items = BlindItem("short", turn, short), BlindItem("long", turn, long)
    scores = bench.blind(fleet, *items)
    assert {one.status for one in scores.values()} == {"scored"}
    assert len(fleet.requests) == 3  # the long one twice, the short one as short
    lengths = [len(request.messages[-1].text) for request in fleet.requests[-2:]]
    assert lengths[0] == pytest.approx(lengths[1], abs=50)
    again = Window(8_192)
    assert bench.blind(again, *items) == scores
    assert again.requests == []


def test_a_question_about_two_replies_is_made_shorter_too(bench: Bench) -> None:
    fleet = Window(8_192)
    judge = Judge(fleet, bench.journal, 12_000, None)
    better, worse = Message("assistant", "yes"), Message("assistant", "no")
    check = asyncio.run(order_check(dense_turn(), better, worse, RUBRIC, judge))
    assert check != "failed"
    assert len(fleet.requests) == 4
    assert AGREES  # the answer itself is the script's


@given(
    st.integers(0, 20_000),
    st.integers(500, 20_000),
    st.floats(0.5, 2.4),
    st.integers(2_048, 32_768),
)
def test_what_is_shortened_fits_if_the_transcript_is_of_one_density(
    system: int, shown: int, per_token: float, window: int
) -> None:
    """``system`` is prose at four characters a token, the transcript denser."""

    def tokens(transcript: int) -> float:
        return system / 4 + transcript / per_token

    prompt = Prompt([Message("system", "s" * system), Message("user", "t" * shown)], shown, 0)
    refused = too_long(LLAMA.format(int(tokens(shown)) + 1, window))
    answer = Answer(reply="", created_at=None, error_class="does_not_fit", error=str(refused))  # type: ignore[arg-type]
    chars = shorter(prompt, answer, window, 1_000)
    if chars is not None:
        assert 400 <= chars < shown
        assert tokens(chars) <= window
