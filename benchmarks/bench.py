"""The short form of every benchmark, in turn, and one table of the figures that have an aim.

    python benchmarks/bench.py [NAME ...]        # default: all of them; `make bench`

Each takes under a minute on an idle machine of two cores. Exit status 1 if one of them could not
run; a missed aim is a finding, not a failure.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ALL = (
    "startup",
    "extract",
    "score",
    "hosts",
    "kill",
    "false_pairs",
    "scrub",
    "dedup",
    "volume",
    "ui",
    "day",
)


def run(name: str) -> list[dict[str, Any]] | None:
    """What the benchmark printed; None if it failed."""
    script = Path(__file__).with_name(f"{name}.py")
    done = subprocess.run(
        [sys.executable, str(script), "--quick", "--json"], stdout=subprocess.PIPE, text=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return found if done.returncode == 0 else None


def rows(name: str, found: list[dict[str, Any]] | None) -> list[tuple[str, ...]]:
    if found is None:
        return [(name, "did not run", "", "", "", "FAILED")]
    said = {True: "met", False: "missed", None: ""}
    return [
        (
            name,
            one["metric"],
            f"{one['value']:,.4g}",
            one["unit"] or "",
            "" if one["aim"] is None else f"{one['aim']:,.4g}",
            said[one["met"]],
        )
        for one in found
        if one["aim"] is not None
    ]


def main() -> None:
    wanted = sys.argv[1:] or list(_ALL)
    if unknown := set(wanted) - set(_ALL):
        sys.exit(f"No benchmark {', '.join(sorted(unknown))}; there are: {', '.join(_ALL)}")
    table = [("benchmark", "metric", "value", "unit", "aim", "")]
    failed = False
    for name in wanted:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found = run(name)
        failed |= found is None
        table += rows(name, found)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        cells = [
            cell.rjust(width) if column in (2, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    sys.exit(failed)


if __name__ == "__main__":
    main()
