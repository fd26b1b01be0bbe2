"""An outside secret scanner, used when it is installed: Kingfisher's Python SDK (Apache-2.0).

Chosen for running in this process, offline, at about 2 MB/s, from the vendor's own wheel (44 MB);
detect-secrets is twelve times slower and CredSweeper ten times larger. Marks in the text that
switch scanners off (``kingfisher:ignore``) are disregarded: a chat log is writable by anybody.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module, metadata
from typing import Any

PACKAGE = "kingfisher-secret-scanner"


def scanner_name() -> str | None:
    """Package and version of the scanner in use; None if none is installed."""
    try:
        return f"{PACKAGE} {metadata.version(PACKAGE)}"
    except metadata.PackageNotFoundError:
        return None


@cache
def _scanner() -> Any:
    if scanner_name() is None:
        return None
    kingfisher: Any = import_module("kingfisher_sdk")
    rules = kingfisher.Rules(confidence="medium")
    return kingfisher.DetectionScanner(rules, inline_ignores=False)


def scan(texts: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    """(line, rule, value) of what the scanner reports in (line, text) pairs; empty without one."""
    scanner = _scanner()
    if scanner is None or not texts:
        return
    blob = bytearray()
    starts = []
    for _, text in texts:
        starts.append(len(blob))
        blob += text.encode("utf-8", "surrogatepass") + b"\n\n"
    for finding in scanner.scan(bytes(blob)):
        at = bisect_right(starts, finding.location["start_offset"]) - 1
        yield texts[max(at, 0)][0], f"scanner/{finding.rule_id}", finding.secret
