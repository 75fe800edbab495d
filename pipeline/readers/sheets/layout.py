"""Cells and merged ranges of a sheet -> grids: trimmed to what holds text, ranges as spans, far corners apart."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, filterfalse, repeat
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.model import Block, Cell, Grid

COLUMN_BITS = 14  # 16,384 columns
COLUMN_MASK = (1 << COLUMN_BITS) - 1
MAX_CELLS = 1_000_000  # in one document, empty ones inside grids included

_GAP = 64  # more empty rows or columns than this in a run set two grids apart
_WIDE, _HIGH = 64, 512  # a merged range beyond is a whole row or column: it ends where the rest ends
_MAX_DEPTH = 4
_MAX_MERGES = 200_000  # in one sheet
_MAX_PARTS = 32  # a sheet in more parts than this is one sparse grid
_SPARSE = (
    40  # an area with fewer full cells than one in this many is not filled with empty cells when it is big
)
_BIG = 20_000
_SINGLE = (1, 1)


class Box(NamedTuple):
    """A rectangle of a sheet: first and last row, first and last column, 0-based, both ends included."""

    top: int
    bottom: int
    left: int
    right: int


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
    merges: list[Box] = field(default_factory=list)
    floating: list[tuple[str, str]] = field(default_factory=list)
    dropped: int = 0  # merged ranges beyond the limit

    def merge(self, box: Box) -> None:
        """Add a merged range."""
        if len(self.merges) < _MAX_MERGES:
            self.merges.append(box)
        else:
            self.dropped += 1


@dataclass(slots=True)
class Layout:
    """Gathers grids and blocks of a book, sheet after sheet, within one limit of cells."""

    grids: list[Grid] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: int = MAX_CELLS

    def add(self, sheet: Sheet) -> None:
        """Add the grids of one sheet; SourceError too_large when the document has too many cells."""
        full = {key: text for key, text in sheet.texts.items() if text and not text.isspace()}
        regions = _regions(full, sheet.merges)
        stray: list[tuple[str, str]] = []
        dropped = sheet.dropped
        for box in regions:
            merged = _Merged(box, sheet.merges, full)
            dropped += merged.skipped
            grid = self._grid(sheet, box, merged, len(regions) > 1)
            stray.extend(sorted(_stray(sheet, full, merged), key=lambda found: found[1]))
            self.grids.append(grid)
        if dropped:
            self.problems.append(f"{sheet.name}: {dropped} merged ranges beyond the limit were ignored")
        for text, locator in sheet.floating + stray:
            self.blocks.append(Block(text, len(self.blocks), len(self.grids), sheet.number, None, locator))

    def _grid(self, sheet: Sheet, box: Box, merged: "_Merged", is_part: bool) -> Grid:
        area = (box.bottom - box.top + 1) * (box.right - box.left + 1)
        if area > _BIG and area > min(_SPARSE * len(sheet.texts), self.left):
            cells = _full_cells_only(sheet, box, merged)
        else:
            cells = _all_cells(sheet, box, merged)
        self.left -= len(cells)
        if self.left < 0:
            raise SourceError("too_large", place=sheet.name, detail=f"more than {MAX_CELLS} cells")
        locator = f"{sheet.name} (hidden)" if sheet.hidden else sheet.name
        if is_part:
            locator += f"!{address(box.top, box.left)}:{address(box.bottom, box.right)}"
        return Grid(len(self.grids), cells, sheet.number, locator)


@lru_cache(maxsize=16384)
def column_name(col: int) -> str:
    """Return the letters of a 0-based column: 0 -> A, 26 -> AA."""
    name = ""
    col += 1
    while col:
        col, rest = divmod(col - 1, 26)
        name = chr(65 + rest) + name
    return name


def address(row: int, col: int) -> str:
    """Return a position as a person writes it: (6, 1) -> B7."""
    return f"{column_name(col)}{row + 1}"


class _Addresses(dict[int, str]):
    """Key of a position -> its address; the first 60,000 met are kept, because every form begins at A1."""

    def __missing__(self, key: int) -> str:
        found = address(key >> COLUMN_BITS, key & COLUMN_MASK)
        if len(self) < 60_000:
            self[key] = found
        return found


_addresses = _Addresses()


def _all_cells(sheet: Sheet, box: Box, merged: "_Merged") -> tuple[Cell, ...]:
    """Return a cell for every position of the box that no merged range covers.

    Written as columns that are zipped into cells: no step is taken in Python for each cell but the two lists.
    """
    top, bottom, left, right = box
    lines = (
        range(row << COLUMN_BITS | left, (row << COLUMN_BITS | right) + 1) for row in range(top, bottom + 1)
    )
    keys = [*filterfalse(merged.covered.__contains__, chain.from_iterable(lines))]
    heights, widths = [1] * len(keys), [1] * len(keys)
    for first, (height, width) in merged.spans.items():
        at = bisect_left(keys, first)
        heights[at], widths[at] = height, width
    fields = zip(
        [(key >> COLUMN_BITS) - top for key in keys],
        [(key & COLUMN_MASK) - left for key in keys],
        heights,
        widths,
        map(sheet.texts.get, keys, repeat("")),
        repeat(sheet.number),
        repeat(None),
        map(f"{sheet.name}!".__add__, map(_addresses.__getitem__, keys)),
        repeat(None),
        strict=False,
    )
    return tuple(map(partial(tuple.__new__, Cell), fields))  # calling Cell takes a third longer


def _full_cells_only(sheet: Sheet, box: Box, merged: "_Merged") -> tuple[Cell, ...]:
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
            locator=f"{sheet.name}!{address(key >> COLUMN_BITS, key & COLUMN_MASK)}",
        )
        for key in sorted(found - merged.covered)
    )


def _inside(box: Box, key: int) -> bool:
    return box.top <= key >> COLUMN_BITS <= box.bottom and box.left <= key & COLUMN_MASK <= box.right


def _stray(sheet: Sheet, full: dict[int, str], merged: "_Merged") -> Iterable[tuple[str, str]]:
    """Yield texts that lie under a merged range and differ from what it shows: no cell, yet not lost."""
    hidden = full.keys() & merged.covered
    if not hidden:
        return
    for first, (height, width) in merged.spans.items():
        top, left = first >> COLUMN_BITS, first & COLUMN_MASK
        for line in _lines(top, top + height - 1, left, left + width - 1):
            for key in hidden.intersection(line):
                if full[key] != sheet.texts.get(first, ""):
                    place = address(key >> COLUMN_BITS, key & COLUMN_MASK)
                    yield full[key], f"{sheet.name}!{place} (under a merged cell)"


class _Merged:
    """The merged ranges within a box: ``spans`` by first position, ``covered`` all their others.

    A range that begins outside the box begins at its edge. Of ranges that overlap (programs write such files,
    Excel does not) one counts: the one that hides no other text, that holds text, that is larger.
    """

    def __init__(self, box: Box, merges: Iterable[Box], full: dict[int, str]) -> None:
        self.spans: dict[int, tuple[int, int]] = {}
        self.covered: set[int] = set()
        self.skipped = 0  # ranges beyond the limit of work
        inside = [clipped for merge in merges if (clipped := _clipped(merge, box)) is not None]
        area = 0
        for top, bottom, left, right in inside:
            area += (bottom - top + 1) * (right - left + 1)
        if area > MAX_CELLS or not self._take_all(inside, area):
            self._take_each(inside, full)

    def _take_all(self, inside: list[Box], area: int) -> bool:
        """Take all ranges at once; False where some overlap."""
        spans, covered = self.spans, self.covered
        for top, bottom, left, right in inside:
            first = top << COLUMN_BITS | left
            spans[first] = (bottom - top + 1, right - left + 1)
            if left == right:
                covered.update(range(first, (bottom << COLUMN_BITS | left) + 1, 1 << COLUMN_BITS))
            else:
                for start in range(first, (bottom << COLUMN_BITS | left) + 1, 1 << COLUMN_BITS):
                    covered.update(range(start, start + right - left + 1))
        if len(covered) != area:
            return False
        covered.difference_update(spans)
        return True

    def _take_each(self, inside: list[Box], full: dict[int, str]) -> None:
        """Take the ranges one by one, the best first, without those that overlap an earlier one."""
        self.spans, self.covered = {}, set()
        work = MAX_CELLS
        ranked = []
        for box in inside:
            area = (box.bottom - box.top + 1) * (box.right - box.left + 1)
            work -= area
            if work < 0:
                self.skipped += 1
            else:
                ranked.append((*_rank(box, full), -area, box))
        for *_, box in sorted(ranked):
            self._take(*box)

    def _take(self, top: int, bottom: int, left: int, right: int) -> None:
        lines = _lines(top, bottom, left, right)
        if all(self.covered.isdisjoint(line) and self.spans.keys().isdisjoint(line) for line in lines):
            first = lines[0][0]
            self.covered.update(*lines)
            self.covered.discard(first)
            self.spans[first] = (bottom - top + 1, right - left + 1)


def _lines(top: int, bottom: int, left: int, right: int) -> list[range]:
    """Return the keys of a range, row by row."""
    return [
        range(row << COLUMN_BITS | left, (row << COLUMN_BITS | right) + 1) for row in range(top, bottom + 1)
    ]


def _rank(box: Box, full: dict[int, str]) -> tuple[int, bool]:
    """Return how many texts a range would hide that differ from its own, and whether it has none of its own."""
    lines = _lines(*box)
    text = full.get(lines[0][0], "")
    return sum(full.get(key, text) != text for line in lines for key in line), not text


def _clipped(merge: Box, box: Box) -> Box | None:
    """Return the part of a merged range inside the box; None where less than two cells are left."""
    if merge[0] >= box[0] and merge[1] <= box[1] and merge[2] >= box[2] and merge[3] <= box[3]:
        return merge if merge[0] != merge[1] or merge[2] != merge[3] else None
    top, bottom = max(merge.top, box.top), min(merge.bottom, box.bottom)
    left, right = max(merge.left, box.left), min(merge.right, box.right)
    if top > bottom or left > right or (top == bottom and left == right):
        return None
    return Box(top, bottom, left, right)


def _regions(full: dict[int, str], merges: Sequence[Box]) -> list[Box]:
    """Return the boxes that hold text, in reading order: more than one where wide gaps lie between."""
    if not full:
        return []
    cols = {key & COLUMN_MASK for key in full}
    whole = Box(min(full) >> COLUMN_BITS, max(full) >> COLUMN_BITS, min(cols), max(cols))
    texts = [merge for merge in merges if merge.top << COLUMN_BITS | merge.left in full]
    ordinary = [
        merge for merge in texts if merge.right - merge.left < _WIDE and merge.bottom - merge.top < _HIGH
    ]
    whole = _hull([whole, *ordinary])
    if _is_close(full, cols, texts, whole):
        return [whole]
    boxes = [Box(row, row, col, col) for row, col in ((k >> COLUMN_BITS, k & COLUMN_MASK) for k in full)]
    for merge in texts:
        boxes.append(
            Box(merge.top, min(merge.bottom, whole.bottom), merge.left, min(merge.right, whole.right))
        )
    parts = _split(boxes, by_row=True, depth=0, failed=False)
    return parts if len(parts) <= _MAX_PARTS else [_hull(parts)]


def _is_close(full: dict[int, str], cols: set[int], merges: list[Box], whole: Box) -> bool:
    """Say whether no run of empty rows or columns is wide enough to split the sheet."""
    if whole.bottom - whole.top <= _GAP and whole.right - whole.left <= _GAP:
        return True
    rows = sorted([*{(key >> COLUMN_BITS,) * 2 for key in full}, *((box.top, box.bottom) for box in merges)])
    across = sorted([*((col, col) for col in cols), *((box.left, box.right) for box in merges)])
    for runs in (rows, across):
        reach = runs[0][1]
        for start, end in runs:
            if start - reach - 1 > _GAP:
                return False
            reach = max(reach, end)
    return True


def _split(boxes: list[Box], by_row: bool, depth: int, failed: bool) -> list[Box]:
    """Return the hulls of the groups of boxes between wide gaps, rows first, then columns, and again."""
    start, end = (0, 1) if by_row else (2, 3)
    groups: list[list[Box]] = []
    reach = -1
    for box in sorted(boxes, key=lambda box: box[start]):
        if not groups or box[start] - reach - 1 > _GAP:
            groups.append([])
        groups[-1].append(box)
        reach = max(reach, box[end])
    if len(groups) == 1 and (failed or depth > _MAX_DEPTH):
        return [_hull(boxes)]
    out: list[Box] = []
    for group in groups:
        if depth > _MAX_DEPTH:
            out.append(_hull(group))
        else:
            out.extend(_split(group, not by_row, depth + 1, len(groups) == 1 and depth > 0))
    return out


def _hull(boxes: Iterable[Box]) -> Box:
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Box(min(tops), max(bottoms), min(lefts), max(rights))
