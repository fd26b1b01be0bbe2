"""Keep a server's whole process family from outliving the process that started it.

``python -m clawtrain_assets.instance.leash COMMAND...`` runs the command in a process group of
its own and holds its standard input open. When that input ends (the parent closed it, or was
killed without a chance to) the command is interrupted, then what is left of its group (code
servers, run workers) is terminated, then killed. A pipe, not PR_SET_PDEATHSIG: that reaches one
process, not its family, and exists on Linux alone.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

_INTERRUPT_GRACE_S = 15.0  # the web server ends its code server within this
_TERMINATE_GRACE_S = 10.0  # an interrupted run records its end within this


def run(command: Sequence[str]) -> int:
    """Run ``command`` until it ends or standard input does; returns its exit status."""
    # The child must not inherit an ignored SIGINT (a shell's background job does): handlers are
    # reset by exec, an ignored signal is not.
    child: subprocess.Popen[bytes] | None = None

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if child is not None:
            child.send_signal(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    status = child.wait()
    _end_group(child.pid)
    return status


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    child.send_signal(signal.SIGINT)
    time.sleep(_INTERRUPT_GRACE_S)
    child.kill()


def _end_group(group: int) -> None:
    for number, grace in ((signal.SIGTERM, _TERMINATE_GRACE_S), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(group, number)
            deadline = time.monotonic() + grace
            while time.monotonic() < deadline:
                os.killpg(group, 0)
                time.sleep(0.05)
        except (ProcessLookupError, PermissionError):  # macOS: a group of zombies is not permitted
            return


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
