"""The journal's summary as a table for a terminal."""

from collections.abc import Sequence
from typing import Any

_HEADS = (
    "day",
    "purpose",
    "model",
    "build",
    "answers",
    "errors",
    "read",
    "written",
    "seconds each",
)


def render(summary: Sequence[dict[str, Any]]) -> str:
    """Aligned columns, oldest day first, and a line of totals; rows as ``Journal.summary``.

    ``read`` and ``written`` are tokens; ``build`` is the start of the model's digest.
    """
    if not summary:
        return "The journal is empty: no model has answered anything yet."
    rows = [_HEADS, *(_cells(row) for row in summary), _cells(_total(summary))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = []
    for row in rows:
        names = [cell.ljust(width) for cell, width in zip(row[:4], widths, strict=False)]
        numbers = [cell.rjust(width) for cell, width in zip(row[4:], widths[4:], strict=True)]
        lines.append("  ".join([*names, *numbers]).rstrip())
    return "\n".join(lines)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    asked = row["answers"] - row["errors"]
    return (
        row["day"],
        row["purpose"],
        row["model"],
        row["model_digest"][:12],
        f"{row['answers']:,}",
        f"{row['errors']:,}",
        f"{row['prompt_tokens']:,}",
        f"{row['output_tokens']:,}",
        f"{row['latency_s'] / asked:.1f}" if asked else "",
    )


def _total(summary: Sequence[dict[str, Any]]) -> dict[str, Any]:
    counted = ("answers", "errors", "prompt_tokens", "output_tokens", "latency_s")
    names = {"day": "all", "purpose": "", "model": "", "model_digest": ""}
    return names | {name: sum(row[name] for row in summary) for name in counted}
