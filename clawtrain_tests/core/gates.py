"""Facts of a gate that is open, to be changed one at a time."""

from dataclasses import replace
from datetime import date
from typing import Any

from clawtrain_assets.core.gate import (
    GateFacts,
    ReviewFacts,
    ScrubFacts,
    Verdict,
    evaluate,
)
from clawtrain_assets.core.gate.facts import Count
from clawtrain_assets.settings import Gate

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
