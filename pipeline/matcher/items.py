"""A document as one sequence of items in reading order, cut into the stretches that may hold a form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.model import Block, Cell, Document, FormRule, Key, Lattice, Line, Spelling
from pipeline.rulebook.index import FormIndex, Index
from pipeline.text.labels import fold

#: So many heads on one row show that a table was seen.
FEWEST_HEADS = 3

#: So many rows below a title its first label is looked for.
_NEAR = 9


@dataclass(frozen=True, slots=True)
class Title:
    """A printed title: the form type that claims it, its text and its cell."""

    rule: FormRule
    spelling: Spelling
    text: str
    key: Key


Item = Block | Line


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of items that may hold one form, with the title that opens it, if any."""

    title: Title | None
    items: tuple[Item, ...]


def reading_order(document: Document, lattices: Sequence[Lattice]) -> list[Item]:
    """Return blocks and grid rows in the order in which a person reads them."""
    items: list[Item] = []
    blocks = list(document.blocks)
    at = 0
    for lattice in lattices:
        while at < len(blocks) and blocks[at].before_grid <= lattice.index:
            items.append(blocks[at])
            at += 1
        items.extend(Line(lattice.index, row) for row in sorted(lattice.lines))
    items.extend(blocks[at:])
    return items


def only_cell(lattice: Lattice, row: int) -> Cell | None:
    """Return the one cell with text that starts on a row, None where there are none or several."""
    full = lattice.printed(row)
    return full[0] if len(full) == 1 else None


def cut(items: Sequence[Item], lattices: Sequence[Lattice], index: Index) -> Iterator[Stretch]:
    """Yield the stretches between titles; what comes before the first title is a stretch without one."""
    title: Title | None = None
    start = 0
    for at, item in enumerate(items):
        found = _title(item, lattices, index)
        if found is None or (title is not None and _goes_on(title, found, items, start, at, lattices, index)):
            continue
        if at > start:
            yield Stretch(title, tuple(items[start:at]))
        title, start = found, at
    if start < len(items):
        yield Stretch(title, tuple(items[start:]))


def _goes_on(
    title: Title,
    again: Title,
    items: Sequence[Item],
    start: int,
    at: int,
    lattices: Sequence[Lattice],
    index: Index,
) -> bool:
    """Say whether a title printed again is the head of a form's next page: its first label does not come again."""
    if fold(title.text) != fold(again.text):
        return False
    first = _first_label(items[start:at], lattices, index.forms[title.rule.name])
    return first is not None and first != _first_label(
        items[at : at + _NEAR], lattices, index.forms[title.rule.name]
    )


def _first_label(items: Sequence[Item], lattices: Sequence[Lattice], labels: FormIndex) -> str | None:
    """Return the field of the first label among rows."""
    for item in items:
        for cell in lattices[item.grid].printed(item.row) if isinstance(item, Line) else ():
            fields = labels.look(cell.text).fields
            if fields is not None:
                return fields.rule.field
    return None


def _title(item: Item, lattices: Sequence[Lattice], index: Index) -> Title | None:
    if isinstance(item, Block):
        text, key = item.text, (-1, item.order, 0)
    else:
        lattice = lattices[item.grid]
        cell = only_cell(lattice, item.row)
        if cell is None:
            return None
        text, key = cell.text, lattice.key(cell)
    found = index.title(text)
    return Title(found[0], found[1], text, key) if found else None


def label_rows(stretch: Stretch, lattices: Sequence[Lattice], index: Index) -> list[list[str]]:
    """Return the texts that some label may be of each row that has two or more: a table's head is among them."""
    idle = index.screen.idle
    found: list[list[str]] = []
    for item in stretch.items:
        if isinstance(item, Line):
            texts = [cell.text for cell in lattices[item.grid].printed(item.row) if not idle(cell.text)]
            if len(texts) > 1:
                found.append(texts)
    return found


def may_show(rows: Sequence[Sequence[str]], labels: FormIndex) -> bool:
    """Say whether rows may hold the evidence of a form type: a head of two columns, where it needs a table."""
    if not labels.needs_head:
        return True
    for texts in rows:
        sections = [name for text in texts for name in labels.look(text).columns]
        if len(sections) > len(set(sections)):
            return True
    return False


def split_repeats(stretch: Stretch, lattices: Sequence[Lattice], labels: FormIndex) -> Iterator[Stretch]:
    """Cut a stretch where its first label comes again below a table: the next form, printed without a title."""
    first: str | None = None
    table_seen = False
    start = 0
    title = stretch.title
    for at, item in enumerate(stretch.items):
        if isinstance(item, Block):
            continue
        full = lattices[item.grid].printed(item.row)
        looks = [labels.look(cell.text) for cell in (full[:2] if table_seen else full)]
        table_seen = table_seen or sum([bool(look.columns) for look in looks]) >= FEWEST_HEADS
        field = looks[0].fields.rule.field if looks and looks[0].fields else None
        if field is None or (looks[0].columns and len(full) > 2 and looks[1].columns):
            continue
        if first is None:
            first = field
        elif field == first and table_seen:
            begin = at  # what is printed just above the table belongs to the form below
            while begin > start and isinstance(stretch.items[begin - 1], Block):
                begin -= 1
            yield Stretch(title, stretch.items[start:begin])
            start, table_seen, title = begin, False, None
    yield Stretch(title, stretch.items[start:])
