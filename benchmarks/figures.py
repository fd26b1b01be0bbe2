"""How a benchmark's figures are written: for people, or one JSON object a line."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))  # benchmarks use the tests' servers


def figure(
    metric: str,
    value: float,
    unit: str,
    aim: float | None = None,
    *,
    below: bool = True,
    to: str | None = None,
) -> dict[str, Any]:
    """One measured value; the aim is a bound from above unless ``below`` is false."""
    met = None if aim is None else (value <= aim if below else value >= aim)
    return {
        "metric": metric,
        "value": round(value, 4),
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": to,
    }


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The options every benchmark has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object for each line")
    return parser


def show(figures: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Print each figure as it comes."""
    for one in figures:
        if as_json:
            print(json.dumps(one), flush=True)
            continue
        said = {True: "met", False: "MISSED", None: ""}[one["met"]]
        aim = "" if one["aim"] is None else f"aim {one['aim']}"
        print(f"{one['metric']:<64} {one['value']:>12} {one['unit']:<6} {aim} {said}", flush=True)
