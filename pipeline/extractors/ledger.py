"""Claims -> the ledger: every non-empty cell once, with what it is; what nobody claims is ``unmatched``.

Both datasets come as columns and not as rows: there is a row for every cell, and a dict for each would cost
more than all that is found out about it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter

from pipeline.model import Claim, Columns, Document, Form, Grid, Key, Use, Yield, place

_UNMATCHED = Claim("unmatched")
_ACCOUNTED = frozenset({"label", "value", "header"})
_CLAIM = ("role", "field", "match", "rule", "reason")
_CELL = ("row", "col", "row_span", "col_span", "text", "page", "bbox", "locator", "confidence")
_USE = ("dataset", "row_index", "field")
_MARK = itemgetter(*map(Use._fields.index, (*_USE, "key")))


def form_id(document: Document, form: Form) -> str:
    """Return the form's id: 16 hex digits of its document and its number in the document."""
    return f"{document.document_id[:16]}-{form.index:03d}"


def cell_id(document: Document, key: Key) -> str:
    """Return the ledger's id of a cell: ``document_id[:16]/grid/row/col``."""
    return f"{document.document_id[:16]}/{key[0]}/{key[1]}/{key[2]}"


class CellIds(dict[Key, str]):
    """Cell -> its id in the ledger, written once for all that name the cell."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def __missing__(self, key: Key) -> str:
        found = self[key] = cell_id(self._document, key)
        return found

    def of_grid(self, keys: Sequence[Key], rows: Iterable[int], cols: Iterable[int]) -> list[str]:
        """Return the ids of one grid's cells; what those of a row share is written once."""
        head = f"{self._document.document_id[:16]}/{keys[0][0]}/"
        heads = {row: f"{head}{row}/" for row in set(rows)}
        ids = [heads[row] + str(col) for row, col in zip(rows, cols, strict=True)]
        self.update(zip(keys, ids, strict=True))
        return ids


def ledger(document: Document, forms: Sequence[tuple[Form, Yield]], ids: CellIds | None = None) -> Columns:
    """Return ``cells`` by column: paragraphs that feed a form, then every non-empty cell of every table.

    ``fiscal_year`` is not among them; ``bbox`` is a tuple of four numbers or None. ``ids`` keeps the ids that
    are written for the ``lineage``, which names the same cells.
    """
    owner: dict[int, dict[int, str]] = {}
    claims: dict[Key, Claim] = {}
    feeding: dict[Key, str] = {}
    for form, found in forms:
        name = form_id(document, form)
        for line in form.lines:
            owner.setdefault(line.grid, {})[line.row] = name
        for key, claim in found.claims.items():
            claims.setdefault(key, claim)
            if key[0] < 0:
                feeding.setdefault(key, name)
    ids = CellIds(document) if ids is None else ids
    columns: Columns = {name: [] for name in ("cell_id", "document_id", "form_id", "grid", *_CELL, *_CLAIM)}
    _blocks(document, feeding, claims, columns)
    for grid in document.grids:
        _cells(document, grid, owner.get(grid.index, {}), claims, columns, ids)
    return columns


def _blocks(
    document: Document, feeding: Mapping[Key, str], claims: Mapping[Key, Claim], columns: Columns
) -> None:
    for block in document.blocks if feeding else ():
        key = (-1, block.order, 0)
        if key not in feeding:
            continue
        seen = (block.order, 0, 1, 1, block.text, block.page, block.bbox, block.locator or None, None)
        for name, value in zip((*_CELL, *_CLAIM), (*seen, *claims[key]), strict=True):
            columns[name].append(value)
        columns["cell_id"].append(cell_id(document, key))
        columns["document_id"].append(document.document_id)
        columns["form_id"].append(feeding[key])
        columns["grid"].append(-1)


def _cells(
    document: Document,
    grid: Grid,
    owner: Mapping[int, str],
    claims: Mapping[Key, Claim],
    columns: Columns,
    ids: CellIds,
) -> None:
    cells = [cell for cell in grid.cells if cell.text.strip()]
    if not cells:
        return
    seen = list(zip(*cells, strict=True))
    keys = list(zip(repeat(grid.index), seen[0], seen[1], strict=False))
    if grid.page is not None:
        seen[5] = tuple(grid.page if page is None else page for page in seen[5])
    if grid.origin is not None or any(seen[7]):
        seen[7] = tuple(place(grid, cell) or None for cell in cells)
    else:
        seen[7] = (grid.locator or None,) * len(cells)
    for name, values in zip(_CELL, seen, strict=True):
        columns[name] += values
    claimed = zip(*map(claims.get, keys, repeat(_UNMATCHED)), strict=True)
    for name, values in zip(_CLAIM, claimed, strict=True):
        columns[name] += values
    columns["cell_id"] += ids.of_grid(keys, seen[0], seen[1])
    columns["document_id"] += repeat(document.document_id, len(cells))
    columns["form_id"] += map(owner.get, seen[0])
    columns["grid"] += repeat(grid.index, len(cells))


def lineage(document: Document, form: Form, found: Yield, ids: CellIds | None = None) -> Columns:
    """Return ``lineage`` by column: one row per use of a cell, each use once; ``fiscal_year`` is not among them."""
    uses = found.uses
    if len(set(map(_MARK, uses))) < len(uses):
        first: dict[object, Use] = {}
        for use in uses:
            first.setdefault(_MARK(use), use)
        uses = list(first.values())
    seen = list(zip(*uses, strict=True)) or [()] * len(Use._fields)
    columns: Columns = {"form_id": [form_id(document, form)] * len(uses)}
    columns |= {name: list(values) for name, values in zip(_USE, seen, strict=False)}
    ids = CellIds(document) if ids is None else ids
    columns["cell_id"] = [ids[key] for key in seen[3]]
    columns["rule"] = list(seen[4])
    return columns


def coverage(form: Form, found: Yield) -> float | None:
    """Return the share of the form's non-empty cells that are a label, a value or a header."""
    known = {key for key, claim in found.claims.items() if claim.role in _ACCOUNTED}
    cells = [
        (line.grid, cell.row, cell.col)
        for line in form.lines
        for cell in form.lattices[line.grid].printed(line.row)
    ]
    return sum([key in known for key in cells]) / len(cells) if cells else None
