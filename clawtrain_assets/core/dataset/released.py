"""Finished releases on disk: publish, find, open, check.

``<releases>/<id>/`` holds the files; ``id`` is the start of the SHA-256 of its
``manifest.json``, which holds the SHA-256 of every other file. ``<releases>/newest`` names the
release that review and gate speak of.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upath import UPath

from clawtrain_assets.core.dataset import release_files
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import replace_bytes

MANIFEST = "manifest.json"
SCRUB_REPORT = "scrub_report.json"
NEWEST = "newest"


@dataclass(frozen=True)
class Release:
    """A finished release; ``manifest`` as in its file."""

    release_id: str
    path: Path
    manifest: Mapping[str, Any]

    def count(self, form: str) -> int:
        """Rows of a form (``sft_sharegpt``, ``preference_sharegpt``, ...), both splits."""
        return sum(self.manifest["rows"][form].values())


def publish(work: Path, releases_dir: Path, manifest: Mapping[str, Any]) -> Release:
    """Make the finished folder ``work`` a release and the newest one.

    The files are on disk before the folder gets its name, so a crash leaves no half release. A
    release of the same content stays as it is, unless its files were damaged since.
    """
    write_json(work / MANIFEST, manifest)
    release_id = _id_of((work / MANIFEST).read_bytes())
    for path in (*work.iterdir(), work):
        _flush(path)
    release = Release(release_id, releases_dir / release_id, manifest)
    if release.path.exists() and changed_files(release):
        shutil.rmtree(release.path)
    if not release.path.exists():
        work.rename(release.path)
        _flush(releases_dir)
    replace_bytes(UPath(releases_dir / NEWEST), f"{release_id}\n".encode())
    return release


def current_release(releases_dir: Path) -> Release | None:
    """The newest release; None if none was ever built. Raises as ``open_release`` does."""
    pointer = releases_dir / NEWEST
    if not pointer.exists():
        return None
    return open_release(releases_dir, pointer.read_text(encoding="utf-8").strip())


def open_release(releases_dir: Path, release_id: str) -> Release:
    """A release by id; raises ClawtrainError if it is missing or its manifest was changed."""
    path = releases_dir / release_id
    if not (path / MANIFEST).exists():
        raise ClawtrainError(
            f"Release {release_id} is not in {releases_dir}: build one with `clawtrain release`."
        )
    data = (path / MANIFEST).read_bytes()
    if _id_of(data) != release_id:
        raise ClawtrainError(
            f"The manifest of release {release_id} was changed after it was built: build a new "
            "one with `clawtrain release`."
        )
    return Release(release_id, path, json.loads(data))


def newest_release(releases_dir: Path) -> Release:
    """The current release; raises ClawtrainError if none was ever built."""
    release = current_release(releases_dir)
    if release is None:
        raise ClawtrainError("There is no release yet: build one with `clawtrain release`.")
    return release


def changed_files(release: Release) -> list[str]:
    """Files that are missing, or whose bytes are not those the manifest names."""
    return [
        name
        for name, fact in release.manifest["files"].items()
        if not (release.path / name).is_file()
        or release_files.sha256(release.path / name) != fact["sha256"]
    ]


def scrub_report(release: Release) -> dict[str, Any]:
    """``scrub_report.json``: passed, files, survivors (places and types), detail."""
    report: dict[str, Any] = json.loads((release.path / SCRUB_REPORT).read_bytes())
    return report


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _id_of(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:16]


def _flush(path: Path) -> None:
    if path.is_file():
        path.chmod(0o400)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
