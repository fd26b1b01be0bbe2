"""A measurement has a name that changes with what is measured."""

from pathlib import Path

import pytest

from clawtrain_assets.core.judging import prompt, version
from clawtrain_assets.core.judging.rubric import write_default


def test_only_what_changes_the_measurement_changes_its_name(tmp_path: Path) -> None:
    file = tmp_path / "rubric.toml"
    absent = version.judging_version(file, "judge:1b", 1, 12_000)
    write_default(file)
    assert version.judging_version(file, "judge:1b", 1, 12_000) == absent
    file.write_text(file.read_text() + "# a comment is a change too: the hash is the file's\n")
    changed = {
        version.judging_version(file, "judge:1b", 1, 12_000),
        version.judging_version(tmp_path / "no", "other:1b", 1, 12_000),
        version.judging_version(tmp_path / "no", "judge:1b", 3, 12_000),
        version.judging_version(tmp_path / "no", "judge:1b", 1, 9_000),
    }
    assert len(changed | {absent}) == 5


def test_another_wording_is_another_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    before = version.prompt_version()
    version.prompt_version.cache_clear()
    assert version.prompt_version() == before
    version.prompt_version.cache_clear()
    monkeypatch.setattr(prompt, "_TASK", prompt._TASK + " Be strict.")
    try:
        assert version.prompt_version() != before
    finally:
        version.prompt_version.cache_clear()
