"""Turns as table rows and back: the one place that knows how ``schemas.TURNS`` holds them.

Messages and other structured values are JSON text. The same message is in the contexts and the
outcomes of many turns, so a batch holds each distinct text of such a column once, behind a
dictionary that Parquet takes over as it is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core import schemas
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.row import NO_OUTCOME, OutcomeTexts, Row
from clawtrain_assets.core.turn import Message, Outcome, Turn

_GROUP_BYTES = 16 << 20  # of distinct text: enough for a row group that compresses well
_WAITING_BYTES = 32 << 20  # of all days together, however many a backfill has
_CHUNK_ROWS = 256
_ASSET = "raw_turns"

_IN_BATCH: list[bytes] = []
_REPEATED = frozenset({"request", "request_meta", "system_prompt", "tools"})
_Decoders = dict[str, Callable[[str], Any]]
_DECODE: _Decoders = {
    "message": msgspec.json.Decoder(Message).decode,  # of context and outcome
    "response": msgspec.json.Decoder(Message).decode,
    "request_meta": msgspec.json.Decoder(dict[str, Any]).decode,
    "tools": msgspec.json.Decoder(list[dict[str, Any]]).decode,
}
_encode = msgspec.json.Encoder().encode


# --- rows to batches


def day_batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Batches of ``schemas.TURNS``, each of one day and large enough for a row group.

    Memory stays flat however many rows and days there are.
    """
    waiting: dict[str, _Batch] = {}
    size = 0
    for row in rows:
        batch = waiting.get(row.day)
        if batch is None:
            batch = waiting[row.day] = _Batch()
        size += batch.add(row)
        if batch.size >= _GROUP_BYTES or size >= _WAITING_BYTES:
            day = max(waiting, key=lambda day: waiting[day].size)
            full = waiting.pop(day)
            size -= full.size
            yield full.finish()
    for batch in waiting.values():
        yield batch.finish()


def row_batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Small batches of ``schemas.TURNS`` in the order of the rows."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK_ROWS)):
        yield _batch(chunk)


def turns_table(turns: Iterable[Turn]) -> pa.Table:
    """Turns as a table of ``schemas.TURNS``."""
    rows = list(map(_as_row, turns))
    return pa.Table.from_batches([_batch(rows)]) if rows else schemas.TURNS.empty_table()


def _as_row(turn: Turn) -> Row:
    values = msgspec.structs.asdict(turn)
    for name in ("request_meta", "tools", "response"):
        values[name] = _encode(values[name])
    values["timestamp"] = round(turn.timestamp.timestamp() * 1000)
    values["context"] = [_encode(message) for message in turn.context]
    following = [*turn.outcome.tool_results, *turn.outcome.later]
    if turn.outcome.next_user is not None:
        following.append(turn.outcome.next_user)
    values["outcome"] = OutcomeTexts(
        [_encode(message) for message in following],
        len(turn.outcome.tool_results),
        turn.outcome.next_user is not None,
    )
    return Row(**values)


def _batch(rows: Iterable[Row]) -> pa.RecordBatch:
    batch = _Batch()
    for row in rows:
        batch.add(row)
    return batch.finish()


class _Texts(dict[Any, int]):
    """Distinct texts in the order of their first use; looking one up gives its number."""

    size = 0

    def __missing__(self, text: str | bytes) -> int:
        self[text] = number = len(self)
        self.size += len(text)
        return number


class _MessageLists:
    """A column of lists of messages, each distinct message held once."""

    def __init__(self) -> None:
        self.texts = _Texts()
        self._numbers: list[int] = []
        self._ends = [0]

    def append(self, messages: Iterable[bytes]) -> None:
        self._numbers += map(self.texts.__getitem__, messages)
        self._ends.append(len(self._numbers))

    def finish(self) -> pa.ListArray:
        numbers = pa.array(self._numbers, pa.int32())
        messages = pa.DictionaryArray.from_arrays(numbers, _strings(self.texts))
        return pa.ListArray.from_arrays(pa.array(self._ends, pa.int32()), messages)


class _Batch:
    """Rows on their way into one record batch."""

    def __init__(self) -> None:
        self.size = 0  # bytes of distinct text
        self._rows: list[Row] = []
        self._contexts = _MessageLists()
        self._outcomes = _MessageLists()
        self._results: list[int] = []
        self._answered: list[bool] = []

    def add(self, row: Row) -> int:
        """Returns by how many bytes the batch grew."""
        before = self._contexts.texts.size + self._outcomes.texts.size
        outcome = row.outcome
        self._contexts.append(row.context)
        self._outcomes.append(outcome.messages)
        self._results.append(outcome.tool_results)
        self._answered.append(outcome.next_user)
        row.context, row.outcome = _IN_BATCH, NO_OUTCOME  # lists that wait cost the collector time
        self._rows.append(row)
        after = self._contexts.texts.size + self._outcomes.texts.size
        self.size += (grown := after - before + len(row.response))
        return grown

    def finish(self) -> pa.RecordBatch:
        columns = zip(*map(msgspec.structs.astuple, self._rows), strict=True)
        arrays = {
            name: self._column(name, values)
            for name, values in zip(schemas.TURNS.names, columns, strict=True)
        }
        return pa.record_batch(arrays)

    def _column(self, name: str, values: Sequence[Any]) -> pa.Array:
        if name == "context":
            return self._contexts.finish()
        if name == "outcome":
            results = pa.array(self._results, pa.int32())
            answered = pa.array(self._answered, pa.bool_())
            return pa.StructArray.from_arrays(
                [self._outcomes.finish(), results, answered],
                names=["messages", "tool_results", "next_user"],
            )
        if name == "response":
            return _strings(values)
        if name in _REPEATED:
            texts = _Texts()
            numbers = [None if value is None else texts[value] for value in values]
            return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), _strings(texts))
        return pa.array(values, schemas.TURNS.field(name).type)


def _strings(texts: Collection[str | bytes]) -> pa.StringArray:
    """Texts as one column; bytes are UTF-8, since our own encoder wrote them."""
    values = [text.encode() if isinstance(text, str) else text for text in texts]
    ends = pa.array(accumulate(map(len, values), initial=0), pa.int32())
    return pa.StringArray.from_buffers(
        len(values), ends.buffers()[1], pa.py_buffer(b"".join(values))
    )


# --- batches to turns


def read_turns(lake: Lake, day: str, turn_ids: Iterable[str] | None = None) -> list[Turn]:
    """The turns of a partition of ``raw_turns``, or those of them that ``turn_ids`` names.

    Raises ClawtrainError if the partition is missing or was written by an earlier version.
    """
    table = lake.read(_ASSET, day, repeated=True)
    if turn_ids is not None:
        table = table.filter(pc.is_in(table["turn_id"], pa.array(turn_ids, pa.string())))
    return turns_from_table(table)


def turns_from_table(table: pa.Table) -> list[Turn]:
    """The turns of a table of ``schemas.TURNS``; they share messages, so change none in place."""
    return [turn for batch in table.to_batches() for turn in turns_from_batch(batch)]


def turns_from_batch(batch: pa.RecordBatch) -> list[Turn]:
    """The turns of a batch of such a table."""
    return [Turn(**row) for row in decoded_rows(batch)]


def decoded_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows with whatever columns the batch has, the structured ones decoded."""
    return _rows(batch, _DECODE)


def json_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows whose structured values are JSON that an encoder takes over as it is."""
    return _rows(batch, dict.fromkeys(_DECODE, msgspec.Raw))


def _rows(batch: pa.RecordBatch, decode: _Decoders) -> Iterator[dict[str, Any]]:
    names = batch.schema.names
    columns = [_values(name, column, decode) for name, column in zip(names, batch, strict=True)]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _values(name: str, column: pa.Array, decode: _Decoders) -> list[Any]:
    if name in ("context", "outcome") and pa.types.is_string(column.type):
        raise ClawtrainError(
            "The turns were extracted by an earlier version: materialize raw_turns again."
        )
    if name == "context":
        return _lists(column, decode["message"])
    if name == "outcome":
        return list(_outcomes(column, decode["message"]))
    if name in decode:
        return _each(column, decode[name])
    values: list[Any] = column.to_pylist()
    return values


def _lists(column: pa.ListArray, decode: Callable[[str], Any]) -> list[list[Any]]:
    messages = _each(column.flatten(), decode)
    ends = accumulate(column.value_lengths().to_pylist(), initial=0)
    return [messages[start:end] for start, end in pairwise(ends)]


def _outcomes(column: pa.StructArray, decode: Callable[[str], Any]) -> Iterator[Outcome]:
    messages = _lists(column.field("messages"), decode)
    counts = column.field("tool_results").to_pylist()
    answered = column.field("next_user").to_pylist()
    for following, results, has_next in zip(messages, counts, answered, strict=True):
        end = len(following) - has_next
        yield Outcome(
            tuple(following[:results]),
            tuple(following[results:end]),
            following[end] if has_next else None,
        )


def _each(column: pa.Array, decode: Callable[[str], Any]) -> list[Any]:
    """Every value decoded, equal ones only once."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    used = pc.unique(column.indices)
    texts = column.dictionary.take(used).to_pylist()
    values = dict(zip(used.to_pylist(), map(decode, texts), strict=True))
    return [values[number] for number in column.indices.to_pylist()]
