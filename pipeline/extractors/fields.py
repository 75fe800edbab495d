"""Fields sections: a label with its value in the same cell, right of it or below it."""

from collections.abc import Iterator

from pipeline.extractors.typed import Sink
from pipeline.model import Cell, Claim, Form, Hit, Key, Lattice, Problem, Section, Yield
from pipeline.rulebook.index import Index

#: A head is no longer; the prose below one is.
_LONGEST_HEAD = 14
_INSTRUCTIONS = "instructions"


def extract(form: Form, section: Section, out: Yield, index: Index) -> None:
    """Fill the form's fields from the section's labels; the first label with a value wins."""
    sink = Sink(out, index, out.forms, form.lattices)
    names = {hit.key for hit in form.labels} | set(form.headers)
    for hit in sorted((hit for hit in form.labels if hit.section.name == section.name), key=_preference):
        claim = Claim("label", hit.rule.field, hit.how, hit.spelling.place)
        if hit.inline is not None:
            out.claims[hit.key] = Claim("value", hit.rule.field, hit.how, hit.spelling.place)
            sink.put(hit.rule.field, hit.inline, (hit.key,), hit.spelling.place)
            continue
        out.claims[hit.key] = claim
        if out.forms.get(hit.rule.field) is not None:
            continue
        cells = _value(form, hit, names)
        if not cells:
            continue
        lattice = form.lattices[hit.key[0]]
        keys = tuple(lattice.key(cell) for cell in cells)
        text = "\n".join(cell.text for cell in cells)
        hint = index.word(_INSTRUCTIONS, text)
        if hint is not None:
            message = "a hint of the form left where a value should stand: not taken"
            out.problems.append(Problem("forms", None, hit.rule.field, keys[0], text, message))
            out.claims.update(
                (key, Claim("ignored", None, None, hint[1].place, "instruction")) for key in keys
            )
            continue
        for key in keys:
            out.claims.setdefault(key, Claim("value", None, hit.how, hit.spelling.place))
        sink.put(hit.rule.field, text, keys, hit.spelling.place)


def _value(form: Form, hit: Hit, names: set[Key]) -> tuple[Cell, ...]:
    """Return the cells that hold a label's value: right of it, unless a label stands there; else below it."""
    lattice = form.lattices[hit.key[0]]
    label = lattice.at(hit.key[1], hit.key[2])
    if label is None:
        return ()
    if hit.rule.value == "right" or (
        hit.rule.value == "auto" and not _names_columns(form, lattice, label, names)
    ):
        beside = tuple(_right(lattice, label))
        if len(beside) == 1 and _heads(lattice, label, beside[0], names):
            return tuple(cell for cell in _below(lattice, label, names) if cell.text.strip())
        if beside and not any(lattice.key(cell) in names for cell in beside):
            return tuple(cell for cell in beside if cell.text.strip())
        pairs = {other.key for other in form.labels if other.inline is not None}
        if any(
            lattice.key(cell) in pairs for cell in beside
        ):  # where labels hold their values, this one holds none
            return ()
        if hit.rule.value == "right" or (beside and _names_block(hit)):
            return ()
    below = tuple(_below(lattice, label, names))
    return tuple(cell for cell in below if cell.text.strip())


def _heads(lattice: Lattice, label: Cell, beside: Cell, names: set[Key]) -> bool:
    """Say whether a short text beside a label is an unknown head like it: each has a longer text right below.

    年度目标 and 年度目标完成情况 over two columns of prose: the second is not what the first one says.
    """
    head = beside.text.strip()
    if (
        not 0 < len(head) <= _LONGEST_HEAD
        or lattice.key(beside) in names
        or beside.row_span != label.row_span
    ):
        return False
    for cell in (label, beside):
        under = lattice.at(cell.row + cell.row_span, cell.col)
        if under is None or under.col != cell.col or lattice.key(under) in names:
            return False
        if under.col_span != cell.col_span or len(under.text.strip()) <= _LONGEST_HEAD:
            return False
    return True


def _names_block(hit: Hit) -> bool:
    """Say whether a label is also its section's name: beside other labels it names them and has no value."""
    return any(spelling.key == hit.spelling.key for spelling in hit.section.starts)


def _preference(hit: Hit) -> tuple[str, bool, int]:
    """Order the labels of one field: a table's before a paragraph's, then as the rule lists their spellings."""
    place = next(
        (
            at
            for at, one in enumerate(hit.rule.spellings)
            if one.place == hit.spelling.place and one.text == hit.spelling.text
        ),
        99,
    )
    return hit.rule.field, hit.key[0] < 0, place


def _names_columns(form: Form, lattice: Lattice, label: Cell, names: set[Key]) -> bool:
    """Say whether a label's row is a header: another label of it ends the row and has its value below."""
    for cell in lattice.starting(label.row):
        if cell is label or lattice.key(cell) not in names or lattice.key(cell) in form.headers:
            continue
        under = lattice.at(cell.row + cell.row_span, cell.col)
        below = under is not None and under.text.strip() and lattice.key(under) not in names
        if lattice.right(cell) is None and below and under is not None and under.col >= cell.col:
            return True
    return False


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
        if _under_both(lattice, label, cell, names):
            return
        yield cell
        row = cell.row + cell.row_span


def _under_both(lattice: Lattice, label: Cell, cell: Cell, names: set[Key]) -> bool:
    """Say whether a cell lies under a label and under the label beside it: the next part's name, no value."""
    beside = lattice.right(label)
    if beside is None or lattice.key(beside) not in names:
        return False
    if lattice.spans:
        return cell.col + cell.col_span >= beside.col + beside.col_span
    return len(lattice.starting(cell.row)) == 1


def _continues(lattice: Lattice, row: int, label: Cell, names: set[Key]) -> bool:
    """Say whether a row of a medium without spans goes on under a block's name: it has nothing before the value."""
    if lattice.spans or label.col == 0:
        return False
    cells = lattice.starting(row)
    same = len(cells) == len(lattice.starting(label.row))
    return same and not cells[0].text.strip() and not any(lattice.key(cell) in names for cell in cells)
