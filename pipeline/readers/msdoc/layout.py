"""Turn rows with edges and merge flags into a grid: columns are the union of all rows' edges."""

from typing import Any

from pipeline.model import Cell
from pipeline.readers.msdoc.rows import RowShape, plain_row

# Two edges closer than this are one column: Word and WPS let the edges of rows drift by rounding. LibreOffice joins
# the outer edges of rows at 22 twips and keeps every inner one, which makes columns narrower than a line is wide.
TOLERANCE = 20  # twips, 1/1440 inch

Row = tuple[list[str], RowShape]


def lay_out(rows: list[Row]) -> tuple[Cell, ...]:
    """Return the cells of a table in row-major order, spans kept, positions covered by a span left out."""
    column = _columns(rows)
    cells: list[list[Any]] = []
    spans: dict[int, list[tuple[int, int, int]] | None] = {}
    above: dict[
        tuple[int, int], int
    ] = {}  # (first, last column) of cells that a row below may continue -> index
    for row, (texts, shape) in enumerate(rows):
        here: dict[tuple[int, int], int] = {}
        if id(shape) not in spans:
            spans[id(shape)] = _plain_spans(shape, column)
        plain = spans[id(shape)]
        for first, last, text, vertical in (
            _row_cells(texts, shape, column) if plain is None else _with_texts(plain, texts)
        ):
            key = (first, last)
            if vertical == 1 and key in above:
                here[key] = index = above[key]
                cell = cells[index]
                cell[2] = row - cell[0] + 1
                if text:
                    cell[4] = f"{cell[4]}\n{text}" if cell[4] else text
            else:
                if vertical:
                    here[key] = len(cells)
                cells.append([row, first, 1, last - first, text])
        above = here
    return tuple([Cell(*cell) for cell in cells])


_Placed = tuple[int, int, str, int]  # first column, column after the last, text, vertical flag


def _plain_spans(shape: RowShape, column: dict[int, int]) -> list[tuple[int, int, int]] | None:
    """Return (first column, column after the last, vertical flag) of a row whose cells all stand for themselves."""
    if any(shape.horizontal):
        return None
    numbers = [column[edge] for edge in shape.edges]
    found = list(zip(numbers, numbers[1:], shape.vertical, strict=False))
    return found if all(first < last for first, last, _ in found) else None


def _with_texts(spans: list[tuple[int, int, int]], texts: list[str]) -> list[_Placed]:
    if len(texts) < len(spans):
        texts = texts + [""] * (len(spans) - len(texts))
    return [
        (first, last, text, vertical) for (first, last, vertical), text in zip(spans, texts, strict=False)
    ]


def _columns(rows: list[Row]) -> dict[int, int]:
    """Return edge -> column number; edges within the tolerance share one."""
    column: dict[int, int] = {}
    number, opened = -1, 0
    for edge in sorted({edge for _, shape in rows for edge in shape.edges}):
        if number < 0 or edge - opened > TOLERANCE:
            number += 1
            opened = edge
        column[edge] = number
    return column


def _row_cells(texts: list[str], shape: RowShape, column: dict[int, int]) -> list[tuple[int, int, str, int]]:
    """Return (first column, column after the last, text, vertical flag) of a row's cells, merged ones joined.

    A cell without width has no place of its own: its text, where there is any, goes to the cell before it.
    """
    edges, horizontal, vertical, _ = shape
    count = len(horizontal)
    found: list[tuple[int, int, str, int]] = []
    at, reached = 0, -1
    while at < count:
        start = at
        text = texts[at] if at < len(texts) else ""
        at += 1
        if horizontal[start]:
            while at < count and horizontal[at] == 1:
                more = texts[at] if at < len(texts) else ""
                text = f"{text}\n{more}" if text and more else text or more
                at += 1
        first, last = max(column[edges[start]], reached), column[edges[at]]
        if last > first:
            found.append((first, last, text, vertical[start]))
            reached = last
        elif text.strip():
            found = _add_text(found, text, first)
            reached = found[-1][1]
    return found


def _add_text(
    found: list[tuple[int, int, str, int]], text: str, first: int
) -> list[tuple[int, int, str, int]]:
    if not found:
        return [(max(first, 0), max(first, 0) + 1, text, 0)]
    start, last, before, flag = found[-1]
    return [*found[:-1], (start, last, f"{before}\n{text}" if before else text, flag)]


def fit(texts: list[str], shape: RowShape) -> Row:
    """Return texts and shape with as many cells in the shape as there are texts; a row may state fewer."""
    extra = len(texts) - len(shape.horizontal)
    if extra <= 0:
        return texts, shape
    if not shape.horizontal:
        return texts, plain_row(len(texts))
    edges = shape.edges + tuple(shape.edges[-1] + 1000 * (k + 1) for k in range(extra))
    zeros = (0,) * extra
    return texts, RowShape(edges, shape.horizontal + zeros, shape.vertical + zeros, shape.position)
