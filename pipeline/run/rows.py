"""Rows between interpretation and publication: one file per piece of work, cut so that a part is found fast.

A rows file holds the tables of some documents, in Arrow's own format (LZ4), each table in batches of some
documents by the first digits of their ids, and at its end says where each batch lies. It lives in the workspace's
``.tmp``, or beside a plan until that is applied.
"""

from __future__ import annotations

import json
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipeline.model import Document, Field, Rulebook
from pipeline.model.output import PARTITION, Columns
from pipeline.rulebook.index import Index
from pipeline.run.one import Extraction, Row, failed, interpret
from pipeline.store.grids import Reading
from pipeline.writers.layout import DEPTH, flag

if TYPE_CHECKING:
    import pyarrow as pa

#: The values that could not be typed: the checks need them, readers do not.
PROBLEMS = "_problems"
_TAIL = struct.Struct("<q")
_DIGITS = 4  # of a document id, by which batches and parts are cut
#: Rows of a batch, about.
BATCH = 2048
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class RowsFile:
    """What is known of a rows file without opening it.

    ``rows`` counts by dataset and year (as text, empty where unknown), ``flags`` are sets of the finest parts
    (``layout.flag``) with rows in them, by dataset and year; ``statuses`` counts documents.
    """

    path: str
    documents: int
    rows: dict[str, dict[str, int]]
    flags: dict[str, dict[str, int]]
    statuses: dict[str, int] = field(default_factory=dict)

    def has(self, dataset: str, year: int | None) -> bool:
        """Say whether there are rows of a year."""
        return bool(self.rows.get(dataset, {}).get(name_of(year)))

    def as_json(self) -> dict[str, Any]:
        """Return what ``from_json`` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> RowsFile:
        """Return what was written by ``as_json``."""
        return cls(**state)


def name_of(year: int | None) -> str:
    """Return the key of ``RowsFile.rows`` for a year."""
    return "" if year is None else str(year)


def year_of(name: str) -> int | None:
    """Return the year that a key of ``RowsFile.rows`` stands for."""
    return int(name) if name else None


def all_fields(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Return the columns of all datasets and of the table of values that could not be typed."""
    from pipeline.checks import PROBLEM_TYPES

    extra = [Field(PROBLEMS, name, kind, "", "", "") for name, kind in PROBLEM_TYPES.items()]
    return (*fields, *extra)


class Collected:
    """Rows on their way to tables, document by document."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._fields = all_fields(rulebook.fields)
        self._lists: dict[str, list[Row]] = {}
        self._columns: dict[str, Columns] = {}

    def add(self, extraction: Extraction) -> None:
        """Take the rows of one document."""
        for dataset, rows in extraction.lists.items():
            self._lists.setdefault(dataset, []).extend(rows)
        for dataset, columns in extraction.columns.items():
            known = self._columns.setdefault(dataset, {})
            for name, values in columns.items():
                known.setdefault(name, []).extend(values)
        self._lists.setdefault(PROBLEMS, []).extend(extraction.problems)

    def tables(self) -> dict[str, pa.Table]:
        """Return one table per dataset, those without rows too, checks included; ``documents`` without paths."""
        from pipeline.writers.parquet import to_table

        found: dict[str, pa.Table] = {}
        for dataset in dict.fromkeys(column.dataset for column in self._fields):
            rows: list[Row] | Columns = self._columns.get(dataset) or self._lists.get(dataset, [])
            found[dataset] = to_table(dataset, rows, self._fields)
        return with_checks(found, self.rulebook)


def with_checks(tables: dict[str, pa.Table], rulebook: Rulebook) -> dict[str, pa.Table]:
    """Return the tables with ``checks`` filled: one row per form and check.

    A check sees only some of the forms of an archive at a time: what it says of a form depends on that form.
    """
    from pipeline.checks import run as run_checks
    from pipeline.writers.parquet import to_table

    forms = tables["forms"]
    if not forms.num_rows:
        return {**tables, "checks": to_table("checks", [], rulebook.fields)}
    rows = run_checks({**tables, "problems": tables[PROBLEMS].drop_columns([PARTITION])}, rulebook.checks)
    years = dict(zip(forms.column("form_id").to_pylist(), forms.column(PARTITION).to_pylist(), strict=True))
    for row in rows:
        row[PARTITION] = years.get(row["form_id"])
    return {**tables, "checks": to_table("checks", rows, rulebook.fields)}


def interpreted(reading: Reading, index: Index, path: str) -> Extraction:
    """Return the rows of a reading; of one that failed its documents row."""
    outcome = reading.outcome
    if isinstance(outcome, Document):
        return interpret(outcome, index, path, reading.size)
    return failed(reading.key.document_id, reading.key.media, reading.size, outcome, path)


# -- files ------------------------------------------------------------------------------------------------------


def write_rows(path: Path, tables: Mapping[str, pa.Table]) -> RowsFile:
    """Write tables whose rows stand document by document, in the order of their ids; return what is in the file."""
    import pyarrow as pa

    rows: dict[str, dict[str, int]] = {}
    flags: dict[str, dict[str, int]] = {}
    places: dict[str, Any] = {}
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with path.open("wb") as file:
        for dataset, table in tables.items():
            if not table.num_rows:
                continue
            rows[dataset], flags[dataset] = _counted(dataset, table)
            sink = pa.BufferOutputStream()
            listed = []
            with pa.ipc.new_file(sink, table.schema, options=options) as writer:
                for low, batch in _batches(dataset, table):
                    writer.write_batch(batch)
                    listed.append(low)
            data = sink.getvalue()
            places[dataset] = (file.tell(), data.size, listed)
            file.write(data)
        tail = json.dumps(places).encode()
        file.write(tail + _TAIL.pack(len(tail)))
    documents = tables.get("documents")
    statuses: dict[str, int] = {}
    if documents is not None:
        counted: Any = documents.column("status").value_counts()
        for one in counted.to_pylist():
            statuses[one["values"]] = one["counts"]
    return RowsFile(str(path), documents.num_rows if documents is not None else 0, rows, flags, statuses)


def _heads(dataset: str, table: pa.Table) -> Any:
    """Return the first digits of the document of each row."""
    import pyarrow.compute as pc

    from pipeline.writers.parquet import key_of

    ids: Any = table.column(key_of(dataset))
    return pc.utf8_slice_codeunits(ids, 0, _DIGITS)


def _counted(dataset: str, table: pa.Table) -> tuple[dict[str, int], dict[str, int]]:
    """Return rows and the set of the finest parts, both by year."""
    import pyarrow as pa

    columns: dict[str, Any] = {"year": table.column(PARTITION), "head": _heads(dataset, table)}
    pairs = pa.table(columns)
    rows: dict[str, int] = {}
    flags: dict[str, int] = {}
    for one in pairs.group_by(["year", "head"]).aggregate([([], "count_all")]).to_pylist():
        name = name_of(one["year"])
        rows[name] = rows.get(name, 0) + one["count_all"]
        flags[name] = flags.get(name, 0) | flag(one["head"])
    return rows, flags


def _batches(dataset: str, table: pa.Table) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield (first digits of the first document, rows) of stretches of at least BATCH rows and whole documents."""
    import pyarrow as pa
    import pyarrow.compute as compute

    pc: Any = compute  # run_end_encode is missing in the stubs
    ends = pc.run_end_encode(_heads(dataset, table).combine_chunks(), run_end_type=pa.int32())
    start, low, before = 0, "", 0
    for head, stop in zip(ends.values.to_pylist(), ends.run_ends.to_pylist(), strict=True):
        if not low:
            low = head
        elif before - start >= BATCH:
            yield low, _one(table, start, before)
            start, low = before, head
        before = stop
    yield low, _one(table, start, before)


def _one(table: pa.Table, start: int, stop: int) -> pa.RecordBatch:
    return table.slice(start, stop - start).combine_chunks().to_batches()[0]


class OpenRows:
    """A rows file to read from."""

    def __init__(self, path: str) -> None:
        import pyarrow as pa

        self._map = cast(Any, pa.memory_map(path))
        size = self._map.size()
        (length,) = _TAIL.unpack(self._map.read_at(_TAIL.size, size - _TAIL.size))
        self._places: dict[str, Any] = json.loads(self._map.read_at(length, size - _TAIL.size - length))

    def tables(self, dataset: str, low: str = "0000", high: str = "g") -> Iterator[pa.Table]:
        """Yield the rows of documents from ``low`` to ``high``."""
        import pyarrow as pa

        from pipeline.writers.parquet import within

        if dataset not in self._places:
            return
        offset, size, listed = self._places[dataset]
        first = max(0, bisect_right(listed, low) - 1)
        wanted = range(first, bisect_left(listed, high))
        if not wanted:
            return
        self._map.seek(offset)
        reader = pa.ipc.open_file(pa.BufferReader(self._map.read_buffer(size)))
        table = pa.Table.from_batches([reader.get_batch(number) for number in wanted])
        yield within(table, dataset, low, high)


assert DEPTH <= 4 * _DIGITS
