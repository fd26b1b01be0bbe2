"""How much of the turns is attributed and costed, and what survived without its numbers."""

from collections.abc import Mapping

import pyarrow as pa

from clawtrain_assets.core.lake import Lake

# Delivery mirrors and the like have no model to know; only model's turns count here. A turn that
# only LCM still has was rotated out of its session file: its usage and cost are gone for good. The
# cost is null where no turn's is known: unpriced is not free.
_COUNTS = """
  count(*) AS turns,
  round(count(*) FILTER (exclusion_reason IS NULL AND model IS NOT NULL)
    / nullif(count(*) FILTER (exclusion_reason IS NULL), 0), 4) AS attributed_share,
  count(*) FILTER (cost_state = 'priced') AS priced,
  count(*) FILTER (cost_state = 'recomputed') AS recomputed,
  count(*) FILTER (cost_state = 'unpriced') AS unpriced,
  count(*) FILTER (cost_state = 'none') AS without_tokens,
  round(sum(cost_usd), 4) AS cost_usd,
  count(*) FILTER (source_family = 'lcm') AS only_in_lcm
"""


def by_day(lake: Lake, days: int) -> pa.Table:
    """The last so many days that have turns, newest first."""
    sql = f"SELECT day, {_COUNTS} FROM turns GROUP BY day ORDER BY day DESC LIMIT {days:d}"
    return lake.query(sql, turns="raw_turns")


def by_model(lake: Lake) -> pa.Table:
    """Every provider and model with where their names were found, most turns first."""
    sql = f"""SELECT provider, model, attribution_source, {_COUNTS} FROM turns
              GROUP BY ALL ORDER BY turns DESC, provider, model, attribution_source"""
    return lake.query(sql, turns="raw_turns")


def by_source(lake: Lake) -> pa.Table:
    """Where models were found, and how much that adds to the attributed share of all turns."""
    sql = f"""SELECT attribution_source,
                round(count(*) FILTER (exclusion_reason IS NULL AND model IS NOT NULL)
                  / nullif((SELECT count(*) FROM turns WHERE exclusion_reason IS NULL), 0), 4)
                  AS share_of_all, {_COUNTS}
              FROM turns GROUP BY ALL ORDER BY turns DESC, attribution_source"""
    return lake.query(sql, turns="raw_turns")


def lost(lake: Lake, gaps: Mapping[str, int]) -> pa.Table:
    """What rotation took, by day: turns without usage and cost, conversations without a beginning.

    ``gaps`` are the latter as the latest reading counted them (``Report.gaps``).
    """
    sql = """SELECT day, count(*) AS turns FROM turns WHERE source_family = 'lcm' GROUP BY day"""
    only = {row["day"]: row["turns"] for row in lake.query(sql, turns="raw_turns").to_pylist()}
    days = sorted(only.keys() | gaps.keys(), reverse=True)
    return pa.table(
        {
            "day": pa.array(days, pa.string()),
            "turns_only_in_lcm": pa.array([only.get(day, 0) for day in days], pa.int64()),
            "without_beginning": pa.array([gaps.get(day, 0) for day in days], pa.int64()),
        }
    )


def shares(turns: pa.Table) -> dict[str, float]:
    """One day's figures, by name; shares are 0 to 1 and of model's turns only."""
    own = turns.filter(turns["exclusion_reason"].is_null())
    known = own.num_rows - own["model"].null_count
    families = turns["source_family"].to_pylist()
    states = own["cost_state"].to_pylist()
    costed = states.count("priced") + states.count("recomputed")
    return {
        "attributed share": known / own.num_rows if own.num_rows else 1.0,
        "costed share": costed / own.num_rows if own.num_rows else 1.0,
        "turns only in lcm": families.count("lcm"),
    }
