"""The batch around the stages: scan, read, interpret, check, publish."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import OutputError, RuleError
from pipeline.model import Columns, Document, Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.ingest import Ingest, Item
from pipeline.run.one import Extraction, Row, failed, interpret
from pipeline.run.previous import Previous, keep_problems, previous, without
from pipeline.run.reading import versions
from pipeline.run.rulebooks import keep_rulebook
from pipeline.run.summary import Summary, summarise
from pipeline.sources import Refusal
from pipeline.store.grids import GridStore, Key, Reading

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.store import Workspace

#: So many documents become one Arrow table before the next are read.
CHUNK = 200
Progress = Callable[[int, str, str], None]
Relabel = Callable[[str, "pa.Table"], "pa.Table"]


@dataclass(slots=True)
class Collected:
    """Rows on their way to the writer: short lists, or columns, and the Arrow tables of the chunks before."""

    rulebook: Rulebook
    rows: dict[str, list[Row]] = field(default_factory=dict)
    columns: dict[str, Columns] = field(default_factory=dict)
    problems: list[Row] = field(default_factory=list)
    parts: dict[str, list["pa.Table"]] = field(default_factory=dict)
    documents: list[Row] = field(default_factory=list)
    waiting: int = 0

    def add(self, extraction: Extraction) -> None:
        """Take the rows of one document."""
        for dataset, rows in extraction.lists.items():
            if dataset == "documents":
                self.documents.extend(rows)
            else:
                self.rows.setdefault(dataset, []).extend(rows)
        for dataset, columns in extraction.columns.items():
            known = self.columns.setdefault(dataset, {})
            for name, values in columns.items():
                known.setdefault(name, []).extend(values)
        self.problems.extend(extraction.problems)
        self.waiting += 1
        if self.waiting >= CHUNK:
            self.pack()

    def pack(self) -> None:
        """Turn the waiting rows into Arrow tables."""
        from pipeline.writers.parquet import to_table

        waiting: dict[str, list[Row] | Columns] = {**self.rows, **self.columns}
        for dataset, rows in waiting.items():
            self.parts.setdefault(dataset, []).append(to_table(dataset, rows, self.rulebook.fields))
        self.rows, self.columns, self.waiting = {}, {}, 0

    def tables(self, paths: Mapping[str, Sequence[str]]) -> dict[str, "pa.Table"]:
        """Return one table per dataset, those without rows too; ``documents`` with all paths."""
        import pyarrow as pa

        from pipeline.writers.parquet import to_table

        for row in self.documents:
            row["paths"] = sorted(paths.get(str(row["document_id"]), ()))
        self.rows["documents"] = self.documents
        self.pack()
        found: dict[str, pa.Table] = {}
        for dataset in dict.fromkeys(column.dataset for column in self.rulebook.fields):
            parts = self.parts.get(dataset)
            found[dataset] = pa.concat_tables(parts) if parts else to_table(dataset, [], self.rulebook.fields)
        return found


def problem_table(problems: Sequence[Row]) -> "pa.Table":
    """Return the values that could not be typed as a table for the checks."""
    import pyarrow as pa

    from pipeline.checks import PROBLEM_TYPES
    from pipeline.writers.columns import arrow_type, column

    kinds = {name: arrow_type(kind) for name, kind in PROBLEM_TYPES.items()}
    arrays = [column([row[name] for row in problems], kind) for name, kind in kinds.items()]
    return pa.Table.from_arrays(arrays, names=list(kinds))


def with_checks(
    tables: dict[str, "pa.Table"], problems: "pa.Table", rulebook: Rulebook
) -> dict[str, "pa.Table"]:
    """Return the tables with ``checks`` filled: one row per form and check."""
    from pipeline.checks import run as run_checks
    from pipeline.writers.parquet import to_table

    rows = run_checks({**tables, "problems": problems}, rulebook.checks)
    years = dict(
        zip(
            tables["forms"].column("form_id").to_pylist(),
            tables["forms"].column("fiscal_year").to_pylist(),
            strict=True,
        )
    )
    for row in rows:
        row["fiscal_year"] = years.get(row["form_id"])
    return {**tables, "checks": to_table("checks", rows, rulebook.fields)}


def run(
    inputs: Sequence[Path],
    workspace: Path,
    *,
    rules: Path | None = None,
    progress: Progress | None = None,
    prune_missing: bool = False,
) -> Summary:
    """Read what is new in the inputs and publish the datasets of all; return what happened.

    What was read before is not read again, and documents gone from the inputs keep their data until
    ``prune_missing``. The result is that of a first run over the same inputs with the same rules.
    RuleError before the first document where the rules are wrong, SourceError where an input does not
    exist, StoreError where the workspace cannot be written; a document that fails is a row, not an error.
    """
    from pipeline.checks import prove
    from pipeline.store import Workspace

    index = Index(load_rulebook(rules))
    faults = prove(index.rulebook.checks, index.rulebook.fields)
    if faults:
        raise RuleError(faults)
    ingest = Ingest(inputs, workspace)
    store = Workspace(workspace)
    with store.lock():
        before = previous(store, index.rulebook)
        batch = Batch(index, before, progress)
        for path, item in ingest.items():
            batch.take(path, item, ingest.grids)
        changes = ingest.changes(before)
        paths = dict(ingest.paths)
        if not prune_missing:
            for name, places in changes.vanished.items():
                paths[name] = tuple(places)
                batch.take_vanished(name, places[0], ingest.grids)
        batch.interpret_stored(ingest.grids)
        tables, problems = batch.tables(paths)
        keep_rulebook(store, index.rulebook, rules)
        snapshot = publish(store, tables, problems, index.rulebook)
        ingest.settle(changes)
    notices = (*ingest.notices, *changes.lines(prune_missing))
    return summarise(tables, snapshot, notices)


def publish(
    store: "Workspace", tables: dict[str, "pa.Table"], problems: "pa.Table", rulebook: Rulebook
) -> Path:
    """Make the tables, checks included, the current snapshot; return its folder."""
    from pipeline.writers.parquet import write_tables

    staged = store.staging()
    files = write_tables(tables, rulebook.fields, staged)
    readers = {str(name) for name in tables["documents"].column("reader").unique().to_pylist() if name}
    manifest = {
        "rulebook": rulebook.digest,
        "rules": dict(rulebook.files),
        "readers": sorted(readers),
        "versions": dict(versions()),
    }
    snapshot = store.publish(files, staged, manifest)
    keep_problems(store, snapshot, problems)
    return snapshot


@dataclass(slots=True)
class Batch:
    """The rows of a run: those interpreted now, and those that the snapshot before holds already."""

    index: Index
    before: Previous | None
    progress: Progress | None = None
    collected: Collected = field(init=False)
    kept: dict[str, Row] = field(default_factory=dict)
    waiting: dict[Key, str] = field(default_factory=dict)
    number: int = 0
    reusing: bool = False

    def __post_init__(self) -> None:
        """Start with nothing collected; rows are taken over only from the same rules and program."""
        self.collected = Collected(self.index.rulebook)
        before = self.before
        same = before is not None and before.rulebook == self.index.rulebook.digest
        self.reusing = same and before is not None and before.reusable

    def take(self, path: str, item: Item, grids: GridStore) -> None:
        """Interpret a new document, keep the rows of a known one or queue it."""
        if isinstance(item, Refusal):
            self._add(failed(item.document_id, item.media_type, item.size, item.error, path), path)
        elif isinstance(item, Key):
            self._stored(item, path, grids)
        else:
            self._add(interpreted(item, self.index, path), path)

    def take_vanished(self, document_id: str, path: str, grids: GridStore) -> None:
        """Keep a document that is gone from the archive: by the store, or its row where it was never read."""
        row = self.before.documents[document_id] if self.before is not None else {}
        keys = grids.keys_of(document_id, str(row["media_type"]), str(row["reader"] or ""))
        if row["status"] == "failed" or not keys:
            self.kept[document_id] = row
        else:
            self._stored(keys[0], path, grids)

    def interpret_stored(self, grids: GridStore) -> None:
        """Interpret what was queued."""
        for reading in grids.get(self.waiting):
            path = self.waiting[reading.key]
            self._add(interpreted(reading, self.index, path), path)
        self.waiting = {}

    def tables(
        self, paths: Mapping[str, Sequence[str]], relabel: Relabel | None = None
    ) -> tuple[dict[str, "pa.Table"], "pa.Table"]:
        """Return all datasets, checks included, and the values that could not be typed.

        ``relabel`` (dataset, rows) gives the rows taken over what the rules alone decide.
        """
        import pyarrow as pa

        self.collected.documents.extend(dict(row) for row in self.kept.values())
        tables = self.collected.tables(paths)
        problems = problem_table(self.collected.problems)
        if self.kept and self.before is not None:
            dropped = set(self.before.documents) - set(self.kept)
            old = self.before.tables(self.index.rulebook.fields)
            for name, table in old.items():
                kept = without(table, dropped)
                kept = relabel(name, kept) if relabel is not None else kept
                tables[name] = pa.concat_tables([tables[name], kept])
            if self.reusing:
                problems = pa.concat_tables([problems, without(self.before.problems(), dropped)])
        return with_checks(tables, problems, self.index.rulebook), problems

    def _stored(self, key: Key, path: str, grids: GridStore) -> None:
        entry = grids.index[key]
        row = self.before.documents.get(key.document_id) if self.before is not None and self.reusing else None
        same = row is not None and (row["media_type"], row["reader"]) == (entry.media_type, entry.reader)
        if row is not None and same and row["error_message"] is None:
            self.kept[key.document_id] = row
            self._step(path, str(row["status"]))
        else:
            self.waiting[key] = path

    def _add(self, extraction: Extraction, path: str) -> None:
        self.collected.add(extraction)
        self._step(path, extraction.status)

    def _step(self, path: str, status: str) -> None:
        self.number += 1
        if self.progress is not None:
            self.progress(self.number, path, status)


def interpreted(reading: Reading, index: Index, path: str) -> Extraction:
    """Return the rows of a reading; of one that failed its documents row."""
    outcome = reading.outcome
    if isinstance(outcome, Document):
        return interpret(outcome, index, path, reading.size)
    return failed(reading.key.document_id, reading.key.media, reading.size, outcome, path)


def datasets(
    extractions: Iterable[Extraction], paths: Mapping[str, Sequence[str]], index: Index
) -> dict[str, "pa.Table"]:
    """Return the seven datasets of some documents as Arrow tables, nothing written to disk."""
    collected = Collected(index.rulebook)
    for extraction in extractions:
        collected.add(extraction)
    try:
        return with_checks(collected.tables(paths), problem_table(collected.problems), index.rulebook)
    except ValueError as err:
        raise OutputError(str(err)) from err
