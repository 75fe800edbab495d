"""Claims -> the ledger: every non-empty cell once, with what it is; what nobody claims is ``unmatched``."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.model import Claim, Document, Form, Key, Yield, place

Row = dict[str, object]

_UNMATCHED = Claim("unmatched")
_ACCOUNTED = frozenset({"label", "value", "header"})


def form_id(document: Document, form: Form) -> str:
    """Return the form's id: 16 hex digits of its document and its number in the document."""
    return f"{document.document_id[:16]}-{form.index:03d}"


def cell_id(document: Document, key: Key) -> str:
    """Return the ledger's id of a cell: ``document_id[:16]/grid/row/col``."""
    return f"{document.document_id[:16]}/{key[0]}/{key[1]}/{key[2]}"


def ledger(document: Document, forms: Sequence[tuple[Form, Yield]]) -> Iterator[dict[str, object]]:
    """Yield the rows of ``cells``: paragraphs that feed a form, then every non-empty cell of every table."""
    owner: dict[tuple[int, int], str] = {}
    claims: dict[Key, Claim] = {}
    feeding: dict[Key, str] = {}
    for form, found in forms:
        name = form_id(document, form)
        for line in form.lines:
            owner[line.grid, line.row] = name
        for key, claim in found.claims.items():
            claims.setdefault(key, claim)
            if key[0] < 0:
                feeding.setdefault(key, name)
    at: Row
    for block in document.blocks:
        key = (-1, block.order, 0)
        if key in feeding:
            at = {"page": block.page, "bbox": block.bbox, "locator": block.locator, "confidence": None}
            yield _row(document, key, feeding[key], block.text, (1, 1), at, claims[key])
    for grid in document.grids:
        for cell in grid.cells:
            if not cell.text.strip():
                continue
            key = (grid.index, cell.row, cell.col)
            at = {
                "page": cell.page if cell.page is not None else grid.page,
                "bbox": cell.bbox,
                "locator": place(grid, cell),
                "confidence": cell.confidence,
            }
            name_or_none = owner.get((grid.index, cell.row))
            claim = claims.get(key, _UNMATCHED)
            yield _row(document, key, name_or_none, cell.text, (cell.row_span, cell.col_span), at, claim)


def _row(
    document: Document,
    key: Key,
    form: str | None,
    text: str,
    spans: tuple[int, int],
    at: Mapping[str, object],
    claim: Claim,
) -> dict[str, object]:
    bbox = at["bbox"]
    return {
        "cell_id": cell_id(document, key),
        "document_id": document.document_id,
        "form_id": form,
        "grid": key[0],
        "row": key[1],
        "col": key[2],
        "row_span": spans[0],
        "col_span": spans[1],
        "page": at["page"],
        "bbox": list(bbox) if isinstance(bbox, tuple) else None,
        "locator": at["locator"] or None,
        "text": text,
        "role": claim.role,
        "reason": claim.reason,
        "field": claim.field,
        "match": claim.match,
        "rule": claim.rule,
        "confidence": at["confidence"],
    }


def lineage(document: Document, form: Form, found: Yield) -> Iterator[dict[str, object]]:
    """Yield the rows of ``lineage``: one per use of a cell, each use once."""
    seen: set[tuple[str, int | None, str, Key]] = set()
    for use in found.uses:
        mark = (use.dataset, use.row_index, use.field, use.key)
        if mark in seen:
            continue
        seen.add(mark)
        yield {
            "form_id": form_id(document, form),
            "dataset": use.dataset,
            "row_index": use.row_index,
            "field": use.field,
            "cell_id": cell_id(document, use.key),
            "rule": use.rule,
        }


def coverage(form: Form, found: Yield) -> float | None:
    """Return the share of the form's non-empty cells that are a label, a value or a header."""
    total = accounted = 0
    for line in form.lines:
        lattice = form.lattices[line.grid]
        for cell in lattice.starting(line.row):
            if cell.text.strip():
                total += 1
                accounted += found.claims.get(lattice.key(cell), _UNMATCHED).role in _ACCOUNTED
    return accounted / total if total else None
