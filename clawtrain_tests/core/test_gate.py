"""The gate tells the truth: it opens for five met conditions and for nothing else."""

import html
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.dataset.released import Release
from clawtrain_assets.core.dataset.reviews import Judgment, ReviewVerdict, VerdictLog
from clawtrain_assets.core.dataset.sample import sampled_ids
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.gate import (
    CHECKS,
    GateFacts,
    ReviewFacts,
    ScrubFacts,
    Verdict,
    approve,
    as_status,
    bad_share_bound,
    changed_thresholds,
    evaluate,
    gather_facts,
    is_open,
    remember,
    render_html,
    render_markdown,
    render_text,
)
from clawtrain_assets.core.gate.facts import Count
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.schemas import SCORED_TURNS, SCORES
from clawtrain_assets.settings import Gate
from clawtrain_tests.core.dataset.lakes import day_turns, release, small_lake, write_day

TODAY = date(2026, 3, 9)
FILES = frozenset({"a.jsonl", "b.jsonl", "README.md"})


def facts(**changes: Any) -> GateFacts:
    """Facts that meet every published condition exactly."""
    good = GateFacts(
        today=TODAY,
        window_days=28,
        release_id="r1",
        positive_examples=Count("sharegpt_dataset", 1_000, 1_000, 5.0),
        contrastive_pairs=Count("contrastive_pairs", 50, 50, 1.0),
        clean_tool_use_examples=Count("sharegpt_dataset", 500, 500, 2.0),
        review=ReviewFacts("r1", 50, 50, 0, 0, 0, ("ada",)),
        scrub=ScrubFacts("r1", True, 2_050, FILES, 0, frozenset(), frozenset(), frozenset()),
    )
    return replace(good, **changes)


def verdict(name: str, given: GateFacts, thresholds: Gate | None = None) -> Verdict:
    return {v.name: v for v in evaluate(given, thresholds or Gate())}[name]


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


def gather(lake: Lake, root: Path, reviewers: Sequence[str] = ("ada",)) -> GateFacts:
    return gather_facts(lake, root / "releases", root / "reviews", reviewers, 5, TODAY)


def judge(root: Path, built: Release, example: str, said: Judgment, reviewer: str = "ada") -> None:
    log = VerdictLog(root / "reviews", built.release_id)
    log.append(review_verdict(built, example, said, reviewer=reviewer))


def review_verdict(built: Release, example: str, said: Judgment, **changes: Any) -> ReviewVerdict:
    given = {"turn_id": "t", "reviewer": "ada", "time": datetime.now(UTC)} | changes
    return ReviewVerdict(release_id=built.release_id, example_id=example, verdict=said, **given)


def test_an_empty_home_has_no_facts_and_a_closed_gate(tmp_path: Path) -> None:
    given = gather(Lake(str(tmp_path / "lake")), tmp_path)
    verdicts = evaluate(given, Gate())
    assert [v.passed for v in verdicts] == [False] * 5
    assert [v.count for v in verdicts] == [0] * 5


def test_counts_are_of_distinct_examples_over_all_days(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    given = gather(lake, tmp_path)
    assert given.positive_examples == Count("sharegpt_dataset", 12, None, 12 / 28)
    assert given.clean_tool_use_examples.lake == 6
    assert given.contrastive_pairs == Count("contrastive_pairs", 4, None, 4 / 28)
    again = day_turns("2026-03-07")  # the same work again on another day adds nothing
    write_day(lake, "2026-03-09", again)
    assert gather(lake, tmp_path).positive_examples.lake == 12
    built = release(lake, tmp_path, excluded_turns={"2026-03-07-0-call"})
    given = gather(lake, tmp_path)
    assert given.release_id == built.release_id
    assert given.positive_examples.release == 11
    assert given.clean_tool_use_examples.release == 5


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([10.0] * 60, ["60 of 60 scores are 10 from judge (rubric abcdefgh)"]),
        ([0.0, 10.0] * 30, ["60 of 60 scores are 0 or 10 from judge (rubric abcdefgh)"]),
        ([10.0] * 49, []),  # too few to be certain
        ([10.0] * 56 + [3.0] * 4, []),
        ([0.0] * 60, []),  # kept nothing
    ],
)
def test_which_judges_do_not_distinguish(
    given: list[float], named: list[str], tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path))
    judge = {"judge_model": "judge", "judge_digest": "d", "rubric_hash": "abcdefghijk"}
    blank = dict.fromkeys(SCORED_TURNS.names)
    other = {"judge_model": "other", "overall": 8.0}  # one turn only
    rows = [blank | other] + [blank | judge | {"overall": value} for value in given]
    lake.write_rows("scored_turns", "2026-03-07", rows, SCORED_TURNS)
    found = gather_facts(lake, tmp_path / "r", tmp_path / "v", (), 50, TODAY)
    assert list(found.undiscerning) == named


def test_the_review_counts_for_its_release_and_by_named_people_only(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    built = release(lake, tmp_path)
    sampled = sampled_ids(built, 5)
    for example in sampled:
        judge(tmp_path, built, example, "keep", reviewer="mallory")
    judge(tmp_path, built, sampled[0], "reject")
    judge(tmp_path, built, sampled[0], "keep")  # a second thought
    judge(tmp_path, built, sampled[1], "reject")
    judge(tmp_path, built, sampled[2], "skip")
    judge(tmp_path, built, "not in the sample", "keep")
    review = gather(lake, tmp_path).review
    assert review == ReviewFacts(built.release_id, 5, 1, 1, 0, 5, ("ada",))
    judge(tmp_path, built, "not in the sample", "leak")
    review = gather(lake, tmp_path).review
    assert review is not None
    assert review.leaks == 1
    write_day(lake, "2026-03-09", day_turns("2026-03-09"))
    release(lake, tmp_path)
    review = gather(lake, tmp_path).review
    assert review is not None
    assert (review.kept, review.rejected, review.unnamed) == (0, 0, 0)


def test_the_review_tells_how_far_judge_and_reviewers_agree(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    built = release(lake, tmp_path)
    sampled = sampled_ids(built, 5)
    judge(tmp_path, built, sampled[0], "keep")
    assert gather(lake, tmp_path).review == ReviewFacts(built.release_id, 5, 1, 0, 0, 0, ("ada",))
    for example, overall in zip(sampled, (8.0, 7.0, 3.0, 8.0, 9.0), strict=True):
        log = VerdictLog(tmp_path / "reviews", built.release_id)
        scores = dict.fromkeys(SCORES, overall)
        log.append(review_verdict(built, example, "keep", scores=scores))
    review = gather(lake, tmp_path).review
    assert review is not None
    assert review.agreement is not None
    assert (review.agreement.n, review.agreement.within_one) == (5, 0.8)  # the judge said 8
    said = verdict("human_review", facts(review=review)).detail
    assert "within a point on 80% of 5 examples" in said


def test_the_scrub_counts_for_the_files_as_they_were_verified(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    built = release(lake, tmp_path)
    assert verdict("privacy_scrub_verified", gather(lake, tmp_path)).passed
    readme = built.path / "README.md"
    readme.chmod(0o600)
    readme.write_text("changed")
    v = verdict("privacy_scrub_verified", gather(lake, tmp_path))
    assert not v.passed
    assert "changed since: README.md" in v.detail

    def finds(files: Sequence[Path]) -> ScrubCheck:
        return ScrubCheck((Survivor("README.md", 1, "name"),), {})

    release(lake, tmp_path, verify=finds)
    v = verdict("privacy_scrub_verified", gather(lake, tmp_path))
    assert not v.passed
    assert "1 findings survive in README.md" in v.detail


def test_approval_is_refused_while_the_gate_is_closed(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    built = release(lake, tmp_path)
    given = gather(lake, tmp_path)
    with pytest.raises(ClawtrainError, match="positive_examples"):
        approve(built, evaluate(given, Gate()), "ada", datetime.now(UTC))
    assert not list((tmp_path / "releases").glob("*.approval.json"))
    for example in sampled_ids(built, 5):
        judge(tmp_path, built, example, "keep")
    small = Gate(
        positive_examples=12, contrastive_pairs=4, clean_tool_use_examples=6, human_review=5
    )
    verdicts = evaluate(gather(lake, tmp_path), small)
    path = approve(built, verdicts, "ada", datetime.now(UTC))
    record = json.loads(path.read_text())
    assert record["release_id"] == built.release_id
    assert record["gate"]["open"] is True


def test_rows_held_back_are_told_with_where_to_see_them() -> None:
    scrub = facts().scrub
    assert scrub is not None
    v = verdict("privacy_scrub_verified", facts(scrub=replace(scrub, held=3)))
    assert v.passed
    assert "3 rows held back, listed by `clawtrain quarantine`" in v.detail
