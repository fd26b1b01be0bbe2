"""One reviewer working through one release's sample: what is next, and saving a judgment."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from clawtrain_assets.core.dataset.released import newest_release
from clawtrain_assets.core.dataset.reviews import Judgment, ReviewVerdict, VerdictLog
from clawtrain_assets.core.dataset.sample import draw_review_sample
from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.settings import SETTINGS_FILE, Settings


@dataclass(frozen=True)
class Example:
    """An example as a reviewer sees it; ``judge_scores`` are to be shown only afterwards."""

    position: int
    example_id: str
    turn_id: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    judge_scores: dict[str, float] | None


class ReviewSession:
    """The sample in its order and the reviewer's verdicts on it, each durable once given."""

    def __init__(
        self, release_id: str, examples: list[Example], reviews_dir: Path, reviewer: str
    ) -> None:
        self.release_id = release_id
        self.examples = examples
        self.reviewer = reviewer
        self._log = VerdictLog(reviews_dir, release_id)
        self._given = {
            verdict.example_id: verdict
            for verdict in self._log.latest()
            if verdict.reviewer == reviewer
        }

    @classmethod
    def newest(cls, settings: Settings, reviewer: str | None) -> Self:
        """The newest release's sample; raises UsageError if the reviewer is not one.

        ``reviewer`` may be left out if the settings name exactly one.
        """
        name = _reviewer(settings, reviewer)
        release = newest_release(settings.releases)
        sample = draw_review_sample(release, settings.gate.human_review)
        if not sample.num_rows:
            raise ClawtrainError(
                f"Release {release.release_id} has no example to review: score more turns, then "
                "run `clawtrain release`."
            )
        examples = [_example(row) for row in sample.to_pylist()]
        return cls(release.release_id, examples, settings.reviews, name)

    def verdict(self, index: int) -> ReviewVerdict | None:
        """The verdict in force on the example at ``index`` (0-based)."""
        return self._given.get(self.examples[index].example_id)

    def next_open(self, start: int = 0) -> int | None:
        """Index of the first example without a verdict, looking from ``start`` on and around.

        Skipped ones come again when all others are judged; None if nothing is left.
        """
        order = [*range(start, len(self.examples)), *range(start)]
        unseen = (i for i in order if self.verdict(i) is None)
        skipped = (i for i in order if (v := self.verdict(i)) and v.verdict == "skip")
        return next(unseen, next(skipped, None))

    @property
    def judged(self) -> int:
        """Examples with a verdict other than skip."""
        return sum(
            (verdict := self.verdict(i)) is not None and verdict.verdict != "skip"
            for i in range(len(self.examples))
        )

    def judge(
        self,
        index: int,
        verdict: Judgment,
        notes: str = "",
        scores: dict[str, float] | None = None,
    ) -> ReviewVerdict:
        """Save a verdict; on disk when this returns. Raises ClawtrainError if it cannot be."""
        example = self.examples[index]
        given = ReviewVerdict(
            release_id=self.release_id,
            example_id=example.example_id,
            turn_id=example.turn_id,
            reviewer=self.reviewer,
            verdict=verdict,
            scores=scores,
            notes=notes,
            time=datetime.now(UTC),
        )
        self._log.append(given)
        self._given[example.example_id] = given
        return given


def _example(row: dict[str, Any]) -> Example:
    return Example(
        position=row["position"],
        example_id=row["example_id"],
        turn_id=row["turn_id"],
        messages=json.loads(row["messages"]),
        tools=json.loads(row["tools"]),
        judge_scores=json.loads(row["judge_scores"]) if row["judge_scores"] else None,
    )


def _reviewer(settings: Settings, reviewer: str | None) -> str:
    names = settings.review.reviewers
    file = settings.home / SETTINGS_FILE
    if not names:
        raise UsageError(f"No reviewer is named: add yours to [review] reviewers in {file}.")
    if reviewer is None and len(names) == 1:
        return names[0]
    if reviewer not in names:
        raise UsageError(f"Give --reviewer as one of: {', '.join(names)} (named in {file}).")
    return reviewer
