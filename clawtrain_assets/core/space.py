"""Room on the disk: how much is left alone, and what a full disk looks like from inside.

A run that fills the disk could not even record that it failed. So models are not asked and
history is not captured below a reserve, which is for Dagster's record of the run and for the
answers that are on their way.
"""

import errno
import os
from pathlib import Path

from clawtrain_assets.core.errors import ClawtrainError

RESERVE_BYTES = 100_000_000
FULL = "The disk is full: free some space, then start again; what is done is kept."
_ERRORS = (errno.ENOSPC, errno.EDQUOT)


def free_bytes(path: Path) -> int:
    """What this user may still write to the disk of ``path``, which need not exist yet."""
    while not path.exists():
        path = path.parent
    facts = os.statvfs(path)
    return facts.f_bavail * facts.f_frsize


def require_space(path: Path) -> None:
    """Raises ClawtrainError if the disk of ``path`` has less than the reserve left."""
    free = free_bytes(path)
    if free < RESERVE_BYTES:
        raise ClawtrainError(
            f"The disk of {path} has {free / 1e6:.1f} MB left, of which "
            f"{RESERVE_BYTES / 1e6:.0f} MB are kept for the record of runs: free some space, then "
            "start again; what is done is kept."
        )


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk or quota is behind an error, however often it was wrapped."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _ERRORS:
            return True
        if "database or disk is full" in str(error):  # SQLite's words, in whatever class
            return True
        error = error.__cause__ or error.__context__
    return False
