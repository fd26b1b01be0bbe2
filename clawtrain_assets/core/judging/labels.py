"""What people said of the turns a judge scored: the labels its agreement is measured on."""

import statistics
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from clawtrain_assets.core.dataset.reviews import ReviewVerdict, verdicts_in_force
from clawtrain_assets.core.schemas import SCORES


class Label(NamedTuple):
    """``scores``: median over the reviewers who gave that score. ``keeps``: whether all who
    decided would keep the turn; None if nobody did. A leak is a matter of scrubbing, not of
    quality, and decides nothing."""

    scores: dict[str, float]
    keeps: bool | None


def human_labels(reviews_dir: Path, reviewers: Collection[str]) -> dict[str, Label]:
    """Labels by turn id from the reviews of every release; only named reviewers count."""
    said: dict[str, list[ReviewVerdict]] = defaultdict(list)
    for verdict in verdicts_in_force(reviews_dir, reviewers):
        said[verdict.turn_id].append(verdict)
    return {turn_id: _label(verdicts) for turn_id, verdicts in said.items()}


def _label(verdicts: list[ReviewVerdict]) -> Label:
    given: dict[str, list[float]] = defaultdict(list)
    for verdict in verdicts:
        for name, score in (verdict.scores or {}).items():
            given[name].append(score)
    decided = [one.verdict == "keep" for one in verdicts if one.verdict in ("keep", "reject")]
    return Label(
        {name: statistics.median(given[name]) for name in SCORES if name in given},
        all(decided) if decided else None,
    )
