"""The web UI over years of days: what its pages ask, how long it takes, how large the files are.

    python benchmarks/ui.py [--quick] [--json] [--days N]

Records a materialization of the five daily assets for each of 2,000 days (--quick: 100) in the
instance that `clawtrain up` then serves, and sends the GraphQL of the asset pages; the least of
five answers each, through the guarded web server on loopback.
"""

import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import figures
import httpx
from day import serving

from clawtrain_assets.instance.prepare import dagster_home, prepare_instance

_FIRST = date(2020, 1, 1)
_ASSETS = ("raw_turns", "scored_turns", "shadow_replays", "contrastive_pairs", "sharegpt_dataset")
_KEYS = "[" + ", ".join(f'{{path: ["{name}"]}}' for name in _ASSETS) + "]"
_PAGES = {
    "the graph: latest state of five assets": f"""{{ assetNodes(assetKeys: {_KEYS}) {{
        id isPartitioned
        assetMaterializations(limit: 1) {{ timestamp runId }}
        partitionStats {{ numMaterialized numPartitions numFailed }}
        assetChecksOrError {{ ... on AssetChecks {{ checks {{ name }} }} }} }} }}""",
    "the partitions of an asset": """{ assetNodeOrError(assetKey: {path: ["scored_turns"]}) {
        ... on AssetNode { partitionKeys assetPartitionStatuses {
          ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }""",
    "the last 100 materializations": """{ assetOrError(assetKey: {path: ["scored_turns"]}) {
        ... on Asset { assetMaterializations(limit: 100) {
          timestamp partition metadataEntries { label } } } } }""",
}


def measure(days: int) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "clawtrain.toml").write_text(f'start_date = "{_FIRST}"\n')
        with dg.DagsterInstance.from_config(str(prepare_instance(home, {}))) as instance:
            start = time.process_time()
            for number in range(days):
                day = (_FIRST + timedelta(days=number)).isoformat()
                for asset in _ASSETS:
                    facts = {"dagster/partition_row_count": 500, "mean overall": 7.1}
                    event = dg.AssetMaterialization(asset, partition=day, metadata=facts)
                    instance.report_runless_asset_event(event)
            spent = time.process_time() - start
        size = sum(f.stat().st_size for f in dagster_home(home).rglob("*") if f.is_file())
        yield figures.figure(f"Dagster's files, {days:,} days of 5 assets", size / 1e6, "MB")
        yield figures.figure("CPU for each materialization", spent / days / 5 * 1000, "ms")
        with serving(home, "clawtrain_assets.definitions") as url:
            for name, query in _PAGES.items():
                took = min(_timed(url, query) for _ in range(5))
                yield figures.figure(f"{name}, {days:,} days", took, "s", 1.0)


def _timed(url: str, query: str) -> float:
    start = time.perf_counter()
    answer = httpx.post(f"{url}/graphql", json={"query": query}, timeout=120).json()
    assert "errors" not in answer, answer
    return time.perf_counter() - start


def main() -> None:
    parser = figures.arguments(__doc__)
    parser.add_argument("--days", type=int, default=2_000)
    chosen = parser.parse_args()
    figures.show(measure(100 if chosen.quick else chosen.days), chosen.json)


if __name__ == "__main__":
    main()
