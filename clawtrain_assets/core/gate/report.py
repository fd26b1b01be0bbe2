"""The verdicts for machines, for Dagster's page and for a terminal."""

from typing import Any

from clawtrain_assets.core.gate.rules import Verdict, is_open


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
