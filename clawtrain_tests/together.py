"""Several processes that do the same thing at the same moment."""

import subprocess
import sys


def at_once(script: str, *arguments: str, processes: int = 4) -> list[str]:
    """What each process printed; all must end well.

    ``script`` prints a line when it is ready, and goes on when a line is written to it.
    """
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0] for process in started]
    assert [process.returncode for process in started] == [0] * processes
    return said
