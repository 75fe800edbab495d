"""One ruled table as rows, columns and the boxes that cover them."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

EDGE_TOLERANCE = 3.0


class Box(NamedTuple):
    """One cell: its place in the lattice and its edges on the page."""

    row: int
    col: int
    row_span: int
    col_span: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Lattice:
    """The edges of a table and its cells, row-major; ``owner[row][col]`` is the cell's index or -1.

    ``open_top`` and ``open_bottom``: no rule is drawn where the table meets the page break. ``confidences`` go with
    ``boxes`` where the text was recognised from a picture, None for a cell without ink; else it is empty.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    boxes: tuple[Box, ...]
    owner: tuple[tuple[int, ...], ...]
    open_top: bool = False
    open_bottom: bool = False
    confidences: tuple[float | None, ...] = ()

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """Return x0, top, x1, bottom."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    def at(self, x: float, y: float) -> int:
        """Return the index of the box at a point within the table, -1 where there is none."""
        return self.owner[bisect_right(self.ys, y) - 1][bisect_right(self.xs, x) - 1]


def owners(rows: int, cols: int, boxes: Iterable[Box]) -> tuple[tuple[int, ...], ...]:
    """Return which box covers each position, -1 where none does; the first box wins."""
    owner = [[-1] * cols for _ in range(rows)]
    for number, box in enumerate(boxes):
        for row in range(box.row, box.row + box.row_span):
            line = owner[row]
            for col in range(box.col, box.col + box.col_span):
                if line[col] < 0:
                    line[col] = number
    return tuple(tuple(line) for line in owner)


def cluster(values: Iterable[float], tolerance: float = EDGE_TOLERANCE) -> dict[float, int]:
    """Return value -> rank, values that follow one another within the tolerance sharing a rank."""
    ranks: dict[float, int] = {}
    last: float | None = None
    rank = -1
    for value in sorted(set(values)):
        if last is None or value - last > tolerance:
            rank += 1
        ranks[value] = rank
        last = value
    return ranks


def from_boxes(boxes: Iterable[tuple[float, float, float, float]]) -> Lattice | None:
    """Return the lattice that the union of all edges spans, None where nothing has an area.

    A box that covers several rows or columns of the union is a merged cell.
    """
    found = list(boxes)
    across = cluster(x for box in found for x in (box[0], box[2]))
    down = cluster(y for box in found for y in (box[1], box[3]))
    placed: list[Box] = []
    for x0, top, x1, bottom in found:
        row, col = down[top], across[x0]
        row_span, col_span = down[bottom] - row, across[x1] - col
        if row_span > 0 and col_span > 0:
            placed.append(Box(row, col, row_span, col_span, x0, top, x1, bottom))
    if not placed:
        return None
    placed.sort()
    xs, ys = edges(across), edges(down)
    return Lattice(xs, ys, tuple(placed), owners(len(ys) - 1, len(xs) - 1, placed))


def edges(ranks: dict[float, int]) -> tuple[float, ...]:
    """Return one position per rank: the mean of its values."""
    groups: dict[int, list[float]] = {}
    for value, rank in ranks.items():
        groups.setdefault(rank, []).append(value)
    return tuple(sum(group) / len(group) for _, group in sorted(groups.items()))
