"""The merged ranges of a sheet within one box: which of them count, and which positions they cover."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

COLUMN_BITS = 14  # 16,384 columns
COLUMN_MASK = (1 << COLUMN_BITS) - 1
MAX_CELLS = 1_000_000  # in one document, empty ones inside grids included

_BIG = 20_000  # positions; a larger box is not marked position by position at first

Range = tuple[int, int, int, int]  # a merged range: a Box without the price of one
Marks = tuple[bytearray, list[int], list[int]]  # by position of a box: is it free, its height, its width


class Box(NamedTuple):
    """A rectangle of a sheet: first and last row, first and last column, 0-based, both ends included."""

    top: int
    bottom: int
    left: int
    right: int


class Merged:
    """The merged ranges within a box: ``spans`` by first position, ``covered`` all their others.

    A range that begins outside the box begins at its edge. Of ranges that overlap (programs write such files,
    Excel does not) one counts: the one that hides no other text, that holds text, that is larger. ``reach`` is
    the hull of all ranges, ``full`` the texts by key.
    """

    def __init__(self, box: Box, merges: Sequence[Range], reach: Box, full: dict[int, str]) -> None:
        self.skipped = 0  # ranges beyond the limit of work
        self._box = box
        self._spans: dict[int, tuple[int, int]] | None = None
        self._covered: set[int] | None = None
        whole = (
            reach[0] >= box[0] and reach[1] <= box[1] and reach[2] >= box[2] and reach[3] <= box[3]
        )  # the usual case
        self._ranges = merges if whole else [part for merge in merges if (part := _clipped(merge, box))]
        small = (box[1] - box[0] + 1) * (box[3] - box[2] + 1) <= _BIG
        self._marks = _marked(box, self._ranges) if small else None
        if self._marks is None:
            self._choose(full)

    @property
    def spans(self) -> dict[int, tuple[int, int]]:
        """Return (rows, columns) of each range by the key of its first position."""
        if self._spans is None:
            self._spans = {
                top << COLUMN_BITS | left: (bottom - top + 1, right - left + 1)
                for top, bottom, left, right in self._ranges
            }
        return self._spans

    @property
    def covered(self) -> set[int]:
        """Return the keys under the ranges, their first positions left out."""
        if self._covered is None:
            found: set[int] = set()
            for merge in self._ranges:
                found.update(*lines(*merge))
            self._covered = found - self.spans.keys()
        return self._covered

    def marks(self) -> Marks:
        """Return, for every position of the box, whether it is a cell of its own, and how many rows and columns it spans."""
        if self._marks is None:
            ranges = [
                (key >> COLUMN_BITS, (key >> COLUMN_BITS) + high - 1, at, at + wide - 1)
                for key, (high, wide) in self.spans.items()
                for at in (key & COLUMN_MASK,)
            ]
            self._marks = _marked(self._box, ranges)
        assert self._marks is not None  # the ranges that count do not overlap
        return self._marks

    def _choose(self, full: dict[int, str]) -> None:
        """Set ``spans`` and ``covered`` for ranges that may overlap or are many."""
        self._spans, self._covered = {}, set()
        ranges = [merge for merge in self._ranges if merge[0] != merge[1] or merge[2] != merge[3]]
        area = sum((bottom - top + 1) * (right - left + 1) for top, bottom, left, right in ranges)
        if area > MAX_CELLS or not self._take_all(ranges, area, self._spans, self._covered):
            self._spans, self._covered = {}, set()
            self._take_each(ranges, full, self._spans, self._covered)

    def _take_all(
        self, ranges: Sequence[Range], area: int, spans: dict[int, tuple[int, int]], covered: set[int]
    ) -> bool:
        """Take all ranges at once; False where some overlap."""
        for top, bottom, left, right in ranges:
            spans[top << COLUMN_BITS | left] = (bottom - top + 1, right - left + 1)
            covered.update(*lines(top, bottom, left, right))
        if len(covered) != area:
            return False
        covered.difference_update(spans)
        return True

    def _take_each(
        self,
        ranges: Sequence[Range],
        full: dict[int, str],
        spans: dict[int, tuple[int, int]],
        covered: set[int],
    ) -> None:
        """Take the ranges one by one, the best first, without those that overlap an earlier one."""
        work = MAX_CELLS
        ranked = []
        for merge in ranges:
            area = (merge[1] - merge[0] + 1) * (merge[3] - merge[2] + 1)
            work -= area
            if work < 0:
                self.skipped += 1
            else:
                ranked.append((*_rank(merge, full), -area, merge))
        for *_, (top, bottom, left, right) in sorted(ranked):
            rows = lines(top, bottom, left, right)
            if all(covered.isdisjoint(row) and spans.keys().isdisjoint(row) for row in rows):
                first = rows[0][0]
                covered.update(*rows)
                covered.discard(first)
                spans[first] = (bottom - top + 1, right - left + 1)


def _marked(box: Box, ranges: Iterable[Range]) -> Marks | None:
    """Return what ``Merged.marks`` returns; None where ranges overlap. All must lie inside the box."""
    top, bottom, left, right = box
    width = right - left + 1
    area = width * (bottom - top + 1)
    free, heights, widths = bytearray(b"\1") * area, [1] * area, [1] * area
    firsts: list[int] = []
    taken = 0
    for first, last, begin, end in ranges:
        at = (first - top) * width + begin - left
        high, wide = last - first + 1, end - begin + 1
        taken += high * wide
        if taken > area:
            return None
        firsts.append(at)
        widths[at], heights[at] = wide, high
        if high == 1:
            free[at : at + wide] = bytes(wide)
        elif wide == 1:
            free[at : at + last * width - first * width + 1 : width] = bytes(high)
        else:
            for start in range(at, at + high * width, width):
                free[start : start + wide] = bytes(wide)
    for at in firsts:
        free[at] = 1
    # two ranges on one position leave fewer positions covered than they should, or one first position for both
    return (
        (free, heights, widths) if free.count(0) == taken - len(set(firsts)) == taken - len(firsts) else None
    )


def lines(top: int, bottom: int, left: int, right: int) -> list[range]:
    """Return the keys of a range, row by row."""
    return [
        range(row << COLUMN_BITS | left, (row << COLUMN_BITS | right) + 1) for row in range(top, bottom + 1)
    ]


def hull(boxes: Iterable[Range]) -> Box:
    """Return the smallest box around all, of at least one."""
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Box(min(tops), max(bottoms), min(lefts), max(rights))


def _rank(merge: Range, full: dict[int, str]) -> tuple[int, bool]:
    """Return how many texts a range would hide that differ from its own, and whether it has none of its own."""
    rows = lines(*merge)
    text = full.get(rows[0][0], "")
    return sum(full.get(key, text) != text for row in rows for key in row), not text


def _clipped(merge: Range, box: Box) -> Range | None:
    """Return the part of a merged range inside the box; None where less than two cells are left."""
    top, bottom = max(merge[0], box[0]), min(merge[1], box[1])
    left, right = max(merge[2], box[2]), min(merge[3], box[3])
    if top > bottom or left > right or (top == bottom and left == right):
        return None
    return top, bottom, left, right
