"""Who holds a claim, and whether that process is still there."""

import os
import socket
import uuid
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux alone


def new_owner() -> str:
    """``host:pid:token``, unique per journal opened."""
    return f"{_machine()}:{os.getpid()}:{uuid.uuid4().hex}"


@cache
def _machine() -> str:
    """This machine's name and its boot: copies of one machine often share the name."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    return f"{socket.gethostname()}/{boot}"


def gone(owner: str) -> bool:
    """True if the owner is a process of this machine that no longer exists.

    A claim of another machine is only ever void by expiry. A process id used again makes a dead
    owner look alive, which costs waiting for that expiry and nothing else.
    """
    host, pid, _ = owner.rsplit(":", 2)
    if host != _machine():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
