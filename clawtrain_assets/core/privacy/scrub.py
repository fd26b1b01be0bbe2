"""The scrubber: finds in every reading of a text, replaces in the text itself."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ahocorasick
import msgspec
import xxhash

from clawtrain_assets.core.privacy import views
from clawtrain_assets.core.privacy.denylist import Denylist, load_denylist
from clawtrain_assets.core.privacy.detectors import DETECTORS
from clawtrain_assets.core.privacy.detectors.listed import DenylistDetector
from clawtrain_assets.core.privacy.finding import Finding, Page, lower
from clawtrain_assets.core.privacy.key import load_or_create_key
from clawtrain_assets.core.privacy.mapped import Mapped
from clawtrain_assets.core.privacy.owndomains import own_domains, stems_of
from clawtrain_assets.core.privacy.propagation import Spread, worth_spreading
from clawtrain_assets.core.privacy.pseudonyms import OWN, Pseudonyms
from clawtrain_assets.core.privacy.seams import Chunk, across, chunks
from clawtrain_assets.core.privacy.structure import Places, Slot, is_json
from clawtrain_assets.core.turn import Message, ToolCall

__all__ = ["LAYERS", "Scrubber", "load_denylist", "load_or_create_key"]

LAYERS = ("denylist", *DETECTORS, "views", "propagation")
_RECENT = 4096  # analysed texts remembered by hash
_ESCAPED = 2  # JSON inside JSON
_DEPTH = 4  # how many encodings may be wrapped round each other


@dataclass
class _Document:
    text: str
    findings: list[Finding]
    places: Places | None  # None: not JSON, any run may be rewritten


@dataclass
class Scrubber:
    """Replaces what a denylist names and what detectors find, always by the same stand-ins.

    ``allowlist`` values are never replaced. ``layers`` is for measuring what one layer buys.
    ``known`` values (see ``learn``) are removed wherever they occur. ``counts`` tells how often
    each kind was replaced, ``rules`` by which rule, ``audit`` how often each (kind, keyed hash).
    """

    denylist: Denylist = field(repr=False)
    allowlist: Collection[str] = field(repr=False)
    key: bytes = field(repr=False)
    layers: Collection[str] = LAYERS
    counts: Counter[str] = field(default_factory=Counter, init=False)
    rules: Counter[str] = field(default_factory=Counter, init=False)
    audit: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    known: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = Spread({})
        self._recent: dict[bytes, tuple[list[Finding], Places | None]] = {}
        self.pseudonyms = Pseudonyms(self.key)
        self._allowed = {value.casefold() for value in self.allowlist}
        self._detectors = [make() for name, make in DETECTORS.items() if name in self.layers]
        if "denylist" in self.layers and self.denylist:
            self._detectors.insert(0, DenylistDetector(self.denylist))
        self.triggers = ahocorasick.Automaton()
        for word in {word for detector in self._detectors for word in detector.triggers}:
            self.triggers.add_word(word, word)
        self.triggers.make_automaton()

    def text(self, value: str) -> str:
        """``value`` without its sensitive parts; JSON in gives JSON out."""
        return self.texts([value])[0]

    def texts(self, values: Sequence[str], streams: Sequence[str] = ()) -> list[str]:
        """Scrub several texts as one document: a value found in one is removed from all.

        Texts that ``streams`` gives the same name may go on with each other's last word.
        """
        documents = [self._analyse(value) for value in values]
        if "views" in self.layers:
            self._add_seams(documents, streams or [""] * len(documents))
        if "propagation" in self.layers:
            found: dict[str, str] = {}
            for document in documents:
                found.update(worth_spreading(document.findings))
            stems = stems_of(finding for document in documents for finding in document.findings)
            for document in documents if stems else ():
                found.update(own_domains(document.text, stems))
            for search in (self._known, Spread(found)):
                for document in documents:
                    document.findings += self._spread(document.text, search, _ESCAPED)
        return [self._rewritten(document) for document in documents]

    def findings(self, value: str) -> list[Finding]:
        """What would be replaced in ``value``; the findings hold the values: never log them."""
        return self._analyse(value).findings

    def json(self, value: Any) -> Any:
        """Scrub a JSON-like value; the result has the same shape, numbers stay numbers."""
        # A list of one keeps a scalar inside a JSON document, where its type is preserved.
        return json.loads(self.text(_dumped([value])))[0]

    def messages(self, messages: Sequence[Message]) -> list[Message]:
        """Scrub a conversation as one document; call ids keep matching their results."""
        parts: list[str] = []
        streams: list[str] = []
        for message in messages:
            parts += [message.text, message.thinking]
            parts += [_dumped(call.arguments) for call in message.tool_calls]
            streams += [message.role, "thinking", *("call" for _ in message.tool_calls)]
        clean = iter(self.texts(parts, streams))
        scrubbed = []
        for message in messages:
            text, thinking = next(clean), next(clean)
            calls = tuple(
                ToolCall(call.id, call.name, json.loads(next(clean))) for call in message.tool_calls
            )
            scrubbed.append(
                msgspec.structs.replace(message, text=text, thinking=thinking, tool_calls=calls)
            )
        return scrubbed

    def learn(self, texts: Iterable[str]) -> None:
        """Remember every value found in ``texts``: from now on it is removed everywhere."""
        for text in texts:
            self.known.update(worth_spreading(self._analyse(text).findings))
        self._known = Spread(self.known)

    def knows(self, text: str) -> bool:
        """Whether a learned value occurs in ``text``, also behind JSON's escapes."""
        return bool(self._spread(text, self._known, _ESCAPED))

    def _analyse(self, text: str) -> _Document:
        """The document with its findings; agent history repeats, so recent ones are kept."""
        digest = xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))
        seen = self._recent.pop(digest, None)
        if seen is None:
            places = Places(text) if is_json(text) else None
            seen = (self._scan(text, _DEPTH, escaped=places is not None), places)
        self._recent[digest] = seen
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]
        findings, places = seen
        return _Document(text, list(findings), places)

    def _add_seams(self, documents: list[_Document], names: Sequence[str]) -> None:
        """Findings that begin in one chunk of a stream and end in another."""
        streams: dict[tuple[str, str], list[Chunk]] = {}
        for number, document in enumerate(documents):
            for member, chunk in chunks(number, document.text, document.places):
                streams.setdefault((names[number], member), []).append(chunk)
        texts = [document.text for document in documents]
        for stream in streams.values():
            for number, finding in across(stream, texts, lambda text: self._scan(text, 1)):
                documents[number].findings.append(finding)

    def _scan(self, text: str, depth: int, escaped: bool = False) -> list[Finding]:
        """Findings of a text and of its other readings; ``escaped``: all of it is JSON."""
        whole = views.unescaped(text) if escaped and "views" in self.layers else None
        if whole:
            return _back(whole, self._scan(whole.text, depth - 1))
        page = self._page(text)
        findings = self._detect(page)
        if "views" not in self.layers or not depth:
            return findings
        for read in views.READINGS:
            view = read(text)
            for part in view.clusters() if view else ():
                findings += _back(part, self._scan(part.text, depth - 1))
        for start, end, decoded in views.opaque_runs(text, page.runs):
            inner = self._scan(decoded, depth - 1)
            if inner:
                findings.append(_whole_run(text, start, end, inner))
        return findings

    def _page(self, text: str) -> Page:
        low = lower(text)
        hits: dict[str, list[int]] = {}
        for last, word in self.triggers.iter(low) if len(self.triggers) else ():
            hits.setdefault(word, []).append(last - len(word) + 1)
        return Page(text, low, hits)

    def _detect(self, page: Page) -> list[Finding]:
        return [
            finding
            for detector in self._detectors
            for finding in detector(page)
            if finding.value.casefold() not in self._allowed
            and not OWN.fullmatch(finding.value)
            and not OWN.fullmatch(page.text, max(0, finding.start - 1), finding.end + 1)
        ]

    def _spread(self, text: str, search: Spread, depth: int) -> list[Finding]:
        """Further occurrences; after an escaped line break a value begins no word of its own."""
        if not search:
            return []
        found = search(text)
        view = views.unescaped(text) if depth and "views" in self.layers else None
        return found + _back(view, self._spread(view.text, search, depth - 1)) if view else found

    def _rewritten(self, document: _Document) -> str:
        text, out, at = document.text, [], 0
        for finding in _merged(document.findings):
            self.counts[finding.kind] += 1
            self.rules[finding.rule] += 1
            self.audit[finding.kind, self.pseudonyms.tag(finding.kind, finding.value)] += 1
            if document.places is None:
                parts = [Slot(finding.start, finding.end, False)]
            else:
                parts = document.places.within(finding.start, finding.end)
            for part in parts:
                if part.start < at:
                    continue
                out.append(text[at : part.start])
                if part.is_number:
                    number = text[part.start : part.end]
                    out.append(self.pseudonyms.number(finding.kind, number))
                else:
                    out.append(self.pseudonyms.replacement(finding.kind, finding.value))
                at = part.end
        out.append(text[at:])
        return "".join(out)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _back(view: Mapped, findings: list[Finding]) -> list[Finding]:
    mapped = []
    for finding in findings:
        start, end = view.span(finding.start, finding.end)
        mapped.append(finding._replace(start=start, end=end))
    return mapped


def _whole_run(text: str, start: int, end: int, inner: list[Finding]) -> Finding:
    first = max(inner, key=lambda finding: finding.end - finding.start)
    return Finding(start, end, f"ENCODED_{first.kind}", f"{first.rule}/encoded", text[start:end])


def _merged(findings: list[Finding]) -> list[Finding]:
    """One finding per run: overlapping ones become their union, typed by the longest."""
    merged: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if merged and finding.start < merged[-1].end:
            last = merged[-1]
            longest = max(last, finding, key=lambda f: f.end - f.start)
            merged[-1] = longest._replace(start=last.start, end=max(last.end, finding.end))
        else:
            merged.append(finding)
    return merged
