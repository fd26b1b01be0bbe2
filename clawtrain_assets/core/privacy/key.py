"""The key behind the pseudonyms: random, per installation, readable by its owner alone."""

import os
import secrets
from pathlib import Path

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
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "wb") as stream:
        key = secrets.token_bytes(KEY_BYTES)
        stream.write(key)
        stream.flush()
        os.fsync(stream.fileno())
    return key


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ClawtrainError(f"{path} can be read by others: run `chmod 600 {path}` and try again.")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ClawtrainError(
            f"{path} is not a pseudonym key: remove it to make a new one (stand-ins will change)."
        )
    return key
