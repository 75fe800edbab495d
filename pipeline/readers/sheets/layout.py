"""Cells and merged ranges of a sheet -> grids: trimmed to what holds text, ranges as spans, far corners apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import itemgetter

from pipeline.errors import SourceError
from pipeline.model import Block, Cell, Grid, Origin, address
from pipeline.readers.sheets.columns import GAP, HIGH, WIDE, ColumnSheet, positions, quick_cells
from pipeline.readers.sheets.merging import (
    COLUMN_BITS,
    COLUMN_MASK,
    MAX_CELLS,
    Box,
    Merged,
    Range,
    hull,
    lines,
)

__all__ = ["COLUMN_BITS", "COLUMN_MASK", "MAX_CELLS", "Box", "Layout", "Range", "Sheet", "address"]

_MAX_DEPTH = 4
_MAX_MERGES = 200_000  # in one sheet
_MAX_PARTS = 32  # a sheet in more parts than this is one sparse grid
_SPARSE = (
    40  # an area with fewer full cells than one in this many is not filled with empty cells when it is big
)
_BIG = 20_000
_SINGLE = (1, 1)
_TEXT = itemgetter(4)  # of a Cell
_NONE = Box(1 << 20, -1, 1 << COLUMN_BITS, -1)  # what lies inside every box


@dataclass(slots=True)
class Sheet:
    """One sheet as the file has it: shown texts by position, merged ranges; a reader fills it cell by cell.

    The key of ``texts`` is ``row << COLUMN_BITS | col``. ``number`` counts all sheets of the book from 1,
    charts too. ``floating`` are texts of the sheet outside its cells, with where they stand.
    """

    name: str
    number: int
    hidden: bool = False
    texts: dict[int, str] = field(default_factory=dict)
    merges: list[Range] = field(default_factory=list)
    floating: list[tuple[str, str]] = field(default_factory=list)
    dropped: int = 0  # merged ranges beyond the limit

    def merge(self, ranges: Iterable[Range]) -> None:
        """Add merged ranges: first and last row, first and last column, in order and not negative."""
        self.merges.extend(ranges)
        if len(self.merges) > _MAX_MERGES:
            self.dropped += len(self.merges) - _MAX_MERGES
            del self.merges[_MAX_MERGES:]


@dataclass(slots=True)
class Layout:
    """Gathers grids and blocks of a book, sheet after sheet, within one limit of cells."""

    grids: list[Grid] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: int = MAX_CELLS

    def add(self, sheet: Sheet) -> None:
        """Add the grids of one sheet; SourceError too_large when the document has too many cells."""
        texts = sheet.texts
        full = texts
        if "" in texts.values() or any(map(str.isspace, texts.values())):
            full = {key: text for key, text in texts.items() if text and not text.isspace()}
        reach = hull(sheet.merges) if sheet.merges else _NONE
        regions = _regions(full, sheet.merges, reach)
        dropped, shown = sheet.dropped, 0
        stray: list[tuple[str, str]] = []
        ranges: list[Merged] = []
        for box in regions:
            merged = Merged(box, sheet.merges, reach, full)
            ranges.append(merged)
            dropped += merged.skipped
            cells = self._cells(sheet, box, merged)
            shown += len(cells) - [*map(_TEXT, cells)].count("")
            self._put(sheet, box, cells, len(regions) > 1)
        if full is not texts or shown != len(full):  # some may lie under merged ranges
            for merged in ranges:
                stray.extend(sorted(_stray(sheet, full, merged), key=lambda found: found[1]))
        if dropped:
            self.problems.append(f"{sheet.name}: {dropped} merged ranges beyond the limit were ignored")
        self._say(sheet, sheet.floating + stray)

    def add_columns(self, sheet: ColumnSheet) -> None:
        """Add what ``add`` adds, the short way where the sheet allows it."""
        quick = quick_cells(sheet)
        if quick is None:
            careful = Sheet(sheet.name, sheet.number, sheet.hidden, sheet.texts, floating=sheet.floating)
            careful.merge(sheet.merges)
            self.add(careful)
        else:
            self._put(sheet, *quick, False)
            self._say(sheet, sheet.floating)

    def _say(self, sheet: Sheet | ColumnSheet, texts: list[tuple[str, str]]) -> None:
        for text, locator in texts:
            self.blocks.append(Block(text, len(self.blocks), len(self.grids), sheet.number, None, locator))

    def _cells(self, sheet: Sheet, box: Box, merged: Merged) -> tuple[Cell, ...]:
        area = (box.bottom - box.top + 1) * (box.right - box.left + 1)
        if area > _BIG and area > min(_SPARSE * len(sheet.texts), self.left):
            return _full_cells_only(sheet, box, merged)
        return _all_cells(sheet, box, merged)

    def _put(self, sheet: Sheet | ColumnSheet, box: Box, cells: tuple[Cell, ...], is_part: bool) -> None:
        self.left -= len(cells)
        if self.left < 0:
            raise SourceError("too_large", place=sheet.name, detail=f"more than {MAX_CELLS} cells")
        locator = f"{sheet.name} (hidden)" if sheet.hidden else sheet.name
        if is_part:
            locator += f"!{address(box.top, box.left)}:{address(box.bottom, box.right)}"
        origin = Origin(sheet.name, box.top, box.left)
        self.grids.append(Grid(len(self.grids), cells, sheet.number, locator, origin=origin))


def _all_cells(sheet: Sheet, box: Box, merged: Merged) -> tuple[Cell, ...]:
    """Return a cell for every position of the box that no merged range covers.

    Written as columns that are zipped into cells: no step is taken in Python for a cell.
    """
    width, height = box.right - box.left + 1, box.bottom - box.top + 1
    keys, rows, cols = positions(width, height)
    free, heights, widths = merged.marks()
    shown = compress(keys, free)
    start = box.top << COLUMN_BITS | box.left
    texts = map(sheet.texts.get, map(start.__add__, shown) if start else shown, repeat(""))
    fields = zip(
        compress(rows, free),
        compress(cols, free),
        compress(heights, free),
        compress(widths, free),
        texts,
        repeat(sheet.number),
        repeat(None),
        repeat(""),
        repeat(None),
        strict=False,
    )
    return tuple(map(tuple.__new__, repeat(Cell), fields))  # calling Cell takes twice as long


def _full_cells_only(sheet: Sheet, box: Box, merged: Merged) -> tuple[Cell, ...]:
    """Return the cells of the box that hold something or are merged.

    For an area that is big and nearly empty, or beyond the room: one mark in the far corner costs one cell.
    """
    found = {key for key in sheet.texts if _inside(box, key)} | merged.spans.keys()
    return tuple(
        Cell(
            (key >> COLUMN_BITS) - box.top,
            (key & COLUMN_MASK) - box.left,
            *merged.spans.get(key, _SINGLE),
            sheet.texts.get(key, ""),
            sheet.number,
        )
        for key in sorted(found - merged.covered)
    )


def _inside(box: Box, key: int) -> bool:
    return box.top <= key >> COLUMN_BITS <= box.bottom and box.left <= key & COLUMN_MASK <= box.right


def _stray(sheet: Sheet, full: dict[int, str], merged: Merged) -> Iterable[tuple[str, str]]:
    """Yield texts that lie under a merged range and differ from what it shows: no cell, yet not lost."""
    if not merged.spans:
        return
    hidden = full.keys() & merged.covered
    if not hidden:
        return
    for first, (height, width) in merged.spans.items():
        top, left = first >> COLUMN_BITS, first & COLUMN_MASK
        for line in lines(top, top + height - 1, left, left + width - 1):
            for key in hidden.intersection(line):
                if full[key] != sheet.texts.get(first, ""):
                    place = address(key >> COLUMN_BITS, key & COLUMN_MASK)
                    yield full[key], f"{sheet.name}!{place} (under a merged cell)"


def _regions(full: dict[int, str], merges: Sequence[Range], reach: Box) -> list[Box]:
    """Return the boxes that hold text, in reading order: more than one where wide gaps lie between."""
    if not full:
        return []
    cols = {key & COLUMN_MASK for key in full}
    whole = Box(min(full) >> COLUMN_BITS, max(full) >> COLUMN_BITS, min(cols), max(cols))
    texts: Sequence[Range] = merges
    if hull((whole, reach)) != whole:
        texts = [merge for merge in merges if merge[0] << COLUMN_BITS | merge[2] in full]
        ordinary = [merge for merge in texts if merge[3] - merge[2] < WIDE and merge[1] - merge[0] < HIGH]
        whole = hull([whole, *ordinary])
    if whole.bottom - whole.top <= GAP and whole.right - whole.left <= GAP:
        return [whole]
    texts = [merge for merge in texts if merge[0] << COLUMN_BITS | merge[2] in full]
    if _is_close(full, cols, texts):
        return [whole]
    boxes = [Box(row, row, col, col) for row, col in ((k >> COLUMN_BITS, k & COLUMN_MASK) for k in full)]
    for top, bottom, left, right in texts:
        boxes.append(Box(top, min(bottom, whole.bottom), left, min(right, whole.right)))
    parts = _split(boxes, by_row=True, depth=0, failed=False)
    return parts if len(parts) <= _MAX_PARTS else [hull(parts)]


def _is_close(full: dict[int, str], cols: set[int], merges: Sequence[Range]) -> bool:
    """Say whether no run of empty rows or columns is wide enough to split the sheet."""
    rows = sorted([*{(key >> COLUMN_BITS,) * 2 for key in full}, *(merge[:2] for merge in merges)])
    across = sorted([*((col, col) for col in cols), *(merge[2:] for merge in merges)])
    for runs in (rows, across):
        reach = runs[0][1]
        for start, end in runs:
            if start - reach - 1 > GAP:
                return False
            reach = max(reach, end)
    return True


def _split(boxes: list[Box], by_row: bool, depth: int, failed: bool) -> list[Box]:
    """Return the hulls of the groups of boxes between wide gaps, rows first, then columns, and again."""
    start, end = (0, 1) if by_row else (2, 3)
    groups: list[list[Box]] = []
    reach = -1
    for box in sorted(boxes, key=lambda box: box[start]):
        if not groups or box[start] - reach - 1 > GAP:
            groups.append([])
        groups[-1].append(box)
        reach = max(reach, box[end])
    if len(groups) == 1 and (failed or depth > _MAX_DEPTH):
        return [hull(boxes)]
    out: list[Box] = []
    for group in groups:
        if depth > _MAX_DEPTH:
            out.append(hull(group))
        else:
            out.extend(_split(group, not by_row, depth + 1, len(groups) == 1 and depth > 0))
    return out
