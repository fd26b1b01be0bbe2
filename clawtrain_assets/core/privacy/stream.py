"""Scrubbing line by line: ``{"id": ..., "text": ...}`` in, the same out."""

from collections.abc import Iterable, Iterator

import msgspec

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.privacy.scrub import Scrubber


class _Line(msgspec.Struct):
    id: str | int
    text: str


def scrub_jsonl(lines: Iterable[bytes], scrubber: Scrubber) -> Iterator[bytes]:
    """Scrub each line's ``text``; raises UsageError, naming the line, for any other content."""
    decode = msgspec.json.Decoder(_Line).decode
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = decode(line)
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise UsageError(
                f'Line {number} is not {{"id": ..., "text": ...}}: nothing was scrubbed from there.'
            ) from None
        record.text = scrubber.text(record.text)
        yield msgspec.json.encode(record) + b"\n"
