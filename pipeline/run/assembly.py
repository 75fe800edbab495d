"""The pieces of work that put rows together: check again, assemble parts, compare with the snapshot before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.model import Field
from pipeline.model.output import DataFile
from pipeline.run.pool import Report, Whole
from pipeline.run.previous import KEPT, OWN, Previous, read_files, without
from pipeline.run.rows import PROBLEMS, OpenRows, RowsFile, all_fields, with_checks, write_rows
from pipeline.run.work import Setting, index_of, rows_path
from pipeline.store import Workspace
from pipeline.writers.layout import Part, part_of

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.run.difference import Difference


@dataclass(frozen=True, slots=True)
class Relabel:
    """What brings rows of other rules to these: the digest of the rules, and rule lines that moved."""

    rulebook: str = ""
    moved: Mapping[str, str] = field(default_factory=dict)

    def concerns(self, dataset: str) -> bool:
        """Say whether any row of a dataset may differ."""
        if dataset == "forms":
            return bool(self.rulebook)
        return dataset in ("cells", "lineage") and bool(self.moved)

    def of(self, dataset: str, table: pa.Table) -> pa.Table:
        """Return the rows under the new rules."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.concerns(dataset) or not table.num_rows:
            return table
        name = "rulebook" if dataset == "forms" else "rule"
        place = table.schema.get_field_index(name)
        value: Any
        if dataset == "forms":
            value = pa.repeat(pa.scalar(self.rulebook, pa.string()), table.num_rows)
        else:
            column = table.column(place).combine_chunks()
            at = pc.index_in(column, value_set=pa.array(list(self.moved), pa.string()))
            value = pc.coalesce(pa.array(list(self.moved.values()), pa.string()).take(at), column)
        return table.set_column(place, table.schema.field(place), value)


@lru_cache(maxsize=2)
def _previous(root: str, snapshot: str, rules: str) -> Previous:
    store = Workspace(Path(root))
    path = Path(snapshot)
    return Previous(store, path, store.manifest(path), {}, all_fields(index_of(rules).rulebook.fields))


@dataclass(frozen=True, slots=True)
class Recheck(Whole):
    """Run the checks over the forms of a snapshot from ``low`` to ``high`` and write their outcomes as rows."""

    setting: Setting
    snapshot: str
    low: str
    high: str
    dropped: frozenset[str]
    relabel: Relabel

    def run(self, report: Report) -> RowsFile:
        """Check again."""
        before = _previous(self.setting.root, self.snapshot, self.setting.rules)
        tables = {}
        for dataset in (*OWN, PROBLEMS):
            kept = without(before.table(dataset, self.low, self.high), self.dropped)
            tables[dataset] = self.relabel.of(dataset, kept)
        found = with_checks(tables, index_of(self.setting.rules).rulebook)
        return write_rows(rows_path(Path(self.setting.root)), {"checks": found["checks"].sort_by("form_id")})


@dataclass(frozen=True, slots=True)
class Assemble(Whole):
    """Write some parts of a dataset: rows kept from the snapshot before, and those of rows files.

    ``dropped`` are documents whose old rows do not count; ``paths`` gives the documents rows their paths.
    """

    setting: Setting
    parts: tuple[Part, ...]
    rows: tuple[str, ...]
    kept: tuple[DataFile, ...]
    snapshot: str
    dropped: frozenset[str]
    relabel: Relabel
    paths: Mapping[str, tuple[str, ...]]
    out: str

    def run(self, report: Report) -> list[DataFile]:
        """Gather, sort and write."""
        import pyarrow as pa

        from pipeline.writers.parquet import of_year, schema, within, write_part

        dataset = self.parts[0].dataset
        fields = all_fields(index_of(self.setting.rules).rulebook.fields)
        low = min(part.bounds[0] for part in self.parts)
        high = max(part.bounds[1] for part in self.parts)
        new: list[pa.Table] = []
        for path in self.rows:
            new += OpenRows(path).tables(dataset, low, high)
        found = []
        for part in self.parts:
            tables = [within(of_year(table, part.year), dataset, *part.bounds) for table in new]
            tables += self._old(part, fields)
            rows = pa.concat_tables(tables) if tables else schema(dataset, fields).empty_table()
            if dataset == "documents" and self.paths:
                rows = with_paths(rows, self.paths)
            found += write_part(rows, part, fields, Path(self.out))
        return found

    def _old(self, part: Part, fields: Sequence[Field]) -> Iterator[pa.Table]:
        """Yield the rows of a part that stay; a file of the very part is read as it is."""
        from pipeline.writers.parquet import within

        low, high = part.bounds
        for file in self.kept:
            other = part_of(file.path)
            if (
                other is None
                or other.year != part.year
                or not (other.bounds[0] < high and low < other.bounds[1])
            ):
                continue
            table = read_files(Path(self.snapshot), [file], part.dataset, fields)
            if other != part:
                table = within(table, part.dataset, low, high)
            dropped = [name for name in self.dropped if low <= name < high]
            yield self.relabel.of(part.dataset, without(table, dropped))


def with_paths(table: pa.Table, paths: Mapping[str, tuple[str, ...]]) -> pa.Table:
    """Return documents rows with their paths, sorted; those of unknown paths as they are."""
    import pyarrow as pa

    place = table.schema.get_field_index("paths")
    names: Any = table.column("document_id").to_pylist()
    known: list[Any] = table.column(place).to_pylist()
    values = [sorted(paths[name]) if name in paths else old for name, old in zip(names, known, strict=True)]
    return table.set_column(
        place, table.schema.field(place), pa.array(values, table.schema.field(place).type)
    )


@dataclass(frozen=True, slots=True)
class Compare(Whole):
    """Compare the rows of some documents in a snapshot with those of rows files.

    ``checks`` says that rows of the dataset ``checks`` stand for all forms and not only for those documents.
    """

    setting: Setting
    snapshot: str
    low: str
    high: str
    names: frozenset[str]
    rows: tuple[str, ...]
    checks: bool

    def run(self, report: Report) -> list[Difference]:
        """Return the differences."""
        import pyarrow as pa

        from pipeline.run.difference import compare_tables
        from pipeline.writers.parquet import schema

        before = _previous(self.setting.root, self.snapshot, self.setting.rules)
        opened = [OpenRows(path) for path in self.rows]
        old, new = {}, {}
        for dataset in KEPT:
            every = self.checks and dataset == "checks"
            old[dataset] = (
                before.table(dataset, self.low, self.high) if every else before.of(dataset, self.names)
            )
            parts = [part for one in opened for part in one.tables(dataset, self.low, self.high)]
            new[dataset] = pa.concat_tables(parts) if parts else schema(dataset, before.fields).empty_table()
        return compare_tables(old, new)
