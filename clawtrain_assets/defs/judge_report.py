"""judge_report: how the judge uses its scale, and how far people agree with it."""

from typing import Any

import dagster as dg
from upath import UPath

from clawtrain_assets.core.judging.labels import human_labels
from clawtrain_assets.core.judging.measure import JudgeReport, measure, read_scores
from clawtrain_assets.core.judging.report import render_html, render_markdown, render_plots
from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    deps=[
        dg.AssetDep(name, partition_mapping=dg.AllPartitionMapping())
        for name in ("raw_turns", "scored_turns")
    ],
    group_name="judging",
    owners=[SETTINGS.owner],
    kinds={"html", "duckdb"},
    description=(
        "Scores by dimension, model, depth, number of calls and day over all days, the slope "
        "against length, and the agreement with reviewers. The page is reports/judge.html."
    ),
)
@discreet
def judge_report(workspace: Workspace) -> dg.MaterializeResult[None]:
    settings = workspace.settings
    labels = human_labels(settings.reviews, settings.review.reviewers)
    found = measure(read_scores(workspace.lake), labels, settings.dataset.min_overall)
    page = settings.reports / "judge.html"
    replace_bytes(UPath(page), render_html(found).encode())
    return dg.MaterializeResult(
        metadata={
            "judged turns": found.rows,
            "report": dg.MetadataValue.md(render_markdown(found)),
            "plots": dg.MetadataValue.md(render_plots(found)),
            "page": dg.MetadataValue.path(str(page)),
            **_numbers(found),
        }
    )


def _numbers(found: JudgeReport) -> dict[str, Any]:
    """Of the judge used last, and only what exists: a gap would break the plot over time."""
    if not found.series:
        return {}
    newest = found.series[0]
    overall = newest.labels.scores.get("overall")
    numbers = {
        **{f"mean {name}": value for name, value in newest.whole.means.items()},
        "share tools fine, completion poor": newest.pattern.shown.value,
        "points per doubling of length": newest.slope.per_doubling,
        "labelled turns": newest.labels.n,
        "kappa with people": overall.kappa if overall else None,
        "bias against people": overall.bias if overall else None,
    }
    return {name: value for name, value in numbers.items() if value is not None}
