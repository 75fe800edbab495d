"""The batch around the stages: scan, read, interpret, check, publish."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import OutputError
from pipeline.model import Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.one import Extraction, Row, failed, process
from pipeline.run.summary import Summary, summarise

if TYPE_CHECKING:
    import pyarrow as pa

#: So many documents become one Arrow table before the next are read.
CHUNK = 200
_PROBLEMS = {
    "form_id": "string",
    "dataset": "string",
    "row_index": "int32",
    "field": "string",
    "cell_id": "string",
    "text": "string",
    "message": "string",
}

Progress = Callable[[int, str, str], None]


@dataclass(slots=True)
class Collected:
    """Rows on their way to the writer: a short list of dicts, and the Arrow tables of the chunks before."""

    rulebook: Rulebook
    rows: dict[str, list[Row]] = field(default_factory=dict)
    problems: list[Row] = field(default_factory=list)
    parts: dict[str, list["pa.Table"]] = field(default_factory=dict)
    documents: list[Row] = field(default_factory=list)
    waiting: int = 0

    def add(self, extraction: Extraction) -> None:
        """Take the rows of one document."""
        for dataset, rows in extraction.rows.items():
            if dataset == "documents":
                self.documents.extend(rows)
            else:
                self.rows.setdefault(dataset, []).extend(rows)
        self.problems.extend(extraction.problems)
        self.waiting += 1
        if self.waiting >= CHUNK:
            self.pack()

    def pack(self) -> None:
        """Turn the waiting rows into Arrow tables."""
        from pipeline.writers.parquet import to_table

        for dataset, rows in self.rows.items():
            self.parts.setdefault(dataset, []).append(to_table(dataset, rows, self.rulebook.fields))
        self.rows, self.waiting = {}, 0

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

    from pipeline.writers.columns import arrow_type, column

    kinds = {name: arrow_type(kind) for name, kind in _PROBLEMS.items()}
    arrays = [column([row[name] for row in problems], kind) for name, kind in kinds.items()]
    return pa.Table.from_arrays(arrays, names=list(kinds))


def with_checks(
    tables: dict[str, "pa.Table"], problems: Sequence[Row], rulebook: Rulebook
) -> dict[str, "pa.Table"]:
    """Return the tables with ``checks`` filled: one row per form and check."""
    from pipeline.checks import run as run_checks
    from pipeline.writers.parquet import to_table

    rows = run_checks({**tables, "problems": problem_table(problems)}, rulebook.checks)
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
    read_options: Mapping[str, Any] | None = None,
) -> Summary:
    """Read every document of the inputs and publish the datasets; return what happened.

    RuleError before the first document where the rules are wrong, SourceError where an input does not
    exist, StoreError where the workspace cannot be written; a document that fails is a row, not an error.
    """
    from pipeline.sources import Refusal, Scan
    from pipeline.store import Workspace
    from pipeline.writers.parquet import write_tables

    index = Index(load_rulebook(rules))
    rulebook = index.rulebook
    scan = Scan(inputs, skip=(workspace,))
    collected = Collected(rulebook)
    readers: set[str] = set()
    store = Workspace(workspace)
    with store.lock():
        for number, found in enumerate(scan):
            if isinstance(found, Refusal):
                extraction = failed(found.document_id, found.media_type, found.size, found.error, found.path)
            else:
                extraction = process(found, index)
            reader = extraction.rows["documents"][0]["reader"]
            readers |= {str(reader)} if reader else set()
            collected.add(extraction)
            if progress is not None:
                path = found.path if isinstance(found, Refusal) else found.paths[0]
                progress(number + 1, path, extraction.status)
        tables = with_checks(collected.tables(scan.paths), collected.problems, rulebook)
        staged = store.staging()
        files = write_tables(tables, rulebook.fields, staged)
        manifest = {
            "rulebook": rulebook.digest,
            "rules": dict(rulebook.files),
            "readers": sorted(readers),
        }
        snapshot = store.publish(files, staged, manifest)
    return summarise(tables, snapshot, tuple(scan.notices))


def datasets(
    extractions: Iterable[Extraction], paths: Mapping[str, Sequence[str]], index: Index
) -> dict[str, "pa.Table"]:
    """Return the seven datasets of some documents as Arrow tables, nothing written to disk."""
    collected = Collected(index.rulebook)
    for extraction in extractions:
        collected.add(extraction)
    try:
        return with_checks(collected.tables(paths), collected.problems, index.rulebook)
    except ValueError as err:
        raise OutputError(str(err)) from err
