"""Every test starts from a CLAWTRAIN_HOME of its own and sees no setting of the developer's."""

import gc
import os
import tempfile
from pathlib import Path

import pytest

# CLAWTRAIN_SHARED names a directory of public histories that some tests read where it exists.
for _name in [
    name for name in os.environ if name.startswith("CLAWTRAIN_") and name != "CLAWTRAIN_SHARED"
]:
    del os.environ[_name]
# Definitions read the settings when they are imported, before any fixture runs.
_no_home = tempfile.TemporaryDirectory(prefix="clawtrain-tests-")
os.environ["CLAWTRAIN_HOME"] = _no_home.name
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh CLAWTRAIN_HOME in force for one test."""
    directory = tmp_path / "home"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("CLAWTRAIN_HOME", str(directory))
    return directory


def pytest_unconfigure() -> None:
    """DuckDB, imported before the definitions freeze what is there, goes without a complaint."""
    gc.unfreeze()
