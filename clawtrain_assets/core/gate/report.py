"""The verdicts for machines, for Dagster's page, for a browser and for a terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from clawtrain_assets.core.gate import plots
from clawtrain_assets.core.gate.rules import Verdict, is_open
from clawtrain_assets.core.page import render_page


def as_status(verdicts: list[Verdict]) -> dict[str, Any]:
    """What ``clawtrain status --json`` prints."""
    fields = ("name", "passed", "count", "threshold", "missing", "detail")
    return {
        "open": is_open(verdicts),
        "checks": [{field: getattr(v, field) for field in fields} for v in verdicts],
    }


def render_text(verdicts: list[Verdict]) -> str:
    """One line for each condition, for a terminal."""
    width = max((len(v.name) for v in verdicts), default=0)
    return "\n".join(
        f"{'pass' if v.passed else 'FAIL'}  {v.name:<{width}}  {v.count:>6}/{v.threshold:<6}  "
        f"{v.detail}"
        for v in verdicts
    )


def render_markdown(verdicts: list[Verdict]) -> str:
    """The page of the ``phase5_gate`` asset."""
    state = "open" if is_open(verdicts) else "closed"
    lines = [
        f"## The gate is {state}",
        "",
        "| condition | | count | threshold | missing | reached on | detail |",
        "|---|---|---:|---:|---:|---|---|",
    ]
    for v in verdicts:
        lines.append(
            f"| {v.name} | {'pass' if v.passed else '**fail**'} | {v.count} | {v.threshold} "
            f"| {v.missing} | {v.reached_on or ''} | {v.detail} |"
        )
    return "\n".join(lines) + "\n"


def render_html(
    verdicts: Sequence[Verdict], history: pa.Table, changed: Sequence[str], when: datetime
) -> str:
    """``gate.html``: self-contained, the same numbers, and their trend over ``history``.

    ``history``: rows of ``schemas.GATE``; ``changed``: ``rules.changed_thresholds``.
    """
    return render_page(
        "gate/gate.html",
        {},
        state="open" if is_open(list(verdicts)) else "closed",
        verdicts=verdicts,
        passed=sum(verdict.passed for verdict in verdicts),
        failing=[verdict.name for verdict in verdicts if not verdict.passed],
        changed=changed,
        when=f"{when:%Y-%m-%d %H:%M %Z}",
        # Drawn here from numbers and names of checks, escaped by core.svg.
        bars=Markup(plots.progress(verdicts)),
        trends=[Markup(drawn) for drawn in _trends(verdicts, history)],
    )


def _trends(verdicts: Sequence[Verdict], history: pa.Table) -> list[str]:
    rows = history.select(["name", "evaluated_at", "count"]).to_pylist()
    drawn = []
    for verdict in verdicts:
        points = [(r["evaluated_at"], r["count"]) for r in rows if r["name"] == verdict.name]
        if len(points) > 1:
            drawn.append(plots.trend(verdict.name, points, verdict.threshold))
    return drawn
