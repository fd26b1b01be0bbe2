"""How much of the turns is attributed and costed, and what survived without its numbers."""

import pyarrow as pa

from clawtrain_assets.core.lake import Lake

# Delivery mirrors and the like have no model to know; only model's turns count here. A turn that
# only LCM still has was rotated out of its session file: its usage and cost are gone for good.
_COUNTS = """
  count(*) AS turns,
  round(count(*) FILTER (exclusion_reason IS NULL AND model IS NOT NULL)
    / nullif(count(*) FILTER (exclusion_reason IS NULL), 0), 4) AS attributed_share,
  count(*) FILTER (cost_state = 'priced') AS priced,
  count(*) FILTER (cost_state = 'recomputed') AS recomputed,
  count(*) FILTER (cost_state = 'unpriced') AS unpriced,
  count(*) FILTER (cost_state = 'none') AS without_tokens,
  round(coalesce(sum(cost_usd), 0), 4) AS cost_usd,
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
