"""The Phase 5 gate: five conditions a release must meet before a model is trained on it."""

from clawtrain_assets.core.gate.approval import approve
from clawtrain_assets.core.gate.current import approve_newest, current
from clawtrain_assets.core.gate.facts import GateFacts, ReviewFacts, ScrubFacts, gather_facts
from clawtrain_assets.core.gate.history import remember
from clawtrain_assets.core.gate.report import as_status, render_html, render_markdown, render_text
from clawtrain_assets.core.gate.rules import (
    CHECKS,
    Verdict,
    bad_share_bound,
    changed_thresholds,
    evaluate,
    is_open,
)

__all__ = [
    "CHECKS",
    "GateFacts",
    "ReviewFacts",
    "ScrubFacts",
    "Verdict",
    "approve",
    "approve_newest",
    "as_status",
    "bad_share_bound",
    "changed_thresholds",
    "current",
    "evaluate",
    "gather_facts",
    "is_open",
    "remember",
    "render_html",
    "render_markdown",
    "render_text",
]
