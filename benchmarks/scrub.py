"""The privacy scrub: what survives, what is changed needlessly, and how fast.

    python benchmarks/scrub.py [--quick] [--json] [--labelled DIR [--denylist FILE]]

Canaries: every type of value in every hidden form, made fresh, planted into rows, scrubbed and
looked for by the verifier's readings. Ordinary text: the standard library's own sources, whose
characters should all stay; e-mail addresses and people named in its credits are counted apart,
because they are real. Speed: one core, CPU time of this process, beside one Aho-Corasick pass of
the same trigger words over the same text. --labelled measures JSONL sets of
``{"id", "text", "spans": [{"start", "end", "soft"}]}`` as well: the share of labelled values that
survive verbatim. --quick: 2 MB of text and one canary of each sort; else 10 MB and eight.
"""

import argparse
import json
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clawtrain_assets.core.privacy.canary import run_canaries
from clawtrain_assets.core.privacy.denylist import Denylist, load_denylist
from clawtrain_assets.core.privacy.finding import lower
from clawtrain_assets.core.privacy.scrub import Scrubber

KEY = bytes(range(32))
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


def canary_metrics(per_type: int) -> Iterator[dict[str, Any]]:
    report = run_canaries(_ROWS, lambda extra: Scrubber(extra, (), KEY), per_type)
    seen = report.found_before / report.planted
    yield metric("canaries seen before", seen, 1.0, seen == 1, "share")
    yield metric("canaries planted", report.planted, None, True, "canaries")
    yield metric("canaries surviving", report.survived, 0, not report.survived, "canaries")


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


def labelled_metrics(folder: Path, denylist: Denylist) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.jsonl")):
        scrubber = Scrubber(denylist, (), KEY)
        values = survived = 0
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            text, spans = record["text"], record["spans"]
            clean = scrubber.text(text)
            labelled = Counter(text[s["start"] : s["end"]] for s in spans if not s["soft"])
            for value, count in labelled.items():
                allowed = text.count(value) - count
                values += count
                survived += min(count, max(0, clean.count(value) - max(0, allowed)))
        if values:
            yield metric(f"leak, {file.stem}", 100 * survived / values, None, True, "% of values")


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
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--denylist", type=Path)
    options = parser.parse_args()
    texts = list(ordinary_text(2_000_000 if options.quick else 10_000_000))
    results = [
        *canary_metrics(1 if options.quick else 8),
        *ordinary_metrics(texts),
        *speed_metrics(texts),
    ]
    if options.labelled:
        denylist = load_denylist(options.denylist) if options.denylist else Denylist()
        results += labelled_metrics(options.labelled, denylist)
    for result in results:
        if options.json:
            print(json.dumps(result))
        else:
            aim = "" if result["aim"] is None else f"  (aim {result['aim']})"
            print(f"{result['metric']:28} {result['value']:>12} {result['unit']}{aim}")


if __name__ == "__main__":
    main()
