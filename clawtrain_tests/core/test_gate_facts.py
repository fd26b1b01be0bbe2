"""What the gate knows: facts gathered from lake, releases and reviews, and what they decide."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.dataset.released import Release
from clawtrain_assets.core.dataset.reviews import Judgment, ReviewVerdict, VerdictLog
from clawtrain_assets.core.dataset.sample import sampled_ids
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.gate import (
    GateFacts,
    ReviewFacts,
    approve,
    evaluate,
    gather_facts,
)
from clawtrain_assets.core.gate.facts import Count
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.schemas import SCORED_TURNS, SCORES
from clawtrain_assets.settings import Gate
from clawtrain_tests.core.dataset.lakes import day_turns, release, small_lake, write_day
from clawtrain_tests.core.gates import TODAY, facts, verdict


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
