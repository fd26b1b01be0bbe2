"""Labelled sets scrubbed by us and by other scrubbers, and what each left and changed in vain."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from agent_history import SETS, Case, cases
from scrub_peers import PEERS
from scrub_score import CaseScore, Score

from clawtrain_assets.core.privacy.denylist import Denylist, load_denylist
from clawtrain_assets.core.privacy.scrub import Scrubber

KEY = bytes(range(32))
OURS, WITH_DENYLIST = "clawtrain", "clawtrain with denylist"
_AROUND = 50  # characters of context

Documents = list[dict[str, Any]]


class Measured(NamedTuple):
    """What a scrubber made of a set."""

    score: Score | CaseScore
    speed: float


def set_metrics(
    folder: Path | None, peers: str | None, seed: int | None, most: int, at_once: int
) -> Iterator[dict[str, Any]]:
    """Every set by us and by all peers, ``at_once`` of these; ``most`` characters of each."""
    files = sorted(folder.glob("*.jsonl")) if folder else []
    sets = {file.stem: thinned(read_set(file), most) for file in files}
    for name in SETS:
        whole = [asdict(case) for case in cases(name, seed if name == "a" else None)]
        sets[f"history {name}"] = thinned(whole, most) if peers else whole
    results = {OURS: {name: ours(documents, Denylist()) for name, documents in sets.items()}}
    for file in files:
        listed = file.with_name(f"{file.stem}_denylist.json")
        if listed.exists():
            named = ours(sets[file.stem], load_denylist(listed))
            results.setdefault(WITH_DENYLIST, {})[file.stem] = named
    if peers:
        with ThreadPoolExecutor(at_once) as pool:
            results |= zip(
                PEERS, pool.map(lambda peer: theirs(peers, peer, sets), PEERS), strict=True
            )
    for name in sets:
        yield from compared(name, {who: by[name] for who, by in results.items() if name in by})


def read_set(file: Path) -> Documents:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def thinned(documents: Documents, most: int) -> Documents:
    """Documents from all over the set, ``most`` characters of them."""
    size = sum(len(document["text"]) for document in documents)
    return documents[:: -(-size // most)]


def ours(documents: Documents, denylist: Denylist) -> Measured:
    scrubber = Scrubber(denylist, (), KEY)
    started = time.process_time()
    texts = [scrubber.text(document["text"]) for document in documents]
    return measured(documents, texts, time.process_time() - started)


def theirs(python: str, peer: str, sets: dict[str, Documents]) -> dict[str, Measured]:
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


def measured(documents: Documents, texts: list[str], cpu: float) -> Measured:
    score = CaseScore() if "labels" in documents[0] else Score()
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
        for what, value, unit in (*score.figures(), ("speed", speed, "MB per CPU second")):
            yield metric(f"{what}, {name}, {who}", value, None, True, unit)


def misses(seed: int | None) -> Iterator[str]:
    """What we leave of set ``a`` and change in vain, with a little of what stands around it."""
    scrubber = Scrubber(Denylist(), (), KEY)
    for case in cases("a", seed):
        yield from _misses(case, scrubber.text(case.text))


def _misses(case: Case, clean: str) -> Iterator[str]:
    for label in case.labels:
        if label.value in clean:
            place = _around(clean, label.value)
            yield f"left {case.id} {case.kind}: {label.type} ({label.form}) {place}"
    for kept in case.keep:
        if kept not in clean:
            yield f"over {case.id} {case.kind}: {_around(case.text, kept)}"


def _around(text: str, value: str) -> str:
    start = text.index(value)
    end = start + len(value)
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return repr(f"{before}⟦{value}⟧{after}")


def metric(name: str, value: float, aim: float | None, met: bool, unit: str) -> dict[str, Any]:
    return {
        "metric": name,
        "value": round(value, 4),
        "aim": aim,
        "met": met,
        "unit": unit,
        "ratio_to": {},
    }
