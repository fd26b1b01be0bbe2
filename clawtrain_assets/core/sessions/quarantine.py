"""The quarantine table: every piece of a history file that could not be read."""

from collections.abc import Iterable
from typing import Any

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import WHOLE, Lake

TABLE = "quarantine"


def write_quarantine(lake: Lake, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows of ``schemas.QUARANTINE``; a piece that is there already stays one row.

    One table for all days: a line that cannot be read has no day.
    """
    known = lake.read(TABLE).to_pylist() if lake.exists(TABLE) else []
    merged = {(row["source_file"], row["byte_offset"], row["raw"]): row for row in (*known, *rows)}
    if len(merged) != len(known):
        ordered = [merged[key] for key in sorted(merged)]
        lake.write_rows(TABLE, WHOLE, ordered, schemas.QUARANTINE)
