"""Files as lines: decoded, counted, and quarantined where unreadable."""

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

import zstandard

from clawtrain_assets.core.sessions.entries import Unreadable, decode_line
from clawtrain_assets.core.sessions.nodes import Line
from clawtrain_assets.core.sessions.report import Report
from clawtrain_assets.core.sessions.sources import ArchivedFile

_SPOOL = 32 << 20
_BUFFER = 1 << 20
_NEWLINE = 10
_BROKEN_ZST = b"\ncompressed data ends here: the archive is damaged\n"


def plain_stream(stream: BinaryIO, file: ArchivedFile) -> BinaryIO:
    """A seekable stream of the file's plain bytes (.zst files are unpacked to disk)."""
    if not file.path.endswith(".zst"):
        return stream
    plain = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115
    with stream:
        try:
            zstandard.ZstdDecompressor().copy_stream(stream, plain, read_size=_BUFFER)
        except zstandard.ZstdError:
            plain.write(_BROKEN_ZST)  # what came before the break is kept; this is quarantined
    plain.seek(0)
    return cast(BinaryIO, plain)


def file_lines(stream: BinaryIO, file: ArchivedFile, report: Report) -> Iterator[Line | None]:
    """Entries with their places; None for a line that gave none. Everything is counted."""
    report.files[file.family] += 1
    offset = number = 0
    types: list[str] = []
    for raw in stream:
        number += 1
        start, offset = offset, offset + len(raw)
        try:
            entries = decode_line(raw)
        except Unreadable as error:
            entries = list(error.entries)
            unfinished = raw[-1] != _NEWLINE and file.family == "live" and file.status == "present"
            if unfinished and not entries:
                report.unfinished += 1  # still being written: the next reading will have it
                break
            first, end, reason = error.rejected
            piece = raw[first:end].rstrip(b"\n")
            report.reject(file.path, number, start + first, reason, piece)
            if not entries:
                report.quarantined_lines += 1
        else:
            if not entries:
                report.blank += 1
                continue
        report.glued += max(len(entries) - 1, 0)
        if not entries:
            yield None
        for entry in entries:
            types.append(entry.type)
            if entry.message is not None and entry.message.role == "assistant":
                report.assistant_entries += 1
            yield Line(entry, number, start, raw, len(raw) // len(entries))
    report.entries += len(types)
    report.entry_types.update(types)
    report.lines += number
    report.bytes_read += offset
