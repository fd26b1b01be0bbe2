"""The privacy scrub: what survives, what is changed needlessly, and how fast.

    python benchmarks/scrub.py [--quick] [--json] [--rounds N] [--sets DIR [--peers PYTHON]]

Canaries: every type of value in every hidden form, made fresh for each of --rounds (1), planted
into rows, scrubbed and looked for by the verifier's readings. Ordinary text: the standard
library's own sources, whose characters should all stay; e-mail addresses and people named in its
credits are counted apart, because they are real. Speed: one core, CPU time of this process, beside
one Aho-Corasick pass of the same trigger words over the same text.

--sets measures the labelled sets of a directory as well. A set is ``NAME.jsonl``: a line is an
object with ``id``, ``text`` and ``spans``, a list of ``{"start", "end", "soft"}`` in code points;
soft ones (dates, organisations) may be changed or not. ``NAME_denylist.json`` beside it is the
denylist of those who wrote the texts; the set is then measured with it and without. --peers names
a Python that has other scrubbers (``scrub_peers.py`` lists them; those it lacks are left out); they
get the same texts and no denylist, for they have none. Leak: labelled values that survive
verbatim; partial: of which a piece of 8 characters and half the value does; over: characters
outside the labels that were changed. The aim is to leak less than every peer, and not more than
twice what a peer leaks whose makers made the set.

--quick: 2 MB of text, one canary of each sort, 6,000 characters of each set and eight peers at a
time, so that their speeds say little; else 10 MB, eight, all, and one peer after the other.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from scrub_peers import PEERS
from scrub_score import Score

from clawtrain_assets.core.privacy.canary import run_canaries, scrubbed_by
from clawtrain_assets.core.privacy.denylist import Denylist, load_denylist
from clawtrain_assets.core.privacy.finding import lower
from clawtrain_assets.core.privacy.scrub import Scrubber

KEY = bytes(range(32))
OURS, WITH_DENYLIST = "clawtrain", "clawtrain with denylist"
REAL = ("EMAIL", "PERSON")  # what the credits of a public source really hold
_FLOOR = "one Aho-Corasick pass"
_ROWS = [
    '{"messages": [{"role": "user", "content": "restart nginx"}, {"role": "assistant"}]}',
    "$ systemctl status nginx\n   Active: active (running) since Sun 2026-11-22 09:14:02 UTC",
]


class Measured(NamedTuple):
    """What a scrubber made of a set."""

    score: Score
    speed: float


def ordinary_text(limit: int) -> Iterator[str]:
    """Sources of the standard library, smallest path first, ``limit`` characters in all."""
    total = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if 500 < len(text) < 200_000:
            yield text
            total += len(text)
        if total >= limit:
            return


def as_session(texts: list[str]) -> list[str]:
    """The same texts as tool results of session lines: JSON with everything escaped."""
    return [json.dumps({"role": "toolResult", "content": text}) for text in texts]


def canary_metrics(per_type: int, rounds: int) -> Iterator[dict[str, Any]]:
    send = scrubbed_by(lambda extra: Scrubber(extra, (), KEY))
    reports = [run_canaries(_ROWS, send, per_type) for _ in range(rounds)]
    planted = sum(report.planted for report in reports)
    survived = sum(report.survived for report in reports)
    seen = sum(report.found_before for report in reports) / planted
    yield metric("canaries seen before", seen, 1.0, seen == 1, "share")
    yield metric("canaries planted", planted, None, True, "canaries")
    yield metric("canaries surviving", survived, 0, not survived, "canaries")


def ordinary_metrics(texts: list[str]) -> Iterator[dict[str, Any]]:
    scrubber = Scrubber(Denylist(), (), KEY)
    changed: Counter[bool] = Counter()
    for text in texts:
        for finding in scrubber.findings(text):
            changed[finding.kind in REAL] += finding.end - finding.start
    size = sum(map(len, texts))
    needless = 100 * changed[False] / size
    yield metric("ordinary code changed", needless, 0.1, needless <= 0.1, "% of characters")
    yield metric("of it names and mail", 100 * changed[True] / size, None, True, "% of characters")


def speed_metrics(texts: list[str]) -> Iterator[dict[str, Any]]:
    for name, corpus in (("plain", texts), ("escaped JSON", as_session(texts))):
        size = sum(len(text.encode()) for text in corpus) / 1e6
        scrubber = Scrubber(Denylist(), (), KEY)
        started = time.process_time()
        for text in corpus:
            scrubber.text(text)
        speed = size / (time.process_time() - started)
        started = time.process_time()
        for text in corpus:
            for _ in scrubber.triggers.iter(lower(text)):
                pass
        floor = size / (time.process_time() - started)
        line = metric(f"speed, {name}", speed, 2.0, speed >= 2, "MB per CPU second")
        yield line | {"ratio_to": {_FLOOR: round(speed / floor, 4)}}


def set_metrics(
    folder: Path, peers: str | None, most: int, at_once: int
) -> Iterator[dict[str, Any]]:
    """Every set by us and by all peers, ``at_once`` of these; ``most`` characters of each."""
    sets = {file.stem: read_set(file, most) for file in sorted(folder.glob("*.jsonl"))}
    results = {OURS: {name: ours(documents, Denylist()) for name, documents in sets.items()}}
    for name in sets:
        listed = folder / f"{name}_denylist.json"
        if listed.exists():
            named = ours(sets[name], load_denylist(listed))
            results.setdefault(WITH_DENYLIST, {})[name] = named
    if peers:
        with ThreadPoolExecutor(at_once) as pool:
            results |= zip(
                PEERS, pool.map(lambda peer: theirs(peers, peer, sets), PEERS), strict=True
            )
    for name in sets:
        yield from compared(name, {who: by[name] for who, by in results.items() if name in by})


def read_set(file: Path, most: int) -> list[dict[str, Any]]:
    """Documents from all over the set, ``most`` characters of them."""
    documents = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    size = sum(len(document["text"]) for document in documents)
    return documents[:: -(-size // most)]


def ours(documents: list[dict[str, Any]], denylist: Denylist) -> Measured:
    scrubber = Scrubber(denylist, (), KEY)
    started = time.process_time()
    texts = [scrubber.text(document["text"]) for document in documents]
    return measured(documents, texts, time.process_time() - started)


def theirs(python: str, peer: str, sets: dict[str, list[dict[str, Any]]]) -> dict[str, Measured]:
    """A peer's results by set; nothing, said on stderr, if it cannot be run."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{name}.jsonl") for name in sets]
        for file, documents in zip(files, sets.values(), strict=True):
            file.write_text("".join(f"{json.dumps(document)}\n" for document in documents))
        command = [python, str(Path(__file__).with_name("scrub_peers.py")), peer, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{peer} is left out: {done.stderr.strip().rpartition(chr(10))[2]}", file=sys.stderr)
        return {}
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        name: measured(documents, line["texts"], line["cpu"])
        for (name, documents), line in zip(sets.items(), lines, strict=True)
    }


def measured(documents: list[dict[str, Any]], texts: list[str], cpu: float) -> Measured:
    score = Score()
    for document, text in zip(documents, texts, strict=True):
        score.add(document, text)
    size = sum(len(d["text"].encode("utf-8", "surrogatepass")) for d in documents)
    return Measured(score, size / 1e6 / max(cpu, 1e-3))


def compared(name: str, results: dict[str, Measured]) -> Iterator[dict[str, Any]]:
    peers = {who: found.score.leak for who, found in results.items() if who in PEERS}
    bounds = [leak * (2 if name in PEERS[peer].home else 1) for peer, leak in peers.items()]
    for who, (score, speed) in results.items():
        aim = min(bounds, default=None) if who not in PEERS else None
        leak = metric(
            f"leak, {name}, {who}", score.leak, aim, aim is None or score.leak <= aim, "% of values"
        )
        if who not in PEERS:
            leak["ratio_to"] = {
                peer: round(score.leak / theirs, 3) for peer, theirs in peers.items() if theirs
            }
        yield leak
        for what, value, unit in (
            ("partial", score.partial, "% of values"),
            ("over", score.over, "% of other characters"),
            ("broken JSON", score.broken, f"of {score.json} texts"),
            ("speed", speed, "MB per CPU second"),
        ):
            yield metric(f"{what}, {name}, {who}", value, None, True, unit)


def metric(name: str, value: float, aim: float | None, met: bool, unit: str) -> dict[str, Any]:
    return {
        "metric": name,
        "value": round(value, 4),
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": {},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sets", type=Path)
    parser.add_argument("--peers")
    options = parser.parse_args()
    texts = list(ordinary_text(2_000_000 if options.quick else 10_000_000))
    results = [
        *canary_metrics(1 if options.quick else 8, options.rounds),
        *ordinary_metrics(texts),
        *speed_metrics(texts),
    ]
    if options.sets:
        most, at_once = (6_000, 8) if options.quick else (10**9, 1)
        results += set_metrics(options.sets, options.peers, most, at_once)
    if options.json:
        for result in results:
            print(json.dumps(result))
    else:
        print_table(results)


def print_table(results: list[dict[str, Any]]) -> None:
    """Metrics of sets as a table with a row for each set and scrubber; the others line by line."""
    rows: dict[tuple[str, str], list[str]] = {}
    for result in results:
        place = result["metric"].partition(", ")[2]
        name, _, who = place.partition(", ")
        value = f"{result['value']:.4g}"
        if who:
            met = "" if result["met"] else " (missed)"
            rows.setdefault((name, who), []).append(f"{value}{met}")
        else:
            aim = "" if result["aim"] is None else f"  (aim {result['aim']})"
            print(f"{result['metric']:28} {value:>12} {result['unit']}{aim}")
    if rows:
        print("| set | scrubber | leak % | partial % | over % | broken JSON | MB/s |")
        print("|---|---|---|---|---|---|---|")
    for place, cells in rows.items():
        print(f"| {' | '.join([*place, *cells])} |")


if __name__ == "__main__":
    main()
