from pathlib import Path

import pytest

from clawtrain_assets.core.judging.rubric import Rubric, load_rubric, write_default


@pytest.fixture
def rubric(tmp_path: Path) -> Rubric:
    write_default(tmp_path / "rubric.toml")
    return load_rubric(tmp_path / "rubric.toml")
