"""Rows and labels to cells: how far each label reaches, and where the borders lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import NamedTuple

from pipeline.readers.pages.blocks import Block
from pipeline.readers.pages.rows import MOST_SUMS, OFF, Extent, Rows
from pipeline.readers.pages.sections import Doubtful

Group = tuple[int, int, Block | None]


class Span(NamedTuple):
    """One cell: its first and last row and column, counted in the section, and its print."""

    top: int
    bottom: int
    left: int
    right: int
    block: Block | None


@dataclass(slots=True)
class _Board:
    """Cells laid on rows and columns; none may lie on another."""

    taken: set[tuple[int, int]] = field(default_factory=set)
    found: list[Span] = field(default_factory=list)

    def put(self, span: Span) -> None:
        """Add a cell; Doubtful where another lies."""
        places = {
            (row, col) for row in range(span.top, span.bottom + 1) for col in range(span.left, span.right + 1)
        }
        if places & self.taken:
            raise Doubtful
        self.taken |= places
        self.found.append(span)


def cells_of(
    rows: Rows, width: int, outer: Extent, goes_on: bool, middle: bool | None
) -> tuple[list[Span], list[float]]:
    """Return the cells of so many columns and the borders of their rows; Doubtful where unsure.

    ``outer``: the ends of the print above and below them; ``goes_on``: they continue those of the page before,
    whose labels may reach into them; ``middle``: cells are set to the middle of their rows, not to the top.
    """
    board = _Board()
    for top, bottom, left, right, block in rows.wide:
        board.put(Span(top, bottom, left, right, block))
    starts = set(range(len(rows.extents) + 1))
    sums = _sums(rows)
    for col, labels in sorted(rows.labels.items(), reverse=True):
        barred = {
            row for top, bottom, left, right, _ in rows.wide if left <= col <= right for row in (top, bottom)
        }
        groups = _groups(labels, _Frame(rows, outer, goes_on, middle, starts, barred, sums), col)
        for top, bottom, label in groups:
            if label is not None:
                board.put(Span(top, bottom, col, col, label))
        # the groups of a column are made of those of the next
        starts = {0, rows.heads, len(rows.extents)} | {
            row for top, bottom, label in groups for row in ([top] if label else range(top, bottom + 1))
        }
    for row, placed in enumerate(rows.placed):
        for col, block in placed.items():
            board.put(Span(row, row, col, col, block))
    for row in range(len(rows.extents)):
        for col in range(width):
            if (row, col) not in board.taken:
                board.put(Span(row, row, col, col, None))
    return board.found, _borders(board.found, rows.extents, outer)


def _borders(cells: Sequence[Span], extents: Sequence[Extent], outer: Extent) -> list[float]:
    """Return the borders of rows, between the print of the cells above and below them; Doubtful where none is."""
    ends = [extent[1] for extent in extents]
    starts = [extent[0] for extent in extents]
    for cell in cells:
        if cell.block is not None:
            ends[cell.bottom] = max(ends[cell.bottom], cell.block.bottom)
            starts[cell.top] = min(starts[cell.top], cell.block.top)
    if any(end > start + 0.5 for end, start in zip(ends, starts[1:], strict=False)):
        raise Doubtful
    inner = [(end + start) / 2 for end, start in zip(ends, starts[1:], strict=False)]
    return [outer[0], *inner, outer[1]]


def _sums(rows: Rows) -> int:
    """Return how many of the last rows are hardly filled: those that sum up the others."""
    filled = [len(placed) for placed in rows.placed]
    count = 0
    while (
        count < MOST_SUMS
        and count + rows.heads + 1 < len(filled)
        and filled[-1 - count] * 10 <= 7 * max(filled)
    ):
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the labels of one column stand in: rows, print above and below, and the rows at which groups may begin.

    ``barred``: rows in which something else covers the column; ``sums``: how many of the last rows sum up.
    """

    rows: Rows
    outer: Extent
    goes_on: bool
    middle: bool | None
    starts: set[int]
    barred: set[int]
    sums: int

    def gaps(self) -> list[Extent]:
        """Return where the border above each row, and that below the last, may lie."""
        extents = self.rows.extents
        inner = [(a[1], b[0]) for a, b in pairwise(extents)]
        return [(self.outer[0], extents[0][0]), *inner, (extents[-1][1], self.outer[1])]

    def narrowed(self) -> list[Extent]:
        """Return the gaps without the places that would put a row's print off its middle; empty where none are left.

        A row of which nothing is printed hides in a gap and leaves no such places.
        """
        gaps = self.gaps()
        middles = [(a + b) / 2 for a, b in self.rows.extents]
        order = range(self.rows.heads, len(middles))
        for rows, here, there in ((order, 0, 1), (reversed(order), 1, 0)) * 2:
            for row in rows:
                low, high = gaps[row + here]
                other = gaps[row + there]
                least, most = 2 * middles[row] - high - 0.5, 2 * middles[row] - low + 0.5
                gaps[row + there] = max(least, other[0]), min(most, other[1])
                if gaps[row + there][0] > gaps[row + there][1]:
                    return []
        return gaps


def _groups(labels: Sequence[Block], frame: _Frame, col: int) -> list[Group]:
    """Return (first row, last row, label) of a column that holds fewer labels than there are rows."""
    begin = frame.rows.heads if col in frame.rows.headed else 0
    tops = _from_the_top(labels, frame, begin) if frame.middle is not True else None
    centred = _centred(labels, frame, begin) if frame.middle is not False else None
    if tops is not None and centred is not None and tops != centred:
        raise Doubtful
    found = centred or tops
    if found is None:
        raise Doubtful
    return found


def _from_the_top(labels: Sequence[Block], frame: _Frame, begin: int) -> list[Group] | None:
    """Return the groups of labels set to the top: each reaches to the row of the next."""
    extents = frame.rows.extents
    starts: list[int] = []
    for label in labels:
        at = [row for row, extent in enumerate(extents) if abs(extent[0] - label.top) <= OFF]
        if len(at) != 1:
            return None
        starts += at
    if starts[0] > max(begin, frame.rows.heads) and not frame.goes_on:
        return None
    ends = [*(start - 1 for start in starts[1:]), len(extents) - 1]
    ends = [
        min([end, *(row - 1 for row in frame.barred if start < row <= end)])
        for start, end in zip(starts, ends, strict=True)
    ]
    groups: list[Group] = [
        (start, end, label) for start, end, label in zip(starts, ends, labels, strict=True)
    ]
    return [(begin, starts[0] - 1, None), *groups] if starts[0] > begin else groups


def _centred(labels: Sequence[Block], frame: _Frame, begin: int) -> list[Group] | None:
    """Return the groups in whose middle the labels stand, None where there are no such groups.

    Each label is as far from the end of its group as from the start; the groups follow one another without a
    gap, and every border lies between the print of two rows. The first border is tried at all places where it
    may lie.
    """
    count = len(frame.rows.extents)
    firsts = range(begin, count if frame.goes_on else max(begin, frame.rows.heads) + 1)
    every = [firsts] if frame.goes_on else [[first] for first in firsts]
    for beyond, some in product((False, True), every):
        tried = _trials(labels, frame, some, beyond)
        # the rows that sum up belong to no label, if it can be
        short = {ends: times for ends, times in tried.items() if ends[-1][1] + 1 < count}
        tried = short or tried
        best = sorted(tried, key=lambda ends: -tried[ends])
        if not best:
            continue
        if len(best) > 1 and tried[best[0]] < 2 * tried[best[1]]:
            return None
        ends = best[0]
        skipped, behind = ends[0][0], ends[-1][1] + 1
        groups: list[Group] = [(top, end, label) for (top, end), label in zip(ends, labels, strict=True)]
        before: list[Group] = [(begin, skipped - 1, None)] if skipped > begin else []
        after: list[Group] = [(behind, count - 1, None)] if behind < count else []
        return [*before, *groups, *after]
    return None


def _trials(
    labels: Sequence[Block], frame: _Frame, firsts: Iterable[int], beyond: bool
) -> dict[tuple[tuple[int, int], ...], int]:
    """Return the groups that fit, with the number of places of the first border for which they do."""
    gaps = frame.narrowed()
    return (gaps and _fitting(labels, frame, firsts, beyond, gaps)) or _fitting(
        labels, frame, firsts, beyond, frame.gaps()
    )


def _fitting(
    labels: Sequence[Block], frame: _Frame, firsts: Iterable[int], beyond: bool, gaps: Sequence[Extent]
) -> dict[tuple[tuple[int, int], ...], int]:
    tried: dict[tuple[tuple[int, int], ...], int] = {}
    for first in firsts:
        low, high = gaps[first]
        for step in range(int((high - low) * 2) + 1) if first in frame.starts else ():
            ends = _tiled(labels, gaps, low + step / 2, first, frame.starts, beyond)
            if ends is None or len(gaps) - 2 - ends[-1][1] not in (0, frame.sums):
                continue
            if not any(top <= row <= bottom for top, bottom in ends for row in frame.barred):
                tried[ends] = tried.get(ends, 0) + 1
    return tried


def _tiled(
    labels: Sequence[Block], gaps: Sequence[Extent], start: float, row: int, starts: set[int], beyond: bool
) -> tuple[tuple[int, int], ...] | None:
    """Return the first and last row of each label's group where the first begins at a y, None if they do not fit.

    ``beyond``: the last group was cut by the end of the page, and its cell is drawn beyond the last print.
    """
    found: list[tuple[int, int]] = []
    at, border = row, start
    for number, label in enumerate(labels):
        border = 2 * label.middle - border
        fitting = [
            end
            for end in range(at + 1, len(gaps))
            if end in starts
            and gaps[end][0] - OFF <= border <= gaps[end][1] + OFF
            and gaps[end][1] + OFF >= label.bottom
        ]
        if not fitting:
            tall = label.bottom - label.top
            if not beyond or number + 1 < len(labels) or not 0 < border - gaps[-1][1] < 2.5 * tall:
                return None
            fitting = [len(gaps) - 1]
        found.append((at, fitting[0] - 1))
        at = fitting[0]
        border = min(max(border, gaps[at][0]), gaps[at][1])
    return tuple(found)
