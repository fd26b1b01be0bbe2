"""What the sessions in the lake reveal and the denylist does not yet name."""

from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Any

import msgspec
import pyarrow.parquet as pq
import xxhash

from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.propose import propose_denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.sessions.rows import decoded_rows
from clawtrain_assets.core.turn import Message

_TABLE = "raw_turns"
# The context repeats what is the request, response or outcome of an earlier turn.
_COLUMNS = ("request_meta", "request", "response", "outcome")
_ROWS = 64  # read at once


def revealed(
    lake: Lake, listed: Denylist, allowlist: Collection[str] = (), newest: int | None = None
) -> Denylist:
    """Values the turns show that ``listed`` does not cover: for the user to read, never applied.

    ``newest`` bounds how many characters are read, newest days first. Memory holds one group of
    rows, 8 bytes for each distinct text, and the candidates.
    """
    found = propose_denylist(_bounded(_rows(lake), newest))
    return unlisted(found, listed, allowlist)


def unlisted(found: Denylist, listed: Denylist, allowlist: Collection[str] = ()) -> Denylist:
    """The values of ``found`` that a scrub by ``listed`` alone would not remove whole."""
    scrubber = Scrubber(listed, (), b"\0" * 32, layers=("denylist",))
    allowed = {value.casefold() for value in allowlist}
    return Denylist(
        **{
            kind.name: tuple(
                value
                for value in getattr(found, kind.name)
                if value.casefold() not in allowed and not _covered(scrubber, value)
            )
            for kind in fields(found)
        }
    )


def _covered(scrubber: Scrubber, value: str) -> bool:
    left = list(value)
    for finding in scrubber.findings(value):
        left[finding.start : finding.end] = " " * (finding.end - finding.start)
    return not any(char.isalnum() for char in left)


def _bounded(rows: Iterator[dict[str, Any]], most: int | None) -> Iterator[dict[str, Any]]:
    read = 0
    for row in rows:
        yield row
        read += len(row["request"])
        if most is not None and read >= most:
            return


def _rows(lake: Lake) -> Iterator[dict[str, Any]]:
    """Each distinct text once, as the request of a row with the senders it came with."""
    seen: set[int] = set()
    for day in reversed(lake.days(_TABLE)):
        with lake.path(_TABLE, day).open("rb") as stream:
            for batch in pq.ParquetFile(stream).iter_batches(_ROWS, columns=list(_COLUMNS)):
                for row in decoded_rows(batch):
                    meta = msgspec.json.encode(row["request_meta"]).decode()
                    yield {"request_meta": meta, "request": ""}
                    for text in _texts(row):
                        digest = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
                        if text and digest not in seen:
                            seen.add(digest)
                            yield {"request_meta": None, "request": text}


def _texts(row: dict[str, Any]) -> Iterator[str]:
    yield row["request"] or ""
    for message in (row["response"], *row["outcome"].tool_results, *row["outcome"].later):
        yield from _said(message)


def _said(message: Message) -> Iterator[str]:
    yield message.text
    yield message.thinking
    for call in message.tool_calls:
        yield msgspec.json.encode(call.arguments).decode()
