"""What repeats an evaluation is not released."""

import json
from pathlib import Path

import pytest

from clawtrain_assets.core.dataset.evaluations import Evaluations
from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.settings import Dataset
from clawtrain_tests.core.dataset.lakes import pair, release, write_day, write_pairs
from clawtrain_tests.core.dataset.turns import said, turn

TASK = (
    "A customer wants to move her flight from Oslo to Bergen to the next morning "
    "but only if the fee is waived by the airline"
)


def test_a_run_of_thirteen_words_is_found_whatever_its_case(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(json.dumps({"task": {"prompt": [TASK]}, "id": 1}) + "\n")
    known = Evaluations([file])
    words = TASK.split()
    assert known.repeated_in("nothing here", "see: " + " ".join(words[3:16]).upper() + "!")
    assert not known.repeated_in(" ".join(words[3:15]))
    assert not known.repeated_in("", TASK[::-1])
    assert not Evaluations([]).repeated_in(TASK)


def test_plain_text_counts_over_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "tasks.txt"
    file.write_text(TASK.replace(" flight", "\nflight"))
    assert Evaluations([file]).repeated_in(TASK)


def test_examples_and_pairs_that_repeat_it_stay_out(tmp_path: Path) -> None:
    file = tmp_path / "tasks.txt"
    file.write_text(TASK)
    lake = Lake(str(tmp_path / "lake"))
    turns = [turn("a", said("Sure."), request=f"Please: {TASK}"), turn("b", said("No."))]
    write_day(lake, "2026-03-07", turns)
    write_pairs(lake, "2026-03-07", [pair(turns[1], said(TASK)), pair(turns[0], said("x"))])
    built = release(lake, tmp_path, dataset=Dataset(evaluation_files=(file,)))
    assert built.manifest["selection"]["dropped_evaluation tasks.txt"] == 1
    assert built.manifest["selection"]["pairs_dropped_evaluation tasks.txt"] == 2
    assert (built.count("sft_sharegpt"), built.count("preference_sharegpt")) == (1, 0)
    assert str(tmp_path) not in (built.path / "manifest.json").read_text()


def test_a_file_that_is_not_there_is_told_before_anything_is_built(tmp_path: Path) -> None:
    wrong = Dataset(evaluation_files=(tmp_path / "gone.txt",))
    with pytest.raises(UsageError, match="evaluation_files"):
        release(Lake(str(tmp_path / "lake")), tmp_path, dataset=wrong)
    assert not (tmp_path / "releases").exists()
