"""The gate tells the truth: it opens for five met conditions and for nothing else."""

import html
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clawtrain_assets.core.gate import (
    CHECKS,
    ReviewFacts,
    as_status,
    bad_share_bound,
    changed_thresholds,
    evaluate,
    is_open,
    remember,
    render_html,
    render_markdown,
    render_text,
)
from clawtrain_assets.core.gate.facts import Count
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.settings import Gate
from clawtrain_tests.core.gates import facts, verdict


def test_all_five_met_open_the_gate() -> None:
    verdicts = evaluate(facts(), Gate())
    assert tuple(v.name for v in verdicts) == CHECKS
    assert is_open(verdicts)
    assert as_status(verdicts)["open"] is True


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("positive_examples", {"positive_examples": Count("a", 999, 1_000, 5.0)}),
        ("positive_examples", {"positive_examples": Count("a", 2_000, 999, 5.0)}),
        ("positive_examples", {"positive_examples": Count("a", None, None, 0.0)}),
        ("contrastive_pairs", {"contrastive_pairs": Count("a", 49, 50, 1.0)}),
        ("contrastive_pairs", {"contrastive_pairs": Count("a", None, None, 0.0)}),
        ("clean_tool_use_examples", {"clean_tool_use_examples": Count("a", 499, 499, 1.0)}),
        ("human_review", {"review": None}),
        ("human_review", {"review": ReviewFacts("r1", 50, 49, 0, 0, 9, ("ada",))}),
        ("human_review", {"review": ReviewFacts("r1", 50, 50, 0, 1, 0, ("ada",))}),
        ("human_review", {"review": ReviewFacts("r1", 50, 24, 26, 0, 0, ("ada",))}),
        ("human_review", {"review": ReviewFacts("r1", 49, 49, 0, 0, 0, ("ada",))}),
        ("human_review", {"review": ReviewFacts("r1", 50, 0, 0, 0, 50, ())}),
        ("privacy_scrub_verified", {"scrub": None}),
    ],
)
def test_each_condition_alone_closes_it(name: str, change: dict[str, Any]) -> None:
    verdicts = evaluate(facts(**change), Gate())
    assert [v.name for v in verdicts if not v.passed] == [name]
    assert not is_open(verdicts)


@pytest.mark.parametrize(
    "change",
    [
        {"passed": False},
        {"passed": False, "survivors": 2, "unclean_files": frozenset({"a.jsonl"})},
        {"passed": False, "survivors": 1, "unclean_files": frozenset({"canaries"})},
        {"changed_files": frozenset({"README.md"})},
        {"unread_files": frozenset({"b.jsonl"})},
        {"rows": 0},
    ],
)
def test_a_scrub_is_verified_only_for_files_that_were_read_and_did_not_change(
    change: dict[str, Any],
) -> None:
    scrub = facts().scrub
    assert scrub is not None
    v = verdict("privacy_scrub_verified", facts(scrub=replace(scrub, **change)))
    assert not v.passed
    assert v.missing > 0


def test_a_judge_that_does_not_distinguish_keeps_it_closed() -> None:
    verdicts = evaluate(facts(undiscerning=("60 of 60 scores are 10 from x (rubric ab)",)), Gate())
    closed = [v for v in verdicts if not v.passed]
    assert [v.name for v in closed] == ["positive_examples", "clean_tool_use_examples"]
    assert all("60 of 60 scores are 10 from x" in v.detail for v in closed)


def test_fewer_than_five_verdicts_never_open_it() -> None:
    verdicts = evaluate(facts(), Gate())
    assert not is_open(verdicts[:4])
    assert not is_open([])


def test_a_closed_condition_says_what_is_missing_and_when_it_would_be_there() -> None:
    given = facts(positive_examples=Count("sharegpt_dataset", 940, None, 4.0))
    v = verdict("positive_examples", given)
    assert (v.count, v.threshold, v.missing) == (940, 1_000, 60)
    assert v.reached_on == date(2026, 3, 24)
    assert "4.0 a day" in v.detail
    assert "2026-03-24" in v.detail
    idle = verdict("positive_examples", facts(positive_examples=Count("a", 3, None, 0.0)))
    assert idle.reached_on is None


@pytest.mark.parametrize(
    ("bad", "n", "bound"),
    [(0, 50, 0.058), (1, 50, 0.091), (2, 50, 0.121), (5, 50, 0.199), (0, 200, 0.015), (0, 0, 1)],
)
def test_what_a_sample_proves(bad: int, n: int, bound: float) -> None:
    assert bad_share_bound(bad, n) == pytest.approx(bound, abs=0.0006)


def test_the_review_says_what_it_proves() -> None:
    assert "less than 5.8%" in verdict("human_review", facts()).detail
    review = ReviewFacts("r1", 50, 48, 2, 0, 0, ("ada",))
    v = verdict("human_review", facts(review=review))
    assert v.passed
    assert "2 rejected: with 95 % confidence less than 12.1%" in v.detail


def test_a_threshold_that_is_not_the_published_one_is_named_everywhere() -> None:
    verdicts = evaluate(facts(), Gate(positive_examples=10))
    said = "the threshold is not the published one (1000)"
    for report in (render_markdown(verdicts), render_text(verdicts), str(as_status(verdicts))):
        assert report.count(said) == 1
    assert "published" not in render_text(evaluate(facts(), Gate()))


def test_the_forms_of_the_report() -> None:
    verdicts = evaluate(facts(scrub=None), Gate())
    status = json.loads(json.dumps(as_status(verdicts)))
    assert status["open"] is False
    assert [check["name"] for check in status["checks"]] == list(CHECKS)
    assert set(status["checks"][0]) == {
        "name",
        "passed",
        "count",
        "threshold",
        "missing",
        "detail",
    }
    assert len(render_text(verdicts).splitlines()) == 5
    assert "The gate is closed" in render_markdown(verdicts)


def test_the_history_keeps_the_last_evaluation_of_each_day(tmp_path: Path) -> None:
    lake, zone = Lake(str(tmp_path / "lake")), ZoneInfo("Europe/Berlin")
    verdicts = evaluate(facts(), Gate())
    fewer = evaluate(facts(positive_examples=Count("a", 7, 7, 0.0)), Gate())
    remember(lake, fewer, datetime(2026, 3, 8, 21, 0, tzinfo=UTC), zone)
    remember(lake, fewer, datetime(2026, 3, 8, 22, 59, tzinfo=UTC), zone)
    history = remember(lake, verdicts, datetime(2026, 3, 8, 23, 1, tzinfo=UTC), zone)  # the 9th
    assert history.num_rows == 2 * len(CHECKS)
    assert history.schema.equals(lake.read("phase5_gate").schema)
    counts = [r["count"] for r in history.to_pylist() if r["name"] == "positive_examples"]
    assert counts == [7, 1_000]


def test_the_page_has_the_same_numbers_and_needs_nothing_else(tmp_path: Path) -> None:
    lake, zone = Lake(str(tmp_path / "lake")), ZoneInfo("UTC")
    given = facts(positive_examples=Count("sharegpt_dataset", 940, None, 4.0), scrub=None)
    thresholds = Gate(contrastive_pairs=20)
    verdicts = evaluate(given, thresholds)
    changed = changed_thresholds(thresholds, 7.0, 2.5)
    pages = []
    for day in (8, 9):
        when = datetime(2026, 3, day, 12, tzinfo=UTC)
        history = remember(lake, verdicts, when, zone)
        pages.append(render_html(verdicts, history, changed, when))
    first, second = pages
    assert "The Phase 5 gate is closed" in second
    for v in verdicts:
        assert html.escape(v.detail, quote=True) in second
        assert f"{v.count:,} of {v.threshold:,}" in second
    assert "2026-03-24" in second  # the projected date
    assert "less than 5.8%" in second  # the bound
    assert "[gate] contrastive_pairs is 20, the published gate has 50." in second
    assert "[shadow] min_gap is 2.5, the published gate has 3." in second
    assert "from 940 to 940, 1000 needed" in second
    assert "The trend begins" in first
    assert "The trend begins" not in second
    for loaded in ("<script", "src=", "href=", "url(", "@import"):
        assert loaded not in second


def test_published_thresholds_are_said_to_be() -> None:
    assert changed_thresholds(Gate(), 7.0, 3.0) == []
    assert len(changed_thresholds(Gate(human_review=5), 6.0, 3.0)) == 2


def test_rows_held_back_are_told_with_where_to_see_them() -> None:
    scrub = facts().scrub
    assert scrub is not None
    v = verdict("privacy_scrub_verified", facts(scrub=replace(scrub, held=3)))
    assert v.passed
    assert "3 rows held back, listed by `clawtrain quarantine`" in v.detail
