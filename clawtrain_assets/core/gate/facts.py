"""What the gate judges by: counts over all days, the current release, its review and scrub."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

from clawtrain_assets.core.dataset.release_files import LINEAGE, SFT_FORMS, read_rows
from clawtrain_assets.core.dataset.released import (
    SCRUB_REPORT,
    Release,
    changed_files,
    current_release,
    scrub_report,
)
from clawtrain_assets.core.dataset.reviews import VerdictLog
from clawtrain_assets.core.dataset.sample import sampled_ids
from clawtrain_assets.core.judging.agreement import Agreement, agreement
from clawtrain_assets.core.judging.discernment import CERTAIN, spread
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.settings import Dataset

_KEPT = Dataset().min_overall  # a judge that never gave so much kept nothing
WINDOW_DAYS = 28  # the present yield is the mean over these last days

_EXAMPLES = """
WITH kept AS (
    SELECT fingerprint, min(day) AS day, bool_or(is_tool_use) AS is_tool_use
    FROM examples WHERE status = 'kept' GROUP BY fingerprint
)
SELECT count(*) AS positive, count(*) FILTER (is_tool_use) AS tool_use,
    count(*) FILTER (day > $since AND day <= $today) AS recent,
    count(*) FILTER (is_tool_use AND day > $since AND day <= $today) AS recent_tool_use
FROM kept
"""
_SCORES = """
SELECT judge_model, judge_digest, rubric_hash, overall, count(*) AS n
FROM scores WHERE overall IS NOT NULL GROUP BY ALL
"""
_PAIRS = """
SELECT count(DISTINCT pair_id) AS pairs,
    count(DISTINCT pair_id) FILTER (day > $since AND day <= $today) AS recent
FROM pairs WHERE status = 'pair'
"""


@dataclass(frozen=True)
class Count:
    """A number over all days (None: the asset is absent) and in the release, if there is one."""

    asset: str
    lake: int | None
    release: int | None
    per_day: float


@dataclass(frozen=True)
class ReviewFacts:
    """The review of one release; ``kept``, ``rejected``, ``leaks`` are examples, by the
    reviewers the settings name; ``unnamed`` counts verdicts by anyone else."""

    release_id: str
    sampled: int
    kept: int
    rejected: int
    leaks: int
    unnamed: int
    reviewers: tuple[str, ...]
    agreement: Agreement | None = None  # of the judge's overall with theirs, where they gave one


@dataclass(frozen=True)
class ScrubFacts:
    """The scrub report of one release, and what of it still describes the files there.

    ``names`` are all files the manifest names; ``unclean_files`` may name other places, such as
    canaries that survived.
    """

    release_id: str
    passed: bool
    rows: int
    names: frozenset[str]
    survivors: int
    unclean_files: frozenset[str]
    unread_files: frozenset[str]
    changed_files: frozenset[str]
    held: int = 0  # examples and pairs kept back


@dataclass(frozen=True)
class GateFacts:
    """Everything ``rules.evaluate`` looks at.

    ``undiscerning`` says of each judge that kept turns without telling them apart what it gave.
    """

    today: date
    window_days: int
    release_id: str | None
    positive_examples: Count
    contrastive_pairs: Count
    clean_tool_use_examples: Count
    review: ReviewFacts | None
    scrub: ScrubFacts | None
    undiscerning: tuple[str, ...] = ()


def gather_facts(
    lake: Lake,
    releases_dir: Path,
    reviews_dir: Path,
    reviewers: Collection[str],
    review_size: int,
    today: date,
) -> GateFacts:
    """Read the facts: three DuckDB queries over all days, and the current release's files.

    ``today`` is the owner's; ``review_size`` examples are sampled for the review. Raises
    ClawtrainError if the current release is missing or its manifest was changed.
    """
    release = current_release(releases_dir)
    since = (today - timedelta(days=WINDOW_DAYS)).isoformat()
    positive, tool_use = _example_counts(lake, since, today, release)
    return GateFacts(
        today=today,
        window_days=WINDOW_DAYS,
        release_id=release.release_id if release else None,
        positive_examples=positive,
        contrastive_pairs=_pair_count(lake, since, today, release),
        clean_tool_use_examples=tool_use,
        review=_review(release, reviews_dir, reviewers, review_size) if release else None,
        scrub=_scrub(release) if release else None,
        undiscerning=tuple(_undiscerning(lake)),
    )


def _example_counts(
    lake: Lake, since: str, today: date, release: Release | None
) -> tuple[Count, Count]:
    asset = "sharegpt_dataset"
    if not lake.days(asset):
        return Count(asset, None, None, 0.0), Count(asset, None, None, 0.0)
    (row,) = lake.query(_dated(_EXAMPLES, since, today), examples=asset).to_pylist()
    shipped = release.count(SFT_FORMS[0]) if release else None
    shipped_tool_use = release.manifest["tool_use_examples"] if release else None
    return (
        Count(asset, row["positive"], shipped, row["recent"] / WINDOW_DAYS),
        Count(asset, row["tool_use"], shipped_tool_use, row["recent_tool_use"] / WINDOW_DAYS),
    )


def _pair_count(lake: Lake, since: str, today: date, release: Release | None) -> Count:
    asset = "contrastive_pairs"
    if not lake.days(asset):
        return Count(asset, None, None, 0.0)
    (row,) = lake.query(_dated(_PAIRS, since, today), pairs=asset).to_pylist()
    shipped = release.count("preference_sharegpt") if release else None
    return Count(asset, row["pairs"], shipped, row["recent"] / WINDOW_DAYS)


def _undiscerning(lake: Lake) -> Iterator[str]:
    """Of judges under one rubric each, whose scores are certainly all of one kind."""
    if not lake.days("scored_turns"):
        return
    given: dict[tuple[str, str, str], dict[float, int]] = {}
    for row in lake.query(_SCORES, scores="scored_turns").to_pylist():
        series = row["judge_model"], row["judge_digest"], row["rubric_hash"]
        given.setdefault(series, {})[row["overall"]] = row["n"]
    for (model, _, rubric), counts in sorted(given.items(), key=str):
        found = spread(counts)
        if found.n >= CERTAIN and not found.distinguishes and max(counts) >= _KEPT:
            yield f"{found.words} from {model} (rubric {str(rubric)[:8]})"


def _dated(sql: str, since: str, today: date) -> str:
    return sql.replace("$since", f"'{since}'").replace("$today", f"'{today.isoformat()}'")


def _review(
    release: Release, reviews_dir: Path, reviewers: Collection[str], size: int
) -> ReviewFacts:
    sampled = set(sampled_ids(release, size))
    judged: dict[str, set[str]] = {}
    scored: dict[str, list[float]] = {}
    unnamed = 0
    for verdict in VerdictLog(reviews_dir, release.release_id).latest():
        if verdict.reviewer not in reviewers:
            unnamed += 1
        else:
            judged.setdefault(verdict.example_id, set()).add(verdict.verdict)
            if verdict.scores and verdict.verdict in ("keep", "reject"):
                scored.setdefault(verdict.example_id, []).append(verdict.scores["overall"])
    # Of several reviewers the strictest decides; a leak counts wherever it was found.
    leaks = {example for example, said in judged.items() if "leak" in said}
    rejected = {e for e, said in judged.items() if "reject" in said} & sampled - leaks
    kept = {e for e, said in judged.items() if "keep" in said} & sampled - leaks - rejected
    return ReviewFacts(
        release_id=release.release_id,
        sampled=len(sampled),
        kept=len(kept),
        rejected=len(rejected),
        leaks=len(leaks),
        unnamed=unnamed,
        reviewers=tuple(reviewers),
        agreement=_agreement(release, scored),
    )


def _agreement(release: Release, scored: dict[str, list[float]]) -> Agreement | None:
    """The judge beside the reviewers (their mean) on the examples of this release."""
    if not scored:
        return None
    pairs = [
        (row["scores"]["overall"], fmean(scored[row["id"]]))
        for row in read_rows(release.path / LINEAGE)
        if row["id"] in scored and row["scores"]
    ]
    return agreement([ours for ours, _ in pairs], [said for _, said in pairs]) if pairs else None


def _scrub(release: Release) -> ScrubFacts:
    changed = frozenset(changed_files(release))
    report: dict[str, Any] = {"passed": False, "files": [], "survivors": []}
    if SCRUB_REPORT not in changed:
        report = scrub_report(release)
    expected = frozenset(release.manifest["files"])
    return ScrubFacts(
        release_id=release.release_id,
        passed=bool(report["passed"]),
        rows=sum(sum(splits.values()) for splits in release.manifest["rows"].values()),
        names=expected,
        survivors=len(report["survivors"]),
        unclean_files=frozenset(survivor["file"] for survivor in report["survivors"]),
        unread_files=expected - {SCRUB_REPORT} - frozenset(report["files"]),
        changed_files=changed,
        held=len(report.get("held_back", ())),
    )
