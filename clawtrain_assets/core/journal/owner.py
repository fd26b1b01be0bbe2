"""Who holds a claim, and whether that process is still there."""

import os
import socket
import uuid


def new_owner() -> str:
    """``host:pid:token``, unique per journal opened."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"


def gone(owner: str) -> bool:
    """True if the owner is a process of this machine that no longer exists.

    A claim of another machine is only ever void by expiry. A process id used again makes a dead
    owner look alive, which costs waiting for that expiry and nothing else.
    """
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
