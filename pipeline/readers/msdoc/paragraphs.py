"""What a paragraph's properties say about tables: how deep it lies, whether it ends a cell or a row."""

from bisect import bisect_right
from functools import lru_cache
from struct import unpack_from
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.readers.msdoc import sprms
from pipeline.readers.msdoc.fib import Fib
from pipeline.readers.msdoc.fkp import paragraph_runs
from pipeline.readers.msdoc.pieces import Pieces
from pipeline.readers.msdoc.rows import RowShape, read_row

# A hostile file may point a million paragraphs at long lists in the Data stream. An honest one refers to each
# list about once, so this much and eight times the stream is far more than it needs.
_DATA_BUDGET = 1 << 23
_TABLE_GROUP = 5


class Paragraph(NamedTuple):
    """One paragraph's properties; ``depth`` 0 is outside tables, 2 and more is within nested tables.

    ``row_end`` and ``cell_end`` say that its mark closes a row or a nested cell; ``row`` is the shape of the
    row that it closes; ``style`` is an index into the style sheet.
    """

    depth: int
    row_end: bool
    cell_end: bool
    row: RowShape | None
    style: int


_FLAGS = frozenset({sprms.P_IN_TABLE, sprms.P_ROW_END, sprms.P_INNER_CELL, sprms.P_INNER_ROW_END})
_IN_DATA = frozenset({sprms.P_HUGE, sprms.P_HUGE_OLD, sprms.P_TABLE_PROPS})
_WANTED = _FLAGS | _IN_DATA | {sprms.P_DEPTH, sprms.P_DEPTH_CHANGE}
_PLAIN = Paragraph(0, False, False, None, 0)


class _Lists:
    """A property list taken apart: all its modifiers, those that place a paragraph, whether it shapes a row."""

    __slots__ = ("all", "has_row", "wanted")

    def __init__(self, grpprl: bytes) -> None:
        self.all = sprms.split(grpprl)
        self.wanted = [found for found in self.all if found[0] in _WANTED]
        self.has_row = any(found[0] >> 10 & 7 == _TABLE_GROUP for found in self.all)


# The forms of an archive come from few templates: lists and rows recur from document to document. Long lists
# are not remembered, so that the memory is bounded by some tens of megabytes whatever the documents hold.
_REMEMBERED, _SHORT = 1024, 1024


@lru_cache(_REMEMBERED)
def _remembered(grpprl: bytes) -> _Lists:
    return _Lists(grpprl)


def _taken_apart(grpprl: bytes) -> _Lists:
    return _remembered(grpprl) if len(grpprl) <= _SHORT else _Lists(grpprl)


@lru_cache(_REMEMBERED)
def _remembered_shape(lists: tuple[bytes, ...]) -> RowShape:
    return read_row([(grpprl, _taken_apart(grpprl).all) for grpprl in lists])


def _shape(lists: tuple[bytes, ...]) -> RowShape:
    if sum(map(len, lists)) <= 2 * _SHORT:
        return _remembered_shape(lists)
    return read_row([(grpprl, _taken_apart(grpprl).all) for grpprl in lists])


class Paragraphs:
    """Answers which properties the paragraph with a given mark has (section 2.4.6.1)."""

    def __init__(self, fib: Fib, word: bytes, data: bytes, pieces: Pieces) -> None:
        self._starts, self._lists, self.lost_pages = paragraph_runs(fib, word)
        self._data = data
        self._pieces = pieces
        self._known: dict[bytes, dict[bytes, Paragraph]] = {}
        self._spent = 0
        self._seek(0)

    def styled(self, wanted: frozenset[int]) -> list[tuple[int, int, bytes]]:
        """Return (start offset, end offset, property list) of the paragraph runs in a wanted style."""
        ends = [*self._starts[1:], self._starts[-1] + 1] if self._starts else []
        return [
            (start, end, grpprl)
            for start, end, grpprl in zip(self._starts, ends, self._lists, strict=True)
            if len(grpprl) > 1 and start < end and grpprl[0] | grpprl[1] << 8 in wanted
        ]

    def at(self, position: int) -> Paragraph:
        """Return the properties of the paragraph whose mark stands at a character position."""
        if not self._first <= position < self._end:
            self._seek(position)
        run = bisect_right(self._starts, self._zero + position * self._width) - 1
        grpprl = self._lists[run] if run >= 0 else b""
        found = self._of_piece.get(grpprl)
        if found is None:
            found = self._of_piece[grpprl] = self._read(grpprl)
        return found

    def _seek(self, position: int) -> None:
        """Go to the piece of a position: most questions come in order, so that the next one is about it too."""
        pieces = self._pieces
        piece = min(max(0, bisect_right(pieces.starts, position) - 1), len(pieces.offsets) - 1)
        self._first, self._end = pieces.starts[piece], pieces.starts[piece + 1]
        self._width = pieces.widths[piece]
        self._zero = pieces.offsets[piece] - self._first * self._width
        self._modifier = pieces.modifiers[piece]
        self._of_piece = self._known.setdefault(self._modifier, {})

    def _read(self, grpprl: bytes) -> Paragraph:
        modifier = self._modifier
        if len(grpprl) < 2 and not modifier:
            return _PLAIN
        style = grpprl[0] | grpprl[1] << 8 if len(grpprl) > 1 else 0
        values: dict[int, int] = {}
        row: list[bytes] = []
        self._apply(grpprl[2:], values, row, 0)
        if modifier:
            self._apply(modifier, values, row, 0)
        depth = max(0, values.get(sprms.P_DEPTH, 0))
        if values.get(sprms.P_IN_TABLE):
            depth = max(depth, 1)
        row_end = bool(values.get(sprms.P_INNER_ROW_END if depth > 1 else sprms.P_ROW_END))
        cell_end = depth > 1 and bool(values.get(sprms.P_INNER_CELL))
        return Paragraph(min(depth, 64), row_end, cell_end, _shape(tuple(row)) if row_end else None, style)

    def _apply(self, grpprl: bytes, values: dict[int, int], row: list[bytes], level: int) -> None:
        """Apply a list to the values; lists with table modifiers are kept for the row, in order."""
        found = _taken_apart(grpprl)
        for operation, at, length in found.wanted:
            if operation in _FLAGS:
                values[operation] = grpprl[at]
            elif operation == sprms.P_DEPTH:
                values[operation] = unpack_from("<i", grpprl, at)[0]
            elif operation == sprms.P_DEPTH_CHANGE:
                values[sprms.P_DEPTH] = values.get(sprms.P_DEPTH, 0) + unpack_from("<i", grpprl, at)[0]
            elif length == 4 and level < 3:
                self._apply(self._outside(unpack_from("<I", grpprl, at)[0]), values, row, level + 1)
        if found.has_row:
            row.append(grpprl)

    def _outside(self, offset: int) -> bytes:
        """Return a property list that lies in the Data stream (structure PrcData)."""
        if offset + 2 > len(self._data):
            return b""
        size = unpack_from("<H", self._data, offset)[0]
        self._spent += size
        if self._spent > _DATA_BUDGET + 8 * len(self._data):
            raise SourceError("corrupt", place="Data", detail="too many property lists")
        return self._data[offset + 2 : offset + 2 + size]
