"""Turn the tables and texts that were met in a page into grids and blocks."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.model import Block, Cell, Grid

# The HTML standard's own limits (section 4.9.11, "The colspan attribute" and "The rowspan attribute").
_MAX_COL_SPAN = 1000
_MAX_ROW_SPAN = 65_534
# As many columns as any office program has; cells beyond them take one place each.
_MAX_COLUMNS = 16_384
_LONG_SEARCH = 8
_NEVER = 1 << 62
# A wider span means "all columns"; it does not add columns to a table that has fewer.
_WIDENING_SPAN = 20
# Hidden tables with this many full cells may be a form: leaving them out is told.
_HIDDEN_CELLS_TOLD = 12


@dataclass(slots=True, eq=False)
class RawCell:
    """A td or th as written; ``text`` are its own paragraphs, one a line, without those of tables inside it."""

    table: "RawTable"
    row_span: int
    col_span: int
    text: str = ""


@dataclass(slots=True, eq=False)
class RawTable:
    """A table as written: its row groups with their rows; ``host`` is the cell that it stands in."""

    number: int
    host: RawCell | None
    groups: list[tuple[str, list[list[RawCell]]]] = field(default_factory=list)
    has_inner: bool = False

    def cells(self) -> Iterator[RawCell]:
        """Yield all cells in source order."""
        return (cell for _, rows in self.groups for row in rows for cell in row)


@dataclass(slots=True, eq=False)
class Page:
    """One page: its tables in order of their start tags, hosts before the tables inside them.

    ``pieces`` are all paragraphs in reading order: the cell that each stands in, its text and the number of
    tables begun before it.
    """

    name: str = ""
    tables: list[RawTable] = field(default_factory=list)
    pieces: list[tuple[RawCell | None, str, int]] = field(default_factory=list)
    hidden_cells: int = 0


def assemble(pages: Sequence[Page]) -> tuple[tuple[Grid, ...], tuple[Block, ...], tuple[str, ...]]:
    """Return the grids, blocks and problems of pages that make one document, numbered through.

    A table whose rows hold at most one text each beside the tables inside them only serves layout: it is no
    grid and its texts are blocks between those tables. Every other host keeps its own text in its cells.
    """
    grids: list[Grid] = []
    blocks: list[Block] = []
    for page in pages:
        _assemble_page(page, grids, blocks)
    problems = tuple(
        f"{page.name + ': ' if page.name else ''}hidden tables left out: {page.hidden_cells} full cells"
        for page in pages
        if page.hidden_cells >= _HIDDEN_CELLS_TOLD
    )
    return tuple(grids), tuple(blocks), problems


def _assemble_page(page: Page, grids: list[Grid], blocks: list[Block]) -> None:
    for cell, text, _ in page.pieces:
        if cell is not None:
            cell.text = f"{cell.text}\n{text}" if cell.text else text
    homes = _homes(page.tables)
    if homes:
        _move_texts(page, homes)
    kept_before = [len(grids)]
    for table in page.tables:
        kept = table not in homes and any(True for _ in table.cells())
        if kept:
            locator = f"{page.name} table {table.number}" if page.name else f"table {table.number}"
            grids.append(Grid(index=len(grids), cells=tuple(place(table)), locator=locator))
        kept_before.append(len(grids))
    locator = page.name
    for cell, text, begun in page.pieces:
        if cell is None or (homes and _home(cell, homes) is None):
            blocks.append(Block(text, order=len(blocks), before_grid=kept_before[begun], locator=locator))


def _homes(tables: list[RawTable]) -> dict[RawTable, RawCell | None]:
    """Return layout table -> the cell of a real table that it stands in, None outside all of them."""
    homes: dict[RawTable, RawCell | None] = {}
    for table in tables:
        if table.has_inner and all(
            sum(1 for cell in row if cell.text) <= 1 for _, rows in table.groups for row in rows
        ):
            host = table.host
            homes[table] = homes.get(host.table, host) if host is not None else None
    return homes


def _home(cell: RawCell, homes: dict[RawTable, RawCell | None]) -> RawCell | None:
    """Return the cell of a real table that a text belongs to, None for a block."""
    return homes.get(cell.table, cell)


def _move_texts(page: Page, homes: dict[RawTable, RawCell | None]) -> None:
    """Give the texts of layout tables inside real cells to those cells, in reading order."""
    moved: dict[RawCell, list[str]] = defaultdict(list)
    for cell, text, _ in page.pieces:
        if cell is not None and (home := _home(cell, homes)) is not None:
            moved[home].append(text)
    for home, lines in moved.items():
        home.text = "\n".join(lines)


def place(table: RawTable) -> list[Cell]:
    """Return the cells of a table at their places, by the HTML standard's table model, row by row.

    A cell takes the first free column of its row and ends at the end of its row group at the latest, as
    browsers draw it. Where spans overlap, the later cell is cut, so that no place belongs to two cells.
    """
    placed: list[tuple[int, int, int, int, RawCell]] = []
    top = 0
    for rows in _groups_in_order(table):
        _place_group(rows, top, placed)
        top += len(rows)
    width = max((col + (span if span <= _WIDENING_SPAN else 1) for _, col, _, span, _ in placed), default=0)
    new = tuple.__new__  # half the time of calling Cell
    return [
        new(Cell, (row, col, row_span, min(col_span, width - col), raw.text, None, None, "", None))
        for row, col, row_span, col_span, raw in placed
    ]


def _groups_in_order(table: RawTable) -> list[list[list[RawCell]]]:
    """Return the row groups as they are shown: the first head on top, the first foot at the bottom."""
    kinds = [kind for kind, _ in table.groups]
    order = list(range(len(kinds)))
    if "thead" in kinds[1:] and kinds[0] != "thead":
        first = kinds.index("thead")
        order.remove(first)
        order.insert(0, first)
    if "tfoot" in kinds[:-1]:
        first = kinds.index("tfoot")
        order.remove(first)
        order.append(first)
    return [table.groups[number][1] for number in order]


def _place_group(
    rows: list[list[RawCell]], top: int, placed: list[tuple[int, int, int, int, RawCell]]
) -> None:
    """Add the cells of one row group to ``placed``."""
    bottom = top + len(rows)
    taken = _Taken()
    for row, cells in enumerate(rows, top):
        col = 0
        for raw in cells:
            busy = taken.last > row
            col_span = raw.col_span
            if busy:
                col = taken.first_free(row, col)
                if col_span > 1:
                    col_span = _free_run(taken.until, row, col, col_span)
            if col + col_span > _MAX_COLUMNS:
                col_span = 1
            row_span = min(raw.row_span or bottom, bottom - row)
            if row_span > 1:
                if col < _MAX_COLUMNS:
                    taken.mark(row + row_span, col, col_span)
                else:
                    row_span = 1
            placed.append((row, col, row_span, col_span, raw))
            col += col_span


class _Taken:
    """The columns that cells of earlier rows still reach into.

    Column c is free from row ``until[c]`` on; before that the next one to look at is ``skip[c]``. ``shortcuts``
    remember long searches: start -> (first free column, the row up to which that holds).
    """

    def __init__(self) -> None:
        self.until: list[int] = []
        self.skip: list[int] = []
        self.shortcuts: dict[int, tuple[int, int]] = {}
        self.last = 0

    def mark(self, until: int, col: int, span: int) -> None:
        """Take ``span`` columns from ``col`` on, up to row ``until``."""
        end = col + span
        if len(self.until) < end:
            self.until.extend([0] * (end - len(self.until)))
            self.skip.extend([0] * (end - len(self.skip)))
        self.until[col:end] = [until] * span
        self.skip[col:end] = [end] * span
        self.last = max(self.last, until)

    def first_free(self, row: int, start: int) -> int:
        """Return the first column from ``start`` on that is free in a row."""
        until, skip = self.until, self.skip
        known = self.shortcuts.get(start)
        if known is not None and row < known[1]:
            start, low = known
        else:
            low = _NEVER
        col, steps = start, 0
        while col < len(until) and until[col] > row:
            low = min(low, until[col])
            col = skip[col]
            steps += 1
        if steps > _LONG_SEARCH:
            self.shortcuts[start] = (col, low)
        return col


def _free_run(until: list[int], row: int, col: int, wanted: int) -> int:
    """Return how many columns are free from ``col`` on, at most ``wanted``."""
    for taken in range(col + 1, min(col + wanted, len(until))):
        if until[taken] > row:
            return taken - col
    return wanted


def col_span_of(value: str | None) -> int:
    """Return the columns that a colspan attribute means: 1 where it is no positive integer, 1000 at most."""
    return min(_number(value) or 1, _MAX_COL_SPAN)


def row_span_of(value: str | None) -> int:
    """Return the rows that a rowspan attribute means; 0 is "to the end of the row group"."""
    number = _number(value)
    return 1 if number is None else min(number, _MAX_ROW_SPAN)


def _number(value: str | None) -> int | None:
    """Return a non-negative integer by the HTML standard's rules: blanks, a plus, digits, any rest."""
    if value is None:
        return None
    text = value.strip(" \t\n\r\f").removeprefix("+")
    digits = ""
    for char in text[:10]:
        if char not in "0123456789":
            break
        digits += char
    return int(digits) if digits else None
