"""Near-duplicates over all days, in four stages with tables between them.

1 and 2: each day's signatures and their band keys (``update_bands``); what is compared exactly
afterwards needs no signature, so only the keys are kept; 3: pairs that share a band, from DuckDB
(``candidates``), compared exactly (``update_edges``); 4: groups, and the one of each that stays
(``survivors``). A stage is not run again unless what it reads has changed: its table says of what
it was made. So another engine can take its place by writing the same table.

Two examples are near-duplicates if their answers are, and their requests are: turns of one
exchange share the request, and are different steps.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from upath import UPath

from clawtrain_assets.core.dataset import minhash
from clawtrain_assets.core.lake import WHOLE, Lake, connect, located

if TYPE_CHECKING:
    import duckdb

_EXAMPLES = "sharegpt_dataset"
ASSET = "near_duplicate_bands"
EDGES = "near_duplicate_edges"  # of the newest release: pairs that are near-duplicates
CLUSTERS = "near_duplicates"  # of the newest release: which example stands for which
SIMILAR = 0.8
LEAST_SHINGLES = 16  # of an answer, 20 words; shorter ones are equal or they are not
_AT_ONCE = 50_000  # pairs whose texts are in memory
_BUCKET = 50  # texts sharing a key beyond this are compared with the first of them only

_SCHEMA = pa.schema(
    [("doc", pa.uint64()), ("band", pa.uint8()), ("key", pa.uint64())],
    metadata={"algorithm": minhash.ALGORITHM},
)
_EDGES = pa.schema([("one", pa.uint64()), ("other", pa.uint64())])
_CLUSTERS = pa.schema([("example_id", pa.string()), ("kept_example_id", pa.string())])
_PAIRS = f"""
WITH shared AS (
    SELECT band, key, doc, count(*) OVER w AS n, first_value(doc) OVER w AS head
    FROM bands SEMI JOIN chosen USING (doc)
    WINDOW w AS (PARTITION BY band, key ORDER BY doc
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT DISTINCT a.doc AS one, b.doc AS other
FROM shared a JOIN shared b ON a.band = b.band AND a.key = b.key AND a.doc < b.doc
WHERE a.n > 1 AND (a.n <= {_BUCKET} OR a.doc = a.head)
"""
_NEW_PAIRS = """
SELECT DISTINCT least(n.doc, o.doc) AS one, greatest(n.doc, o.doc) AS other
FROM fresh n JOIN bands o ON n.band = o.band AND n.key = o.key AND n.doc <> o.doc
"""


class Text(NamedTuple):
    """What is compared of an example."""

    request: str
    answer: str


def doc_number(example_id: str) -> int:
    """The 64-bit number under which an example is in the tables: its id's first 16 digits."""
    return int(example_id[:16], 16)


def text_of(turns: Sequence[Mapping[str, str]]) -> Text:
    """The last request and the last turn of a ShareGPT conversation."""
    asked = next((t["value"] for t in reversed(turns) if t["from"] == "human"), "")
    return Text(asked, turns[-1]["value"])


def band_table(examples: Iterable[tuple[str, str]]) -> pa.Table:
    """Band keys of (example id, answer): 20 rows for each answer of 20 words or more."""
    docs: list[int] = []
    signatures = []
    for example_id, answer in examples:
        shingled = minhash.shingles(answer)
        if len(shingled) >= LEAST_SHINGLES:
            docs.append(doc_number(example_id))
            signatures.append(minhash.signature(shingled))
    if not docs:
        return _SCHEMA.empty_table()
    keys = minhash.band_keys(signatures)
    columns = [
        np.repeat(np.array(docs, np.uint64), minhash.BANDS),
        np.tile(np.arange(minhash.BANDS, dtype=np.uint8), len(docs)),
        keys.reshape(-1),
    ]
    return pa.table([pa.array(column) for column in columns], schema=_SCHEMA)


def update_bands(lake: Lake) -> None:
    """Bring the band table of every day up to date with its examples (kept ones only)."""
    for day in lake.days(_EXAMPLES):
        stamp = f"{minhash.ALGORITHM} {lake.version(_EXAMPLES, day)}"
        if lake.exists(ASSET, day) and _stamp_in(lake.path(ASSET, day)) == stamp:
            continue
        rows = lake.read(_EXAMPLES, day, ["example_id", "status", "conversations"]).to_pylist()
        kept = (
            (row["example_id"], text_of(json.loads(row["conversations"])).answer)
            for row in rows
            if row["status"] == "kept"
        )
        table = band_table(kept)
        marks = {"algorithm": minhash.ALGORITHM, "source": stamp}
        lake.write(ASSET, day, table.replace_schema_metadata(marks))


def update_edges(lake: Lake, chosen: pa.Table) -> None:
    """Bring the table of near-duplicates among ``chosen`` examples up to date with the bands.

    ``chosen`` has the columns ``example_id`` and ``day``.
    """
    numbers = _numbers(chosen)
    stamp = _source_of_edges(lake, numbers)
    if lake.exists(EDGES) and _stamp_in(lake.path(EDGES)) == stamp:
        return
    pairs = candidates(str(lake.root / ASSET / "day=*" / "part-0.parquet"), numbers)
    facts = _facts(chosen, numbers, pairs)
    # Pairs of the same days together, so that a day's texts are not read with each portion.
    pairs.sort(key=lambda pair: sorted(facts[doc]["day"] for doc in pair))
    edges: list[tuple[int, int]] = []
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        wanted = {doc: facts[doc] for pair in some for doc in pair}
        edges += duplicates_of(some, _texts(lake, wanted))
    columns = {"one": [one for one, _ in edges], "other": [other for _, other in edges]}
    lake.write(EDGES, WHOLE, pa.table(columns, schema=_EDGES.with_metadata({"source": stamp})))


def _source_of_edges(lake: Lake, numbers: minhash.U64) -> str:
    whole = hashlib.sha256(f"{minhash.ALGORITHM} {SIMILAR}\n".encode())
    for day in lake.days(ASSET):
        whole.update(f"{day} {lake.version(ASSET, day)}\n".encode())
    whole.update(np.sort(numbers).tobytes())
    return whole.hexdigest()


def _numbers(chosen: pa.Table) -> minhash.U64:
    ids = (example_id for part in chosen["example_id"].chunks for example_id in part.to_pylist())
    return np.fromiter(map(doc_number, ids), np.uint64, chosen.num_rows)


def _facts(
    chosen: pa.Table, numbers: minhash.U64, pairs: Iterable[tuple[int, int]]
) -> dict[int, dict[str, Any]]:
    """The rows of ``chosen`` that are in a pair, by their document's number."""
    paired = np.array(sorted({doc for pair in pairs for doc in pair}), np.uint64)
    order = np.argsort(numbers)
    rows = chosen.take(pa.array(order[np.searchsorted(numbers, paired, sorter=order)]))
    return dict(zip(paired.tolist(), rows.to_pylist(), strict=True))


def candidates(pattern: str, chosen: Sequence[int] | minhash.U64) -> list[tuple[int, int]]:
    """Pairs among ``chosen`` documents that share a band, from band tables at ``pattern``.

    Of a key that more than 50 share (a template, say) only pairs with its first document.
    """
    with connect(_folder(pattern)) as connection:
        _view(connection, pattern)
        connection.register("chosen", pa.table({"doc": pa.array(chosen, pa.uint64())}))
        return _fetched(connection, _PAIRS)


def new_candidates(pattern: str, fresh: pa.Table) -> list[tuple[int, int]]:
    """Pairs of a new day's band table with all others at ``pattern`` (and with each other)."""
    with connect(_folder(pattern)) as connection:
        _view(connection, pattern)
        connection.register("fresh", fresh)
        return _fetched(connection, _NEW_PAIRS)


def duplicates_of(
    pairs: Iterable[tuple[int, int]], texts: Mapping[int, Text]
) -> list[tuple[int, int]]:
    """The pairs whose answers and requests both have a Jaccard similarity of 0.8 or more."""
    shingled: dict[tuple[int, str], minhash.U64] = {}

    def similar(one: int, other: int, part: str) -> bool:
        both = []
        for doc in (one, other):
            if (doc, part) not in shingled:
                shingled[doc, part] = minhash.shingles(getattr(texts[doc], part))
            both.append(shingled[doc, part])
        return minhash.jaccard(*both) >= SIMILAR

    return [p for p in pairs if similar(*p, "answer") and similar(*p, "request")]


def survivors(edges: Iterable[tuple[int, int]], order: Callable[[int], Any]) -> dict[int, int]:
    """For each document that goes, the one of its group that stays: the first by ``order``."""
    parent: dict[int, int] = {}

    def root(doc: int) -> int:
        while parent.setdefault(doc, doc) != doc:
            parent[doc] = parent[parent[doc]]
            doc = parent[doc]
        return doc

    for one, other in edges:
        first, second = sorted((root(one), root(other)), key=order)
        parent[second] = first
    return {doc: root(doc) for doc in parent if root(doc) != doc}


def near_duplicates(lake: Lake, chosen: pa.Table) -> dict[str, str]:
    """Near-duplicates among examples: the id of each that goes, and of the one that stays.

    ``chosen`` has the columns ``example_id``, ``day`` and ``overall``. The best scored stays, of
    equals the earliest day, then the smallest id. The groups are in the table CLUSTERS as well.
    """
    if not chosen.num_rows:
        return {}
    chosen = chosen.select(["example_id", "day", "overall"])
    update_bands(lake)
    update_edges(lake, chosen)
    edges = list(_pairs_in(lake.read(EDGES)))
    facts = _facts(chosen, _numbers(chosen), edges)

    def best_first(doc: int) -> tuple[float, str, str]:
        row = facts[doc]
        return -row["overall"], row["day"], row["example_id"]

    gone = {
        facts[doc]["example_id"]: facts[kept]["example_id"]
        for doc, kept in survivors(edges, best_first).items()
    }
    listed = sorted(gone.items(), key=lambda item: item[::-1])
    rows = [{"example_id": example, "kept_example_id": kept} for example, kept in listed]
    lake.write_rows(CLUSTERS, WHOLE, rows, _CLUSTERS)
    return gone


def _texts(lake: Lake, wanted: Mapping[int, Mapping[str, Any]]) -> dict[int, Text]:
    by_day: dict[str, dict[str, int]] = {}
    for doc, row in wanted.items():
        by_day.setdefault(row["day"], {})[row["example_id"]] = doc
    texts = {}
    for day, docs in by_day.items():
        table = lake.read(_EXAMPLES, day, ["example_id", "conversations"])
        own = table.filter(pc.is_in(table["example_id"], pa.array(list(docs), pa.string())))
        for row in own.to_pylist():
            texts[docs[row["example_id"]]] = text_of(json.loads(row["conversations"]))
    return texts


def _folder(pattern: str) -> UPath:
    return located(pattern.partition("*")[0]).parent


def _view(connection: "duckdb.DuckDBPyConnection", pattern: str) -> None:
    quoted = pattern.replace("'", "''")
    connection.execute(
        f"CREATE VIEW bands AS SELECT * FROM read_parquet('{quoted}', hive_partitioning=false)"
    )


def _fetched(connection: "duckdb.DuckDBPyConnection", sql: str) -> list[tuple[int, int]]:
    return sorted(_pairs_in(connection.sql(sql).to_arrow_table()))


def _pairs_in(table: pa.Table) -> "zip[tuple[int, int]]":
    return zip(table["one"].to_pylist(), table["other"].to_pylist(), strict=True)


def _stamp_in(path: UPath) -> str:
    with path.open("rb") as source:
        marks = pq.read_schema(source).metadata or {}
    return bytes(marks.get(b"source", b"")).decode()
