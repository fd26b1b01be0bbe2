"""How much of the turns is attributed and costed, and what survived without its numbers."""

from collections.abc import Mapping

import pyarrow as pa

from clawtrain_assets.core.lake import Lake

# Delivery mirrors and the like have no model to know; only model's turns count here. A turn that
# only LCM still has was rotated out of its session file: its usage and cost are gone for good. The
# cost is null where no turn's is known: unpriced is not free.
_GROUPS = """
SELECT day, provider, model, attribution_source,
  count(*) AS turns,
  count(*) FILTER (exclusion_reason IS NULL) AS own,
  count(*) FILTER (exclusion_reason IS NULL AND model IS NOT NULL) AS known,
  count(*) FILTER (cost_state = 'priced') AS priced,
  count(*) FILTER (cost_state = 'recomputed') AS recomputed,
  count(*) FILTER (cost_state = 'unpriced') AS unpriced,
  count(*) FILTER (cost_state = 'none') AS without_tokens,
  sum(cost_usd) AS cost_usd,
  count(*) FILTER (source_family = 'lcm') AS only_in_lcm
FROM turns GROUP BY ALL
"""
_COUNTS = """
  sum(turns)::BIGINT AS turns,
  round(sum(known) / nullif(sum(own), 0), 4) AS attributed_share,
  sum(priced)::BIGINT AS priced,
  sum(recomputed)::BIGINT AS recomputed,
  sum(unpriced)::BIGINT AS unpriced,
  sum(without_tokens)::BIGINT AS without_tokens,
  round(sum(cost_usd), 4) AS cost_usd,
  sum(only_in_lcm)::BIGINT AS only_in_lcm
"""


class Coverage:
    """Tables over the turns of all days, which are read once."""

    def __init__(self, lake: Lake) -> None:
        self._groups = lake.query(_GROUPS, turns="raw_turns")

    def by_day(self, days: int) -> pa.Table:
        """The last so many days that have turns, newest first."""
        return self._ask(
            f"SELECT day, {_COUNTS} FROM groups GROUP BY day ORDER BY day DESC LIMIT {days:d}"
        )

    def by_model(self) -> pa.Table:
        """Every provider and model with where their names were found, most turns first."""
        return self._ask(
            f"""SELECT provider, model, attribution_source, {_COUNTS} FROM groups
                GROUP BY ALL ORDER BY turns DESC, provider, model, attribution_source"""
        )

    def by_source(self) -> pa.Table:
        """Where models were found, and how much that adds to the attributed share of all turns."""
        return self._ask(
            f"""SELECT attribution_source,
                  round(sum(known) / nullif((SELECT sum(own) FROM groups), 0), 4) AS share_of_all,
                  {_COUNTS}
                FROM groups GROUP BY ALL ORDER BY turns DESC, attribution_source"""
        )

    def lost(self, gaps: Mapping[str, int]) -> pa.Table:
        """What rotation took: turns without usage and cost, conversations without a beginning.

        By day; ``gaps`` are the latter as the latest reading counted them (``Report.gaps``).
        """
        found = self._ask(
            """SELECT day, sum(only_in_lcm)::BIGINT AS turns FROM groups
               WHERE only_in_lcm > 0 GROUP BY day"""
        )
        only = dict(zip(*(column.to_pylist() for column in found.columns), strict=True))
        days = sorted(only.keys() | gaps.keys(), reverse=True)
        return pa.table(
            {
                "day": pa.array(days, pa.string()),
                "turns_only_in_lcm": pa.array([only.get(day, 0) for day in days], pa.int64()),
                "without_beginning": pa.array([gaps.get(day, 0) for day in days], pa.int64()),
            }
        )

    def _ask(self, sql: str) -> pa.Table:
        import duckdb

        with duckdb.connect() as connection:
            connection.register("groups", self._groups)
            return connection.sql(sql).to_arrow_table()


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
