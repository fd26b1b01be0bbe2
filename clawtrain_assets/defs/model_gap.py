"""model_gap: where the local model falls short of the reference, measured over all days."""

import dagster as dg
from upath import UPath

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import WHOLE, replace_bytes
from clawtrain_assets.core.shadow.gap import measure
from clawtrain_assets.core.shadow.report import (
    figures,
    headline,
    render_html,
    render_markdown,
    render_plots,
)
from clawtrain_assets.core.shadow.table import gap_rows
from clawtrain_assets.core.shadow.traffic import count_strata
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    deps=[
        dg.AssetDep("raw_turns", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("contrastive_pairs", partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="gate",
    owners=[SETTINGS.owner],
    kinds={"html", "parquet"},
    metadata=definition(schemas.GAP),
    description=(
        "Gap per dimension with its 95 % interval, by turn depth, tool, session kind, candidate "
        "and day, and what to collect or train next. The page is reports/model_gap.html."
    ),
)
@discreet
def model_gap(workspace: Workspace) -> dg.MaterializeResult[None]:
    lake = workspace.lake
    pairs = (
        lake.query("SELECT * FROM pairs ORDER BY day, pair_id", pairs="contrastive_pairs")
        if lake.days("contrastive_pairs")
        else schemas.CONTRASTIVE_PAIRS.empty_table()
    )
    shadow = workspace.settings.shadow
    traffic = count_strata(lake, shadow.reference_models)
    report = measure(pairs, traffic, shadow.min_gap)
    table = lake.write_rows("model_gap", WHOLE, gap_rows(report), schemas.GAP)
    page = workspace.settings.reports / "model_gap.html"
    replace_bytes(UPath(page), render_html(report, shadow.reference_models).encode())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": table.num_rows,
            "comparisons": pairs.num_rows,
            "finding": " ".join(
                f"{one.key.candidate_model}: {headline(one)}" for one in report.series
            ),
            "report": dg.MetadataValue.md(render_markdown(report)),
            "plots": dg.MetadataValue.md(render_plots(report)),
            **figures(report),
            "page": dg.MetadataValue.path(str(page)),
        }
    )
