"""What the gate said on past days: one evaluation a day, so that a trend can be seen."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core.gate.rules import Verdict
from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_assets.core.schemas import GATE

ASSET = "phase5_gate"


def remember(lake: Lake, verdicts: Sequence[Verdict], when: datetime, zone: ZoneInfo) -> pa.Table:
    """Add an evaluation in place of an earlier one of the same day in ``zone``.

    Returns the whole history, rows of ``schemas.GATE``, oldest first.
    """
    rows = [
        {
            "evaluated_at": when,
            "name": verdict.name,
            "passed": verdict.passed,
            "count": verdict.count,
            "threshold": verdict.threshold,
            "missing": verdict.missing,
            "detail": verdict.detail,
        }
        for verdict in verdicts
    ]
    history = pa.Table.from_pylist(rows, schema=GATE)
    if lake.exists(ASSET):
        midnight = when.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        before = pa.scalar(midnight, GATE.field("evaluated_at").type)
        known = lake.read(ASSET)
        history = pa.concat_tables([known.filter(pc.less(known["evaluated_at"], before)), history])
    lake.write(ASSET, WHOLE, history)
    return history
