"""Near-duplicates: found with known recall, never without an exact comparison."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from clawtrain_assets.core.dataset import minhash
from clawtrain_assets.core.dataset.neardup import (
    ASSET,
    EDGES,
    Text,
    band_table,
    candidates,
    doc_number,
    duplicates_of,
    near_duplicates,
    new_candidates,
    survivors,
    update_bands,
)
from clawtrain_assets.core.lake import WHOLE, Lake
from clawtrain_tests.core.dataset.lakes import release, write_day
from clawtrain_tests.core.dataset.turns import said, turn

SIGNATURE = [711074453, 1616044385, 38280646]
KEY = 15277302253326369067
VOCABULARY = [f"word{n}" for n in range(5_000)]


def document(chance: random.Random, length: int = 120) -> list[str]:
    return chance.choices(VOCABULARY, k=length)


def altered(chance: random.Random, document: list[str], changes: int) -> list[str]:
    copy = list(document)
    for place in chance.sample(range(len(copy)), changes):
        copy[place] = chance.choice(VOCABULARY)
    return copy


def grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[n : n + 5]) for n in range(len(words) - 4)}


def test_shingles_are_the_words_in_fives() -> None:
    chance = random.Random(1)
    one = document(chance)
    other = altered(chance, one, 3)
    exact = len(grams(one) & grams(other)) / len(grams(one) | grams(other))
    found = minhash.jaccard(minhash.shingles(" ".join(one)), minhash.shingles(" ".join(other)))
    assert found == pytest.approx(exact)
    assert list(minhash.shingles("A b-c,  D\nE")) == list(minhash.shingles("a B C d e"))
    assert list(minhash.shingles("É 中文 x y z")) == list(minhash.shingles("é, 中文! X y (z)"))
    assert len(set(minhash.shingles("a b c d e a b c d e").tolist())) == 5
    assert minhash.shingles("ab c d e f")[0] != minhash.shingles("a bc d e f")[0]
    assert len(minhash.shingles("short")) == 1
    assert len(minhash.shingles(" .,! ")) == 0
    assert minhash.jaccard(minhash.shingles(""), minhash.shingles("!")) == 1.0


def test_the_scheme_does_not_change_under_its_name() -> None:
    text = "the quick brown fox jumps over the lazy dog and goes home"
    made = minhash.signature(minhash.shingles(text))
    assert minhash.ALGORITHM == "minhash-w5-rolling-20x6-1"
    assert [int(value) for value in made[:3]] == SIGNATURE
    assert int(minhash.band_keys([made])[0, 0]) == KEY


def test_signatures_estimate_the_similarity() -> None:
    chance = random.Random(2)
    errors = []
    for _ in range(100):
        one = document(chance)
        other = altered(chance, one, chance.randrange(1, 12))
        a, b = minhash.shingles(" ".join(one)), minhash.shingles(" ".join(other))
        estimate = float(np.mean(minhash.signature(a) == minhash.signature(b)))
        errors.append(estimate - minhash.jaccard(a, b))
    assert abs(float(np.mean(errors))) < 0.02
    assert float(np.std(errors)) < 0.06  # sqrt(s (1 - s) / 120) is at most 0.046


def test_recall_is_that_of_the_scheme_and_precision_is_one(tmp_path: Path) -> None:
    chance = random.Random(3)
    texts: dict[int, Text] = {}
    rows: list[tuple[str, str]] = []
    planted: set[tuple[int, int]] = set()
    for number in range(600):
        words = document(chance)
        ids = [f"{2 * number + n:020x}"[::-1] for n in range(2)]
        pair = (words, altered(chance, words, chance.randrange(1, 9)))
        docs = [doc_number(i) for i in ids]
        for example_id, said_words in zip(ids, pair, strict=True):
            rows.append((example_id, " ".join(said_words)))
            texts[doc_number(example_id)] = Text("the same request", " ".join(said_words))
        similarity = len(grams(pair[0]) & grams(pair[1])) / len(grams(pair[0]) | grams(pair[1]))
        if similarity >= 0.8:
            planted.add((min(docs), max(docs)))
    lake = Lake(str(tmp_path))
    lake.write(ASSET, "2026-01-01", band_table(rows))
    pattern = f"{tmp_path}/{ASSET}/day=*/part-0.parquet"
    found = set(duplicates_of(candidates(pattern, list(texts)), texts))
    assert len(planted) > 100
    assert len(planted & found) / len(planted) >= 0.99
    assert found <= planted


def test_a_new_day_is_compared_with_all_others(tmp_path: Path) -> None:
    chance = random.Random(4)
    words = document(chance)
    lake = Lake(str(tmp_path))
    lake.write(ASSET, "2026-01-01", band_table([("a" * 20, " ".join(words))]))
    near = " ".join(altered(chance, words, 1))
    fresh = band_table([("b" * 20, near), ("c" * 20, " ".join(document(chance)))])
    pattern = f"{tmp_path}/{ASSET}/day=*/part-0.parquet"
    assert new_candidates(pattern, fresh) == [(doc_number("a" * 20), doc_number("b" * 20))]


def test_a_template_everyone_shares_does_not_make_all_pairs(tmp_path: Path) -> None:
    text = " ".join(document(random.Random(5)))
    ids = [f"{n:020x}"[::-1] for n in range(300)]
    lake = Lake(str(tmp_path))
    lake.write(ASSET, "2026-01-01", band_table([(i, text) for i in ids]))
    pattern = f"{tmp_path}/{ASSET}/day=*/part-0.parquet"
    assert len(candidates(pattern, [doc_number(i) for i in ids])) == 299


def test_a_group_keeps_its_first() -> None:
    gone = survivors([(5, 3), (3, 9), (2, 7)], order=lambda doc: -doc)
    assert gone == {5: 9, 3: 9, 2: 7}
    assert survivors([], order=int) == {}


LONG = " ".join(document(random.Random(6), 150))


def test_steps_of_one_exchange_are_not_duplicates_of_each_other(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    chance = random.Random(7)
    turns = [
        turn(f"t{n}", said(" ".join(document(chance, 40))), request=LONG, minute=n)
        for n in range(4)
    ]
    write_day(lake, "2026-03-07", turns)
    assert release(lake, tmp_path).count("sft_sharegpt") == 4


def test_the_same_answer_to_another_request_is_not_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    turns = [
        turn("a", said(LONG), request="Translate the first poem for me please"),
        turn("b", said(LONG + " indeed"), request="Write something else that is long"),
    ]
    write_day(lake, "2026-03-07", turns)
    assert release(lake, tmp_path).count("sft_sharegpt") == 2


def test_a_release_holds_the_best_of_near_duplicates_then_the_earliest(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    days = ("2026-03-09", "2026-03-08", "2026-03-07")
    for day in days:
        answer = said(f"{LONG} on {day}")
        write_day(lake, day, [turn(f"t-{day}", answer, day=day, session=day)])
    built = release(lake, tmp_path)
    assert built.manifest["selection"]["dropped_near_duplicate"] == 2
    assert '"day":"2026-03-07"' in (built.path / "lineage.jsonl").read_text()
    better = turn("t-2026-03-08", said(f"{LONG} on 2026-03-08"), day=days[1], session=days[1])
    write_day(lake, days[1], [better], **{"t-2026-03-08": 9.0})
    built = release(lake, tmp_path)
    lineage = (built.path / "lineage.jsonl").read_text()
    assert '"day":"2026-03-08"' in lineage
    # The group can be looked up: two examples, and the one that stands for them.
    groups = lake.read("near_duplicates").to_pylist()
    assert len(groups) == 2
    (kept,) = {row["kept_example_id"] for row in groups}
    assert f'"id":"{kept}"' in lineage


def test_a_day_is_signed_again_only_when_it_changed(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    write_day(lake, "2026-03-07", [turn("a", said(LONG))])
    update_bands(lake)
    before = lake.path(ASSET, "2026-03-07").stat().st_mtime
    update_bands(lake)
    assert lake.path(ASSET, "2026-03-07").stat().st_mtime == before
    assert lake.read(ASSET, "2026-03-07").num_rows == 20
    write_day(lake, "2026-03-07", [turn("a", said(LONG)), turn("b", said(LONG + " x"))])
    update_bands(lake)
    assert lake.read(ASSET, "2026-03-07").num_rows == 40
    rows = lake.read("sharegpt_dataset", "2026-03-07")
    assert near_duplicates(lake, rows.slice(0, 0)) == {}


def test_edges_are_found_again_only_when_their_input_changed(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    write_day(lake, "2026-03-07", [turn("a", said(LONG)), turn("b", said(LONG + " x"))])
    chosen = lake.read("sharegpt_dataset", "2026-03-07")
    gone = near_duplicates(lake, chosen)
    assert len(gone) == 1
    edges = lake.read(EDGES)
    assert edges.num_rows == 1
    # Another engine's table of the same input is taken as it is.
    lake.write(EDGES, WHOLE, edges.slice(0, 0))
    assert near_duplicates(lake, chosen) == {}
    # Not if other examples were chosen, nor after a day has changed.
    assert near_duplicates(lake, chosen.slice(0, 1)) == {}
    assert near_duplicates(lake, chosen) == gone
    lake.write(EDGES, WHOLE, edges.slice(0, 0))
    write_day(lake, "2026-03-08", [turn("c", said(LONG + " y"), day="2026-03-08")])
    assert near_duplicates(lake, chosen) == gone


def test_the_same_stay_at_a_hundred_thousand_whichever_engine_looks(tmp_path: Path) -> None:
    """DuckDB's join and pyarrow's, and a look at all texts that share words, without hashes.

    The bands miss one pair in 25,000 at a similarity of 0.86, here one of 6,608.
    """
    chance = random.Random(9)
    lake = Lake(tmp_path)
    said_words: dict[int, list[str]] = {}
    for day in range(20):
        rows = []
        while len(rows) < 5_000:
            words = document(chance, 30)
            if len(rows) % 10 == 9:  # another tail on the one before: similar by 0.93, 0.86 or 0.79
                tail = chance.randrange(1, 4)
                words = said_words[doc_number(rows[-1][0])][:-tail] + document(chance, tail)
            example_id = f"{day:08x}{len(rows):08x}"
            rows.append((example_id, " ".join(words)))
            said_words[doc_number(example_id)] = words
        lake.write(ASSET, f"2026-01-{day + 1:02d}", band_table(rows))
    texts = {doc: Text("same", " ".join(words)) for doc, words in said_words.items()}

    by_duckdb = duplicates_of(candidates(_bands_of(tmp_path), list(texts)), texts)
    by_pyarrow = duplicates_of(_joined_by_pyarrow(tmp_path), texts)
    by_words = _sharing_words(said_words)
    gone = survivors(by_duckdb, order=int)
    assert gone == survivors(by_pyarrow, order=int)
    exactly = survivors(by_words, order=int)
    assert 6_000 < len(exactly) < 7_000
    assert gone.items() <= exactly.items()
    assert len(gone) >= 0.999 * len(exactly)


def _bands_of(folder: Path) -> str:
    return str(folder / ASSET / "day=*" / "part-0.parquet")


def _joined_by_pyarrow(folder: Path) -> list[tuple[int, int]]:
    """The third stage, done by pyarrow on the Parquet that the stage before wrote."""
    files = (folder / ASSET).rglob("*.parquet")
    bands = pa.concat_tables(pq.read_table(path) for path in files)
    joined = bands.join(
        bands, ["band", "key"], join_type="inner", left_suffix="_one", right_suffix="_other"
    )
    once = joined.filter(pc.less(joined["doc_one"], joined["doc_other"]))
    return sorted(set(zip(once["doc_one"].to_pylist(), once["doc_other"].to_pylist(), strict=True)))


def _sharing_words(texts: dict[int, list[str]]) -> list[tuple[int, int]]:
    """Pairs of texts of which at least 0.8 is shared, of all that share five words in a row."""
    first: dict[tuple[str, ...], int] = {}
    sharing = set()
    for doc, words in texts.items():
        for gram in grams(words):
            other = first.setdefault(gram, doc)
            if other != doc:
                sharing.add((other, doc))
    return sorted(pair for pair in sharing if _similarity(*(grams(texts[d]) for d in pair)) >= 0.8)


def _similarity(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)
