"""Level names that a page break tears: the first part above it, the rest in a cell of its own below it."""

from itertools import pairwise

from pipeline.model import Cell, Column, Form, Key, Table
from pipeline.rulebook.index import Index

#: Cell -> the whole name and the cells that hold its parts.
Torn = dict[Key, tuple[str, tuple[Key, ...]]]


def torn_names(form: Form, table: Table, index: Index) -> Torn:
    """Return the names of which a page holds a part only, for each of the cells that hold the parts.

    Evidence is the vocabulary of the level: it knows the two parts as one name and does not know the second
    alone. Geometry cannot tell a torn name from two names in a narrow column.
    """
    vocabularies = {source: vocabulary for _, source, vocabulary in table.section.codes}
    found: Torn = {}
    grids = {line.grid for line in table.lines}
    if len(set().union(*(form.lattices[grid].pages for grid in grids))) < 2:
        return found
    for column in table.columns:
        vocabulary = vocabularies.get(column.rule.field)
        if vocabulary is None:
            continue
        cells = _printed(form, table, column)
        for (key, above), (next_key, below) in pairwise(cells):
            if not _turns_page(above, below) or index.word(vocabulary, below.text) is not None:
                continue
            whole = above.text + below.text
            known, before = index.word(vocabulary, whole), index.word(vocabulary, above.text)
            if known is not None and (before is None or before[0] == known[0]):
                found[key] = found[next_key] = (whole, (key, next_key))
    return found


def _printed(form: Form, table: Table, column: Column) -> list[tuple[Key, Cell]]:
    """Return the cells of a column that hold text, from top to bottom."""
    cells: dict[Key, Cell] = {}
    for line in table.lines:
        lattice = form.lattices[line.grid]
        for cell in lattice.covering(line.row, column.start, column.end) if lattice.spans else ():
            if cell.text.strip():
                cells.setdefault(lattice.key(cell), cell)
    return list(cells.items())


def _turns_page(above: Cell, below: Cell) -> bool:
    return above.page is not None and below.page is not None and below.page > above.page
