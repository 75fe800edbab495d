"""What was found (Source) and what a reader saw in it (Document of grids and blocks)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

BBox = tuple[float, float, float, float]
_row = attrgetter("row")
_GOES_ON = "goes on: page "
_PART = re.compile(_GOES_ON + r"(\d+) \[(-?[\d.]+ -?[\d.]+ -?[\d.]+ -?[\d.]+)\]")


class Cell(NamedTuple):
    """One cell of a grid, spans kept.

    A named tuple and not a dataclass because a reader makes hundreds of thousands a second. ``row`` and
    ``col`` are 0-based; ``page`` is 1-based; ``bbox`` is x0, top, x1, bottom in PDF points (origin top left)
    or image pixels; ``locator`` is empty where the grid says enough (``place`` tells it). A cell that a page
    break cuts has the page and bbox of its first part; its locator names those of the others (``parts``).
    """

    row: int
    col: int
    row_span: int = 1
    col_span: int = 1
    text: str = ""
    page: int | None = None
    bbox: BBox | None = None
    locator: str = ""
    confidence: float | None = None

    def parts(self) -> tuple[tuple[int, BBox], ...]:
        """Return the page and bbox of each part of the cell, in reading order; empty where it has no place."""
        if self.page is None or self.bbox is None:
            return ()
        found = [(self.page, self.bbox)]
        for piece in _PART.finditer(self.locator):
            x0, top, x1, bottom = map(float, piece.group(2).split())
            found.append((int(piece.group(1)), (x0, top, x1, bottom)))
        return tuple(found)

    def continued(self, page: int, bbox: BBox) -> "Cell":
        """Return the cell with one more part on a later page."""
        place = f"{_GOES_ON}{page} [{' '.join(f'{value:.2f}' for value in bbox)}]"
        return self._replace(locator=f"{self.locator}; {place}" if self.locator else place)


class Origin(NamedTuple):
    """Where the first cell of a grid stands on a sheet: the sheet's name, row and column from 0."""

    sheet: str
    row: int
    col: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: its cells in row-major order, positions covered by a span left out, empty cells kept.

    ``spans`` is False where the medium cannot tell a merged cell (tab-indented text): a row may then hold
    fewer cells than the table has columns. ``origin`` is set for a grid of a spreadsheet.
    """

    index: int
    cells: tuple[Cell, ...]
    page: int | None = None
    locator: str = ""
    spans: bool = True
    origin: Origin | None = None

    def rows(self) -> Iterator[tuple[int, tuple[Cell, ...]]]:
        """Yield (row number, the cells that start on it), rows in order."""
        for row, line in groupby(self.cells, _row):
            yield row, tuple(line)


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph outside the tables; ``order`` counts them from 0, ``before_grid`` is the index of the next grid."""

    text: str
    order: int
    before_grid: int
    page: int | None = None
    bbox: BBox | None = None
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes with their identity: one distinct content, at every path where it was found.

    ``document_id`` is the sha256 of the bytes in hex; ``paths`` are relative to the input root, a member of
    an archive is ``outer.zip!inner/x.doc``; ``media_type`` says what the bytes are, whatever the extension.
    """

    document_id: str
    paths: tuple[str, ...]
    size: int
    media_type: str
    data: bytes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader saw: grids and the blocks around them, in reading order.

    ``reader`` is the reader and its version (``docx/1``); ``pages`` counts pages or sheets, None where the
    medium has none; ``problems`` names what could not be read (the document is then ``partial``).
    """

    document_id: str
    media_type: str
    reader: str
    grids: tuple[Grid, ...]
    blocks: tuple[Block, ...]
    pages: int | None = None
    problems: tuple[str, ...] = ()


def address(row: int, col: int) -> str:
    """Return a position on a sheet as a person writes it: (6, 1) -> B7."""
    letters, left = "", col + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def place(grid: Grid, cell: Cell) -> str:
    """Return where a cell stands: its own locator, else its address on the sheet, else the grid's locator."""
    if cell.locator.startswith(_GOES_ON) and grid.locator:
        return f"{grid.locator}; {cell.locator}"
    if cell.locator or grid.origin is None:
        return cell.locator or grid.locator
    return f"{grid.origin.sheet}!{address(grid.origin.row + cell.row, grid.origin.col + cell.col)}"
