"""The short form of every benchmark, in turn, and one table of the figures that have an aim.

    python benchmarks/bench.py [NAME ...]        # default: all of them; `make bench`

Each takes under a minute on an idle machine of two cores, and is stopped after five. The table
alone goes to standard output: `make -s bench > FILE` keeps it. Exit status 1 if one of them could
not run; a missed aim is a finding, not a failure.
"""

import contextlib
import json
import os
import signal
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

_LIMIT_S = 300
_GRACE_S = 100  # web server and daemon may take as long to end


def run(name: str) -> tuple[list[dict[str, Any]], str | None]:
    """What the benchmark printed, and what went wrong."""
    script = Path(__file__).with_name(f"{name}.py")
    process = subprocess.Popen(
        [sys.executable, str(script), "--quick", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wrong = None
    try:
        printed, _ = process.communicate(timeout=_LIMIT_S)
        if process.returncode:
            wrong = f"ended with status {process.returncode}"
    except subprocess.TimeoutExpired:
        printed, wrong = _stopped(process), f"did not end within {_LIMIT_S} s"
    except KeyboardInterrupt:
        _stopped(process)
        raise
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")], wrong


def _stopped(process: "subprocess.Popen[str]") -> str:
    """What it printed before it was interrupted, so that it ends its servers, or else killed."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]


def rows(name: str, found: list[dict[str, Any]], wrong: str | None) -> list[tuple[str, ...]]:
    said = {True: "met", False: "missed", None: ""}
    aimed = [
        (
            name,
            one["metric"],
            f"{one['value']:,.4g}",
            one["unit"] or "",
            f"{one['aim']:,.4g}",
            said[one["met"]],
        )
        for one in found
        if one["aim"] is not None
    ]
    return [*aimed, (name, wrong, "", "", "", "FAILED")] if wrong else aimed


def main() -> None:
    wanted = sys.argv[1:] or list(_ALL)
    if unknown := set(wanted) - set(_ALL):
        sys.exit(f"No benchmark {', '.join(sorted(unknown))}; there are: {', '.join(_ALL)}")
    table = [("benchmark", "metric", "value", "unit", "aim", "")]
    failed = False
    for name in wanted:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found, wrong = run(name)
        failed |= wrong is not None
        table += rows(name, found, wrong)
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
