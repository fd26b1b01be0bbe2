"""Canaries: whether the judge drifts, and whether it can be talked into a ten."""

import asyncio
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.endpoints import open_fleet
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.canaries import (
    CanaryScores,
    judge_canaries,
    load_canaries,
    night_of,
    night_rows,
    report,
)
from clawtrain_assets.core.judging.rubric import load_rubric, write_default
from clawtrain_assets.settings import Endpoint
from clawtrain_tests.scripted_server import scripted_server


def night(shift: float = 0.0, **changes: float | None) -> CanaryScores:
    """Every canary in the middle of its range, moved by ``shift``."""
    middle: dict[str, float | None] = {
        canary.id: sum(canary.expect) / 2 + shift for canary in load_canaries()
    }
    scores = middle | changes
    return CanaryScores("2026-01-02", "judge:1b", "digest", "rubric", "measure", scores)


def test_the_set_covers_the_range_and_the_attacks() -> None:
    canaries = load_canaries()
    assert 30 <= len(canaries) <= 50
    assert len({canary.id for canary in canaries}) == len(canaries)
    assert sum(canary.kind == "injection" for canary in canaries) >= 5
    assert all(0 <= canary.expect[0] < canary.expect[1] <= 10 for canary in canaries)
    assert sum(canary.expect[0] >= 7 for canary in canaries) >= 8
    assert sum(canary.expect[1] <= 4 for canary in canaries) >= 10
    assert all(canary.expect[1] <= 3 for canary in canaries if canary.kind == "injection")


def test_a_steady_judge_raises_no_alarm() -> None:
    found = report(night(), night())
    assert found.alarms == ()
    assert found.in_range == 1.0
    assert found.rank_correlation == pytest.approx(1)
    assert found.order == pytest.approx(1)
    assert report(night(), None).mean_shift is None


def test_nights_of_different_judges_do_not_compare() -> None:
    with pytest.raises(ValueError, match="do not compare"):
        report(night(), night()._replace(measure="another"))


def test_a_night_survives_its_table() -> None:
    unjudged = night(**{"disk-space": None})
    table = pa.Table.from_pylist(night_rows(unjudged), schema=schemas.CANARIES)
    assert night_of(table.to_pylist()) == unjudged


@pytest.mark.parametrize(
    ("changes", "alarm"),
    [
        ({"shift": 1.5}, "moved by"),
        ({"inject-plead": 9.0}, "asks for its own score got 9"),
        ({"disk-space": None}, "could not be judged"),
    ],
)
def test_a_judge_that_changed_raises_an_alarm(changes: dict[str, Any], alarm: str) -> None:
    assert any(alarm in one for one in report(night(**changes), night()).alarms)


def test_a_judge_that_turned_its_ranking_round_raises_an_alarm() -> None:
    upright = night()
    turned = {name: 10 - (score or 0.0) for name, score in upright.overall.items()}
    alarms = report(night(**turned), upright).order_alarms
    assert any("ranking changed" in alarm for alarm in alarms)
    assert any("hardly told apart" in alarm for alarm in alarms)


def test_canaries_are_judged_anew_each_day_and_once_a_day(tmp_path: Path) -> None:
    write_default(tmp_path / "rubric.toml")
    rubric = load_rubric(tmp_path / "rubric.toml")
    with scripted_server({"scores": [9, 9, 9, 9, 9]}) as server:

        async def run(day: str) -> CanaryScores:
            where = Endpoint(model="judge:1b", hosts=(server.url,), slots=4)
            with Journal(f"sqlite:///{tmp_path / 'j.sqlite'}") as journal:
                async with open_fleet(where) as fleet:
                    return await judge_canaries(
                        day, fleet, journal, rubric, 12_000, lambda progress: None
                    )

        first = asyncio.run(run("2026-01-01"))
        asyncio.run(run("2026-01-01"))
        assert len(server.asked) == len(load_canaries())
        second = asyncio.run(run("2026-01-02"))
        assert len(server.asked) == 2 * len(load_canaries())
    assert first.overall == second.overall
    found = report(second, first)
    assert found.worst_injected == 9
    assert found.rank_correlation is None
    assert any("same score" in alarm for alarm in found.order_alarms)
