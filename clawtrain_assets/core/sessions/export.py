"""Turns as JSON lines, a file for each day: extraction without lake or Dagster."""

import base64
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec
from upath import UPath

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import replacing
from clawtrain_assets.core.sessions.extract import Extraction, extract
from clawtrain_assets.core.sessions.rows import json_rows
from clawtrain_assets.core.sessions.sources import DirectorySource
from clawtrain_assets.settings import Settings

QUARANTINE_FILE = "quarantine.jsonl"

_encode = msgspec.json.Encoder().encode


def export_turns(
    state_dirs: Sequence[Path], lcm: Path | None, out: Path, settings: Settings
) -> str:
    """Write ``<out>/<day>.jsonl`` and ``<out>/quarantine.jsonl``; returns a summary to print.

    A turn is one object with the columns of ``schemas.TURNS``, its structured ones as JSON and
    its timestamp as ISO 8601 in UTC. Files appear whole, and only if everything could be read.
    Raises UsageError if a source does not exist.
    """
    for path in (*state_dirs, *([lcm] if lcm else [])):
        if not path.exists():
            raise UsageError(f"{path} does not exist: name a state directory or lcm.db.")
    extraction = extract(
        DirectorySource(state_dirs, lcm), settings.sources, settings.zone, settings.prices
    )
    with ExitStack() as files:
        days: dict[str, BinaryIO] = {}
        for batch in extraction.batches():
            for row in json_rows(batch):
                day = row["day"]
                if day not in days:
                    days[day] = files.enter_context(replacing(UPath(out / f"{day}.jsonl")))
                days[day].write(_encode(row) + b"\n")
        rejected = files.enter_context(replacing(UPath(out / QUARANTINE_FILE)))
        for line in extraction.quarantine:
            raw = base64.b64encode(line["raw"]).decode()
            rejected.write(_encode({**line, "raw": raw}) + b"\n")
    return _summary(extraction, out)


def _summary(extraction: Extraction, out: Path) -> str:
    report = extraction.report
    excluded = ", ".join(f"{n} {reason}" for reason, n in report.excluded.most_common())
    sources = ", ".join(f"{n} {source}" for source, n in report.attributed.most_common())
    costs = ", ".join(f"{n} {state}" for state, n in report.cost_states.most_common())
    cost = "unknown" if report.cost_usd is None else f"USD {report.cost_usd:.2f}"
    found = [
        f"  from {family:10} {n['rows']} rows, {n['model turns']} model's turns, of them "
        f"{n['attributed']} attributed; {n['costed']} rows with a cost"
        for family, n in sorted(report.sources.items())
    ]
    return "\n".join(
        [
            f"{report.turns} assistant turns of {report.sessions} sessions in {out}",
            f"  merged      {report.assistant_entries} assistant entries read, of them "
            f"{report.merged_entries} copies of an entry, {report.merged_turns} of a turn",
            *found,
            f"  lcm.db      {report.lcm_joined_turns} turns a file has too, "
            f"{report.lcm_only_turns} it alone has, {report.lcm_conflicts} conflicts",
            f"  excluded    {sum(report.excluded.values())}"
            + (f" ({excluded})" if excluded else ""),
            f"  attributed  {sources or 'none'}",
            f"  cost        {cost} ({costs or 'no turns'})",
            f"  lines       {report.lines} read, {len(report.quarantine)} pieces in quarantine, "
            f"{report.unfinished} unfinished",
        ]
    )
