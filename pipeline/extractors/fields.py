"""Fields sections: a label with its value in the same cell, right of it or below it."""

from collections.abc import Iterator

from pipeline.extractors.typed import Sink, Target
from pipeline.model import Cell, Claim, Form, Hit, Key, Lattice, Section, Yield
from pipeline.rulebook.index import Index


def extract(form: Form, section: Section, out: Yield, index: Index) -> None:
    """Fill the form's fields from the section's labels; the first label with a value wins."""
    sink = Sink(out, index, out.forms, form.lattices)
    names = {hit.key for hit in form.labels} | set(form.headers)
    for hit in form.labels:
        if hit.section.name != section.name:
            continue
        claim = Claim("label", hit.rule.field, hit.how, hit.spelling.place)
        target = Target("forms", None, hit.rule.field, hit.spelling.place)
        if hit.inline is not None:
            out.claims[hit.key] = Claim("value", hit.rule.field, hit.how, hit.spelling.place)
            sink.put(target, hit.inline, (hit.key,))
            continue
        out.claims[hit.key] = claim
        if out.forms.get(hit.rule.field) is not None:
            continue
        cells = _value(form, hit, names)
        if not cells:
            continue
        lattice = form.lattices[hit.key[0]]
        keys = tuple(lattice.key(cell) for cell in cells)
        for key in keys:
            out.claims.setdefault(key, Claim("value", None, hit.how, hit.spelling.place))
        sink.put(target, "\n".join(cell.text for cell in cells), keys)


def _value(form: Form, hit: Hit, names: set[Key]) -> tuple[Cell, ...]:
    """Return the cells that hold a label's value: right of it, unless a label stands there; else below it."""
    lattice = form.lattices[hit.key[0]]
    label = lattice.at(hit.key[1], hit.key[2])
    if label is None:
        return ()
    if hit.rule.value in ("auto", "right"):
        beside = tuple(_right(lattice, label))
        if beside and not any(lattice.key(cell) in names for cell in beside):
            return tuple(cell for cell in beside if cell.text.strip())
        if hit.rule.value == "right":
            return ()
    below = tuple(_below(lattice, label, names))
    return tuple(cell for cell in below if cell.text.strip())


def _right(lattice: Lattice, label: Cell) -> Iterator[Cell]:
    """Yield the cells right of a label, one per row that the label spans."""
    seen: set[Cell] = set()
    for row in range(label.row, label.row + label.row_span):
        cell = lattice.at(row, label.col + label.col_span)
        if cell is not None and cell not in seen:
            seen.add(cell)
            yield cell


def _below(lattice: Lattice, label: Cell, names: set[Key]) -> Iterator[Cell]:
    """Yield the cells under a label, as many rows as the block's name to the left of it spans."""
    row = label.row + label.row_span
    last = row
    left = lattice.at(label.row, 0)
    if left is not None and lattice.key(left) in names and left is not label:
        last = max(last, left.row + left.row_span - 1)
    while row <= last or _continues(lattice, row, label, names):
        cell = lattice.at(row, label.col)
        if cell is None or lattice.key(cell) in names:
            return
        if cell.col < label.col and cell.col_span > label.col_span:
            return
        yield cell
        row = cell.row + cell.row_span


def _continues(lattice: Lattice, row: int, label: Cell, names: set[Key]) -> bool:
    """Say whether a row of a medium without spans goes on under a block's name: it has nothing before the value."""
    if lattice.spans or label.col == 0:
        return False
    cells = lattice.starting(row)
    same = len(cells) == len(lattice.starting(label.row))
    return same and not cells[0].text.strip() and not any(lattice.key(cell) in names for cell in cells)
