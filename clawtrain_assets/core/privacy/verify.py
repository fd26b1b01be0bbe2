"""Proof over the final files, by means the scrubber does not share.

Three searches: the second detector (``second_look``) over every value, the user's denylist over
every value in every decoded reading, and an installed secret scanner of others over the bytes.
The canary run (``canary``) adds whether the same path removes what is known to be there. Reports
name type, file and line, and a keyed hash for telling values apart; never a value.
"""

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import ahocorasick

from clawtrain_assets.core.privacy.canary import CanaryReport
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.readings import decoded, lines, values
from clawtrain_assets.core.privacy.scanner import scan, scanner_name
from clawtrain_assets.core.privacy.second_look import is_stand_in, suspects


@dataclass(frozen=True)
class Survivor:
    """Something that should not be in a file: where, what sort, and a hash that names it."""

    file: str
    line: int
    type: str
    reading: str
    tag: str


@dataclass(frozen=True)
class ScrubReport:
    """What verification saw. ``passed`` needs every canary found before and none after."""

    passed: bool
    survivors: tuple[Survivor, ...]
    by_type: dict[str, int]
    files: int
    values: int
    denylist_terms: int
    scanner: str | None
    canaries_planted: int
    canaries_found_before: int
    canaries_survived: int
    canaries_by_type: dict[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> str:
        """The report as it is written beside a release."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def verify(
    files: Iterable[Path],
    denylist: Denylist,
    key: bytes,
    canaries: CanaryReport | None = None,
    allowlist: Sequence[str] = (),
    known: Collection[str] = (),
) -> ScrubReport:
    """Search ``files`` (text, JSON, JSONL or Parquet) for anything that survived.

    ``known`` are values that were seen in the input and must be nowhere (``Scrubber.known``).

    Without a canary report nothing is proven, so ``passed`` is False then.
    """
    terms = _Terms(denylist, known)
    searched = _Searched(terms)
    allowed = {value.casefold() for value in allowlist}
    survivors: list[Survivor] = []
    paths = list(files)
    count = 0
    for path in paths:
        seen: set[tuple[int, str, str]] = set()
        texts: list[tuple[int, str]] = []

        def report(
            place: str,
            number: int,
            kind: str,
            how: str,
            found: str,
            seen: set[tuple[int, str, str]],
        ) -> None:
            tag = _tag(key, found)
            if found.casefold() not in allowed and (number, kind, tag) not in seen:
                seen.add((number, kind, tag))
                survivors.append(Survivor(place, number, kind, how, tag))

        for number, line in lines(path):
            for name, value in values(line):
                texts.append((number, f"{name}: {value}" if name else value))
                for kind, how, found in searched(name, value):
                    report(path.name, number, kind, how, found, seen)
        count += len(texts)
        for number, kind, found in scan(texts):
            if not is_stand_in(found):
                report(path.name, number, kind, "scanner", found, seen)
    proven = canaries is not None and canaries.proven
    return ScrubReport(
        passed=not survivors and proven,
        survivors=tuple(survivors),
        by_type=dict(Counter(survivor.type for survivor in survivors)),
        files=len(paths),
        values=count,
        denylist_terms=len(terms),
        scanner=scanner_name(),
        canaries_planted=canaries.planted if canaries else 0,
        canaries_found_before=canaries.found_before if canaries else 0,
        canaries_survived=canaries.survived if canaries else 0,
        canaries_by_type=dict(canaries.by_type) if canaries else {},
    )


class _Searched:
    """What was found in a (key, value): the files of a release hold most values several times."""

    _REMEMBERED = 500_000  # digests, about 100 MB

    def __init__(self, terms: "_Terms") -> None:
        self._terms = terms
        self._seen: dict[bytes, tuple[tuple[str, str, str], ...]] = {}

    def __call__(self, name: str, value: str) -> tuple[tuple[str, str, str], ...]:
        both = f"{len(name)}:{name}{value}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(both, digest_size=16).digest()
        known = self._seen.get(digest)
        if known is None:
            if len(self._seen) >= self._REMEMBERED:
                self._seen.clear()
            known = self._seen[digest] = tuple(_search(name, value, self._terms))
        return known


def _search(name: str, value: str, terms: "_Terms") -> Iterable[tuple[str, str, str]]:
    for kind, found in suspects(value, name):
        yield kind, "plain", found
    for how, reading in decoded(value):
        for kind, term in terms.found(reading):
            yield kind if kind == "known" else f"denylist_{kind}", how, term
        if how.startswith(("base64", "hex")):
            for kind, found in suspects(reading):
                yield kind, how, found


class _Terms:
    """The denylist as one case-insensitive expression of whole words."""

    def __init__(self, denylist: Denylist, known: Collection[str]) -> None:
        self._kinds = {value.casefold(): kind for kind, value in denylist.values()}
        # A word written small may be an ordinary word: names need their capital.
        # Long ones are parts of CamelCase words as well.
        names = [_name(value) for kind, value in denylist.values() if kind == "names"]
        others = [re.escape(v) for kind, v in denylist.values() if kind not in ("names", "phones")]
        phones = [
            r"\W{0,3}".join(re.sub(r"\D", "", value))
            for kind, value in denylist.values()
            if kind == "phones"
        ]
        self._patterns = [
            ("names", re.compile("|".join(names))) if names else None,
            ("", re.compile(rf"(?<!\w)(?:{'|'.join(others)})(?!\w)", re.I)) if others else None,
            ("phones", re.compile(rf"(?<!\d)(?:{'|'.join(phones)})(?!\d)")) if phones else None,
        ]

        self._known = ahocorasick.Automaton()
        for value in known:
            self._known.add_word(value, value)
        self._known.make_automaton()

    def __len__(self) -> int:
        return len(self._kinds)

    def found(self, text: str) -> Iterable[tuple[str, str]]:
        if len(self._known):
            for last, value in self._known.iter(text):
                before = text[last - len(value)] if last >= len(value) else ""
                if not (before.isalnum() or text[last + 1 : last + 2].isalnum()):
                    yield "known", value
        for entry in self._patterns:
            if entry:
                kind, pattern = entry
                for match in pattern.finditer(text):
                    yield kind or self._kinds.get(match.group().casefold(), "term"), match.group()


def _name(value: str) -> str:
    hump = "|(?<=[a-z])(?=[A-Z])" if len(value) > 4 and value.isalpha() else ""
    return rf"(?:(?<![^\W_]){hump}){re.escape(value)}(?:(?![^\W_]){hump})"


def _tag(key: bytes, value: str) -> str:
    return hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]
