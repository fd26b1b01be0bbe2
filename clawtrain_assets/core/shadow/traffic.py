"""How often the agent really is in each situation: the weights the balanced sample lacks."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import pyarrow as pa

from clawtrain_assets.core.shadow.sampling import is_reference
from clawtrain_assets.core.shadow.strata import stratum_of
from clawtrain_assets.core.turn import Message

COLUMNS = (
    "model",
    "exclusion_reason",
    "turn_index",
    "calls_before",
    "session_kind",
    "response",
)


def count_strata(turns: pa.Table, reference_models: Sequence[str]) -> Counter[str]:
    """Turns of the reference model per stratum, for ``gap.measure``.

    ``turns`` needs the ``COLUMNS`` of ``raw_turns`` and may be one day: counts of days add up.
    """
    counts: Counter[str] = Counter()
    for batch in turns.select(COLUMNS).to_batches():
        for row in batch.to_pylist():
            if row["exclusion_reason"] is None and is_reference(row["model"], reference_models):
                reply = msgspec.json.decode(row["response"], type=Message)
                stratum = stratum_of(
                    row["turn_index"], row["calls_before"], reply, row["session_kind"]
                )
                counts[str(stratum)] += 1
    return counts
