"""The examples of a release that a person reads: random, and the same for everyone."""

import hashlib
import heapq
import json
from typing import Any

import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset.formats import dumps
from clawtrain_assets.core.dataset.release_files import (
    LINEAGE,
    SPLITS,
    file_name,
    read_rows,
)
from clawtrain_assets.core.dataset.released import Release


def sampled_ids(release: Release, size: int) -> list[str]:
    """Ids of ``size`` SFT examples (all, if there are fewer) in the order to be read.

    The order is that of a hash of release and id: nobody can choose it, everybody can repeat it.
    """
    ids = [row["id"] for row in read_rows(release.path / LINEAGE) if row["kind"] == "sft"]
    return heapq.nsmallest(size, ids, key=lambda example: _rank(release.release_id, example))


def draw_review_sample(release: Release, size: int) -> pa.Table:
    """The sample as a table of ``schemas.REVIEW_SAMPLE``, one row for each example, in order."""
    order = {example: n for n, example in enumerate(sampled_ids(release, size), 1)}
    lineage = {row["id"]: row for row in read_rows(release.path / LINEAGE) if row["id"] in order}
    rows: list[dict[str, Any]] = []
    for split in SPLITS:
        for row in read_rows(release.path / file_name("sft_messages", split)):
            if row["id"] in order:
                fact, meta = lineage[row["id"]], json.loads(row["meta"])
                rows.append(
                    {
                        "release_id": release.release_id,
                        "position": order[row["id"]],
                        "example_id": row["id"],
                        "turn_id": fact["turn_id"],
                        "is_tool_use": meta["is_tool_use"],
                        "messages": dumps(row["messages"]),
                        "tools": row["tools"],
                        "overall": meta["overall"],
                        "judge_scores": fact["scores"] and dumps(fact["scores"]),
                    }
                )
    rows.sort(key=lambda row: row["position"])
    return pa.Table.from_pylist(rows, schema=schemas.REVIEW_SAMPLE)


def _rank(release_id: str, example_id: str) -> bytes:
    return hashlib.sha256(f"{release_id}\n{example_id}".encode()).digest()
