"""How fast session files become turns in a Parquet file, beside a loop that only decodes the lines.

    python benchmarks/extract.py [--quick] [--json]

Writes an invented history (bodies cut from this Python's own source files, sizes as in real agent
logs: 8 KB a line, 21 KB a turn) to a temporary directory. Each measurement runs in a fresh process,
on CPU time, with the page cache warm; the best of several runs counts for the floor and ours alike.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow.parquet as pq

from clawtrain_assets.core import schemas
from clawtrain_assets.core.sessions.extract import extract
from clawtrain_assets.core.sessions.sources import DirectorySource
from clawtrain_assets.settings import Sources

START = 1_772_866_000_000


def write_history(root: Path, megabytes: int, files: int) -> None:
    """``files`` sessions of one agent, about ``megabytes`` together."""
    rng = random.Random(7)
    pool = _texts(rng)
    folder = root / "agents" / "main" / "sessions"
    folder.mkdir(parents=True)
    for number in range(files):
        name = f"{number:08d}-2222-4333-8444-555555555555"
        budget = megabytes * 1_000_000 // files
        with (folder / f"{name}.jsonl").open("wb") as stream:
            for entry in _session(name, rng, pool, START + number * 3_600_000):
                line = json.dumps(entry).encode() + b"\n"
                stream.write(line)
                budget -= len(line)
                if budget <= 0:
                    break


def _texts(rng: random.Random) -> list[str]:
    """Source files of the standard library, the plainest real text at hand anywhere."""
    library = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return [path.read_text("utf-8", "replace") for path in rng.sample(library, 80)]


def _session(
    name: str, rng: random.Random, pool: list[str], start: int
) -> Iterator[dict[str, Any]]:
    def cut(low: int, high: int) -> str:
        text = rng.choice(pool)
        size = rng.randint(low, high)
        at = rng.randrange(max(len(text) - size, 1))
        return text[at : at + size]

    ms, parent, count = start, None, 0

    def entry(message: dict[str, Any]) -> dict[str, Any]:
        nonlocal parent, count, ms
        ms += 1500
        count += 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000)) + f".{ms % 1000:03d}Z"
        made = {"type": "message", "id": f"{count:08x}", "parentId": parent, "timestamp": stamp}
        parent = made["id"]
        return {**made, "message": message}

    yield {"type": "session", "version": 3, "id": name, "timestamp": "2026-03-07T06:46:40.000Z"}
    while True:
        stamp = "[Sat 2026-03-07 08:39 GMT+1] "
        text = stamp + cut(200, 9000)
        yield entry({"role": "user", "content": [{"type": "text", "text": text}], "timestamp": ms})
        for step in range(rng.randint(1, 4)):
            call = f"call_{count}"
            last = step and rng.random() < 0.1
            content: list[dict[str, Any]] = [{"type": "thinking", "thinking": cut(100, 1500)}]
            content.append({"type": "text", "text": cut(50, 2500)})
            if not last:
                arguments = {"command": cut(50, 4000)}
                content.append(
                    {"type": "toolCall", "id": call, "name": "exec", "arguments": arguments}
                )
            yield entry(
                {
                    "role": "assistant",
                    "content": content,
                    "api": "anthropic-messages",
                    "provider": "anthropic",
                    "model": "claude-sonnet-4-6",
                    "usage": {
                        "input": 9,
                        "output": 800,
                        "cacheRead": 21_000,
                        "cacheWrite": 900,
                        "cost": {"total": 0.02},
                    },
                    "stopReason": "stop" if last else "toolUse",
                    "timestamp": ms,
                }
            )
            if last:
                break
            yield entry(
                {
                    "role": "toolResult",
                    "toolCallId": call,
                    "toolName": "exec",
                    "content": [{"type": "text", "text": cut(2000, 30_000)}],
                    "isError": False,
                    "timestamp": ms,
                }
            )


def floor(root: Path) -> int:
    """Decode every line with the fastest decoder the project has, and do nothing with it."""
    size = 0
    for path in sorted(root.rglob("*.jsonl")):
        with path.open("rb") as stream:
            for line in stream:
                msgspec.json.decode(line)
                size += len(line)
    return size


def ours(root: Path, target: Path) -> int:
    """The whole extraction into a Parquet file, as the lake writes it."""
    extraction = extract(DirectorySource([root]), Sources(), ZoneInfo("UTC"), ())
    with pq.ParquetWriter(
        target,
        schemas.TURNS,
        compression="zstd",
        compression_level=3,
        write_statistics=["turn_id", "day", "timestamp"],
    ) as writer:
        for batch in extraction.batches():
            writer.write_batch(batch)
    if not extraction.report.balanced() or not extraction.report.turns:
        raise SystemExit("lines are not accounted for")
    return extraction.report.bytes_read


def _child(what: str, root: Path) -> None:
    started = time.process_time()
    size = floor(root) if what == "floor" else ours(root, root / "turns.parquet")
    spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rate": size / 1e6 / spent, "peak": peak}))


def _run(what: str, root: Path, times: int) -> dict[str, float]:
    best: dict[str, float] = {}
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, __file__, "--child", what, str(root)],
            capture_output=True,
            check=True,
            text=True,
        )
        found: dict[str, float] = json.loads(done.stdout)
        if not best or found["rate"] > best["rate"]:
            best = found
    return best


def measure(quick: bool) -> list[dict[str, object]]:
    """One record per figure; rates in MB of session file per CPU second."""
    small, large, times = (20, 60, 2) if quick else (100, 500, 5)
    with tempfile.TemporaryDirectory() as folder:
        few, many, single = Path(folder, "few"), Path(folder, "many"), Path(folder, "single")
        write_history(few, small, small * 5 // 4)
        write_history(many, large, large * 5 // 4)
        write_history(single, large, 1)
        bare = _run("floor", many, times)
        full = _run("ours", many, times)
        less = _run("ours", few, 1)
        one = _run("ours", single, 1)
    rate, peak = full["rate"], full["peak"]
    return [
        _record("bare_decode_rate", bare["rate"], "MB/CPU s"),
        _record("extract_rate", rate, "MB/CPU s", aim=150, met=rate >= 150),
        _record("extract_rate_of_bare_decode", rate / bare["rate"], "ratio"),
        _record("extract_peak_memory", peak, "MB"),
        _record(
            f"extract_peak_memory_{large}_to_{small}_MB",
            peak / less["peak"],
            "ratio",
            aim=1.25,
            met=peak / less["peak"] <= 1.25,
        ),
        _record("extract_rate_one_file", one["rate"], "MB/CPU s"),
        _record(
            f"extract_peak_memory_one_{large}_MB_file",
            one["peak"] / peak,
            "ratio",
            aim=1.5,
            met=one["peak"] / peak <= 1.5,
        ),
    ]


def _record(
    metric: str, value: float, unit: str, aim: float | None = None, met: bool | None = None
) -> dict[str, object]:
    ratio_to = "bare decode" if metric.endswith("bare_decode") else None
    return {
        "metric": metric,
        "value": round(value, 3),
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": ratio_to,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less data, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "ROOT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child[0], Path(options.child[1]))
        return
    for record in measure(options.quick):
        if options.json:
            print(json.dumps(record))
        else:
            aim = "" if record["aim"] is None else f"  (aim {record['aim']}, met {record['met']})"
            print(f"{record['metric']:45} {record['value']:>10} {record['unit']}{aim}")


if __name__ == "__main__":
    main()
