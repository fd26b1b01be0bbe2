"""The systemd unit, read by systemd itself where it is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clawtrain_tests.test_cli import clawtrain


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    home = tmp_path / "a home with 100% spaces"
    printed = clawtrain("unit", "--port", "3001", home=home)
    assert printed.returncode == 0
    assert b"--port 3001" in printed.stdout
    file = tmp_path / "clawtrain.service"
    file.write_bytes(printed.stdout)
    verify = ["systemd-analyze", "verify", "--user", "--man=no", str(file)]
    runtime = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    found = subprocess.run(verify, capture_output=True, text=True, check=False, env=runtime)
    complaints = [line for line in found.stderr.splitlines() if "clawtrain.service" in line]
    assert complaints == []
    assert found.returncode == 0, found.stderr
