"""The privacy scrub: what survives, what is changed needlessly, and how fast.

    python benchmarks/scrub.py [--quick] [--json] [--rounds N] [--sets DIR] [--peers PYTHON]
    python benchmarks/scrub.py --show a [--seed N]

Canaries: every type of value in every hidden form, made fresh for each of --rounds (1), planted
into rows, scrubbed and looked for by the verifier's readings. Ordinary text: the standard
library's own sources, whose characters should all stay; e-mail addresses and people named in its
credits are counted apart, because they are real. Speed: one core, CPU time of this process, beside
one Aho-Corasick pass of the same trigger words over the same text.

Two sets of agent history (``agent_history/__init__.py``), always: ``history a``, which rules are
held against since it was first measured, and ``history b``, held out. Leak: labelled values that
survive verbatim, also by type; lost: look-alikes that do not stay. No denylist. --seed makes a
fresh ``a``; --show prints what was left and lost of ``a``, for those who write rules.

--sets measures the labelled sets of a directory as well. A set is ``NAME.jsonl``: a line is an
object with ``id``, ``text`` and ``spans``, a list of ``{"start", "end", "soft"}`` in code points;
soft ones (dates, organisations) may be changed or not. ``NAME_denylist.json`` beside it is the
denylist of those who wrote the texts; the set is then measured with it and without. --peers names
a Python that has other scrubbers (``scrub_peers.py`` lists them; those it lacks are left out); they
get the same texts and no denylist, for they have none. Leak: labelled values that survive
verbatim; partial: of which a piece of 8 characters and half the value does; over: characters
outside the labels that were changed. The aim is to leak less than every peer, and not more than
twice what a peer leaks whose makers made the set.

--quick: 2 MB of text, one canary of each sort, 6,000 characters of each set (of agent history only
beside peers) and eight peers at a time, so that their speeds say little; else 10 MB, eight, all,
and one peer after the other.
"""

import argparse
import json
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent_history import SETS
from scrub_sets import KEY, metric, misses, set_metrics

from clawtrain_assets.core.privacy.canary import run_canaries, scrubbed_by
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.finding import lower
from clawtrain_assets.core.privacy.scrub import Scrubber

REAL = ("EMAIL", "PERSON")  # what the credits of a public source really hold
_FLOOR = "one Aho-Corasick pass"
_ROWS = [
    '{"messages": [{"role": "user", "content": "restart nginx"}, {"role": "assistant"}]}',
    "$ systemctl status nginx\n   Active: active (running) since Sun 2026-11-22 09:14:02 UTC",
]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sets", type=Path)
    parser.add_argument("--peers")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--show", choices=SETS)
    options = parser.parse_args()
    if options.show:
        if options.show != "a":
            sys.exit(f"Set {options.show} is held out: write rules against --show a --seed N.")
        for line in misses(options.seed):
            print(line)
        return
    texts = list(ordinary_text(2_000_000 if options.quick else 10_000_000))
    results = [
        *canary_metrics(1 if options.quick else 8, options.rounds),
        *ordinary_metrics(texts),
        *speed_metrics(texts),
    ]
    most, at_once = (6_000, 8) if options.quick else (10**9, 1)
    results += set_metrics(options.sets, options.peers, options.seed, most, at_once)
    if options.json:
        for result in results:
            print(json.dumps(result))
    else:
        print_table(results)


def print_table(results: list[dict[str, Any]]) -> None:
    """Metrics of sets as tables with a row for each set and scrubber; the others line by line."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for result in results:
        what, _, place = result["metric"].partition(", ")
        name, _, who = place.partition(", ")
        value = f"{result['value']:.4g}"
        if who:
            met = "" if result["met"] else " (missed)"
            rows.setdefault((name, who), {})[what] = f"{value}{met}"
        else:
            aim = "" if result["aim"] is None else f"  (aim {result['aim']})"
            print(f"{result['metric']:28} {value:>12} {result['unit']}{aim}")
    head: list[str] = []
    for place, cells in rows.items():
        if head != [*cells]:
            head = [*cells]
            print(f"\n| set | scrubber | {' | '.join(head)} |\n|---|---{'|---' * len(head)}|")
        print(f"| {' | '.join([*place, *cells.values()])} |")


if __name__ == "__main__":
    main()
