"""How often the agent really is in each situation: the weights the balanced sample lacks."""

from collections import Counter
from collections.abc import Sequence

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.shadow.sampling import is_reference
from clawtrain_assets.core.shadow.strata import NO_TOOL, Stratum, call_band, turn_band

# The first call's tool is the stratum's, see ``strata.tool_of``.
_SITUATIONS = """
SELECT model, turn_index, calls_before, session_kind,
    json_extract_string(response, '$.tool_calls[0].name') AS tool, count(*) AS turns
FROM turns
WHERE exclusion_reason IS NULL AND day IN (SELECT DISTINCT day FROM pairs)
GROUP BY ALL
"""


def count_strata(lake: Lake, reference_models: Sequence[str]) -> Counter[str]:
    """Turns of the reference model per stratum, on the days that have pairs; for ``gap.measure``.

    One scan of all days: a reader for each turn's reply would take longer than all the rest.
    """
    counts: Counter[str] = Counter()
    if not (lake.days("raw_turns") and lake.days("contrastive_pairs")):
        return counts
    found = lake.query(_SITUATIONS, turns="raw_turns", pairs="contrastive_pairs")
    for row in found.to_pylist():
        if is_reference(row["model"], reference_models):
            bands = turn_band(row["turn_index"]), call_band(row["calls_before"])
            stratum = Stratum(*bands, row["tool"] or NO_TOOL, row["session_kind"])
            counts[str(stratum)] += row["turns"]
    return counts
