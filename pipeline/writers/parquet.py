"""ROWS -> Parquet: hive-partitioned files, named by their content, with the data dictionary in every field.

The partition column ``fiscal_year`` is not stored in the files: pyarrow derives int32 from the folder names
and refuses a file that stores int16 beside it. DuckDB, pyarrow, pandas and Polars all take it from the path;
an unknown year is the folder ``fiscal_year=__HIVE_DEFAULT_PARTITION__``. Where a dataset has no file of a
known year, a file without rows in ``fiscal_year=0`` tells readers the columns and that the year is a number:
pyarrow cannot open a dataset whose partition values are all null, DuckDB and Polars take them for text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import OutputError
from pipeline.model import Field
from pipeline.model.output import CONTRACT_VERSION, PARTITION, Columns, DataFile
from pipeline.writers.columns import arrow_type, column
from pipeline.writers.layout import Part, parts_of

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, object]

# Each key is unique in its dataset, so that the order of the rows never depends on that of the work.
ORDER: dict[str, tuple[str, ...]] = {
    "documents": ("document_id",),
    "forms": ("form_id",),
    "funding": ("form_id", "row_index"),
    "indicators": ("form_id", "row_index"),
    "checks": ("form_id", "document_id", "check"),
    "cells": ("document_id", "grid", "row", "col"),
    "lineage": ("form_id", "dataset", "row_index", "field", "cell_id", "rule"),
    "_problems": ("form_id", "dataset", "row_index", "field", "cell_id"),
}
ROW_GROUP = 40_000
FILE_ROWS = 1_000_000
_CHUNK = 100_000
_OFFSET_LIMIT = 2**31 - 1


def write(rows: Mapping[str, Sequence[Row]], fields: Sequence[Field], out: Path) -> list[DataFile]:
    """Write rows by dataset under ``out``; see ``to_table`` and ``write_tables``.

    Every dataset of ``fields`` is written, one without rows too.
    """
    datasets = dict.fromkeys(field.dataset for field in fields)
    for dataset in rows:
        if dataset not in datasets:
            raise OutputError(f"unknown dataset {dataset!r}")
    tables = {dataset: to_table(dataset, rows.get(dataset, ()), fields) for dataset in datasets}
    return write_tables(tables, fields, out)


def schema(dataset: str, fields: Sequence[Field]) -> pa.Schema:
    """Return the Arrow schema of a dataset: its columns, and ``fiscal_year`` (int16) if it is none of them.

    Every column carries ``label_zh``, ``label_en``, ``description`` and, where it has one, ``unit``.
    """
    import pyarrow as pa

    columns = [
        pa.field(field.name, arrow_type(field.type), metadata=_metadata(field))
        for field in fields
        if field.dataset == dataset
    ]
    if all(one.name != PARTITION for one in columns):
        columns.append(pa.field(PARTITION, pa.int16()))
    return pa.schema(columns, metadata={"contract_version": CONTRACT_VERSION, "dataset": dataset})


def to_table(dataset: str, rows: Sequence[Row] | Columns, fields: Sequence[Field]) -> pa.Table:
    """Return rows as an Arrow table in the order given; ``fiscal_year`` is the last column except in forms.

    A row is a dict of column name -> value; a column that it lacks is null, but ``fiscal_year`` (int or None)
    must stand in every row. ``rows`` may also be one dict of column name -> values, which is several times as
    fast. A key that is no column, or a value that does not fit its column exactly, is an OutputError that
    names both.
    """
    import pyarrow as pa

    target = schema(dataset, fields)
    names = frozenset(target.names)
    if isinstance(rows, dict):
        return _from_columns(dataset, rows, target)
    for row in rows:
        if not names.issuperset(row):
            stray = ", ".join(sorted(set(row) - names))
            raise OutputError(f"{dataset}: no such column: {stray}")
        if PARTITION not in row:
            raise OutputError(f"{dataset}: a row lacks {PARTITION}: {dict(row)!r:.200}")
    batches = []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        columns = [_column(dataset, field.name, field.type, chunk) for field in target]
        batches.append(pa.RecordBatch.from_arrays(columns, schema=target))
    return pa.Table.from_batches(batches, schema=target)


def _from_columns(dataset: str, columns: Columns, target: pa.Schema) -> pa.Table:
    import pyarrow as pa

    stray = ", ".join(sorted(set(columns).difference(target.names)))
    if stray:
        raise OutputError(f"{dataset}: no such column: {stray}")
    if PARTITION not in columns:
        raise OutputError(f"{dataset}: the columns lack {PARTITION}")
    count = len(columns[PARTITION])
    batches = []
    for start in range(0, count, _CHUNK):
        end = min(start + _CHUNK, count)
        missing = [None] * (end - start)
        parts = [columns[name][start:end] if name in columns else missing for name in target.names]
        made = [
            _values(dataset, field.name, field.type, part) for field, part in zip(target, parts, strict=True)
        ]
        batches.append(pa.RecordBatch.from_arrays(made, schema=target))
    return pa.Table.from_batches(batches, schema=target)


def _column(dataset: str, name: str, kind: pa.DataType, rows: Sequence[Row]) -> pa.Array[Any]:
    return _values(dataset, name, kind, [row.get(name) for row in rows])


def _values(dataset: str, name: str, kind: pa.DataType, values: Sequence[Any]) -> pa.Array[Any]:
    try:
        return column(values, kind)
    except (ValueError, TypeError) as err:
        raise OutputError(f"{dataset}.{name} ({kind}): {err}") from err


def write_tables(tables: Mapping[str, pa.Table], fields: Sequence[Field], out: Path) -> list[DataFile]:
    """Write tables of ``to_table`` (or several, concatenated) under ``out``; return the files, by path.

    Files are ``<dataset>/fiscal_year=<year>/part-<number>-of-<count>-<16 hex digits of the sha256>.parquet`` (see
    ``layout``), zstd, in row groups of 40,000, rows sorted by the key of their dataset. Same rows, same bytes,
    whatever their order was.
    """
    forms, documents = _years(tables.get("forms")), _years(tables.get("documents"))
    files: list[DataFile] = []
    for dataset, table in tables.items():
        known_year = False
        for year, rows in _partitions(table):
            known_year |= year is not None
            count = parts_of(dataset, (documents if dataset == "documents" else forms).get(year, 0))
            for number in range(count):
                part = Part(dataset, year, number, count)
                files += write_part(within(rows, dataset, *part.bounds), part, fields, out)
        if not known_year:
            files.append(write_anchor(dataset, fields, out))
    return sorted(files)


def write_part(table: pa.Table, part: Part, fields: Sequence[Field], out: Path) -> list[DataFile]:
    """Write the rows of one part under ``out``; return its files, none for no rows."""
    target = schema(part.dataset, fields)
    stored = target.remove(target.get_field_index(PARTITION))
    ordered = _ordered(table.select(stored.names), ORDER[part.dataset])
    return [
        _write_file(ordered.slice(start, FILE_ROWS), stored, part, out)
        for start in range(0, ordered.num_rows, FILE_ROWS)
    ]


def write_anchor(dataset: str, fields: Sequence[Field], out: Path) -> DataFile:
    """Write the file without rows that a dataset has which has no row of a known year."""
    import pyarrow as pa

    target = schema(dataset, fields)
    stored = target.remove(target.get_field_index(PARTITION))
    return _write_file(pa.Table.from_batches([], schema=stored), stored, Part(dataset, 0, 0, 1), out)


def within(table: pa.Table, dataset: str, low: str, high: str) -> pa.Table:
    """Return the rows of documents whose id is at least ``low`` and below ``high``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows or (low == "0000" and high == "g"):
        return table
    ids: Any = table.column(key_of(dataset))
    inside: Any = pc.and_(pc.greater_equal(ids, pa.scalar(low)), pc.less(ids, pa.scalar(high)))
    return table.filter(inside)


def of_year(table: pa.Table, year: int | None) -> pa.Table:
    """Return the rows of one year, None for those of unknown years."""
    import pyarrow as pa
    import pyarrow.compute as pc

    years: Any = table.column(PARTITION)
    if year is None:
        return table.filter(pc.is_null(years)) if years.null_count < table.num_rows else table
    return table.filter(pc.fill_null(pc.equal(years, pa.scalar(year, pa.int16())), False))


def key_of(dataset: str) -> str:
    """Return the column of a dataset that begins with the document id: it says which part a row is in."""
    return "document_id" if dataset in ("documents", "cells") else "form_id"


def _years(table: pa.Table | None) -> dict[int | None, int]:
    if table is None:
        return {}
    found: Any = table.column(PARTITION).value_counts()
    counts: list[dict[str, Any]] = found.to_pylist()
    return {one["values"]: one["counts"] for one in counts}


def _partitions(table: pa.Table) -> Iterator[tuple[int | None, pa.Table]]:
    import pyarrow.compute as pc

    years = table.column(PARTITION)
    if years.null_count:
        yield None, table.filter(pc.is_null(years))
    for scalar in years.unique():
        if scalar.is_valid:
            yield scalar.as_py(), table.filter(pc.equal(years, scalar))


def _ordered(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    indices = pc.sort_indices(table, sort_keys=[(key, "ascending") for key in keys])
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) and table.column(place).nbytes > _OFFSET_LIMIT:
            # take() concatenates, and string offsets end at 2 GiB; narrowed again per row group
            wide = pa.field(field.name, pa.large_string(), metadata=field.metadata)
            table = table.set_column(place, wide, table.column(place).cast(pa.large_string()))
    return table.take(indices)


def _write_file(table: pa.Table, stored: pa.Schema, part: Part, out: Path) -> DataFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, stored, compression="zstd", compression_level=3, use_dictionary=True, version="2.6"
    ) as writer:
        for start in range(0, table.num_rows, ROW_GROUP):
            writer.write_table(table.slice(start, ROW_GROUP).cast(stored), row_group_size=ROW_GROUP)
    data = sink.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    path = part.name(digest[:16])
    target = out / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as err:
        raise OutputError(
            f"{target}: 无法写入（{err.strerror}）；请检查磁盘空间与权限 | "
            f"cannot be written ({err.strerror}); check free space and permissions"
        ) from err
    return DataFile(path, table.num_rows, data.size, digest)


def _metadata(field: Field) -> dict[str, str]:
    labels = {"label_zh": field.label_zh, "label_en": field.label_en, "description": field.description}
    return labels | ({"unit": field.unit} if field.unit is not None else {})
