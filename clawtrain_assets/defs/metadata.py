"""What a materialization shows: ids, numbers and schemas, never conversation text."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

PREVIEW_ROWS = 10


def column_schema(schema: pa.Schema) -> dg.TableSchema:
    """The table's columns as the UI shows them, from the one declaration in ``core.schemas``."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                field.name,
                str(field.type),
                description=(field.metadata or {}).get(b"description", b"").decode(),
            )
            for field in schema
        ]
    )


def definition(schema: pa.Schema) -> dict[str, Any]:
    """Definition-time metadata of an asset that writes a table of this schema."""
    return {"dagster/column_schema": column_schema(schema)}


def preview(table: pa.Table, columns: Sequence[str]) -> dg.MetadataValue:
    """The first rows of the named columns; name only columns that hold ids and numbers."""
    return whole(table.select(list(columns)).slice(0, PREVIEW_ROWS))


def whole(table: pa.Table) -> dg.MetadataValue:
    """All rows of a small table; its columns must hold ids and numbers only."""
    return dg.MetadataValue.table(
        [
            dg.TableRecord({name: _flat(value) for name, value in row.items()})
            for row in table.to_pylist()
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in table.column_names]),
    )


def counts(values: dict[str, int], label: str) -> dg.MetadataValue:
    """A small two-column table: ``label`` and how many."""
    return dg.MetadataValue.table(
        [dg.TableRecord({label: name, "count": number}) for name, number in values.items()],
        schema=dg.TableSchema(columns=[dg.TableColumn(label), dg.TableColumn("count", "int")]),
    )


def status_counts(table: pa.Table) -> dg.MetadataValue:
    """How many rows have each ``status``, most first."""
    return counts(dict(Counter(table["status"].to_pylist()).most_common()), "status")


def _flat(value: Any) -> str | int | float | bool | None:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
