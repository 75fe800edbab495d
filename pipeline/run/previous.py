"""The current snapshot: what the next one may take over, and what it has to account for, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pipeline.errors import StoreError
from pipeline.model import PARTITION, Field, Rulebook
from pipeline.model.output import DataFile
from pipeline.run.reading import versions
from pipeline.run.rows import PROBLEMS, all_fields
from pipeline.store import Workspace
from pipeline.store.grids import GridStore, Key
from pipeline.writers.layout import Part, flag, is_touched, part_of

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, object]
#: Datasets whose rows belong to one document each and depend on nothing else but the rules.
OWN = ("forms", "funding", "indicators", "cells", "lineage")
#: What two snapshots are compared by.
KEPT = ("documents", *OWN, "checks")
_PREFIX = 16
#: Documents rows that are held at once.
_ROWS = 4096


class Brief(NamedTuple):
    """What of a documents row is held for all documents at once; equal ones are one object."""

    media_type: str
    reader: str
    status: str
    error_code: str
    message: bool
    year: int | None


@dataclass(slots=True)
class Previous:
    """One snapshot: its folder and manifest, and in brief its documents by the bytes of their ids."""

    workspace: Workspace
    snapshot: Path
    manifest: Mapping[str, Any]
    documents: dict[bytes, Brief]
    fields: tuple[Field, ...]
    _parts: dict[tuple[str, int | None], list[tuple[Part, DataFile]]] = field(default_factory=dict)
    _marked: tuple[frozenset[str], dict[int | None, int]] | None = None

    def __post_init__(self) -> None:
        """Sort the files of the manifest by dataset and year."""
        for entry in self.manifest["files"]:
            part = part_of(entry["path"])
            if part is not None:
                file = DataFile(entry["path"], entry["rows"], entry["size"], entry["sha256"])
                self._parts.setdefault((part.dataset, part.year), []).append((part, file))

    @property
    def rulebook(self) -> str:
        """Return the digest of the rules that made it."""
        return str(self.manifest.get("rulebook"))

    @property
    def reusable(self) -> bool:
        """Say whether the rows are what this program would make, and lie as it would lay them."""
        return self.manifest.get("versions") == versions()

    def brief(self, document_id: str) -> Brief | None:
        """Return what is known of a document, None where the snapshot has none of that content."""
        return self.documents.get(bytes.fromhex(document_id))

    def years(self, dataset: str) -> list[int | None]:
        """Return the years that a dataset has files of."""
        return [year for name, year in self._parts if name == dataset]

    def parts(self, dataset: str, year: int | None) -> list[tuple[Part, DataFile]]:
        """Return the files of a year of a dataset."""
        return self._parts.get((dataset, year), [])

    def rows(self, dataset: str, year: int | None) -> int:
        """Return how many rows a year of a dataset has."""
        return sum(file.rows for _part, file in self.parts(dataset, year))

    def files(self, dataset: str, low: str = "0000", high: str = "g", flags: int = -1) -> list[DataFile]:
        """Return the files with rows of documents from ``low`` to ``high`` and of ``flags``, all years."""
        return [
            file
            for (name, _year), parts in self._parts.items()
            for part, file in parts
            if name == dataset and file.rows and part.bounds[0] < high and low < part.bounds[1]
            if is_touched(part, flags)
        ]

    def of(self, dataset: str, names: Collection[str]) -> pa.Table:
        """Return the rows of some documents."""
        flags = self._flags(names)
        tables = [
            rows_of(read_files(self.snapshot, [file], dataset, self.fields), names)
            for (owner, year), parts in self._parts.items()
            for part, file in parts
            if owner == dataset and file.rows and is_touched(part, flags.get(year, 0))
        ]
        if not tables:
            return read_files(self.snapshot, [], dataset, self.fields)
        import pyarrow as pa

        return pa.concat_tables(tables)

    def table(self, dataset: str, low: str = "0000", high: str = "g") -> pa.Table:
        """Return the rows of documents from ``low`` to ``high``, as ``to_table`` makes them."""
        from pipeline.writers.parquet import within

        found = read_files(self.snapshot, self.files(dataset, low, high), dataset, self.fields)
        return within(found, dataset, low, high)

    def _flags(self, names: Collection[str]) -> dict[int | None, int]:
        """Return in which of the finest parts of which years documents have rows."""
        key = frozenset(names)
        if self._marked is None or self._marked[0] != key:
            found: dict[int | None, int] = {}
            for name, year in self.form_years(key):
                found[year] = found.get(year, 0) | flag(name)
            for row in self.document_rows(key.__contains__):
                year = cast(int | None, row[PARTITION])
                found[year] = found.get(year, 0) | flag(str(row["document_id"]))
            self._marked = (key, found)
        return self._marked[1]

    def scan(self, dataset: str, columns: list[str]) -> Iterator[pa.Table]:
        """Yield some columns of a dataset, file by file."""
        for file in self.files(dataset):
            yield _columns(self.snapshot / file.path, columns)

    def document_rows(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Row]:
        """Yield the documents rows, those alone that are wanted, some thousands at a time."""
        for file in self.files("documents"):
            table = read_files(self.snapshot, [file], "documents", self.fields)
            for start in range(0, table.num_rows, _ROWS):
                part = table.slice(start, _ROWS)
                if wanted is not None:
                    import pyarrow as pa

                    ids = part.column("document_id").to_pylist()
                    part = part.filter(pa.array([wanted(str(name)) for name in ids], pa.bool_()))
                yield from part.to_pylist()

    def paths(self, names: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the paths of some documents."""
        wanted = names if isinstance(names, (set, frozenset)) else set(names)
        found: dict[str, tuple[str, ...]] = {}
        for row in self.document_rows(wanted.__contains__) if wanted else ():
            places: Any = row["paths"]
            found[str(row["document_id"])] = tuple(places or ())
        return found

    def form_years(self, dropped: Collection[str]) -> Iterator[tuple[str, int | None]]:
        """Yield (form id, year) of the forms of some documents."""
        import pyarrow as pa
        import pyarrow.compute as pc

        short = pa.array(sorted(name[:_PREFIX] for name in dropped), pa.string())
        for year in self.years("forms"):
            for _part, file in self.parts("forms", year):
                if file.rows:
                    ids = _columns(self.snapshot / file.path, ["form_id"]).column("form_id")
                    own = pc.is_in(pc.utf8_slice_codeunits(ids, 0, _PREFIX), value_set=short)
                    yield from ((str(name), year) for name in ids.filter(own).to_pylist())


def previous(workspace: Workspace, rulebook: Rulebook) -> Previous | None:
    """Return the current snapshot, None where there is none that can be read."""
    try:
        snapshot = workspace.current()
        if snapshot is None:
            return None
        return open_snapshot(workspace, snapshot, rulebook)
    except (StoreError, OSError):
        return None


def open_snapshot(workspace: Workspace, snapshot: Path, rulebook: Rulebook) -> Previous:
    """Return one snapshot; StoreError where it cannot be read."""
    manifest = workspace.manifest(snapshot)
    found = Previous(workspace, snapshot, manifest, {}, all_fields(rulebook.fields))
    same: dict[Brief, Brief] = {}
    for year in found.years("documents"):
        for _part, file in found.parts("documents", year):
            names = ["document_id", "media_type", "reader", "status", "error_code", "error_message"]
            table = _columns(snapshot / file.path, names)
            columns = [table.column(name).to_pylist() for name in names]
            for name, media, reader, status, code, message in zip(*columns, strict=True):
                one = Brief(
                    str(media), str(reader or ""), str(status), str(code or ""), message is not None, year
                )
                found.documents[bytes.fromhex(str(name))] = same.setdefault(one, one)
    return found


def stored_key(grids: GridStore, name: str, row: Row) -> tuple[Key, str]:
    """Return the reading behind a documents row and the path that its messages name; StoreError without one.

    A message names the first path in the order of the archive, which need not be the least.
    """
    keys = grids.keys_of(name, str(row["media_type"]), str(row["reader"] or ""))
    if not keys:
        raise StoreError(
            f"{grids.folder}: 文档 {name[:16]} 不在表格存储中；请重新运行 guibiao run | "
            f"document {name[:16]} is not in the grid store; run guibiao run again"
        )
    paths = _paths(row) or [name]
    message = str(row["error_message"] or "")
    named = [one for one in paths if message.startswith(f"{one}: ")]
    return keys[0], max(named, key=len, default=paths[0])


def _paths(row: Row) -> list[str]:
    found: Any = row["paths"]
    return list(found or ())


def read_files(snapshot: Path, files: Sequence[DataFile], dataset: str, fields: Sequence[Field]) -> pa.Table:
    """Return the rows of some files of a dataset with the columns that ``fields`` say, in their order."""
    import pyarrow as pa

    from pipeline.writers.parquet import schema

    target = schema(dataset, fields)
    parts = []
    for file in files:
        if not file.rows:
            continue
        table = _columns(snapshot / file.path, None)
        year = file.partition.removeprefix(f"{PARTITION}=")
        value = pa.scalar(int(year) if year.isdigit() else None, pa.int16())
        whole = table.append_column(PARTITION, pa.repeat(value, table.num_rows))
        for one in target:
            if one.name not in whole.column_names:
                whole = whole.append_column(one.name, pa.nulls(whole.num_rows, one.type))
        parts.append(whole.select(target.names).cast(target))
    return pa.concat_tables(parts) if parts else pa.Table.from_batches([], schema=target)


def _columns(path: Path, columns: list[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns, use_threads=False)
    except (OSError, pa.ArrowException) as err:
        raise StoreError(
            f"{path}: 无法读取（{err}）；请重新运行 | cannot be read ({err}); run again"
        ) from err


def without(table: pa.Table, dropped: Collection[str]) -> pa.Table:
    """Return the rows of a table that belong to none of these documents."""
    if not dropped or not table.num_rows:
        return table
    import pyarrow.compute as pc

    return table.filter(pc.invert(_own(table, dropped)))


def rows_of(table: pa.Table, names: Collection[str]) -> pa.Table:
    """Return the rows of a table that belong to these documents."""
    return table.filter(_own(table, names))


def _own(table: pa.Table, names: Collection[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = "document_id" if "document_id" in table.column_names else "form_id"
    short = pa.array(sorted({name[:_PREFIX] for name in names}), pa.string())
    return pc.is_in(pc.utf8_slice_codeunits(table.column(column), 0, _PREFIX), value_set=short)


__all__ = [
    "KEPT",
    "OWN",
    "PROBLEMS",
    "Brief",
    "Previous",
    "open_snapshot",
    "previous",
    "read_files",
    "rows_of",
]
