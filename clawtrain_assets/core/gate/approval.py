"""Approval of a release: a person's word, and only while the gate is open."""

import json
from datetime import datetime
from pathlib import Path

from upath import UPath

from clawtrain_assets.core.dataset.released import Release
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.gate.report import as_status
from clawtrain_assets.core.gate.rules import Verdict, is_open
from clawtrain_assets.core.lake import replace_bytes


def approve(release: Release, verdicts: list[Verdict], approved_by: str, when: datetime) -> Path:
    """Record that ``release`` may be trained on, with the gate as it stood.

    Writes ``<id>.approval.json`` beside the release, which itself stays as it was built. Raises
    ClawtrainError, naming the conditions that fail, while the gate is closed.
    """
    if not is_open(verdicts):
        failing = ", ".join(verdict.name for verdict in verdicts if not verdict.passed)
        raise ClawtrainError(
            f"Release {release.release_id} is not approved: the gate is closed ({failing}); see "
            "`clawtrain status` for what is missing."
        )
    path = release.path.with_name(f"{release.release_id}.approval.json")
    record = {
        "release_id": release.release_id,
        "approved_by": approved_by,
        "approved_at": when.isoformat(),
        "gate": as_status(verdicts),
    }
    replace_bytes(UPath(path), (json.dumps(record, indent=1) + "\n").encode())
    return path
