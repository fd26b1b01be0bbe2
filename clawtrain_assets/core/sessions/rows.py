"""Turns as table rows and back; the five structured columns are JSON text."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from clawtrain_assets.core import schemas
from clawtrain_assets.core.sessions.conversation import Row
from clawtrain_assets.core.turn import Message, Outcome, Turn

_JSON_COLUMNS: dict[str, msgspec.json.Decoder[Any]] = {
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
        for name in _JSON_COLUMNS:
            row[name] = _encode(row[name]).decode()
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=schemas.TURNS)


def turns_from_table(table: pa.Table) -> list[Turn]:
    """The turns of a table (or batch) of ``schemas.TURNS``."""
    return list(_turns(table))


def _turns(table: pa.Table) -> Iterator[Turn]:
    for row in table.to_pylist():
        for name, decoder in _JSON_COLUMNS.items():
            row[name] = decoder.decode(row[name])
        yield Turn(**row)


def rows_batch(rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows as one Arrow batch of ``schemas.TURNS``."""
    columns = zip(*rows, strict=True) if rows else [() for _ in schemas.TURNS]
    return pa.record_batch(
        [
            pa.array(column, field.type)
            for column, field in zip(columns, schemas.TURNS, strict=True)
        ],
        schema=schemas.TURNS,
    )
