"""The five conditions as pure functions: the same for asset checks, CLI and releases."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from clawtrain_assets.core.gate.facts import Count, GateFacts, ReviewFacts, ScrubFacts
from clawtrain_assets.core.judging.agreement import Agreement
from clawtrain_assets.settings import Dataset, Gate, Shadow

CHECKS = (
    "positive_examples",
    "contrastive_pairs",
    "clean_tool_use_examples",
    "human_review",
    "privacy_scrub_verified",
)
PUBLISHED = Gate()
_CONFIDENCE = 0.95
_FAR = 36_500  # days; later than this is no date worth naming


@dataclass(frozen=True)
class Verdict:
    """One condition: ``missing`` is what ``count`` lacks to ``threshold``.

    ``reached_on`` is the day on which the present yield would reach the threshold; None if it
    is reached, or never would be. ``published`` is the threshold of the published gate.
    """

    name: str
    passed: bool
    count: int
    threshold: int
    missing: int
    detail: str
    published: int
    reached_on: date | None = None


def evaluate(facts: GateFacts, thresholds: Gate) -> list[Verdict]:
    """The five verdicts in the order of ``CHECKS``.

    A condition whose inputs are absent fails: absence proves nothing. Where a release exists,
    its own numbers count as well as the lake's, and the smaller one decides.
    """
    doubts = facts.undiscerning  # about examples, which are kept for their scores
    counted = (
        ("positive_examples", facts.positive_examples, thresholds.positive_examples, doubts),
        ("contrastive_pairs", facts.contrastive_pairs, thresholds.contrastive_pairs, ()),
        (
            "clean_tool_use_examples",
            facts.clean_tool_use_examples,
            thresholds.clean_tool_use_examples,
            doubts,
        ),
    )
    verdicts = [
        *(_enough(*one, facts) for one in counted),
        _human_review(facts.review, thresholds.human_review),
        _privacy(facts.scrub),
    ]
    return [_honest(verdict) for verdict in verdicts]


def changed_thresholds(thresholds: Gate, min_overall: float, min_gap: float) -> list[str]:
    """A sentence for every threshold of the gate that is not the published one.

    What counts as a positive example and as a pair is part of the gate, too.
    """
    pairs = [
        *((f"[gate] {name}", getattr(thresholds, name), value) for name, value in PUBLISHED),
        ("[dataset] min_overall", min_overall, Dataset().min_overall),
        ("[shadow] min_gap", min_gap, Shadow().min_gap),
    ]
    return [
        f"{name} is {value:g}, the published gate has {published:g}."
        for name, value, published in pairs
        if value != published
    ]


def is_open(verdicts: list[Verdict]) -> bool:
    """Whether all five conditions hold; fewer verdicts than five never open the gate."""
    return tuple(v.name for v in verdicts) == CHECKS and all(v.passed for v in verdicts)


def bad_share_bound(bad: int, n: int) -> float:
    """One-sided upper bound of the share of bad examples after finding ``bad`` among ``n``.

    Clopper-Pearson: the share p at which ``bad`` or fewer have probability 5 %. It
    takes the sample for random draws from a much larger release. 0 of 50 gives 0.058.
    """
    if n <= 0 or bad >= n:
        return 1.0
    low, high = bad / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(bad, n, middle) > 1 - _CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(bad: int, n: int, p: float) -> float:
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(bad + 1))


def _enough(
    name: str, count: Count, threshold: int, doubts: Sequence[str], facts: GateFacts
) -> Verdict:
    published = int(getattr(PUBLISHED, name))
    if count.lake is None:
        detail = f"{count.asset} has never been materialized"
        return Verdict(name, False, 0, threshold, threshold, detail, published)
    known = [n for n in (count.lake, count.release) if n is not None]
    deciding = min(known)
    missing = max(0, threshold - deciding)
    parts = [f"{count.lake} over all days"]
    if count.release is not None:
        parts.append(f"{count.release} in release {facts.release_id}")
    reached = _reached_on(facts.today, missing, count.per_day)
    if missing:
        parts.append(f"{count.per_day:.1f} a day over the last {facts.window_days} days")
        parts.append(f"reached on {reached}" if reached else "not reached at that yield")
    if doubts:
        parts.append(
            f"{', '.join(doubts)}: a judge that does not distinguish proves nothing, so judge its "
            "days again with another"
        )
    detail = "; ".join(parts)
    passed = not missing and not doubts
    return Verdict(name, passed, deciding, threshold, missing, detail, published, reached)


def _honest(verdict: Verdict) -> Verdict:
    """A threshold that was changed is named wherever the verdict is read."""
    if verdict.threshold == verdict.published:
        return verdict
    note = f"the threshold is not the published one ({verdict.published})"
    return replace(verdict, detail=f"{verdict.detail}; {note}")


def _reached_on(today: date, missing: int, per_day: float) -> date | None:
    if not missing or per_day <= 0 or missing / per_day > _FAR:
        return None
    return today + timedelta(days=math.ceil(missing / per_day))


def _human_review(review: ReviewFacts | None, threshold: int) -> Verdict:
    """All of the current release's sample judged keep or reject by a named reviewer, no leak.

    The published gate sets no limit to rejections; a sample of which more was rejected than
    kept fails all the same, and below that the bound in the detail says what was found.
    """
    name, published = "human_review", PUBLISHED.human_review
    if review is None:
        detail = "no release to review: build one with `clawtrain release`"
        return Verdict(name, False, 0, threshold, threshold, detail, published)
    judged = review.kept + review.rejected
    missing = max(0, max(threshold, review.sampled) - judged)
    parts = [f"release {review.release_id}: {judged} of {review.sampled} sampled examples judged"]
    if review.sampled < threshold:
        parts.append(f"the release has only {review.sampled} to sample, {threshold} are asked for")
    if not review.reviewers:
        parts.append("no reviewer is named in the settings ([review] reviewers)")
    if review.unnamed:
        parts.append(
            f"{review.unnamed} verdicts by reviewers the settings do not name do not count"
        )
    if review.leaks:
        parts.append(f"{review.leaks} leaks flagged: build a new release without them")
    if judged:
        bound = bad_share_bound(review.rejected + review.leaks, judged + review.leaks)
        parts.append(
            f"{review.rejected} rejected: with 95 % confidence less than {bound:.1%} of the "
            "release is bad"
        )
    if review.agreement:
        parts.append(_agrees(review.agreement))
    if review.rejected > review.kept:
        parts.append("more was rejected than kept")
    passed = not missing and not review.leaks and review.kept >= review.rejected
    return Verdict(name, passed, judged, threshold, missing, "; ".join(parts), published)


def _agrees(found: Agreement) -> str:
    near = f"judge and reviewers are within a point on {found.within_one:.0%} of {found.n} examples"
    if found.kappa is None or found.kappa_low is None or found.kappa_high is None:
        return near
    interval = f"{found.kappa_low:.2f} to {found.kappa_high:.2f}"
    return f"{near}, weighted kappa {found.kappa:.2f} ({interval})"


def _privacy(scrub: ScrubFacts | None) -> Verdict:
    """A passing scrub report over the current release's files, which are unchanged since."""
    name = "privacy_scrub_verified"
    if scrub is None:
        detail = "no release to verify: build one with `clawtrain release`"
        return Verdict(name, False, 0, 1, 1, detail, 1)
    doubted = scrub.unclean_files | scrub.changed_files | scrub.unread_files
    unclean = len(doubted & scrub.names)
    clean = len(scrub.names) - unclean
    missing = unclean if scrub.passed else max(unclean, 1)
    parts = [f"release {scrub.release_id}: {clean} of {len(scrub.names)} files verified"]
    if scrub.survivors:
        parts.append(f"{scrub.survivors} findings survive in {_names(scrub.unclean_files)}")
    if scrub.held:
        parts.append(f"{scrub.held} rows held back, listed by `clawtrain quarantine`")
    if scrub.unread_files:
        parts.append(f"never verified: {_names(scrub.unread_files)}")
    if scrub.changed_files:
        parts.append(f"changed since: {_names(scrub.changed_files)}")
    if scrub.rows == 0:
        parts.append("the release has no rows, so nothing was proved")
        missing = max(missing, 1)
    passed = scrub.passed and not missing
    threshold = max(1, len(scrub.names))
    return Verdict(name, passed, clean, threshold, missing, "; ".join(parts), threshold)


def _names(files: frozenset[str]) -> str:
    return ", ".join(sorted(files))
