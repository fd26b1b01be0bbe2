"""The key behind the pseudonyms: random, per installation, readable by its owner alone."""

import contextlib
import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import make_private

KEY_FILE = "pseudonym.key"
KEY_BYTES = 32


def load_or_create_key(home: Path) -> bytes:
    """The 32-byte key in ``home``; made on first use with mode 0600.

    Raises ClawtrainError when the file is readable by others or is not a key.
    """
    path = home / KEY_FILE
    make_private(home)
    if not path.exists():
        _create(path)
    return _read(path)


def _create(path: Path) -> None:
    """Whole or not at all: a key appears under its name with all its bytes, and only once."""
    with NamedTemporaryFile(dir=path.parent, prefix=f"{KEY_FILE}.") as fresh:  # mode 0600
        fresh.write(secrets.token_bytes(KEY_BYTES))
        fresh.flush()
        os.fsync(fresh.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(fresh.name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ClawtrainError(f"{path} can be read by others: run `chmod 600 {path}` and try again.")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ClawtrainError(
            f"{path} is not a pseudonym key: remove it to make a new one (stand-ins will change)."
        )
    return key
