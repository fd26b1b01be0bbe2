"""A judge to be asked: a journal and a real server process."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clawtrain_assets.core.endpoints.fleet import HostFleet
from clawtrain_assets.core.endpoints.ollama import Ollama
from clawtrain_assets.core.endpoints.supervisor import Patience
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.blind import BlindItem, BlindScores, judge_blind
from clawtrain_assets.core.judging.judge import judge_turns
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.progress import Progress
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Endpoint, Judging
from clawtrain_tests.scripted_server import Running

QUICK = Patience(alive_every_s=0.2, give_up_s=0.5, loading_s=0.5, first_pause_s=0.02)


class Bench:
    """A journal and a server; scores turns and remembers the progress reported."""

    def __init__(self, server: Running, folder: Path, rubric: Rubric) -> None:
        self.server = server
        self.url = f"sqlite:///{folder / 'journal.sqlite'}"
        self.rubric = rubric
        self.progress: list[Progress] = []
        self.on_progress: Callable[[Progress], None] = self.progress.append

    def fleet(self) -> HostFleet:
        where = Endpoint(model="judge:1b", hosts=(self.server.url,), slots=4)
        return HostFleet(where, Ollama(), patience=QUICK)

    def score(self, turns: list[Turn], **settings: Any) -> list[dict[str, Any]]:
        async def run() -> list[dict[str, Any]]:
            async with self.fleet() as fleet:
                with Journal(self.url) as journal:
                    return await judge_turns(
                        turns,
                        fleet,
                        journal,
                        self.rubric,
                        Judging(**settings),
                        self.on_progress,
                    )

        return asyncio.run(run())

    def blind(self, items: list[BlindItem], samples: int = 1) -> dict[str, BlindScores]:
        async def run() -> dict[str, BlindScores]:
            async with self.fleet() as fleet:
                with Journal(self.url) as journal:
                    return await judge_blind(
                        items, fleet, journal, self.rubric, samples, 4000, self.progress.append
                    )

        return asyncio.run(run())
