"""A scrubbed text beside the labelled original: what survived, and what was changed in vain."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]  # id, text, and spans or labels and keep
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_LONG, _STRIDE = 400, 8  # of a value this long not every piece is looked for


@dataclass
class Score:
    """Sums over the documents of a set."""

    values: int = 0
    leaked: int = 0
    partly: int = 0
    unlabelled: int = 0  # characters outside every label
    changed: int = 0  # of these
    json: int = 0
    broken: int = 0

    @property
    def leak(self) -> float:
        """% of labelled values that survive verbatim."""
        return 100 * self.leaked / max(self.values, 1)

    @property
    def partial(self) -> float:
        """% of which a piece of 8 characters and half the value survives, but not the whole."""
        return 100 * self.partly / max(self.values, 1)

    @property
    def over(self) -> float:
        """% of unlabelled characters that were changed."""
        return 100 * self.changed / max(self.unlabelled, 1)

    def figures(self) -> Iterator[tuple[str, float, str]]:
        """All but the leak: name, value, unit."""
        yield "partial", self.partial, "% of values"
        yield "over", self.over, "% of other characters"
        yield "broken JSON", self.broken, f"of {self.json} texts"

    def add(self, document: Document, clean: str) -> None:
        text, spans = document["text"], document["spans"]
        labelled = bytearray(len(text))
        for span in spans:
            labelled[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
        self._survivors(text, clean, [s for s in spans if not s.get("soft")])
        self.unlabelled += labelled.count(0)
        for start, end in changes(text, clean):
            self.changed += labelled.count(0, start, end)
        if _is_json(text):
            self.json += 1
            self.broken += not _is_json(clean)

    def _survivors(self, text: str, clean: str, spans: Sequence[Mapping[str, Any]]) -> None:
        """Occurrences outside the labels may stay: only what exceeds them has leaked."""
        count = Counter(text[span["start"] : span["end"]] for span in spans)
        alive = {
            value: min(n, max(0, clean.count(value) - (text.count(value) - n)))
            for value, n in count.items()
        }
        for span in spans:
            value = text[span["start"] : span["end"]]
            self.values += 1
            if alive[value]:
                alive[value] -= 1
                self.leaked += 1
            elif _piece_in(value, clean):
                elsewhere = f"{text[: span['start']]}\0{text[span['end'] :]}"
                self.partly += not _piece_in(value, elsewhere)


@dataclass
class CaseScore:
    """Sums over the cases of a set of agent history."""

    values: Counter[str] = field(default_factory=Counter)  # by type
    left: Counter[str] = field(default_factory=Counter)
    keeps: int = 0
    lost: int = 0

    @property
    def leak(self) -> float:
        """% of labelled values that survive verbatim."""
        return 100 * self.left.total() / max(self.values.total(), 1)

    def figures(self) -> Iterator[tuple[str, float, str]]:
        yield "lost", 100 * self.lost / max(self.keeps, 1), f"% of {self.keeps} look-alikes"
        for type_, count in sorted(self.values.items()):
            yield type_, 100 * self.left[type_] / count, f"% of {count} values"

    def add(self, case: Document, clean: str) -> None:
        for label in case["labels"]:
            self.values[label["type"]] += 1
            self.left[label["type"]] += label["value"] in clean
        self.keeps += len(case["keep"])
        self.lost += sum(kept not in clean for kept in case["keep"])


def changes(before: str, after: str) -> Iterator[tuple[int, int]]:
    """Runs of ``before`` that are not kept in ``after``, by longest common tokens."""
    if before == after:
        return
    tokens = list(_TOKEN.finditer(before))
    kept = _kept([t.group() for t in tokens], _TOKEN.findall(after))
    for n in range(1, len(tokens) - 1):
        # A blank or a comma that survives between two changed words is no sign of care.
        if not tokens[n].group()[0].isalnum() and not (kept[n - 1] or kept[n + 1]):
            kept[n] = False
    start = None
    for token, stays in zip([*tokens, None], [*kept, True], strict=True):
        if stays and start is not None:
            end = token.start() if token else len(before)
            if before[start:end].strip():
                yield start, end
            start = None
        elif not stays and start is None and token:
            start = token.start()


def _kept(before: Sequence[str], after: Sequence[str]) -> list[bool]:
    """Which tokens of ``before`` are in one longest common subsequence (Hyyrö 2004)."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    tail = 0
    while tail < min(len(before), len(after)) - same and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    kept = [True] * len(before)
    inner = before[same : len(before) - tail]
    where: dict[str, int] = {}
    for n, token in enumerate(inner):
        where[token] = where.get(token, 0) | 1 << n
    full = (1 << len(inner)) - 1
    row, rows = full, []
    for token in after[same : len(after) - tail]:
        hit = row & where.get(token, 0)
        row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    column, at = len(inner), len(rows)
    while column:
        if not at or rows[at - 1] >> (column - 1) & 1:
            column -= 1
            kept[same + column] = False
            continue
        at -= 1
        if not at or rows[at - 1] >> (column - 1) & 1:
            column -= 1  # both have it
    return kept


def _piece_in(value: str, text: str) -> bool:
    size = max(8, (len(value) + 1) // 2)
    step = 1 if len(value) < _LONG else _STRIDE
    return any(value[n : n + size] in text for n in range(0, len(value) - size + 1, step))


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
