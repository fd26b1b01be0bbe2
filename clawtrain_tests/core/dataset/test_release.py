"""A release: everything good of all days, in a folder that can prove what it is."""

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.dataset.release_files import cutoff_for, split_of
from clawtrain_assets.core.dataset.released import (
    changed_files,
    current_release,
    newest_release,
    open_release,
    scrub_report,
)
from clawtrain_assets.core.dataset.sample import draw_review_sample
from clawtrain_assets.core.dataset.validation import (
    file_violations,
    message_violations,
    violations,
)
from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.lakes import (
    DAYS,
    clean,
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


def test_the_same_lake_gives_the_same_bytes(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    first, second = release(lake, tmp_path / "a"), release(lake, tmp_path / "b")
    assert first.release_id == second.release_id
    for file in first.path.iterdir():
        assert file.read_bytes() == (second.path / file.name).read_bytes()


def test_other_content_or_settings_give_another_id(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    first = release(lake, tmp_path)
    stricter = release(lake, tmp_path, dataset=Dataset(min_overall=7.5))
    write_day(lake, "2026-03-09", day_turns("2026-03-09"))
    later = release(lake, tmp_path)
    assert len({first.release_id, stricter.release_id, later.release_id}) == 3
    assert newest_release(tmp_path / "releases").release_id == later.release_id
    assert open_release(tmp_path / "releases", first.release_id) == first


def test_the_manifest_accounts_for_every_file(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path)
    manifest = (built.path / "manifest.json").read_bytes()
    assert built.release_id == hashlib.sha256(manifest).hexdigest()[:16]
    names = {path.name for path in built.path.iterdir()} - {"manifest.json"}
    assert set(built.manifest["files"]) == names
    assert changed_files(built) == []
    assert built.manifest["settings"]["rubric_hash"] == "r1"
    assert built.manifest["judges"] == [
        {"judge_model": "judge", "judge_digest": "d1", "rubric_hash": "r1", "examples": 12}
    ]
    assert built.manifest["inputs"]["sharegpt_dataset"]["days"] == 2


def test_files_are_the_owners_alone_and_a_change_is_noticed(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path)
    assert stat.S_IMODE(built.path.stat().st_mode) == 0o700
    readme = built.path / "README.md"
    assert stat.S_IMODE(readme.stat().st_mode) == 0o400
    readme.chmod(0o600)
    readme.write_text("better numbers")
    assert changed_files(built) == ["README.md"]
    release(small_lake(tmp_path), tmp_path)
    assert changed_files(built) == []  # the same content again mends it
    manifest = built.path / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text("{}")
    with pytest.raises(ClawtrainError, match="was changed"):
        newest_release(tmp_path / "releases")


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


def test_a_finding_outside_the_rows_is_told_in_the_report(tmp_path: Path) -> None:
    def finds(files: Sequence[Path]) -> ScrubCheck:
        assert {"README.md", "lineage.jsonl"} <= {file.name for file in files}
        return ScrubCheck((Survivor("README.md", 3, "name"),), {})

    report = scrub_report(release(small_lake(tmp_path), tmp_path, verify=finds))
    assert report["passed"] is False
    assert report["survivors"] == [{"file": "README.md", "line": 3, "kind": "name"}]


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


def test_without_an_example_nothing_is_sealed_and_the_next_step_is_said(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    with pytest.raises(ClawtrainError, match=r"no day has examples yet.*clawtrain up"):
        release(lake, tmp_path)
    write_day(lake, DAYS[0], [turn("t", said("Buy milk."))], t=4.0)
    with pytest.raises(ClawtrainError, match=r"\(1 not kept below threshold\).*min_overall"):
        release(lake, tmp_path)
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_crash_leaves_the_previous_release(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    first = release(lake, tmp_path)

    def breaks(files: Sequence[Path]) -> ScrubCheck:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        release(lake, tmp_path, verify=breaks, dataset=Dataset())
    assert newest_release(tmp_path / "releases") == first
    assert {p.name for p in (tmp_path / "releases").iterdir()} == {first.release_id, "newest"}


def test_what_a_killed_build_left_is_swept_a_day_later(tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    old, young = releases / ".building-old", releases / ".building-young"
    for left in (old, young):
        left.mkdir(parents=True)
    os.utime(old, (0, 0))
    release(small_lake(tmp_path), tmp_path)
    assert young.exists()
    assert not old.exists()


def test_no_release_says_what_to_do(tmp_path: Path) -> None:
    assert current_release(tmp_path) is None
    with pytest.raises(ClawtrainError, match="clawtrain release"):
        newest_release(tmp_path)


def test_the_card_and_the_training_files_name_what_is_there(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path)
    info = json.loads((built.path / "dataset_info.json").read_text())
    assert {entry["file_name"] for entry in info.values()} <= {
        path.name for path in built.path.iterdir()
    }
    assert info["clawtrain_preference_train"]["ranking"] is True
    training = (built.path / "llamafactory_sft.yaml").read_text()
    assert "mask_history: true" in training
    assert "dataset: clawtrain_sft_train\n" in training
    card = (built.path / "README.md").read_text()
    assert card.startswith("---\n")
    assert "config_name: preference_messages" in card


def test_the_cutoff_never_cuts_a_row_it_can_hold() -> None:
    assert cutoff_for(0) == 4_096
    assert cutoff_for(4_096 * 5 // 2) == 4_096
    assert cutoff_for(4_097 * 5 // 2 + 1) == 8_192
    assert cutoff_for(10**9) == 131_072


def test_the_sample_is_the_releases_own(tmp_path: Path) -> None:
    lake = small_lake(tmp_path)
    built = release(lake, tmp_path)
    sample = draw_review_sample(built, 5)
    again = draw_review_sample(built, 5)
    assert sample.equals(again)
    assert sample["position"].to_pylist() == [1, 2, 3, 4, 5]
    assert draw_review_sample(built, 3)["example_id"] == sample["example_id"][:3]
    assert draw_review_sample(built, 99).num_rows == 12
    assert set(sample["release_id"].to_pylist()) == {built.release_id}
    assert json.loads(sample["judge_scores"][0].as_py())["overall"] == 8.0
    other = release(lake, tmp_path, dataset=Dataset(validation_share=0.48))
    assert (
        draw_review_sample(other, 12)["example_id"] != draw_review_sample(built, 12)["example_id"]
    )


def test_clean_is_what_a_verifier_says_of_every_file(tmp_path: Path) -> None:
    built = release(small_lake(tmp_path), tmp_path, verify=clean)
    report = scrub_report(built)
    assert report["passed"] is True
    assert set(report["files"]) == set(built.manifest["files"]) - {"scrub_report.json"}


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
