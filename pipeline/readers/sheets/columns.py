"""The cells of a sheet as parallel columns, and the short way from there to the cells of one grid.

Nearly every form takes it: one area without wide gaps, no blank texts, merged ranges that lie in it and neither
overlap nor hide a text. No step is taken in Python for a position; a sheet of any other kind gets None and goes the
careful way of ``layout``, which gives the same wherever both can go.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, compress, repeat

from pipeline.model import Cell
from pipeline.readers.sheets.merging import COLUMN_BITS, COLUMN_MASK, Box, Range, hull

GAP = 64  # more empty rows or columns than this in a run set two grids apart
WIDE, HIGH = 64, 512  # a merged range beyond is a whole row or column: it ends where the rest ends
_MOST = 20_000  # positions of one grid
_KNOWN_POSITIONS = 2048  # of a width, kept for the next sheet as wide
_LONGEST = 254  # rows of a merged range but one: what a byte can say
_NARROW = 40  # columns that are looked for one by one sooner than all marks are looked at

# A position's mark: 0 for a cell alone, 1 to 254 the columns of a range that begins there, 255 for a covered one.
_UNDER = b"\xff"
_IS_FREE = b"\1" * 255 + b"\0"
_COLUMNS = b"\1" + bytes(range(1, 256))


@dataclass(slots=True)
class ColumnSheet:
    """One sheet as its file has it: row, column and shown text of cell after cell.

    Of cells that come twice the later one counts; ``again`` reads the sheet with its cells in the order of the
    file, where they are not. ``corners`` holds four numbers for each merged range: first and last row, first
    and last column. ``blank`` says that texts may be empty or white. ``floating`` are texts outside the
    cells, with where they stand.
    """

    name: str
    number: int
    hidden: bool = False
    rows: list[int] = field(default_factory=list)
    cols: list[int] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    corners: "array[int]" = field(default_factory=lambda: array("H"))
    blank: bool = False
    twice: bool = False  # a cell came twice, and is left out already
    floating: list[tuple[str, str]] = field(default_factory=list)
    again: "Callable[[], ColumnSheet] | None" = None

    def put(self, row: int, col: int, text: str) -> None:
        """Add one cell."""
        self.rows.append(row)
        self.cols.append(col)
        self.shown.append(text)
        self.blank = self.blank or not text or text.isspace()

    def keep_last(self) -> None:
        """Keep one cell of every position."""
        texts = self._by_key()
        self.twice = self.twice or len(texts) < len(self.rows)
        self.rows = [key >> COLUMN_BITS for key in texts]
        self.cols = [key & COLUMN_MASK for key in texts]
        self.shown = [*texts.values()]

    @property
    def texts(self) -> dict[int, str]:
        """Return the texts by position, as a ``Sheet`` has them."""
        found = self._by_key()
        if self.again is not None and (self.twice or len(found) < len(self.rows)):
            return self.again().texts
        return found

    def _by_key(self) -> dict[int, str]:
        keys = [row << COLUMN_BITS | col for row, col in zip(self.rows, self.cols, strict=True)]
        return dict(zip(keys, self.shown, strict=True))

    @property
    def merges(self) -> list[Range]:
        """Return the merged ranges that are in order."""
        ranges = zip(*(self.corners[at::4] for at in range(4)), strict=True)
        return [merge for merge in ranges if merge[0] <= merge[1] and merge[2] <= merge[3]]


def positions(width: int, height: int) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Return the keys, rows and columns of a box at the sheet's first cell, position by position."""
    if width * height <= _KNOWN_POSITIONS:
        return _known_positions(width, _KNOWN_POSITIONS // width)
    return _positions(width, height)


def _positions(width: int, height: int) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    keys = chain.from_iterable(
        range(start, start + width) for start in range(0, height << COLUMN_BITS, 1 << COLUMN_BITS)
    )
    rows = chain.from_iterable(map(repeat, range(height), repeat(width)))
    return tuple(keys), tuple(rows), tuple(range(width)) * height


_known_positions = lru_cache(maxsize=64)(_positions)


def quick_cells(sheet: ColumnSheet) -> tuple[Box, tuple[Cell, ...]] | None:
    """Return the area of the only grid of a sheet and its cells; None where that takes the careful way."""
    if not sheet.rows or sheet.twice or (sheet.blank and not all(map(str.strip, sheet.shown))):
        return None
    box = _box(sheet)
    marked = _marked(box, sheet.corners) if box else None
    if box is None or marked is None:
        return None
    marks, heights = marked
    top, bottom, left, right = box
    width = right - left + 1
    texts = [""] * len(marks)
    if start := top * width + left:
        for row, col, text in zip(sheet.rows, sheet.cols, sheet.shown, strict=True):
            texts[row * width + col - start] = text
    else:
        for row, col, text in zip(sheet.rows, sheet.cols, sheet.shown, strict=True):
            texts[row * width + col] = text
    free = marks.translate(_IS_FREE)
    seen = [*compress(texts, free)]
    if len(seen) - seen.count("") != len(sheet.shown):
        return None  # a cell twice, or a text under a merged range
    _, rows, cols = positions(width, bottom - top + 1)
    number, none = repeat(sheet.number), repeat(None)
    fields = zip(
        rows, cols, heights, marks.translate(_COLUMNS), texts, number, none, repeat(""), none, strict=False
    )
    shown = compress(fields, free)
    return box, tuple(map(tuple.__new__, repeat(Cell), shown))  # calling Cell takes twice as long


def _box(sheet: ColumnSheet) -> Box | None:
    """Return the box of all texts, and of merged ranges that begin with one; None where gaps may be wide."""
    rows, cols, corners = sheet.rows, sheet.cols, sheet.corners
    top = 0 if 0 in rows else min(rows)  # nearly always, and found at once
    left = 0 if 0 in cols else min(cols)
    bottom, right = max(rows), max(cols)
    if bottom - top > GAP and bottom - top >= GAP + len(set(rows)):
        return None
    if right - left > GAP and right - left >= GAP + len(set(cols)):
        return None
    box = Box(top, bottom, left, right)
    if corners and not _holds(box, corners):
        firsts = set(zip(rows, cols, strict=True))
        ranges = [*zip(*(corners[at::4] for at in range(4)), strict=True)]
        full = [merge for merge in ranges if (merge[0], merge[2]) in firsts]
        box = hull([box, *(at for at in full if at[3] - at[2] < WIDE and at[1] - at[0] < HIGH)])
        if not _holds(box, corners):
            return None
    return box if (box[1] - box[0] + 1) * (box[3] - box[2] + 1) <= _MOST else None


def _holds(box: Box, corners: "array[int]") -> bool:
    return (
        box[1] >= max(corners[1::4])
        and box[3] >= max(corners[3::4])
        and (not box[0] or box[0] <= min(corners[::4]))
        and (not box[2] or box[2] <= min(corners[2::4]))
    )


def _marked(box: Box, corners: "array[int]") -> tuple[bytes, bytes] | None:
    """Return the mark and the height of each position of a box that holds the ranges; None where ranges overlap.

    Covered positions are counted at the end: they are as many as they should be, and each range still has a first
    position of its own, only where no two ranges share a position.
    """
    top, bottom, left, right = box
    width = right - left + 1
    area = width * (bottom - top + 1)
    if not corners:
        return bytes(area), b"\1" * area
    tops, bottoms, lefts, rights = (corners[at::4] for at in range(4))
    marks, heights = bytearray(area), bytearray(b"\1") * area
    start = top * width + left
    high: list[tuple[int, int, int]] = []
    try:
        for first, last, begin, end in zip(tops, bottoms, lefts, rights, strict=True):
            at = first * width + begin - start
            marks[at] = end - begin + 1
            if first != last:
                high.append((at, last - first, end - begin + 1))
    except (ValueError, IndexError):  # more than a byte can say, or a range that ends before it begins
        return None
    covered = sum(rights) - sum(lefts)
    for at, more, wide in high:
        covered += more * wide
        if not 0 < more < _LONGEST or covered > area:
            return None
        heights[at] = more + 1
        if wide == 1:
            marks[at + width : at + more * width + 1 : width] = _UNDER * more
        else:
            marks[at + 1 : at + wide] = _UNDER * (wide - 1)
            for line in range(at + width, at + more * width + 1, width):
                marks[line : line + wide] = _UNDER * wide
    found = bytes(marks)
    for wide in range(2, width + 1) if width < _NARROW else set(found) - {0, 1, 255}:
        mark = bytes((wide,))
        if mark in found:
            found = found.replace(mark + bytes(wide - 1), mark + _UNDER * (wide - 1))
    under = found.count(_UNDER)
    whole = under == covered and area - under - found.count(0) == len(tops)
    return (found, bytes(heights)) if whole else None
