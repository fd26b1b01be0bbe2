"""training_release: all days as one immutable folder a trainer can load."""

import dagster as dg

from clawtrain_assets.core.dataset.proof import ReleaseProof
from clawtrain_assets.core.dataset.release import build_release
from clawtrain_assets.core.dataset.released import scrub_report
from clawtrain_assets.core.dataset.reviews import turned_down
from clawtrain_assets.core.privacy.key import load_or_create_key
from clawtrain_assets.core.schemas import RELEASE_EXAMPLE
from clawtrain_assets.defs.discreet import discreet
from clawtrain_assets.defs.metadata import counts, definition
from clawtrain_assets.defs.partitions import SETTINGS
from clawtrain_assets.defs.resources import Workspace


@dg.asset(
    deps=[
        dg.AssetDep(name, partition_mapping=dg.AllPartitionMapping())
        for name in ("sharegpt_dataset", "contrastive_pairs")
    ],
    group_name="release",
    owners=[SETTINGS.owner],
    kinds={"json", "huggingface"},
    metadata=definition(RELEASE_EXAMPLE),
    description=(
        "SFT and preference files of all days, split by session, with manifest, lineage, dataset "
        "card and scrub report, in releases/<hash of its content>. Verified by a second detector "
        "and planted canaries before it is sealed."
    ),
)
@discreet
def training_release(workspace: Workspace) -> dg.MaterializeResult[None]:
    settings = workspace.settings
    scrubber = workspace.scrubber()
    proof = ReleaseProof(
        workspace.lake,
        workspace.denylist,
        settings.privacy.allowlist,
        load_or_create_key(settings.home),
        lambda planted: workspace.scrubber(workspace.denylist.merged(planted)),
        scrubber.known,
    )
    release = build_release(
        workspace.lake,
        settings.releases,
        settings.dataset,
        workspace.rubric.hash,
        scrubber,
        proof,
        turned_down(settings.reviews, settings.review.reviewers),
    )
    report = scrub_report(release)
    rows = {form: sum(splits.values()) for form, splits in release.manifest["rows"].items()}
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows["sft_sharegpt"],
            "release": release.release_id,
            "rows": counts(rows, "file form"),
            "scrub verified": report["passed"],
            "held back": len(report["held_back"]),
            "folder": dg.MetadataValue.path(str(release.path)),
        }
    )
