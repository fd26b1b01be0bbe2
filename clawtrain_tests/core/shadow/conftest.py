from collections.abc import Iterator
from pathlib import Path

import pytest

from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.judging.rubric import Rubric
from clawtrain_tests.core.shadow.comparing import Night


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}") as opened:
        yield opened


@pytest.fixture
def night(journal: Journal, rubric: Rubric) -> Night:
    return Night(journal, rubric)
