"""What starting costs: imports, commands, loading the definitions, the web UI until it can be used.

    python benchmarks/startup.py [--quick] [--json]

CPU seconds (user and system) of fresh processes and their children, the least of several runs, and
wall seconds of the same run; every module is compiled and in the page cache beforehand. `up` ends
when the page and the loaded code location answer: CPU of the whole family of processes until then.
--quick: fewer repetitions, `up` once.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import figures

_BIN = Path(sys.executable).parent
_ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
# Nothing listens on the discard port, so that `doctor` does not wait for a model server.
_SETTINGS = """
[judge]
hosts = ["http://127.0.0.1:9"]
model = "none"
[[candidates]]
hosts = ["http://127.0.0.1:9"]
model = "none"
"""
_COMMANDS = {
    "import dagster": [sys.executable, "-c", "import dagster"],
    "import the definitions": [sys.executable, "-c", "import clawtrain_assets.definitions"],
    "clawtrain --help": [str(_BIN / "clawtrain"), "--help"],
    "clawtrain status": [str(_BIN / "clawtrain"), "status"],
    "clawtrain journal": [str(_BIN / "clawtrain"), "journal"],
    "clawtrain doctor": [str(_BIN / "clawtrain"), "doctor"],
    "dagster definitions validate": [str(_BIN / "dagster"), "definitions", "validate"],
}
_DG = _BIN / "dg"


def commands(home: Path, repetitions: int) -> Iterator[dict[str, Any]]:
    found = dict(_COMMANDS)
    if _DG.exists():
        found["dg check defs"] = [str(_DG), "check", "defs"]
    spent = {}
    for name, command in found.items():
        _timed(command, home)
        cpu, wall = min(_timed(command, home) for _ in range(repetitions))
        spent[name] = cpu
        yield figures.figure(f"{name}, CPU", cpu, "s")
        yield figures.figure(f"{name}, wall", wall, "s")
    ratio = spent["import the definitions"] / spent["import dagster"]
    yield figures.figure("import the definitions", ratio, "ratio", 2.0, to="import dagster")


def _timed(command: list[str], home: Path) -> tuple[float, float]:
    """CPU and wall seconds; `doctor` ends with 1 here, as it should."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=_ROOT, env=environment(home), capture_output=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def up(home: Path) -> Iterator[dict[str, Any]]:
    """`clawtrain up` from the command to the line that says it can be used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(_BIN / "clawtrain"), "up", "--port", str(port)],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        wall = time.perf_counter() - start
        assert "clawtrain is up" in said, said
        family = _family(home)
        cpu = family_cpu(home)
        memory = sum(map(_memory_mb, family))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    yield figures.figure("clawtrain up until the page can be used, CPU", cpu, "s")
    yield figures.figure("clawtrain up until the page can be used, wall", wall, "s")
    yield figures.figure("clawtrain up, processes", len(family), "")
    yield figures.figure("clawtrain up, memory of its own (PSS)", memory, "MB")


def environment(home: Path) -> dict[str, str]:
    """Ours, but compiled modules are kept, as an installed package has them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "CLAWTRAIN_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_HOME": str(home / "dagster"),
    }


def _family(home: Path) -> list[Path]:
    """Living processes that were started with this CLAWTRAIN_HOME."""
    mark = f"CLAWTRAIN_HOME={home}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(process)
        except OSError:
            continue  # ended meanwhile, or not ours to read
    return found


def family_cpu(home: Path) -> float:
    """CPU seconds of all processes of a home so far, those included that have ended."""
    return sum(map(_cpu, _family(home)))


def _cpu(process: Path) -> float:
    """Seconds of user and system time, of the process and the children it has waited for."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # ended meanwhile: whoever waited for it has its seconds
    return sum(map(int, fields[11:15])) / _TICKS


def _memory_mb(process: Path) -> float:
    for line in (process / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    chosen = figures.arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / "dagster").mkdir(parents=True)
        (home / "clawtrain.toml").write_text(_SETTINGS)
        figures.show(commands(home, 1 if chosen.quick else 5), chosen.json)
        for _ in range(1 if chosen.quick else 2):
            figures.show(up(home), chosen.json)


if __name__ == "__main__":
    main()
