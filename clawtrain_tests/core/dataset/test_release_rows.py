"""What is in a release: examples and pairs of all days, each once, scrubbed and whole."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.dataset.release_files import split_of
from clawtrain_assets.core.dataset.released import (
    scrub_report,
)
from clawtrain_assets.core.dataset.validation import (
    file_violations,
    message_violations,
    violations,
)
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.lakes import (
    DAYS,
    day_turns,
    pair,
    release,
    small_lake,
    write_day,
    write_pairs,
)
from clawtrain_tests.core.dataset.turns import called, said, turn


def rows(path: Path, form: str) -> list[dict[str, Any]]:
    files = [path / f"{form}_{split}.jsonl" for split in ("train", "validation")]
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_all_days_are_in_every_form(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path)
    assert built.count("sft_sharegpt") == 12
    for form in ("sft_sharegpt", "sft_messages", "sft_prompt_completion"):
        assert len(rows(built.path, form)) == 12
    for form in ("preference_sharegpt", "preference_messages"):
        assert len(rows(built.path, form)) == built.count(form) == 4


def test_every_row_obeys_the_trainers_rules(tmp_path: Path) -> None:
    path = release(small_lake(tmp_path), tmp_path).path
    for form in ("sft_sharegpt", "preference_sharegpt"):
        assert [v for row in rows(path, form) for v in violations(row)] == []
        assert file_violations(rows(path, form)) == []
    for form in ("sft_messages", "sft_prompt_completion", "preference_messages"):
        assert [v for row in rows(path, form) for v in message_violations(row)] == []
        assert file_violations(rows(path, form)) == []


def test_pairs_are_scrubbed_and_say_which_side_is_better(tmp_path: Path) -> None:
    path = release(small_lake(tmp_path), tmp_path).path
    by_id = {row["id"]: row for row in rows(path, "preference_sharegpt")}
    row = by_id["pair-2026-03-07-0-call"]
    assert row["rejected"] == {"from": "gpt", "value": "I cannot read files, <SECRET_1>."}
    assert row["chosen"]["from"] == "function_call"
    other = by_id["pair-2026-03-07-0-say"]
    assert other["rejected"]["value"] == "It says milk 0 on 2026-03-07."
    assert "secret-" not in "".join(f.read_text() for f in path.glob("*.jsonl"))


def test_a_session_is_on_one_side_only(tmp_path: Path) -> None:
    path = release(small_lake(tmp_path), tmp_path).path
    lineage = [json.loads(line) for line in (path / "lineage.jsonl").read_text().splitlines()]
    sides = {(row["session_id"], row["split"]) for row in lineage}
    assert len(sides) == len({session for session, _ in sides}) == 6
    assert {split for _, split in sides} == {"train", "validation"}
    train = {json.loads(x)["id"] for x in (path / "sft_messages_train.jsonl").open()}
    assert train == {r["id"] for r in lineage if r["kind"] == "sft" and r["split"] == "train"}


def test_the_split_keeps_its_share_and_never_moves() -> None:
    sides = [split_of(f"session-{n}", 0.05) for n in range(4_000)]
    assert 0.035 < sides.count("validation") / 4_000 < 0.065
    kept = [n for n, side in enumerate(sides) if side == "validation"]
    assert all(split_of(f"session-{n}", 0.2) == "validation" for n in kept)


def test_a_duplicate_over_days_ships_once(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    for day in DAYS:
        write_day(lake, day, [turn(f"t-{day}", said("Buy milk."), day=day)])
    built = release(lake, tmp_path)
    assert built.count("sft_sharegpt") == 1
    assert built.manifest["selection"]["dropped_duplicate_over_days"] == 1


def test_rows_the_verifier_doubts_do_not_ship(tmp_path: Path) -> None:
    def finds_milk_1(files: Sequence[Path]) -> ScrubCheck:
        found = [
            Survivor(file.name, number, "name")
            for file in files
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if "milk 1" in line
        ]
        return ScrubCheck(tuple(found), {"rules": 1})

    built = release(small_lake(tmp_path), tmp_path, verify=finds_milk_1)
    assert built.manifest["selection"]["dropped_by_verification"] == 2
    assert built.count("sft_messages") == built.count("sft_sharegpt") == 10
    assert scrub_report(built)["passed"] is True
    assert "milk 1" not in "".join(f.read_text() for f in built.path.iterdir())
    ids = {row["id"] for row in rows(built.path, "sft_messages")}
    lineage = [json.loads(line) for line in (built.path / "lineage.jsonl").open()]
    assert {row["id"] for row in lineage if row["kind"] == "sft"} == ids


def test_a_pair_that_cannot_ship_is_counted_with_its_reason(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    turns = day_turns("2026-03-09")
    write_day(lake, "2026-03-09", turns)
    unknown = called(("x", "teleport", {}))
    write_pairs(
        lake,
        "2026-03-09",
        [
            pair(turns[0], unknown),
            pair(turns[2], said("unscrubbable")),
            pair(turns[4], said("ok"), turn_id="gone"),
        ],
    )
    built = release(lake, tmp_path)
    selection = built.manifest["selection"]
    assert built.count("preference_sharegpt") == 4
    assert selection["pairs_by_day"] == 7
    assert selection["pairs_without_turn"] == 1
    assert selection["pairs_quarantined: scrub failed: RuntimeError"] == 1
    assert selection["pairs_invalid: rejected: a call names an undeclared tool"] == 1


def test_turned_down_turns_do_not_ship_again(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path, excluded_turns={"2026-03-07-0-call"})
    assert built.count("sft_sharegpt") == 11
    assert built.count("preference_sharegpt") == 3
    assert built.manifest["selection"]["dropped_by_review"] == 1


def test_a_value_found_in_one_turn_is_removed_from_every_turn(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    scrubber = Scrubber(Denylist(), (), b"k" * 32)
    told = called(("c", "bash", {"command": "ls /home/katarina7/work"}))
    unaware = said("I asked katarina7 in the first place, and she agreed.")
    first = [turn("d1", told, session="a"), turn("d2", unaware, request="And then?", session="b")]
    late = said("Yes,\nkatarina7 said so again the day after.")
    second = [turn("d3", late, request="Is katarina7 sure?", session="c", day="2026-03-08")]
    for day, turns in (("2026-03-07", first), ("2026-03-08", second)):
        write_day(lake, day, turns, scrubber=Scrubber(Denylist(), (), b"k" * 32))
    examples = lake.query("SELECT day, messages FROM e", e="sharegpt_dataset").to_pylist()
    # Within its day it is gone at once; another day did not know of it yet.
    assert ["katarina7" in row["messages"] for row in examples] == [False, False, True]
    write_pairs(lake, "2026-03-08", [pair(second[0], said("katarina7 who?"))])
    built = release(lake, tmp_path, scrubber=scrubber)
    assert built.manifest["selection"]["scrubbed_again"] == 1
    assert built.count("sft_sharegpt") == 3
    assert built.count("preference_sharegpt") == 1
    for file in built.path.iterdir():
        assert b"katarina7" not in file.read_bytes(), file
    answers = {row["messages"][-1]["content"] for row in rows(built.path, "sft_messages")}
    assert f"Yes,\n{scrubber.text('katarina7')} said so again the day after." in answers


def test_rows_are_counted_by_the_named_tokenizer_and_bounded_without_one(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    bounded = release(lake, tmp_path).manifest["tokens"]
    assert bounded["counted"] is False
    assert bounded["rows_within"]["2048"] == 12
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra `tokens`")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    file = tmp_path / "tokenizer.json"
    words.save(str(file))
    built = release(lake, tmp_path, dataset=Dataset(tokenizer=file))
    counted = built.manifest["tokens"]
    assert counted["counted"] is True
    longest = max(
        sum(
            len(text.split()) + 8
            for text in (r["system"], r["tools"], *(m["value"] for m in r["conversations"]))
        )
        for r in rows(built.path, "sft_sharegpt")
    )
    assert counted["longest"] == longest <= bounded["longest"]
    assert "| 2,048 | 12 of 12 |" in (built.path / "README.md").read_text()
    file.write_text("{}")
    with pytest.raises(UsageError, match="is no tokenizer"):
        release(lake, tmp_path, dataset=Dataset(tokenizer=file))


def test_what_equals_a_turn_that_was_turned_down_goes_too(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    for n, day in enumerate(DAYS):
        same = turn(f"t{n}", said("The door code is four eggs."), session=day, day=day)
        write_day(lake, day, [same, *day_turns(day)])
    built = release(lake, tmp_path, excluded_turns={"t1"})
    assert built.manifest["selection"]["dropped_by_review"] == 2
    assert "four eggs" not in (built.path / "sft_sharegpt_train.jsonl").read_text()
    assert "four eggs" not in (built.path / "sft_sharegpt_validation.jsonl").read_text()
