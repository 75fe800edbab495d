"""The grid store: what readers saw, in packed columnar files, so that rules change and documents need not be read.

    DIR/grids/<digest of the content>.parquet    one shard per finished chunk of documents

One row is one reading: a content (sha256), the medium it was taken for, the reader that read it with its
version, and either the Document or the error it ended in. Cells, grids and blocks lie in list columns, so a
document is rebuilt equal to what the reader returned and one column can be scanned without the others. Shards
are written once and never edited; of two readings with one key the higher generation counts. None is stored
as a number that no document holds, texts as bytes, because a damaged document may hold half characters.
"""

from __future__ import annotations

import gc
import hashlib
import operator
import secrets
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import SourceError, StoreError
from pipeline.model import Block, Cell, Document, Grid, Origin
from pipeline.store.disk import flush, make_folder, store_error, write

if TYPE_CHECKING:
    import pyarrow as pa

#: So many readings become one shard.
SHARD = 200
#: Shards below this size (bytes) are merged, into files of up to FULL bytes.
SMALL, FULL = 16 << 20, 64 << 20
_NO_INT = -(1 << 31)
_NAN = float("nan")
_NOWHERE = ("", _NO_INT, _NO_INT)
_HEAD = ("document_id", "media", "key", "suffix", "generation", "media_type", "reader", "error_code")
_CELL = (
    "row",
    "col",
    "row_span",
    "col_span",
    "text",
    "page",
    "x0",
    "y0",
    "x1",
    "y1",
    "locator",
    "confidence",
)
_GRID = ("index", "page", "locator", "spans", "cells", "sheet", "sheet_row", "sheet_col")
_BLOCK = ("text", "order", "before_grid", "page", "x0", "y0", "x1", "y1", "locator")
_TEXTS = frozenset({"text", "locator", "sheet"})
_FLOATS = frozenset({"x0", "y0", "x1", "y1", "confidence"})


class Key(NamedTuple):
    """What a reading depends on: the content, what it was taken for, the reader with its version.

    ``suffix`` is the extension of the path, where the outcome depends on it; empty otherwise.
    """

    document_id: str
    media: str
    reader: str
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading one content: the document, or the error."""

    key: Key
    size: int
    outcome: Document | SourceError


class Entry(NamedTuple):
    """Where a reading lies, and what is known of it without opening it."""

    shard: str
    row: int
    generation: int
    media_type: str
    reader: str
    error_code: str


class GridStore:
    """All readings of a workspace; add under the workspace's lock, read at any time.

    Every method raises StoreError where the disk says no or a shard is damaged.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "grids"
        self._waiting: list[Reading] = []
        self._index: dict[Key, Entry] | None = None
        self._by_content: dict[str, list[Key]] = {}
        self._generation = 0

    @property
    def index(self) -> dict[Key, Entry]:
        """Return every reading on the disk by its key, the highest generation of each."""
        if self._index is None:
            self._index = {}
            for path in self.shards():
                self._learn(path.name, _read(path, list(_HEAD)))
            self._generation = 1 + max((entry.generation for entry in self._index.values()), default=0)
        return self._index

    def keys_of(self, document_id: str, media_type: str, reader: str) -> list[Key]:
        """Return the keys of the readings of a content that gave this medium and reader, the latest first."""
        if len(self._by_content) == 0:
            for key in self.index:
                self._by_content.setdefault(key.document_id, []).append(key)
        found = [
            (self.index[key], key)
            for key in self._by_content.get(document_id, ())
            if (self.index[key].media_type, self.index[key].reader) == (media_type, reader)
        ]
        return [key for _entry, key in sorted(found, key=lambda one: -one[0].generation)]

    def shards(self) -> list[Path]:
        """Return the shard files, by name."""
        try:
            return sorted(self.folder.glob("*.parquet"))
        except OSError as err:
            raise store_error(self.root, err) from err

    def add(self, reading: Reading) -> None:
        """Take a reading; it is on the disk after the next ``flush``, at the latest after SHARD of them."""
        self._waiting.append(reading)
        if len(self._waiting) >= SHARD:
            self.flush()

    def flush(self) -> None:
        """Write the waiting readings as one shard."""
        if not self._waiting:
            return
        index = self.index
        table = _pack(self._waiting, self._generation)
        name = self._write([table])
        self._by_content = {}
        index.update(
            (one.key, _entry(name, row, self._generation, one)) for row, one in enumerate(self._waiting)
        )
        self._waiting = []

    def get(self, keys: Iterable[Key]) -> Iterator[Reading]:
        """Yield the readings of these keys, shard by shard; KeyError for one that is not there."""
        wanted: dict[str, list[int]] = {}
        for key in keys:
            entry = self.index[key]
            wanted.setdefault(entry.shard, []).append(entry.row)
        for shard in sorted(wanted):
            yield from self._rows(self.folder / shard, sorted(wanted[shard]))

    def keep(self, readings: Sequence[Reading], generation: int) -> str:
        """Write readings as one shard, whose name is returned; this object's own index stays as it is."""
        return self._write([_pack(readings, generation)])

    def fetch(self, shard: str, rows: list[int]) -> Iterator[tuple[int, Reading]]:
        """Yield (row, reading) of some rows of one shard, ascending."""
        yield from zip(rows, self._rows(self.folder / shard, rows), strict=True)

    @property
    def generation(self) -> int:
        """Return the number that the next readings get: higher than that of any on the disk."""
        return self._generation if self.index is not None else 0

    def scan(self, columns: Sequence[str]) -> Iterator[tuple[str, int, pa.Table]]:
        """Yield (shard, number of the first row, rows) of these columns only, a row group at a time."""
        for path in self.shards():
            yield from ((path.name, start, table) for start, table in _groups(path, columns))

    def compact(self) -> int:
        """Merge small shards; return how many files went away. A kill at any moment loses nothing."""
        self._index, self._by_content = None, {}  # others may have written since: only the disk knows
        small = [path for path in self.shards() if path.stat().st_size < SMALL]
        current = {(entry.shard, entry.row) for entry in self.index.values()}
        gone = 0
        group: list[Path] = []
        for path in [*small, None]:
            if path is None or sum(one.stat().st_size for one in (*group, path)) > FULL:
                gone += self._merge(group, current) if len(group) > 1 else 0
                group = []
            if path is not None:
                group.append(path)
        return gone

    def _merge(self, group: list[Path], current: set[tuple[str, int]]) -> int:
        def tables() -> Iterator[pa.Table]:
            for path in group:
                for start, table in _groups(path, None):
                    kept = [row for row in range(table.num_rows) if (path.name, start + row) in current]
                    if kept:
                        yield table if len(kept) == table.num_rows else table.take(_ints(kept))

        name = self._write(tables())
        gone = [path for path in group if path.name != name]
        try:
            for path in gone:
                path.unlink()
            flush(self.folder)
        except OSError as err:
            raise store_error(self.root, err) from err
        self._index = None
        return len(group) - 1

    def _write(self, tables: Iterable[pa.Table]) -> str:
        """Write tables as one shard, a row group each, and return its name."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        writer: Any = None
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(sink, table.schema, compression="zstd", compression_level=3)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
        if writer is not None:
            writer.close()
        data = sink.getvalue().to_pybytes()
        name = f"{hashlib.sha256(data).hexdigest()[:32]}.parquet"
        try:
            tmp = self.root / ".tmp"
            make_folder(self.folder, self.root)
            make_folder(tmp, self.root)
            spare = tmp / f"grids-{secrets.token_hex(8)}"
            write(spare, data)
            spare.replace(self.folder / name)
            flush(self.folder)
        except OSError as err:
            raise store_error(self.root, err) from err
        return name

    def _rows(self, path: Path, rows: list[int]) -> Iterator[Reading]:
        for start, table in _groups(path, None, rows):
            here = [row - start for row in rows if start <= row < start + table.num_rows]
            if here:
                yield from _unpack(table if len(here) == table.num_rows else table.take(_ints(here)))

    def _learn(self, shard: str, table: pa.Table) -> None:
        index = self._index if self._index is not None else {}
        columns = [_list(table.column(name)) for name in _HEAD]
        for row, (*key, generation, media_type, reader, code) in enumerate(zip(*columns, strict=True)):
            name = Key(*key)
            known = index.get(name)
            if known is None or known.generation < generation:
                index[name] = Entry(shard, row, generation, media_type, reader, code)


def _entry(shard: str, row: int, generation: int, reading: Reading) -> Entry:
    outcome = reading.outcome
    if isinstance(outcome, SourceError):
        return Entry(shard, row, generation, reading.key.media, "", outcome.code)
    return Entry(shard, row, generation, outcome.media_type, outcome.reader, "")


# -- from files -------------------------------------------------------------------------------------------------


def _damaged(path: Path, err: Exception) -> StoreError:
    return StoreError(
        f"{path}: 表格存储文件已损坏（{err}）；请删除该文件后重新运行，只会重读其中的文档 | "
        f"a file of the grid store is damaged ({err}); delete it and run again: only its documents are reread"
    )


def _read(path: Path, columns: list[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns)
    except (OSError, pa.ArrowException) as err:
        raise _damaged(path, err) from err


def _groups(
    path: Path, columns: Sequence[str] | None, rows: Sequence[int] | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Yield (number of the first row, rows) of the row groups, of those alone that hold one of ``rows``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            start = 0
            for number in range(file.num_row_groups):
                size = file.metadata.row_group(number).num_rows
                if rows is None or any(start <= row < start + size for row in rows):
                    yield (
                        start,
                        file.read_row_group(number, columns=list(columns) if columns is not None else None),
                    )
                start += size
    except (OSError, pa.ArrowException) as err:
        raise _damaged(path, err) from err


# -- documents to columns ---------------------------------------------------------------------------------------


def _ints(values: Sequence[int]) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(array("i", values))])


def _long(values: Sequence[int]) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(array("q", values))])


def _doubles(values: Sequence[float]) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.float64(), len(values), [None, pa.py_buffer(array("d", values))])


def _binary(values: Sequence[str]) -> pa.Array[Any]:
    import pyarrow as pa

    raw = [value.encode("utf-8", "surrogatepass") for value in values]
    offsets = pa.py_buffer(array("i", accumulate(map(len, raw), initial=0)))
    return pa.Array.from_buffers(pa.binary(), len(raw), [None, offsets, pa.py_buffer(b"".join(raw))])


def _lists(counts: Sequence[int], child: pa.Array[Any]) -> pa.Array[Any]:
    import pyarrow as pa

    offsets = pa.py_buffer(array("i", accumulate(counts, initial=0)))
    return pa.Array.from_buffers(pa.list_(child.type), len(counts), [None, offsets], children=[child])


def _none(value: int | None) -> int:
    return _NO_INT if value is None else value


def _box(bbox: tuple[float, float, float, float] | None) -> tuple[float, float, float, float]:
    return (_NAN, _NAN, _NAN, _NAN) if bbox is None else bbox


def _pack(readings: Sequence[Reading], generation: int) -> pa.Table:
    import pyarrow as pa

    documents = [one.outcome if isinstance(one.outcome, Document) else None for one in readings]
    errors = [one.outcome if isinstance(one.outcome, SourceError) else None for one in readings]
    problems = [list(one.problems) if one is not None else [] for one in documents]
    columns: dict[str, pa.Array[Any]] = {
        "document_id": _binary([one.key.document_id for one in readings]),
        "media": _binary([one.key.media for one in readings]),
        "key": _binary([one.key.reader for one in readings]),
        "suffix": _binary([one.key.suffix for one in readings]),
        "generation": _ints([generation] * len(readings)),
        "size": _long([one.size for one in readings]),
        "media_type": _binary(
            [
                doc.media_type if doc is not None else one.key.media
                for doc, one in zip(documents, readings, strict=True)
            ]
        ),
        "reader": _binary([one.reader if one is not None else "" for one in documents]),
        "pages": _ints([_none(one.pages) if one is not None else _NO_INT for one in documents]),
        "problems": _lists(
            [len(one) for one in problems], _binary([text for one in problems for text in one])
        ),
        "error_code": _binary([one.code if one is not None else "" for one in errors]),
        "error_place": _binary([one.place if one is not None else "" for one in errors]),
        "error_detail": _binary([one.detail if one is not None else "" for one in errors]),
    }
    grids = [one.grids if one is not None else () for one in documents]
    blocks = [one.blocks if one is not None else () for one in documents]
    rows = [
        [
            (
                grid.index,
                _none(grid.page),
                grid.locator,
                int(grid.spans),
                len(grid.cells),
                *(grid.origin or _NOWHERE),
            )
            for grid in one
        ]
        for one in grids
    ]
    columns |= _flat("grid", _GRID, rows)
    columns |= _cell_columns([[cell for grid in one for cell in grid.cells] for one in grids])
    columns |= _flat(
        "block",
        _BLOCK,
        [
            [
                (one.text, one.order, one.before_grid, _none(one.page), *_box(one.bbox), one.locator)
                for one in some
            ]
            for some in blocks
        ],
    )
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def _cell_columns(documents: list[list[Cell]]) -> dict[str, pa.Array[Any]]:
    """Return the list columns of the cells of some documents, made a column at a time."""
    cells = list(chain.from_iterable(documents))
    # not zip(*cells): it takes an iterator for every cell
    seen = [list(map(operator.itemgetter(place), cells)) for place in range(len(Cell._fields))]
    row, col, row_span, col_span, text, pages, boxes, locator, sure = seen
    page = list(map(_none, pages))
    whole = list(map(_box, boxes))
    box = [list(map(operator.itemgetter(place), whole)) for place in range(4)]
    confidence = [_NAN if value is None else value for value in sure]
    values = (row, col, row_span, col_span, text, page, *box, locator, confidence)
    return _lists_of("cell", _CELL, [len(one) for one in documents], values)


def _flat(kind: str, names: Sequence[str], rows: list[list[tuple[Any, ...]]]) -> dict[str, pa.Array[Any]]:
    """Return one list column per name; a row of ``rows`` holds the tuples of one document."""
    values = list(zip(*(item for one in rows for item in one), strict=True)) or [()] * len(names)
    return _lists_of(kind, names, [len(one) for one in rows], values)


def _lists_of(
    kind: str, names: Sequence[str], counts: Sequence[int], values: Sequence[Sequence[Any]]
) -> dict[str, pa.Array[Any]]:
    found: dict[str, pa.Array[Any]] = {}
    for name, column in zip(names, values, strict=True):
        make: Callable[[Sequence[Any]], pa.Array[Any]]
        make = _binary if name in _TEXTS else _doubles if name in _FLOATS else _ints
        found[f"{kind}_{name}"] = _lists(counts, make(column))
    return found


# -- columns to documents ---------------------------------------------------------------------------------------


def _list(column: Any) -> list[Any]:
    """Return the values of a column without nulls as Python values; equal texts are one object."""
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # of no chunks
            column = pa.concat_arrays(column.chunks) if column.chunks else pa.array([], column.type)
    if not pa.types.is_binary(column.type):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    coded = column.dictionary_encode()
    texts = [text.decode("utf-8", "surrogatepass") for text in coded.dictionary.to_pylist()]
    return [texts[code] for code in coded.indices.to_numpy(zero_copy_only=False).tolist()]


def _flattened(table: pa.Table, kind: str, names: Sequence[str]) -> tuple[list[int], list[list[Any]]]:
    """Return the bounds of each document's items and the values of each column, end to end."""
    columns: list[Any] = [table.column(f"{kind}_{name}").combine_chunks() for name in names]
    lengths: list[int] = columns[0].value_lengths().to_numpy(zero_copy_only=False).tolist()
    return list(accumulate(lengths, initial=0)), [_list(column.flatten()) for column in columns]


def _some(value: int) -> int | None:
    return None if value == _NO_INT else value


def _boxes(columns: Sequence[list[float]]) -> list[tuple[float, float, float, float] | None]:
    if not any(
        map(operator.eq, columns[0], columns[0])
    ):  # a number equals itself, and what stands for none does not
        return [None] * len(columns[0])
    return [None if x0 != x0 else (x0, top, x1, bottom) for x0, top, x1, bottom in zip(*columns, strict=True)]


def _cells(columns: list[list[Any]]) -> list[Cell]:
    """Return the cells of columns in the order of _CELL."""
    pages = (
        [_some(page) for page in columns[5]] if max(columns[5], default=_NO_INT) != _NO_INT else repeat(None)
    )
    sure = [None if value != value else value for value in columns[11]]
    seen = zip(*columns[:5], pages, _boxes(columns[6:10]), columns[10], sure, strict=False)
    collecting = gc.isenabled()
    gc.disable()  # it would look through every cell made so far, again and again, for rings that cells never make
    try:
        return list(map(tuple.__new__, repeat(Cell), seen))
    finally:
        if collecting:
            gc.enable()


def _unpack(table: pa.Table) -> Iterator[Reading]:
    head = [
        _list(table.column(name))
        for name in ("document_id", "media", "key", "suffix", "size", "media_type", "reader", "pages")
    ]
    errors = [_list(table.column(f"error_{name}")) for name in ("code", "place", "detail")]
    problem_ends, (problems,) = _flattened_lists(table, "problems")
    cell_ends, cell = _flattened(table, "cell", _CELL)
    cells = _cells(cell)
    grid_ends, grid = _flattened(table, "grid", _GRID)
    block_ends, block = _flattened(table, "block", _BLOCK)
    blocks = list(map(Block, *block[:3], map(_some, block[3]), _boxes(block[4:8]), block[8]))
    for number, (name, media, key, suffix, size, media_type, reader, pages) in enumerate(
        zip(*head, strict=True)
    ):
        code, place, detail = (column[number] for column in errors)
        outcome: Document | SourceError
        if code:
            outcome = SourceError(code, place=place, detail=detail)
        else:
            own = range(grid_ends[number], grid_ends[number + 1])
            outcome = Document(
                name,
                media_type,
                reader,
                tuple(_grids(grid, own, cells, cell_ends[number])),
                tuple(blocks[block_ends[number] : block_ends[number + 1]]),
                _some(pages),
                tuple(problems[problem_ends[number] : problem_ends[number + 1]]),
            )
        yield Reading(Key(name, media, key, suffix), size, outcome)


def _flattened_lists(table: pa.Table, name: str) -> tuple[list[int], list[list[Any]]]:
    column: Any = table.column(name).combine_chunks()
    lengths = column.value_lengths().to_numpy(zero_copy_only=False).tolist()
    return list(accumulate(lengths, initial=0)), [_list(column.flatten())]


def _grids(columns: list[list[Any]], own: range, cells: list[Cell], at: int) -> Iterator[Grid]:
    for place in own:
        index, page, locator, spans, count, sheet, row, col = (column[place] for column in columns)
        origin = None if row == _NO_INT else Origin(sheet, row, col)
        yield Grid(index, tuple(cells[at : at + count]), _some(page), locator, bool(spans), origin)
        at += count
