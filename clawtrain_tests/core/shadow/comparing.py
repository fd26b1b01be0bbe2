"""A scripted candidate's replies beside the reference's, judged by a scripted judge."""

import asyncio
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from clawtrain_assets.core.endpoints.types import ChatRequest
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.schemas import CONTRASTIVE_PAIRS
from clawtrain_assets.core.shadow.null_test import in_null_test
from clawtrain_assets.core.shadow.pairs import compare
from clawtrain_assets.core.shadow.replay import replay
from clawtrain_assets.core.shadow.sampling import Sampled
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Judging, Shadow
from clawtrain_tests.core.shadow.fakes import FakeFleet, Script, failing
from clawtrain_tests.core.shadow.samples import a_turn

GOOD = Message("assistant", "the notes say hello", thinking="sonnet thoughts")
WEAK = Message("assistant", "probably something", thinking="qwen thoughts")


class Night:
    """Replays turns with one scripted candidate and judges them with a scripted judge."""

    def __init__(self, journal: Journal, rubric: Rubric) -> None:
        self.journal = journal
        self.rubric = rubric
        self.judge = FakeFleet(failing("never asked"), model="nemotron")

    def rows(
        self,
        judge: Script,
        *,
        turns: list[Turn] | None = None,
        candidate: Script = lambda _: WEAK,
        samples: int = 3,
        scrub: Callable[[str], str] | None = None,
        keep: bool = True,
    ) -> list[dict[str, Any]]:
        turns = turns or [a_turn(response=GOOD)]
        self.judge = FakeFleet(judge, model="nemotron")
        return asyncio.run(self._rows(turns, candidate, samples, scrub, keep))

    async def _rows(
        self,
        turns: list[Turn],
        candidate: Script,
        samples: int,
        scrub: Callable[[str], str] | None,
        keep: bool,
    ) -> list[dict[str, Any]]:
        sampled = [Sampled(turn, "turns 1-3 / calls 0 / read / main") for turn in turns]
        replays = await replay(sampled, FakeFleet(candidate), self.journal, lambda _: None)
        rows = await compare(
            replays,
            {turn.turn_id: turn for turn in turns} if keep else {},
            self.judge,
            self.journal,
            self.rubric,
            Shadow(samples=samples),
            Judging(),
            lambda _: None,
            scrub,
        )
        assert all(row.keys() == set(CONTRASTIVE_PAIRS.names) for row in rows)
        pa.Table.from_pylist(rows, schema=CONTRASTIVE_PAIRS)
        return rows

    def asked(self) -> list[ChatRequest]:
        return self.judge.requests


def no_null(count: int) -> list[str]:
    """Ids of turns that are not compared with themselves."""
    return [i for i in (f"t{n}" for n in range(99)) if not in_null_test(i)][:count]


def prefer_first(first: str, _second: str) -> str:
    return "first"


def prefer_hello(first: str, _second: str) -> str:
    return "first" if "hello" in first else "second"


def prefer_probably(first: str, _second: str) -> str:
    return "first" if "probably" in first else "second"
