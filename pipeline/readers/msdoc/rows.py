"""Read a row's table properties: where its cells' edges lie and which cells are merged."""

from collections.abc import Callable
from struct import unpack_from
from typing import NamedTuple

from pipeline.readers.msdoc import sprms

_MAX_CELLS = 256  # Word allows 63; a list of insertions must not make millions


class RowShape(NamedTuple):
    """Cells of one row: ``edges`` in twips, one more than cells; per cell its merge flags.

    ``horizontal``: 0 on its own, 1 continues the cell before it, 2 starts a merged range.
    ``vertical``: 0 on its own, 1 continues the cell above it, 2 or 3 starts a merged range.
    ``position`` is where a floating table stands; rows of one table agree on it.
    """

    edges: tuple[int, ...]
    horizontal: tuple[int, ...]
    vertical: tuple[int, ...]
    position: tuple[int, ...] = ()


class _Row:
    """A row under construction: the modifiers change it one after the other (section 2.6.3)."""

    def __init__(self) -> None:
        self.edges: list[int] = []
        self.flags: list[list[int]] = []
        self.left: int | None = None
        self.half_gap = 0
        self.widths: dict[int, int] = {}
        self.position: dict[int, int] = {}

    def define(self, grpprl: bytes, at: int, length: int) -> None:
        """sprmTDefTable: all edges, then 20 bytes a cell, of which the last ones may be left out."""
        count = grpprl[at] if length else 0
        if length < 1 + 2 * (count + 1):
            return
        self.edges = list(unpack_from(f"<{count + 1}h", grpprl, at + 1))
        first, end = at + 1 + 2 * (count + 1), at + length
        self.flags = []
        for cell in range(count):
            place = first + 20 * cell
            bits = unpack_from("<H", grpprl, place)[0] if place + 2 <= end else 0
            self.flags.append([bits & 3, bits >> 5 & 3])

    def merge(self, first: int, last: int) -> None:
        for cell in range(first, min(last, len(self.flags))):
            self.flags[cell][0] = 2 if cell == first else 1

    def split(self, first: int, last: int) -> None:
        for cell in range(first, min(last, len(self.flags))):
            self.flags[cell][0] = 0

    def insert(self, first: int, count: int, width: int) -> None:
        if not self.edges:
            self.edges = [0]
        count = min(count, _MAX_CELLS - len(self.flags))
        while (
            len(self.flags) < first <= _MAX_CELLS - count
        ):  # beyond the end: the gap is filled with cells too
            self.flags.append([0, 0])
            self.edges.append(self.edges[-1] + width)
        first = min(first, len(self.flags))
        if count < 1:
            return
        start = self.edges[first]
        self.flags[first:first] = [[0, 0] for _ in range(count)]
        tail = [edge + count * width for edge in self.edges[first + 1 :]]
        self.edges[first + 1 :] = [start + width * (k + 1) for k in range(count)] + tail

    def delete(self, first: int, last: int) -> None:
        """sprmTDelete: later edges and cells move up in the lists; the edges keep their places on the page."""
        last = min(last, len(self.flags))
        if first < last:
            del self.edges[first:last], self.flags[first:last]

    def column_width(self, first: int, last: int, width: int) -> None:
        for cell in range(first, min(last, len(self.flags))):
            change = width - (self.edges[cell + 1] - self.edges[cell])
            self.edges[cell + 1 :] = [edge + change for edge in self.edges[cell + 1 :]]

    def apply(self, grpprl: bytes, found: list[sprms.Sprm]) -> None:
        for operation, at, length in found:
            change = _CHANGES.get(operation)
            if operation in sprms.T_POSITION:
                self.position[operation] = int.from_bytes(grpprl[at : at + length], "little")
            if change is not None:
                change(self, grpprl, at, length)

    def shape(self) -> RowShape:
        edges = self.edges
        if (
            edges and edges[-1] <= edges[0]
        ):  # some programs leave the edges out: stated widths, else equal ones
            edges = [0]
            for cell in range(len(self.flags)):
                edges.append(edges[-1] + (self.widths.get(cell) or 1000))
        elif edges and self.left is not None:
            shift = self.left - self.half_gap - edges[0]
            edges = [edge + shift for edge in edges]
        flags = self.flags
        return RowShape(
            tuple(edges),
            _horizontal([flag[0] for flag in flags]),
            tuple(flag[1] for flag in flags),
            self._position(),
        )

    def _position(self) -> tuple[int, ...]:
        return (
            tuple(self.position.get(operation, 0) for operation in sprms.T_POSITION) if self.position else ()
        )


def _vertical_merge(row: _Row, grpprl: bytes, at: int, length: int) -> None:
    if length >= 2 and grpprl[at] < len(row.flags):
        row.flags[grpprl[at]][1] = grpprl[at + 1] & 3


def _left(row: _Row, grpprl: bytes, at: int, length: int) -> None:
    row.left = unpack_from("<h", grpprl, at)[0]


def _half_gap(row: _Row, grpprl: bytes, at: int, length: int) -> None:
    row.half_gap = unpack_from("<h", grpprl, at)[0]


def _cell_width(row: _Row, grpprl: bytes, at: int, length: int) -> None:
    if length >= 5 and grpprl[at + 2] == _TWIPS:
        width = unpack_from("<H", grpprl, at + 3)[0]
        row.widths.update(dict.fromkeys(range(grpprl[at], grpprl[at + 1]), width))


_TWIPS = 3  # the unit of a width (enumeration Fts)
_CHANGES: dict[int, Callable[[_Row, bytes, int, int], None]] = {
    sprms.T_DEFINE: _Row.define,
    sprms.T_VERTICAL_MERGE: _vertical_merge,
    sprms.T_MERGE: lambda row, grpprl, at, length: row.merge(grpprl[at], grpprl[at + 1]),
    sprms.T_SPLIT: lambda row, grpprl, at, length: row.split(grpprl[at], grpprl[at + 1]),
    sprms.T_INSERT: lambda row, grpprl, at, length: row.insert(*unpack_from("<BBH", grpprl, at)),
    sprms.T_DELETE: lambda row, grpprl, at, length: row.delete(grpprl[at], grpprl[at + 1]),
    sprms.T_COLUMN_WIDTH: lambda row, grpprl, at, length: row.column_width(*unpack_from("<BBH", grpprl, at)),
    sprms.T_LEFT: _left,
    sprms.T_HALF_GAP: _half_gap,
    sprms.T_CELL_WIDTH: _cell_width,
}


def _horizontal(flags: list[int]) -> tuple[int, ...]:
    """Return the flags with one meaning: 2 starts a merged range, 1 continues it.

    [MS-DOC] (section 2.9.317) has 2 or 3 for the first cell of a range and 1 for the others; the format's first
    description, of Word 97, has 1 for the first and 2 for the others, and programs write either. What begins
    a range tells which is meant.
    """
    if not any(flags):
        return tuple(flags)
    found: list[int] = []
    first = 0
    for flag in flags:
        if not flag:
            first = 0
        elif not first:
            first = flag
        starts = flag == 1 if first == 1 else flag != 1
        found.append(0 if not flag else 2 if starts else 1)
    return tuple(found)


def read_row(lists: list[tuple[bytes, list[sprms.Sprm]]]) -> RowShape:
    """Return the shape that property lists give a row, applied in order; no cells where none defines any.

    Each list comes with its modifiers as ``sprms.split`` finds them.
    """
    row = _Row()
    for grpprl, found in lists:
        row.apply(grpprl, found)
    return row.shape()


def plain_row(cells: int) -> RowShape:
    """Return the shape of a row whose properties are lost: equal cells side by side."""
    return RowShape(tuple(range(0, 1000 * cells + 1, 1000)), (0,) * cells, (0,) * cells)
