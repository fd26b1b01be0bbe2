"""The gate of an installation, as its settings place it."""

from datetime import UTC, datetime

from clawtrain_assets.core.dataset.released import newest_release
from clawtrain_assets.core.gate.approval import approve
from clawtrain_assets.core.gate.facts import gather_facts
from clawtrain_assets.core.gate.rules import Verdict, evaluate
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.settings import Settings


def current(settings: Settings) -> list[Verdict]:
    """The five verdicts as of now."""
    facts = gather_facts(
        Lake(settings.lake),
        settings.releases,
        settings.reviews,
        settings.review.reviewers,
        settings.gate.human_review,
        datetime.now(settings.zone).date(),
    )
    return evaluate(facts, settings.gate)


def approve_newest(settings: Settings) -> str:
    """Approve the newest release; returns a sentence that says so.

    Raises ClawtrainError while the gate is closed, or if there is no release.
    """
    release = newest_release(settings.releases)
    path = approve(release, current(settings), settings.owner, datetime.now(UTC))
    return f"Release {release.release_id} is approved for training: {path}"
