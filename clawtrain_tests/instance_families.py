"""Finding the processes that a test started, by the instance they were told to use."""

import time
from pathlib import Path


def family(home: Path) -> set[int]:
    """Ids of all living processes whose CLAWTRAIN_HOME is ``home``."""
    mark = f"CLAWTRAIN_HOME={home}\0".encode()
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.add(int(process.name))
        except OSError:
            continue  # ended meanwhile, or not ours to read
    return found


def gone_within(home: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not family(home):
            return True
        time.sleep(0.1)
    return False
