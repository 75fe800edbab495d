"""One document in, one extraction out: the rows of every dataset that it feeds."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.extractors import extract
from pipeline.extractors.ledger import CellIds, coverage, form_id, ledger, lineage
from pipeline.matcher import match
from pipeline.model import Columns, Document, Form, Source, Yield
from pipeline.readers import read
from pipeline.rulebook.index import Index

Row = dict[str, object]

#: The errors of documents whose reading process had to be given up.
QUARANTINED = frozenset({"timeout", "memory", "crash"})


@dataclass(slots=True)
class Extraction:
    """The rows of one document by dataset; ``fiscal_year`` in every row is its partition.

    ``lists`` holds the small datasets as rows, ``columns`` those with a row for every cell (``cells``,
    ``lineage``) column by column; ``to_table`` takes either. ``problems`` are printed values that could not
    be typed; ``documents`` lacks the paths, which are known when the whole input has been walked.
    """

    document_id: str
    lists: dict[str, list[Row]] = field(default_factory=dict)
    problems: list[Row] = field(default_factory=list)
    columns: dict[str, Columns] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Return the document's status."""
        return str(self.lists["documents"][0]["status"])

    @property
    def rows(self) -> dict[str, list[Row]]:
        """Return all datasets as rows, made anew: for a look at one document, too slow for an archive."""
        found = dict(self.lists)
        for name, columns in self.columns.items():
            found[name] = [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ]
        return found


def process(source: Source, index: Index) -> Extraction:
    """Read and interpret one source; one that cannot be read gives a ``failed`` document and no more."""
    from pipeline.run.reading import read_source

    path, outcome = source.paths[0], read_source(source).outcome
    if isinstance(outcome, SourceError):
        return failed(source.document_id, source.media_type, source.size, outcome, path)
    return interpret(outcome, index, path, source.size)


def open_document(path: Path) -> Iterator[tuple[str, Document | SourceError]]:
    """Yield (path, document) of a file, of each member where it is an archive; SourceError where one fails."""
    from pipeline.sources import Refusal, Scan

    for found in Scan((path,)):
        if isinstance(found, Refusal):
            yield found.path, found.error
            continue
        try:
            yield found.paths[0], read(found)
        except SourceError as err:
            yield found.paths[0], err


def failed(document_id: str, media_type: str, size: int, err: SourceError, path: str) -> Extraction:
    """Return the extraction of a source that cannot be read: its documents row with code and message."""
    row: Row = {
        "document_id": document_id,
        "size": size,
        "media_type": media_type,
        "reader": None,
        "pages": None,
        "form_count": 0,
        "status": "quarantined" if err.code in QUARANTINED else "failed",
        "error_code": err.code,
        "error_message": err.message(path),
        "fiscal_year": None,
    }
    return Extraction(document_id, {"documents": [row]})


def interpret(document: Document, index: Index, path: str, size: int) -> Extraction:
    """Return the rows of a document by the rules of ``index``; never opens the document again."""
    collecting = gc.isenabled()
    gc.disable()  # a document makes thousands of tuples and no ring; the search for rings took a fifth of the time
    try:
        return _interpret(document, index, path, size)
    finally:
        if collecting:
            gc.enable()


def _interpret(document: Document, index: Index, path: str, size: int) -> Extraction:
    found = [(form, extract(form, index)) for form in match(document, index)]
    result = Extraction(document.document_id)
    years: dict[str | None, object] = {}
    ids = CellIds(document)
    cells = ledger(document, found, ids)
    for form, yielded in found:
        name = form_id(document, form)
        years[name] = yielded.forms.get("fiscal_year")
        _add_form(result, document, form, yielded, index, ids)
    first_year = next((year for year in years.values() if year is not None), None)
    cells["fiscal_year"] = [years.get(owner, first_year) for owner in cells["form_id"]]
    result.columns["cells"] = cells
    status = "partial" if document.problems else ("ok" if found else "no_form")
    message = "; ".join(document.problems)
    result.lists["documents"] = [
        {
            "document_id": document.document_id,
            "size": size,
            "media_type": document.media_type,
            "reader": document.reader,
            "pages": document.pages,
            "form_count": len(found),
            "status": status,
            "error_code": "partial" if document.problems else None,
            "error_message": f"{path}: {message}" if document.problems else None,
            "fiscal_year": first_year,
        }
    ]
    return result


def _add_form(
    result: Extraction, document: Document, form: Form, yielded: Yield, index: Index, ids: CellIds
) -> None:
    name = form_id(document, form)
    year = yielded.forms.get("fiscal_year")
    row: Row = {
        **yielded.forms,
        "form_id": name,
        "document_id": document.document_id,
        "form_index": form.index,
        "form_type": form.rule.name,
        "fiscal_year": year,
        "coverage": coverage(form, yielded),
        "rulebook": index.rulebook.digest,
    }
    result.lists.setdefault("forms", []).append(row)
    for dataset, rows in yielded.rows.items():
        for number, values in enumerate(rows):
            result.lists.setdefault(dataset, []).append(
                {**values, "form_id": name, "row_index": number, "fiscal_year": year}
            )
    uses = lineage(document, form, yielded, ids)
    uses["fiscal_year"] = [year] * len(uses["form_id"])
    known = result.columns.setdefault("lineage", uses)
    if known is not uses:
        for column, more in uses.items():
            known[column] += more
    for problem in yielded.problems:
        result.problems.append(
            {
                "form_id": name,
                "dataset": problem.dataset,
                "row_index": problem.row_index,
                "field": problem.field,
                "cell_id": ids[problem.key],
                "text": problem.text,
                "message": problem.message,
                "kind": problem.kind,
                "fiscal_year": year,
            }
        )
