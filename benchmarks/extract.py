"""How fast session files become turns in Parquet files, beside a loop that only decodes the lines.

    python benchmarks/extract.py [--quick] [--json] [--real DIRECTORY] [--peers INTERPRETER]

Writes invented histories to a temporary directory (bodies cut from this Python's own source files;
``typical`` has the sizes of real agent logs, 8 KB a line and 21 KB a turn, ``large`` has tool
results of 50 KB), and repeats the sessions of ``--real`` to the same size. Each measurement runs in
a fresh process, on CPU time, with the page cache warm and imports done; the best of several runs
counts for the floor and for ours. ``--peers`` names a Python that has ``dataclaw`` and
``data-designer``: they parse the same files to lists, without contexts, outcomes, prices or writing
anything.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from extract_history import repeat_history, write_history
from extract_peers import PEERS, peak_memory

from clawtrain_assets.core import schemas
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.extract import Extraction, extract
from clawtrain_assets.core.sessions.sources import DirectorySource
from clawtrain_assets.settings import Sources

TYPICAL, LARGE = (2_000, 30_000), (50_000, 50_000)
Record = dict[str, object]


def floor(root: Path) -> tuple[int, int]:
    """Decode every line with the fastest decoder the project has, and do nothing with it."""
    size = 0
    for path in sorted(root.rglob("*.jsonl")):
        with path.open("rb", buffering=1 << 17) as stream:
            for line in stream:
                size += len(line)
                try:
                    msgspec.json.decode(line)
                except msgspec.DecodeError:
                    continue  # real files have a few bad lines
    return size, 0


def parse(root: Path) -> tuple[int, int]:
    """Turns as Arrow batches that nobody writes."""
    extraction = _extraction(root)
    for _ in extraction.batches():
        pass
    return _checked(extraction)


def ours(root: Path) -> tuple[int, int]:
    """The whole extraction, as ``raw_turns`` writes it into the lake."""
    extraction = _extraction(root)
    with tempfile.TemporaryDirectory() as lake:
        Lake(lake).write_days("raw_turns", [], extraction.batches(), schemas.TURNS)
    return _checked(extraction)


def _extraction(root: Path) -> Extraction:
    return extract(DirectorySource([root]), Sources(), ZoneInfo("UTC"), ())


def _checked(extraction: Extraction) -> tuple[int, int]:
    report = extraction.report
    if not report.balanced() or not report.turns:
        raise SystemExit("lines are not accounted for")
    return report.bytes_read, report.turns


WORK = {"floor": floor, "parse": parse, "ours": ours}


def _child(what: str, root: Path) -> None:
    started = time.process_time()
    size, turns = WORK[what](root)
    spent = time.process_time() - started
    print(json.dumps({"rate": size / 1e6 / spent, "peak": peak_memory(), "turns": turns}))


def _run(command: list[str], times: int = 1) -> dict[str, float]:
    """The best of several runs of a process that prints one object."""
    best: dict[str, float] = {}
    for _ in range(times):
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        found: dict[str, float] = json.loads(done.stdout)
        if not best or found["rate"] > best["rate"]:
            best = found
    return best


def _self(what: str, root: Path, times: int = 1) -> dict[str, float]:
    return _run([sys.executable, __file__, "--child", what, str(root)], times)


def _jq(root: Path) -> float:
    """MB per CPU second of ``jq -c .`` over the same files."""
    files = [str(path) for path in sorted(root.rglob("*.jsonl"))]
    size = sum(Path(path).stat().st_size for path in files)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["jq", "-c", ".", *files], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return size / 1e6 / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _against_others(
    name: str, root: Path, rate: float, parsed: float, interpreter: str | None
) -> Iterator[Record]:
    """Peers and jq on one history; what is not installed is said to be left out."""
    if name != "real" and shutil.which("jq"):  # jq stops at the first line that is no JSON
        yield _record(f"jq_rate_{name}", _jq(root), "MB/CPU s")
    if interpreter is None:
        return
    script = str(Path(__file__).with_name("extract_peers.py"))
    for peer in PEERS:
        found = _run([interpreter, script, peer, str(root)])
        key = f"{peer}_{{}}_{name}".format
        yield _record(key("rate"), found["rate"], "MB/CPU s")
        yield _record(key("peak_memory"), found["peak"], "MB")
        yield _record(key("turns"), found["turns"], "turns")
        yield _record(key("files_refused"), found["no"], "files")
        like = parsed / found["rate"]  # neither writes anything
        yield _record(f"parse_rate_{name}_of_{peer}", like, "ratio", 3, like >= 3)
        ratio = rate / found["rate"]
        yield _record(f"extract_rate_{name}_of_{peer}", ratio, "ratio", 3, ratio >= 3)


def _history(name: str, root: Path, times: int, interpreter: str | None) -> Iterator[Record]:
    """Every figure of one history."""
    bare = _self("floor", root, times)
    parsed = _self("parse", root, times)
    full = _self("ours", root, times)
    rate, share = full["rate"], full["rate"] / bare["rate"]
    yield _record(f"bare_decode_rate_{name}", bare["rate"], "MB/CPU s")
    yield _record(f"parse_rate_{name}", parsed["rate"], "MB/CPU s")
    yield _record(f"extract_rate_{name}", rate, "MB/CPU s", 150, rate >= 150)
    yield _record(f"extract_rate_{name}_of_bare_decode", share, "ratio", 0.25, share >= 0.25)
    yield _record(f"extract_peak_memory_{name}", full["peak"], "MB", 400, full["peak"] <= 400)
    yield _record(f"extract_turns_{name}", full["turns"], "turns")
    yield from _against_others(name, root, rate, parsed["rate"], interpreter)


def measure(quick: bool, real: Path | None, interpreter: str | None) -> Iterator[Record]:
    """One record per figure; rates in MB of session file per CPU second."""
    small, size, times = (20, 60, 2) if quick else (100, 500, 3)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "typical")
        write_history(root, size, size * 5 // 4, TYPICAL)
        yield from _history("typical", root, times, interpreter)
        whole = _self("ours", root)["peak"]
        shutil.rmtree(root)
        write_history(root, small, small * 5 // 4, TYPICAL)
        growth = whole / _self("ours", root)["peak"]
        yield _record(
            f"extract_peak_memory_{size}_to_{small}_MB", growth, "ratio", 1.25, growth <= 1.25
        )
        shutil.rmtree(root)
        write_history(root, size, 1, TYPICAL)
        one = _self("ours", root)
        yield _record("extract_rate_one_file", one["rate"], "MB/CPU s")
        peak = one["peak"]
        yield _record(f"extract_peak_memory_one_{size}_MB_file", peak, "MB", 400, peak <= 400)
        if quick:
            return
        shutil.rmtree(root)
        write_history(root, size, size * 5 // 4, LARGE)
        yield from _history("large", root, times, interpreter)
        if real is not None:
            shutil.rmtree(root)
            repeat_history(real, root, size)
            yield from _history("real", root, times, interpreter)


def _record(
    metric: str, value: float, unit: str, aim: float | None = None, met: bool | None = None
) -> Record:
    before, of, other = metric.rpartition("_of_")
    return {
        "metric": metric,
        "value": round(value, 3),
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": other.replace("_", " ") if of and before else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less data, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--real", type=Path, help="a directory of sessions to repeat")
    parser.add_argument("--peers", metavar="INTERPRETER", help="a Python with the peers installed")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "ROOT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child[0], Path(options.child[1]))
        return
    if options.peers is None:
        print("dataclaw and data-designer are left out: no --peers given", file=sys.stderr)
    for record in measure(options.quick, options.real, options.peers):
        if options.json:
            print(json.dumps(record), flush=True)
        else:
            aim = "" if record["aim"] is None else f"  (aim {record['aim']}, met {record['met']})"
            print(f"{record['metric']:45} {record['value']:>10} {record['unit']}{aim}", flush=True)


if __name__ == "__main__":
    main()
