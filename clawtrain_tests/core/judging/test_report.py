"""The judge report: what it measures, and what its page says and never says."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.reviews import Judgment, ReviewVerdict, VerdictLog
from clawtrain_assets.core.judging.distributions import distribution
from clawtrain_assets.core.judging.labels import Label, human_labels
from clawtrain_assets.core.judging.length_bias import length_slope
from clawtrain_assets.core.judging.measure import measure, read_scores
from clawtrain_assets.core.judging.report import (
    headline,
    render_html,
    render_markdown,
    render_plots,
)
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import turns_table
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.judging.turns import tool_turn


def rows(count: int, tools: float = 9, completion: float = 2, **changes: object) -> pa.Table:
    """Scored turns; a value that is no list is that of each of them."""
    base: dict[str, object] = {
        "session_id": [f"s{number // 5}" for number in range(count)],
        "turn_id": [f"t{number}" for number in range(count)],
        "day": "2026-03-01",
        "status": "scored",
        "tool_correctness": float(tools),
        "task_completion": float(completion),
        "instruction_adherence": 6.0,
        "efficiency": 5.0,
        "overall": float(completion),
        "overall_disputed": False,
        "spread": 0.0,
        "caps": pa.nulls(count, pa.string()),
        "judge_model": "judge",
        "judge_digest": "d" * 64,
        "rubric_hash": "r" * 64,
        "model": "sonnet",
        "turn_index": 1,
        "calls_before": 0,
        "tool_call_count": 1,
        "characters": 100,
    }
    whole = (list, range, pa.Array)
    return pa.table(
        {
            name: value if isinstance(value, whole) else [value] * count
            for name, value in (base | changes).items()
        }
    )


def test_a_median_of_six_and_a_half_is_no_seven() -> None:
    found = distribution("all", rows(4, overall=[0.0, 6.5, 7.0, 10.0]))
    assert found.counts["overall"] == [1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1]
    assert found.bands("overall") == (1, 1, 2)
    assert found.medians["overall"] == pytest.approx(6.75)


def test_unscored_turns_are_counted_and_in_no_mean() -> None:
    unscored = dict.fromkeys(schemas.SCORES, pa.nulls(3, pa.float64()))
    failed = rows(3, status="cut_off", turn_id=["x", "y", "z"], **unscored)
    series = measure(pa.concat_tables([rows(5), failed]), {}).series[0]
    assert series.statuses == {"scored": 5, "cut_off": 3}
    assert series.whole.n == 5
    assert series.whole.means["tool_correctness"] == 9


@pytest.mark.parametrize(
    ("fine", "all_turns", "said"),
    [(60, 100, "holds"), (20, 100, "in part"), (5, 100, "does not show")],
)
def test_the_headline_says_whether_the_early_pattern_holds(
    fine: int, all_turns: int, said: str
) -> None:
    good = rows(all_turns - fine, completion=9)
    series = measure(pa.concat_tables([rows(fine), good]), {}).series[0]
    assert said in headline(series)
    assert series.pattern.shown.count == fine
    assert series.pattern.joint[9][2] == fine
    assert f"({fine} of {all_turns})" in headline(series)


def test_a_judge_that_does_not_tell_turns_apart_is_said_to_be_one() -> None:
    doubt = "does not tell turns apart"
    alike = measure(rows(30), {})
    assert f"30 of 30 scores are 2: a judge that {doubt}" in headline(alike.series[0])
    assert 'class="alarm"' in render_html(alike)
    assert doubt not in headline(measure(rows(19), {}).series[0])  # too few to say
    varied = rows(30, overall=[float(n % 7) for n in range(30)])
    assert doubt not in headline(measure(varied, {}).series[0])


def test_the_length_chart_has_every_scored_turn_and_the_plots_are_in_the_panel() -> None:
    lengths = [1, 64, 65, 4_096, 4_097, 100_000]
    series = measure(rows(6, characters=lengths), {}).series[0]
    assert [(band.name, band.n) for band in series.lengths] == [
        ("to 64", 2),
        ("to 128", 1),
        ("to 4096", 1),
        ("longer", 2),
    ]
    plots = render_plots(measure(rows(6, characters=lengths), {}))
    assert plots.count("](data:image/svg+xml;base64,") == 8
    assert "tool correctness is 8 or more" in plots


def test_judges_and_rubrics_never_mix() -> None:
    later = rows(4, completion=9, rubric_hash="n" * 64, day="2026-03-02")
    report = measure(pa.concat_tables([rows(6), later]), {})
    assert [one.whole.n for one in report.series] == [4, 6]
    assert report.series[0].whole.means["overall"] == 9
    assert report.series[1].whole.means["overall"] == 2


def test_groups_keep_every_scored_turn_once() -> None:
    mixed = rows(
        40, turn_index=range(1, 41), calls_before=range(40), tool_call_count=[1, 2, 3, 4] * 10
    )
    for groups in measure(mixed, {}).series[0].groups.values():
        assert sum(group.n for group in groups) == 40


def test_a_judge_that_pays_for_length_has_a_slope_of_what_it_pays() -> None:
    random = np.random.default_rng(5)
    length = 2 ** random.uniform(5, 11, 200) - 1
    overall = 0.75 * np.log2(1 + length) + random.normal(0, 0.3, 200)
    sessions = [f"s{number // 4}" for number in range(200)]
    found = length_slope(list(overall), list(length), sessions)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.75 < found.high
    assert found.per_doubling == pytest.approx(0.75, abs=0.05)
    assert length_slope(list(overall), [100.0] * 200, sessions).per_doubling is None
    assert length_slope([1, 2], [3, 4], ["a", "b"]).per_doubling is None


def verdict(turn: str, reviewer: str, said: Judgment, **scores: float) -> ReviewVerdict:
    return ReviewVerdict(
        release_id="rel",
        example_id=turn,
        turn_id=turn,
        reviewer=reviewer,
        verdict=said,
        scores=scores or None,
        time=datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_labels_are_medians_over_named_reviewers(tmp_path: Path) -> None:
    log = VerdictLog(tmp_path, "rel")
    log.append(verdict("t1", "Ada", "reject", overall=2))
    log.append(verdict("t1", "Ada", "keep", overall=8))  # changed her mind
    log.append(verdict("t1", "Bob", "keep", overall=6))
    log.append(verdict("t1", "Eve", "reject", overall=0))  # nobody asked her
    log.append(verdict("t2", "Ada", "leak"))
    log.append(verdict("t3", "Ada", "reject"))
    assert human_labels(tmp_path, ["Ada", "Bob"]) == {
        "t1": Label({"overall": 7.0}, True),
        "t2": Label({}, None),
        "t3": Label({}, False),
    }


def test_agreement_appears_as_soon_as_there_are_labels() -> None:
    judged = rows(10, completion=8)
    labels = {
        f"t{number}": Label({"overall": 8.0 if number < 7 else 3.0}, number < 7)
        for number in range(10)
    }
    found = measure(judged, labels).series[0].labels
    assert (found.n, found.kept.count, found.kept.n) == (10, 7, 10)
    assert found.scores["overall"].exact == pytest.approx(0.7)
    assert found.scores["overall"].bias == pytest.approx(1.5)
    assert found.scores["overall"].only_judge_keeps == 3
    page = render_html(measure(judged, labels))
    assert "No person has scored" not in page
    assert "No person has scored" in render_html(measure(judged, {}))


def test_the_page_stands_alone_and_shows_no_text_of_the_turns(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    turns = [
        tool_turn(number, response=Message("assistant", "SECRET WORDS" * number))
        for number in range(1, 4)
    ]
    lake.write("raw_turns", "2026-03-01", turns_table(turns))
    scores = dict.fromkeys(schemas.SCORES, 5.0)
    lake.write_rows(
        "scored_turns",
        "2026-03-01",
        [
            dict.fromkeys(schemas.SCORED_TURNS.names)
            | {"turn_id": turn.turn_id, "session_id": "s", "day": turn.day, "status": "scored"}
            | {"judge_model": "<judge>", "judge_digest": "d", "rubric_hash": "r"}
            | {"samples": "SECRET WORDS", "overall_disputed": True, "spread": 1.0}
            | scores
            for turn in turns
        ],
        schemas.SCORED_TURNS,
    )
    scored = read_scores(lake)
    assert scored["characters"].to_pylist() == pytest.approx([12 * n + 2 for n in (1, 2, 3)], abs=2)
    report = measure(scored, {})
    page = render_html(report)
    assert "SECRET" not in page + render_markdown(report)
    assert "&lt;judge&gt;" in page
    assert not re.search(r"<script|https?://|url\(|src=", page)
    assert page.count("<svg") == 8


def test_turns_lowered_by_a_cap_are_counted_by_cap() -> None:
    both = "known_tools is false; tool_error_rate over 0.5"
    scored = rows(4, caps=["known_tools is false", None, both, None])
    report = measure(scored, {})
    assert report.series[0].capped == {"known_tools is false": 2, "tool_error_rate over 0.5": 1}
    assert "2 of 4: known_tools is false" in render_html(report)


@pytest.mark.parametrize("newer", [True, False])
def test_days_from_before_there_were_caps_are_read(newer: bool, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    names = schemas.SCORED_TURNS.names
    row = dict.fromkeys(names) | {"turn_id": "t", "status": "scored", "overall": 5.0}
    table = pa.Table.from_pylist([row], schema=schemas.SCORED_TURNS)
    lake.write("raw_turns", "2026-03-01", turns_table([]))
    lake.write("scored_turns", "2026-03-01", table.drop_columns(["caps", *schemas.FEATURES]))
    if newer:
        lake.write_rows(
            "scored_turns", "2026-03-02", [row | {"caps": "x over 1"}], schemas.SCORED_TURNS
        )
    found = read_scores(lake)["caps"].to_pylist()
    assert sorted(found, key=str) == ([None, "x over 1"] if newer else [None])


def test_before_anything_is_judged_the_page_says_what_to_do(tmp_path: Path) -> None:
    report = measure(read_scores(Lake(str(tmp_path))), {})
    assert "scored_turns" in render_html(report)
    assert "scored_turns" in render_markdown(report)
