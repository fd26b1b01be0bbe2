"""Sampling, replay and comparison against a model server in a process of its own."""

import asyncio
from pathlib import Path
from typing import Any

from clawtrain_assets.core.endpoints import open_fleet
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.schemas import SHADOW_REPLAYS
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.shadow.gap import measure
from clawtrain_assets.core.shadow.night import draw
from clawtrain_assets.core.shadow.pairs import compare
from clawtrain_assets.core.shadow.replay import replay
from clawtrain_assets.core.shadow.report import render_html
from clawtrain_assets.core.shadow.sampling import sample
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Endpoint, Judging, Shadow
from clawtrain_tests.core.shadow.samples import a_turn, call, pairs_table
from clawtrain_tests.scripted_server import Running, scripted_server

SCRIPT: dict[str, Any] = {
    "faults": [{"kind": "length", "match": "question 3"}],
    "scores": [9, 9, 9, 9, 9],
    # The server calls the first tool with this argument when it plays the candidate.
    "rules": [{"match": '{"path":"value"}', "scores": [2, 2, 2, 2, 2]}],
}


def turns() -> list[Turn]:
    return [
        a_turn(
            f"turn-{n}",
            session_id=f"session-{n}",
            turn_index=1 + n,
            request=f"question {n}",
            context=[Message("user", f"question {n}")],
            response=call(path=f"{n}.md"),
        )
        for n in range(6)
    ]


async def night(server: Running, journal: Journal, rubric: Rubric) -> list[dict[str, Any]]:
    day = turns()
    sampled = sample(day, {}, (), 20, "2026-03-14", ("*claude-sonnet*",))
    candidate = Endpoint(model="candidate:1b", hosts=(server.url,))
    async with open_fleet(candidate) as fleet:
        replays = await replay(sampled, fleet, journal, lambda _: None)
    judge = Endpoint(model="judge:1b", hosts=(server.url,), slots=4)
    async with open_fleet(judge) as fleet:
        return await compare(
            replays,
            {turn.turn_id: turn for turn in day},
            fleet,
            journal,
            rubric,
            Shadow(),
            Judging(),
            lambda _: None,
        )


def test_a_night_ends_in_pairs_errors_and_a_report(journal: Journal, rubric: Rubric) -> None:
    with scripted_server(SCRIPT) as server:
        rows = asyncio.run(night(server, journal, rubric))
        asked = len(server.asked)
        assert asyncio.run(night(server, journal, rubric)) == rows
        assert len(server.asked) == asked

    statuses = {row["turn_id"]: row["status"] for row in rows}
    assert statuses == {f"turn-{n}": "pair" for n in range(6)} | {"turn-3": "cut_off"}
    pairs = [row for row in rows if row["status"] == "pair"]
    assert {row["gap"] for row in pairs} == {7.0}
    assert {row["chosen_arm"] for row in pairs} == {"reference"}
    assert {row["failure_class"] for row in pairs} == {"drift"}

    (series,) = measure(pairs_table(rows)).series
    assert series.overall.gap.n == 5
    assert series.trust.failed.count == 1
    assert "candidate:1b" in render_html(measure(pairs_table(rows)))


def test_a_reply_that_would_be_cut_again_takes_no_place_in_later_nights(
    tmp_path: Path, journal: Journal
) -> None:
    lake = Lake(str(tmp_path))
    lake.write("raw_turns", "2026-03-14", turns_table(turns()))
    lake.write("raw_turns", "2026-03-15", turns_table([]))
    shadow = Shadow(nightly=20)

    async def night(server: Running) -> list[dict[str, Any]]:
        sampled = draw(lake, "2026-03-14", "candidate:1b", shadow)
        async with open_fleet(Endpoint(model="candidate:1b", hosts=(server.url,))) as fleet:
            return await replay(sampled, fleet, journal, lambda _: None)

    broken = [{"kind": "status:400", "match": "question 4"}]
    with scripted_server({"faults": [*SCRIPT["faults"], *broken]}) as server:
        rows = asyncio.run(night(server))
    assert sorted(row["status"] for row in rows) == ["cut_off", "rejected"] + ["replayed"] * 4
    lake.write_rows("shadow_replays", "2026-03-14", rows, SHADOW_REPLAYS)

    left = draw(lake, "2026-03-15", "candidate:1b", shadow)
    assert [item.turn.turn_id for item in left] == ["turn-4"]
    assert len(draw(lake, "2026-03-15", "another:1b", shadow)) == 6
