"""Turns as table rows and back; the five structured columns are JSON text."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.sessions.row import Row
from clawtrain_assets.core.sessions.tools import plain_definitions
from clawtrain_assets.core.turn import Message, Outcome, Turn

JSON_COLUMNS: dict[str, msgspec.json.Decoder[Any]] = {
    "request_meta": msgspec.json.Decoder(dict[str, Any]),
    "tools": msgspec.json.Decoder(list[dict[str, Any]]),
    "context": msgspec.json.Decoder(list[Message]),
    "response": msgspec.json.Decoder(Message),
    "outcome": msgspec.json.Decoder(Outcome),
}
_encode = msgspec.json.Encoder().encode


def turns_table(turns: Iterable[Turn]) -> pa.Table:
    """Turns as a table of ``schemas.TURNS``."""
    rows = []
    for turn in turns:
        row = msgspec.structs.asdict(turn)
        for name in JSON_COLUMNS:
            row[name] = _encode(row[name]).decode()
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=schemas.TURNS)


def turns_from_table(table: pa.Table) -> list[Turn]:
    """The turns of a table (or batch) of ``schemas.TURNS``."""
    return list(_turns(table))


def _turns(table: pa.Table) -> Iterator[Turn]:
    for row in table.to_pylist():
        for name, decoder in JSON_COLUMNS.items():
            row[name] = decoder.decode(row[name])
        row["tools"] = plain_definitions(row["tools"])
        yield Turn(**row)


def rows_batch(rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows as one Arrow batch of ``schemas.TURNS``."""
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return pa.record_batch(
        [_column(field, values) for field, values in zip(schemas.TURNS, columns, strict=True)],
        schema=schemas.TURNS,
    )


def _column(field: pa.Field, values: Sequence[Any]) -> pa.Array:
    if field.name not in JSON_COLUMNS:
        return pa.array(values, field.type)
    # Our encoder wrote these bytes, so they are UTF-8: joined once, they are the column.
    offsets = array("i", accumulate(map(len, values), initial=0))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)
