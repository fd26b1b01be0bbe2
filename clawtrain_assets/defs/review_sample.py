"""review_sample: the random examples of the newest release that a person reads."""

import dagster as dg

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.released import newest_release
from clawtrain_assets.core.dataset.sample import draw_review_sample
from clawtrain_assets.core.lake import WHOLE
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import definition, preview
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    deps=["training_release"],
    group_name="release",
    owners=[SETTINGS.owner],
    kinds={"parquet"},
    metadata=definition(schemas.REVIEW_SAMPLE),
    description=(
        "Random examples of the newest release, drawn by a seed from its hash, for a person to "
        "read with `clawtrain review`. Verdicts belong to that release alone."
    ),
)
@discreet
def review_sample(workspace: Workspace) -> dg.MaterializeResult[None]:
    settings = workspace.settings
    release = newest_release(settings.releases)
    table = draw_review_sample(release, settings.gate.human_review)
    workspace.lake.write("review_sample", WHOLE, table)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": table.num_rows,
            "release": release.release_id,
            "wanted": settings.gate.human_review,
            "examples": preview(table, ["example_id", "turn_id", "overall"]),
        }
    )
