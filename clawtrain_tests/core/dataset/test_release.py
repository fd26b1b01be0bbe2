"""A release: a folder that can prove what it is."""

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.dataset.release_files import cutoff_for
from clawtrain_assets.core.dataset.released import (
    changed_files,
    current_release,
    newest_release,
    open_release,
    scrub_report,
)
from clawtrain_assets.core.dataset.sample import draw_review_sample
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.lakes import (
    DAYS,
    clean,
    day_turns,
    release,
    small_lake,
    write_day,
)
from clawtrain_tests.core.dataset.turns import said, turn


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


def test_a_finding_outside_the_rows_is_told_in_the_report(tmp_path: Path) -> None:
    def finds(files: Sequence[Path]) -> ScrubCheck:
        assert {"README.md", "lineage.jsonl"} <= {file.name for file in files}
        return ScrubCheck((Survivor("README.md", 3, "name"),), {})

    report = scrub_report(release(small_lake(tmp_path), tmp_path, verify=finds))
    assert report["passed"] is False
    assert report["survivors"] == [{"file": "README.md", "line": 3, "kind": "name"}]


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
