"""Geometry over one grid: which cell covers a position, what lies right, below and between two columns."""

from collections.abc import Sequence

from pipeline.model.document import Cell, Grid

Key = tuple[int, int, int]


class Lattice:
    """Look-ups in one grid; built once per grid and read many times.

    ``lines`` holds the cells that begin on a row, ``filled`` those of them with text; ``pages`` are those
    that cells begin on; ``recognised`` says that some text was recognised in an image, with a confidence.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.index = grid.index
        self.spans = grid.spans
        self.lines: dict[int, tuple[Cell, ...]] = {}
        self.filled: dict[int, tuple[Cell, ...]] = {}
        for row, line in grid.rows():
            self.lines[row] = line
            self.filled[row] = tuple([cell for cell in line if cell.text and not cell.text.isspace()])
        self.pages = {cell.page for cell in grid.cells} - {None}
        self.recognised = any([cell.confidence is not None for cell in grid.cells])
        self._cover: dict[tuple[int, int], Cell] = {}
        cover = self._cover
        width = height = 0
        for cell in grid.cells:
            row, col, row_span, col_span = cell[:4]
            right, below = col + col_span, row + row_span
            if right > width:
                width = right
            if below > height:
                height = below
            if row_span != 1:
                for place in range(row, below):
                    for column in range(col, right):
                        cover[place, column] = cell
            elif col_span == 1:
                cover[row, col] = cell
            else:
                for column in range(col, right):
                    cover[row, column] = cell
        self.width = width
        self.height = height

    def at(self, row: int, col: int) -> Cell | None:
        """Return the cell that covers a position, None outside the grid and in holes."""
        return self._cover.get((row, col))

    def key(self, cell: Cell) -> Key:
        """Return the cell's place as (grid, row, col)."""
        return self.index, cell.row, cell.col

    def starting(self, row: int) -> tuple[Cell, ...]:
        """Return the cells that begin on a row, left to right."""
        return self.lines.get(row, ())

    def printed(self, row: int) -> tuple[Cell, ...]:
        """Return the cells with text that begin on a row, left to right."""
        return self.filled.get(row, ())

    def covering(self, row: int, start: int, end: int) -> Sequence[Cell]:
        """Return the distinct cells that cover columns start..end-1 of a row, left to right."""
        get = self._cover.get
        if end - start == 1:
            cell = get((row, start))
            return () if cell is None else (cell,)
        found = []
        col = start
        while col < end:
            cell = get((row, col))
            if cell is None:
                col += 1
                continue
            found.append(cell)
            col = cell.col + cell.col_span
        return found

    def right(self, cell: Cell) -> Cell | None:
        """Return the neighbour right of a cell on the cell's first row."""
        return self._cover.get((cell.row, cell.col + cell.col_span))
