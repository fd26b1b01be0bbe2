"""One night and more over the sample history, in processes as the command line starts them."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.demo.history import SampleHistory, write_sample_history
from clawtrain_assets.settings import Settings, load_settings
from clawtrain_tests.scripted_server import Running, scripted_server

RAW = ("archive/", "journal.sqlite", "denylist.toml", "lake/.spill/")
RAW_TABLES = ("raw_turns", "quarantine", "scored_turns", "shadow_replays", "contrastive_pairs")

# job, job@day, either with #module.name: that function fails and says all that is private, and
# with !module.name: there the process dies.
_RUNS = """
import importlib, os, signal, sys
from unittest.mock import patch
from clawtrain_assets.cli import main
main(["release", "--help"], standalone_mode=False)  # what every command begins with
from pathlib import Path
from clawtrain_assets.runs import Runs, _reason
from clawtrain_assets.definitions import defs
from clawtrain_assets.settings import load_settings

private = Path(sys.argv[1]).read_text()

def fail(*args, **kwargs):
    raise ValueError(f"cannot convert {private}")

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def broken(spec):
    for mark, instead in (("#", fail), ("!", die)):
        place, _, name = spec.partition(mark)[2].rpartition(".")
        if name:
            owner, _, method = place.rpartition(":")
            holder = importlib.import_module(owner or place)
            return patch.object(getattr(holder, method) if owner else holder, name, instead)
    return patch.dict({})

with Runs(load_settings()) as runs:
    for argument in sys.argv[2:]:
        job, _, day = argument.replace("!", "#").partition("#")[0].partition("@")
        with broken(argument):
            result = defs.resolve_job_def(job).execute_in_process(
                instance=runs._instance, partition_key=day or None, raise_on_error=False
            )
            print(job, "succeeded" if result.success else "failed")
            if not result.success:
                print(_reason(result))  # what the command line says of it
"""


@dataclass
class Night:
    settings: Settings
    sample: SampleHistory
    server: Running
    private: Path
    log: str = field(default="")

    def planted_in(self, text: str) -> list[str]:
        """Names of the planted values a text holds, as they are or as JSON escapes them."""
        wanted = {**self.sample.planted}
        wanted |= {f"signature {n}": value for n, value in enumerate(self.sample.signatures)}
        return [
            name
            for name, value in wanted.items()
            if value in text or json.dumps(value)[1:-1] in text
        ]

    def run(self, *jobs: str, killed: bool = False) -> None:
        """Run jobs one after the other; what they print is added to the log."""
        self.log += self._output("-c", _RUNS, str(self.private), *jobs, status=-9 if killed else 0)

    def command(self, *arguments: str, status: int = 0) -> None:
        """Run ``clawtrain``; what it prints is added to the log."""
        self.log += self._output("-m", "clawtrain_assets.cli", *arguments, status=status)

    def _output(self, *arguments: str, status: int) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "CLAWTRAIN_HOME": str(self.settings.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            umask=0o022,
            check=False,
            text=True,
            timeout=900,
        )
        assert done.returncode == status, done.stdout[-2000:]
        return done.stdout


@contextmanager
def night_of(root: Path, script: Mapping[str, Any], *settings: str) -> Iterator[Night]:
    """A home with the sample history and a scripted server for both models; nothing has run yet."""
    home = root / "home"
    home.mkdir(mode=0o700)
    sample = write_sample_history(root / "openclaw", date(2026, 3, 8))
    private = root / "private.json"
    private.write_text(json.dumps([*sample.planted.values(), *sample.signatures]))
    with scripted_server(dict(script)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAWTRAIN_HOME", str(home))
        for name, text in (
            ("denylist.toml", Denylist(**sample.denylist).to_toml()),
            (
                "clawtrain.toml",
                f'[sources]\nstate_dirs = ["{sample.state_dir}"]\n'
                f'[judge]\nmodel = "judge:1b"\nhosts = ["{server.url}"]\n'
                f'[[candidates]]\nmodel = "candidate:1b"\nhosts = ["{server.url}"]\n'
                "[shadow]\nnightly = 5\n"
                '[review]\nreviewers = ["Ada"]\n' + "\n".join(settings),
            ),
        ):
            (home / name).write_text(text)
            (home / name).chmod(0o600)
        yield Night(load_settings(), sample, server, private)


def leaks_in_files(night: Night) -> tuple[dict[str, list[str]], set[str]]:
    """Planted values by file, of all but the raw ones, and the first parts of the files' names."""
    home = night.settings.home
    leaks, seen = {}, set()
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if not path.is_file() or name.startswith(RAW):
            continue
        if name.startswith(tuple(f"lake/{table}/" for table in RAW_TABLES)):
            continue
        seen.add(name.split("/")[0])
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            asset, day = path.parent.parent.name, path.parent.name[4:]
            text = str(Lake(night.settings.lake).read(asset, day).to_pylist())
        if found := night.planted_in(f"{name} {text}"):
            leaks[name] = found
    return leaks, seen


def open_to_others(home: Path) -> list[str]:
    """What below (and with) ``home`` anybody but its owner may read, write or enter."""
    paths = [home, *home.rglob("*")]
    assert len(paths) > 50
    return [
        path.relative_to(home).as_posix()
        for path in paths
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
