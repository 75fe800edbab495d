"""Grids and blocks out of WordprocessingML events, whoever tokenizes the XML.

Two tokenizers feed one builder, so the rules of tables (spans, merges, nesting) stand here once. The caller
announces tables, rows, cells, paragraphs and text boxes, sets ``span``, ``merge``, ``beside`` and ``col`` as
it meets them, and appends strings to ``text``.
"""

from dataclasses import dataclass, field

from pipeline.model import Block, Cell, Grid

MAX_COLUMN = 1023  # Word stops at 63; more is damage, and a dense grid must not explode

Frame = tuple["Table | None", int, int, int, str, bool, list[str], int, bool]


@dataclass(slots=True)
class Table:
    """A table in the making; a cell is row, col, row_span, col_span, text; ``above`` the merge by column."""

    locator: str
    cells: list[list[int | str]] = field(default_factory=list)
    above: dict[int, list[int | str]] = field(default_factory=dict)


class GridBuilder:
    """Collect tables and paragraphs of one or more parts, in document order."""

    __slots__ = (
        "_frames",
        "_paragraphs_outside",
        "_part",
        "_tables_in_part",
        "beside",
        "blocks",
        "col",
        "joined",
        "merge",
        "paragraphs",
        "row",
        "span",
        "table",
        "tables",
        "text",
    )

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.blocks: list[tuple[str, int, str]] = []
        self._frames: list[Frame] = []
        self.begin_part("")

    def begin_part(self, part: str) -> None:
        """Start the next part; table and paragraph numbers of locators begin anew."""
        self._part = part
        self._tables_in_part = 0
        self._paragraphs_outside = 0
        self._reset(None)

    def _reset(self, table: Table | None) -> None:
        self.table = table
        self.row, self.col, self.span, self.merge, self.beside = -1, 0, 1, "", False
        self.text: list[str] = []
        self.paragraphs = 0
        self.joined = False

    def _push(self, table: Table | None) -> None:
        self._frames.append(
            (
                self.table,
                self.row,
                self.col,
                self.span,
                self.merge,
                self.beside,
                self.text,
                self.paragraphs,
                self.joined,
            )
        )
        self._reset(table)

    def _pop(self) -> None:
        (
            self.table,
            self.row,
            self.col,
            self.span,
            self.merge,
            self.beside,
            self.text,
            self.paragraphs,
            self.joined,
        ) = self._frames.pop()

    def open_table(self) -> None:
        """Begin a table, nested or not; its number follows the order in which tables begin."""
        if self.table is None:
            self.end_block()
        self._tables_in_part += 1
        table = Table(f"{self._part} tbl {self._tables_in_part}")
        self.tables.append(table)
        self._push(table)

    def close_table(self) -> None:
        """End a table and go on with what surrounds it."""
        self._pop()

    def open_row(self) -> None:
        """Begin a row; ``col`` may then be set to what gridBefore skips."""
        self.row += 1
        self.col = 0

    def skip_columns(self, count: int) -> None:
        """Leave grid columns free before the next cell (gridBefore)."""
        self.col = min(max(count, 0), MAX_COLUMN)

    def set_span(self, count: int) -> None:
        """Set how many grid columns the open cell covers."""
        self.span = min(max(count, 1), MAX_COLUMN)

    def open_cell(self) -> None:
        """Begin a cell, in the first row where none was announced."""
        self.row = max(self.row, 0)
        self.span, self.merge, self.beside = 1, "", False
        self.text = []
        self.paragraphs = 0
        self.joined = False

    def close_cell(self) -> None:
        """End a cell: it stands alone or goes on with the one above (vMerge) or beside it (hMerge)."""
        table = self.table
        if table is None:
            return
        row, col, span = self.row, self.col, self.span
        self.col = col + span
        above = table.above.get(col)
        if self.beside and table.cells and table.cells[-1][0] == row:
            table.cells[-1][3] = col + span - int(table.cells[-1][1])
        elif self.merge == "continue" and above is not None and int(above[0]) + int(above[2]) == row:
            above[2] = int(above[2]) + 1
        else:
            cell: list[int | str] = [row, col, 1, span, "".join(self.text)]
            table.cells.append(cell)
            # A continued cell with nothing to continue begins its own merge.
            if self.merge:
                table.above[col] = cell
            elif above is not None:
                del table.above[col]
        self.text = []

    def paragraph(self) -> None:
        """Begin a paragraph: the next line of the open cell, or the next block outside the tables."""
        if self.joined:
            self.joined = False
        elif self.table is None:
            self.end_block()
            self._paragraphs_outside += 1
        elif self.paragraphs:
            self.text.append("\n")
        self.paragraphs += 1

    def end_block(self) -> None:
        """End the paragraph outside the tables that is open; one without a visible character is no block."""
        text = "".join(self.text)
        if text.strip():
            self.blocks.append((text, len(self.tables), f"{self._part} p {self._paragraphs_outside}"))
        self.text = []

    def open_box(self) -> None:
        """Begin a text box: its paragraphs are blocks wherever it is anchored."""
        if self.table is None:
            self.end_block()
        self._push(None)

    def close_box(self) -> None:
        """End a text box."""
        self.end_block()
        self._pop()

    def finish(self) -> tuple[tuple[Grid, ...], tuple[Block, ...]]:
        """Return grids and blocks; a table without a cell is no grid."""
        grids: list[Grid] = []
        new_index: list[int] = []
        for table in self.tables:
            new_index.append(len(grids))
            if table.cells:
                cells = tuple([Cell(*cell) for cell in table.cells])  # type: ignore[arg-type]
                grids.append(Grid(len(grids), cells, locator=table.locator))
        new_index.append(len(grids))
        blocks = tuple(
            Block(text, order, new_index[before], locator=locator)
            for order, (text, before, locator) in enumerate(self.blocks)
        )
        return tuple(grids), blocks
