"""Near-duplicate removal: recall, precision and CPU, beside an exact hash of the same texts.

    python benchmarks/dedup.py [--quick] [--json] [--documents N]

Invented documents of 240-400 words (about 2.4 KB, 50,000 words vocabulary); one in ten is a near
copy whose Jaccard similarity in word 5-grams (0.5-0.99) is computed exactly, half by another tail,
half by scattered edits. CPU time of this process, one thread for signatures. --quick: 10,000 and
20,000 documents; else 50,000 and 100,000 as well; --documents: that size alone (a million takes
about ten minutes and 6 GB). datasketch and rensa are measured beside it where they are installed:
128 permutations, 16 bands, signing and inserting only, without any comparison. --oracle N: whether
the same documents stay as by datasketch's candidates and sets of words (it must be installed).
"""

import argparse
import hashlib
import importlib.util
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from figures import arguments, figure, show

from clawtrain_assets.core.dataset.neardup import (
    ASSET,
    SIMILAR,
    Text,
    band_table,
    candidates,
    doc_number,
    duplicates_of,
    new_candidates,
    survivors,
)
from clawtrain_assets.core.lake import Lake

VOCABULARY = [f"w{number:x}" + "abcdefgh"[: number % 6] for number in range(50_000)]
DAY = 5_000
_FLOOR = "sha256 of the text"


class Corpus(NamedTuple):
    """Example ids and texts by day, and the planted pairs with their exact similarity."""

    days: list[list[tuple[str, str]]]
    planted: dict[tuple[int, int], float]


def corpus(documents: int) -> Corpus:
    chance = random.Random(11)
    rows: list[tuple[str, str]] = []
    planted = {}
    while len(rows) < documents:
        words = chance.choices(VOCABULARY, k=chance.randrange(240, 400))
        rows.append((_id(len(rows)), " ".join(words)))
        if chance.random() < 0.1 and len(rows) < documents:
            copy = _copy(chance, words)
            rows.append((_id(len(rows)), " ".join(copy)))
            pair = sorted(doc_number(example_id) for example_id, _ in rows[-2:])
            planted[pair[0], pair[1]] = _similarity(words, copy)
    chance.shuffle(rows)
    return Corpus([rows[n : n + DAY] for n in range(0, len(rows), DAY)], planted)


def _id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:20]


def _copy(chance: random.Random, words: list[str]) -> list[str]:
    wanted = chance.uniform(0.5, 0.99)
    kept = 2 * wanted / (1 + wanted)  # share of 5-grams that must stay for that similarity
    copy = list(words)
    if chance.random() < 0.5:
        tail = max(1, round(len(words) * (1 - kept)))
        copy[-tail:] = chance.choices(VOCABULARY, k=tail)
    else:
        for place in chance.sample(range(len(words)), max(1, round(len(words) * (1 - kept) / 5))):
            copy[place] = chance.choice(VOCABULARY)
    return copy


def _similarity(one: list[str], other: list[str]) -> float:
    a, b = ({tuple(w[n : n + 5]) for n in range(len(w) - 4)} for w in (one, other))
    return len(a & b) / len(a | b)


def measure(documents: int) -> Iterator[dict[str, Any]]:
    made = corpus(documents)
    texts = {doc_number(i): Text("same", text) for day in made.days for i, text in day}
    start = time.process_time()
    for text in texts.values():
        hashlib.sha256(text.answer.encode()).digest()
    floor = time.process_time() - start

    with tempfile.TemporaryDirectory() as folder:
        lake, pattern = Lake(folder), f"{folder}/{ASSET}/day=*/part-0.parquet"
        start = time.process_time()
        for number, day in enumerate(made.days):
            lake.write(ASSET, f"2026-01-{number:04d}", band_table(day))
        signed = time.process_time() - start
        start = time.process_time()
        pairs = candidates(pattern, list(texts))
        joined = time.process_time() - start
        start = time.process_time()
        found = set(duplicates_of(pairs, texts))
        verified = time.process_time() - start

        fresh = band_table(made.days[-1])
        Path(str(lake.path(ASSET, f"2026-01-{len(made.days) - 1:04d}"))).unlink()
        start = time.perf_counter()
        new_candidates(pattern, fresh)
        incremental = time.perf_counter() - start

    true = {pair for pair, similarity in made.planted.items() if similarity >= SIMILAR}
    per_document = (signed + joined + verified) / documents * 1e6
    size = f"{documents:,} documents"
    yield figure(
        f"recall at J >= 0.8, {size}", len(true & found) / len(true), "share", 0.99, below=False
    )
    yield figure(
        f"precision, {size}", len(true & found) / max(len(found), 1), "share", 1.0, below=False
    )
    yield figure(f"CPU per document, {size}", per_document, "us", 150.0)
    times = per_document / (floor / documents * 1e6)
    yield figure(f"CPU per document of an exact hash, {size}", times, "ratio", to=_FLOOR)
    parts = {"sign": signed, "join": joined, "verify": verified}
    for name, seconds in parts.items():
        yield figure(f"CPU per document: {name}, {size}", seconds / documents * 1e6, "us")
    yield figure(f"a new day of {len(made.days[-1]):,} against {size}", incremental, "s", 2.0)


def against_oracle(documents: int) -> Iterator[dict[str, Any]]:
    """Which documents stay, beside datasketch's candidates compared as sets of word tuples."""
    import datasketch

    made = corpus(documents)
    texts = {doc_number(i): Text("same", text) for day in made.days for i, text in day}
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        for number, day in enumerate(made.days):
            lake.write(ASSET, f"2026-01-{number:04d}", band_table(day))
        pairs = candidates(f"{folder}/{ASSET}/day=*/part-0.parquet", list(texts))
    ours = survivors(duplicates_of(pairs, texts), lambda doc: doc)

    store = datasketch.MinHashLSH(params=(32, 4), num_perm=128)  # misses 1 in 20 million at 0.8
    near: dict[int, set[int]] = {}
    for doc, text in texts.items():
        signature = datasketch.MinHash(num_perm=128)
        signature.update_batch([gram.encode() for gram in _grams(text.answer)])
        for other in store.query(signature):
            if _similarity(text.answer.split(), texts[other].answer.split()) >= SIMILAR:
                near.setdefault(doc, set()).add(other)
                near.setdefault(other, set()).add(doc)
        store.insert(doc, signature)
    theirs: dict[int, int] = {}
    for first in sorted(near):
        if first in theirs:
            continue
        group, waiting = {first}, [first]
        while waiting:
            more = near[waiting.pop()] - group
            group |= more
            waiting += more
        theirs |= dict.fromkeys(group - {first}, first)
    differing = len(ours.items() ^ theirs.items())
    size = f"{documents:,} documents"
    yield figure(f"removed, {size}", len(ours), "")
    yield figure(f"survivors that differ from the oracle's, {size}", differing, "", 0)


def peers(documents: int = 4_000) -> Iterator[dict[str, Any]]:
    """CPU per document of the peers, and ours for the same work: sign and store."""
    chance = random.Random(1)
    texts = [" ".join(chance.choices(VOCABULARY, k=320)) for _ in range(documents)]
    ways = {"ours": _ours, "datasketch": _datasketch, "rensa": _rensa}
    for name, way in ways.items():
        if name == "ours" or importlib.util.find_spec(name):
            start = time.process_time()
            way(texts)
            spent = (time.process_time() - start) / documents * 1e6
            yield figure(f"CPU per document to sign and store: {name}", spent, "us")


def _ours(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [(_id(number), text) for number, text in enumerate(texts)]
        Lake(folder).write(ASSET, "2026-01-01", band_table(rows))


def _datasketch(texts: list[str]) -> None:
    import datasketch

    store = datasketch.MinHashLSH(params=(16, 8), num_perm=128)
    for number, text in enumerate(texts):
        signature = datasketch.MinHash(num_perm=128)
        signature.update_batch([gram.encode() for gram in _grams(text)])
        store.insert(number, signature)


def _rensa(texts: list[str]) -> None:
    import rensa

    store = rensa.RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
    for number, text in enumerate(texts):
        signature = rensa.RMinHash(num_perm=128, seed=42)
        signature.update(_grams(text))
        store.insert(number, signature)


def _grams(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[n : n + 5]) for n in range(len(words) - 4)]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--documents", type=int, metavar="N", help="measure this size alone")
    parser.add_argument(
        "--oracle", type=int, metavar="N", help="only compare the survivors with datasketch's"
    )
    asked = parser.parse_args()
    show(_figures(asked), asked.json)


def _figures(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if asked.oracle:
        yield from against_oracle(asked.oracle)
        return
    sizes = (10_000, 20_000) if asked.quick else (10_000, 20_000, 50_000, 100_000)
    per_document = []
    yield from peers()
    for documents in (asked.documents,) if asked.documents else sizes:
        for line in measure(documents):
            if line["metric"].startswith("CPU per document, "):
                per_document.append(line["value"])
            yield line
    if not asked.documents:
        growth = per_document[-1] / per_document[0]
        yield figure("CPU per document, largest to smallest", growth, "ratio", 1.25)


if __name__ == "__main__":
    main()
