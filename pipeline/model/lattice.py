"""Geometry over one grid: which cell covers a position, what lies right, below and between two columns."""

from collections.abc import Iterator

from pipeline.model.document import Cell, Grid

Key = tuple[int, int, int]


class Lattice:
    """Look-ups in one grid; built once per grid and read many times."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.index = grid.index
        self.spans = grid.spans
        self.lines: dict[int, tuple[Cell, ...]] = dict(grid.rows())
        self._cover: dict[tuple[int, int], Cell] = {}
        cover = self._cover
        width = 0
        for cell in grid.cells:
            width = max(width, cell.col + cell.col_span)
            if cell.row_span == 1 and cell.col_span == 1:
                cover[cell.row, cell.col] = cell
            else:
                for row in range(cell.row, cell.row + cell.row_span):
                    for col in range(cell.col, cell.col + cell.col_span):
                        cover[row, col] = cell
        self.width = width
        self.height = max((cell.row + cell.row_span for cell in grid.cells), default=0)

    def at(self, row: int, col: int) -> Cell | None:
        """Return the cell that covers a position, None outside the grid and in holes."""
        return self._cover.get((row, col))

    def key(self, cell: Cell) -> Key:
        """Return the cell's place as (grid, row, col)."""
        return self.index, cell.row, cell.col

    def starting(self, row: int) -> tuple[Cell, ...]:
        """Return the cells that begin on a row, left to right."""
        return self.lines.get(row, ())

    def covering(self, row: int, start: int, end: int) -> Iterator[Cell]:
        """Yield the distinct cells that cover columns start..end-1 of a row, left to right."""
        col = start
        while col < end:
            cell = self._cover.get((row, col))
            if cell is None:
                col += 1
                continue
            yield cell
            col = cell.col + cell.col_span

    def right(self, cell: Cell) -> Cell | None:
        """Return the neighbour right of a cell on the cell's first row."""
        return self._cover.get((cell.row, cell.col + cell.col_span))
