"""Quality rules say what a person should look at, and are quiet about what is normal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_assets.core.quality import (
    DAILY_RULES,
    WHOLE_RULES,
    Quality,
    captures_current,
    days_arrive,
    history_readable,
    nothing_pruned_uncaptured,
    scores_vary,
    turns_attributed,
    turns_unique,
)
from clawtrain_tests.core.dataset.lakes import DAYS, small_lake

DAY = "2026-03-07"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def put(lake: Lake, asset: str, schema: pa.Schema, rows: Sequence[dict[str, Any]], day: str = DAY):
    blank = dict.fromkeys(schema.names)
    lake.write_rows(asset, day, [blank | {"day": day} | row for row in rows], schema)


def turns(lake: Lake, ids: Sequence[str], day: str = DAY, **fields: Any) -> None:
    put(lake, "raw_turns", schemas.TURNS, [{"turn_id": i} | fields for i in ids], day)


def scores(lake: Lake, values: Sequence[float | None], day: str = DAY) -> None:
    rows = [
        {"turn_id": f"{day}{n}", "overall": v, "status": "timeout" if v is None else "scored"}
        for n, v in enumerate(values)
    ]
    put(lake, "scored_turns", schemas.SCORED_TURNS, rows, day)


def ask(lake: Lake, asset: str, name: str, day: str = DAY) -> Quality:
    return (DAILY_RULES | WHOLE_RULES)[asset][name](lake, day)


def test_what_the_stages_write_is_as_declared(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    for asset in ("scored_turns", "contrastive_pairs", "sharegpt_dataset"):
        for name in DAILY_RULES[asset]:
            found = ask(lake, asset, name)
            assert found.passed, (asset, name, found)
    for name, rule in WHOLE_RULES["raw_turns"].items():
        assert rule(lake, DAYS[-1]).passed, name


def test_a_table_of_another_version_is_named_by_its_columns(lake: Lake) -> None:
    older = pa.table({"turn_id": ["a"], "overall": ["7"], "mood": ["fine"]})
    lake.write("scored_turns", DAY, older)
    found = ask(lake, "scored_turns", "columns_as_declared")
    assert not found.passed
    for column in ("mood", "overall", "session_id"):
        assert column in found.detail
    assert "turn_id" not in found.detail


def test_scores_from_before_the_features_had_columns_are_to_be_written_again(lake: Lake) -> None:
    table = schemas.SCORED_TURNS.empty_table().drop_columns(["caps", *schemas.FEATURES])
    lake.write("scored_turns", DAY, table.append_column("features", pa.array([], pa.string())))
    found = ask(lake, "scored_turns", "columns_as_declared")
    assert not found.passed
    assert "known_tools" in found.detail
    assert found.detail.endswith("materialize it again")


def _captures(lake: Lake, *rows: tuple[float, int, int]) -> None:
    """Captures by hours ago, sessions missing, sessions cut."""
    now = datetime.now(UTC)
    found = [
        {"at": now - timedelta(hours=hours), "unreadable": 0, "missing": missing, "cut": cut}
        for hours, missing, cut in rows
    ]
    lake.write_rows("captures", WHOLE, found, schemas.CAPTURES)


def test_captures_are_current_or_it_is_said_what_to_do(lake: Lake) -> None:
    _captures(lake, (30, 0, 0), (1.5, 0, 0))
    found = captures_current(lake, WHOLE)
    assert (found.passed, found.detail) == (True, "the last capture was 1.5 hours ago")
    _captures(lake, (30, 0, 0))
    found = captures_current(lake, WHOLE)
    assert not found.passed
    assert "clawtrain up" in found.detail


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        (((2, 0, 0), (1, 0, 0)), (0, 0, 1.0)),
        (((2, 3, 0), (1, 2, 0)), (3, 0, 1.0)),
        (((3, 0, 1), (2, 0, 1), (1, 0, 0)), (0, 2, 1.0)),
        (((60, 0, 0), (1, 0, 0)), (0, 0, 59.0)),
        (((2000, 9, 9), (1000, 9, 9)), (9, 9, 0.0)),  # nothing of late: the last one is told
        (((1000, 9, 9), (1, 0, 0)), (0, 0, 0.0)),
    ],
)
def test_what_was_pruned_before_it_was_captured_is_counted(
    lake: Lake, rows: tuple[tuple[float, int, int], ...], numbers: tuple[int, int, float]
) -> None:
    _captures(lake, *rows)
    found = nothing_pruned_uncaptured(lake, WHOLE)
    counted = [found.numbers[n] for n in ("sessions missing", "sessions cut")]
    assert (*counted, round(found.numbers["longest pause in hours"], 1)) == numbers
    assert found.passed is (numbers[:2] == (0, 0) and numbers[2] <= 24)


def test_a_turn_that_is_there_twice_is_counted(lake: Lake) -> None:
    turns(lake, ["a", "b"])
    turns(lake, ["c", "a"], day="2026-03-08")
    found = turns_unique(lake, WHOLE)
    assert not found.passed
    assert found.numbers == {"rows": 4, "repeated": 1}


@pytest.mark.parametrize(("known", "passed"), [(95, True), (94, False)])
def test_attribution_is_a_share_of_the_models_turns(lake: Lake, known: int, passed: bool) -> None:
    rows = [{"turn_id": f"{n}", "model": "m" if n < known else None} for n in range(100)]
    rows += [{"turn_id": f"x{n}", "exclusion_reason": "delivery_mirror"} for n in range(50)]
    put(lake, "raw_turns", schemas.TURNS, rows)
    found = turns_attributed(lake, WHOLE)
    assert found.passed is passed
    assert found.numbers["turns"] == 100


def test_quarantine_counts_beside_the_turns(lake: Lake) -> None:
    turns(lake, [str(n) for n in range(99)])
    assert history_readable(lake, WHOLE).passed
    rows = [{"source_file": "a", "reason": "not JSON"}] * 2
    blank = dict.fromkeys(schemas.QUARANTINE.names)
    lake.write_rows("quarantine", WHOLE, [blank | r for r in rows], schemas.QUARANTINE)
    found = history_readable(lake, WHOLE)
    assert not found.passed
    assert found.numbers["quarantined"] == 2


def test_a_judge_that_gives_one_number_is_an_alarm(lake: Lake) -> None:
    scores(lake, [8.0] * 12, "2026-03-06")
    assert scores_vary(lake, "2026-03-06").passed  # too few to say
    scores(lake, [8.0] * 12)
    found = scores_vary(lake, DAY)
    assert (found.passed, found.grave) == (False, False)
    assert "24 of 24 scores are 8" in found.detail
    scores(lake, [8.0] * 9 + [3.0, 5.0, None])
    assert scores_vary(lake, DAY).passed
    scores(lake, [8.0] * 30, "2026-03-20")  # the varied week is past
    assert not scores_vary(lake, "2026-03-20").passed


@pytest.mark.parametrize("values", [[10.0] * 50, [0.0] * 50, [0.0, 10.0] * 25, [7.0] * 48 + [3, 9]])
def test_fifty_scores_of_one_kind_are_an_error(lake: Lake, values: list[float]) -> None:
    scores(lake, values)
    found = scores_vary(lake, DAY)
    assert (found.passed, found.grave) == (False, True)
    assert " of 50 scores are " in found.detail


def test_scores_that_reach_both_ends_and_the_middle_are_none(lake: Lake) -> None:
    scores(lake, [0.0, 10.0] * 23 + [4.0, 5.0, 6.0, 7.0])
    assert scores_vary(lake, DAY).passed


@pytest.mark.parametrize(("errors", "passed"), [(1, True), (2, False)])
def test_errors_of_the_judge_are_a_share_of_the_day(lake: Lake, errors: int, passed: bool) -> None:
    scores(lake, [7.0] * (10 - errors) + [None] * errors)
    found = ask(lake, "scored_turns", "judge_answers")
    assert found.passed is passed
    assert f"{errors} timeout" in found.detail


def test_a_day_without_rows_is_no_error(lake: Lake) -> None:
    scores(lake, [])
    assert all(rule(lake, DAY).passed for rule in DAILY_RULES["scored_turns"].values())


def test_quiet_days_are_counted_and_missing_ones_named(lake: Lake) -> None:
    for n in (1, 2, 3, 5, 6):
        turns(lake, [f"t{n}"] if n not in (2, 3) else [], f"2026-03-0{n}")
    found = days_arrive(lake, WHOLE)
    assert not found.passed
    assert found.numbers == {"days": 6, "empty days": 2, "missing days": 1}
    assert "2026-03-04" in found.detail
    turns(lake, [], "2026-03-04")
    assert days_arrive(lake, WHOLE).passed


def test_silence_at_the_end_is_an_alarm(lake: Lake) -> None:
    for n in range(1, 5):
        turns(lake, ["t"] if n == 1 else [], f"2026-03-0{n}")
    found = days_arrive(lake, WHOLE)
    assert not found.passed
    assert "nothing came in the last 3" in found.detail
