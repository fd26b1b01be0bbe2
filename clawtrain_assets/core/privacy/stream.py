"""Scrubbing line by line: ``{"id": ..., "text": ...}`` in, the same out."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.privacy.scrub import Scrubber


def scrub_jsonl(lines: Iterable[bytes], scrubber: Scrubber) -> Iterator[bytes]:
    """Scrub each line's ``text``; raises UsageError, naming the line, for any other content."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            record = _record(line, number)
            clean = {"id": record["id"], "text": scrubber.text(record["text"])}
            yield _encoded(clean) + b"\n"


def _record(line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError:
        record = None
    if isinstance(record, dict) and "id" in record and isinstance(record.get("text"), str):
        return record
    raise UsageError(
        f'Line {number} is not {{"id": ..., "text": ...}}: nothing was scrubbed from there.'
    )


def _encoded(record: dict[str, Any]) -> bytes:
    try:
        return json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair, as broken sources have them
        return json.dumps(record).encode()
