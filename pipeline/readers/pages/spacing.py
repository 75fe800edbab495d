"""Rows of a table without rules, from the distances of its lines."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.readers.pages.bands import Band, Strip
from pipeline.readers.pages.lines import Line

# a line that its cell wrapped follows at no more than this many times the print's height
_WIDEST_LEADING = 1.9
# rows follow at a step that is larger than that of wrapped lines by this factor
_CLEARLY = 1.15
# no more columns than this name groups of rows
_MOST_GROUPS = 4
# no more rows than this stand below the last group
_MOST_SUMS = 2
Extent = tuple[float, float]


class Doubtful(Exception):  # noqa: N818 (a finding, not a fault)
    """The rows of a stretch do not show."""


def rows_in(band: Band, top: float, bottom: float, headed: bool) -> list[list[Extent]]:
    """Return per column the upper and lower ends of its cells; Doubtful where they do not show.

    ``headed``: its first row is one of heads, each of one cell however many lines it has.
    """
    columns = [_lines(strip) for strip in band.strips]
    step = _wrap_step(columns)
    ends = [line.bottom for strip in band.strips for row, line in strip.found if row == band.first]
    head = max(ends) if headed else top
    blocks = [_blocks(lines, step, head) for lines in columns]
    grouping, rows = _rows(blocks)
    borders = [top, *((a[1] + b[0]) / 2 for a, b in pairwise(rows)), bottom]
    if not step:
        _no_row_is_a_rest(blocks, rows)
    middle = _is_centred(blocks[grouping:], rows)
    if not middle:
        # a label taller than the rest of its row holds the next row off
        ends = [block[1] for column in blocks for block in column]
        for number, row in enumerate(rows[1:], start=1):
            above = max([end for end in ends if end <= row[0] + 0.5], default=borders[number])
            borders[number] = (above + row[0]) / 2
    found: list[list[Extent]] = []
    for number, column in enumerate(blocks):
        every = list(pairwise(borders))
        if number < max(grouping, min(_MOST_GROUPS, len(blocks) - 2)) and not _is_plain(column, rows):
            found.append(_groups(column, rows, borders, middle))
        else:
            found.append(every)
    return found


def _is_plain(column: Sequence[Extent], rows: Sequence[Extent]) -> bool:
    """Say whether a column has a cell beside the middle of each row but perhaps the first, which has the heads."""
    middles = [(top + bottom) / 2 for top, bottom in column]
    missing = [
        number
        for number, (top, bottom) in enumerate(rows)
        if not any(abs(middle - (top + bottom) / 2) < 0.3 * (bottom - top) for middle in middles)
    ]
    return missing in ([], [0]) and len(column) == len(rows) - len(missing)


def _lines(strip: Strip) -> list[Line]:
    return sorted((line for _, line in strip.found), key=lambda line: line.top)


def _wrap_step(columns: Sequence[Sequence[Line]]) -> float:
    """Return the largest step, in points, of lines that belong to one cell; 0 where no cell wraps."""
    steps = sorted(
        ((b.top + b.bottom - a.top - a.bottom) / 2, a, b) for lines in columns for a, b in pairwise(lines)
    )
    wraps: list[float] = []
    values = 0
    for step, a, b in steps:
        height = min(a.bottom - a.top, b.bottom - b.top)
        if step > _WIDEST_LEADING * height or (wraps and step > wraps[-1] * _CLEARLY):
            break
        wraps.append(step)
        values += _is_value(a) and _is_value(b)
    # where numbers stand below one another at this step, it is that of rows
    return wraps[-1] + 0.2 if wraps and values * 8 <= len(wraps) else 0.0


def _is_value(line: Line) -> bool:
    return len(line.text) <= 6 and not any(char.isalpha() for char in line.text)


def _blocks(lines: Sequence[Line], step: float, head: float) -> list[Extent]:
    """Return the cells of a column: lines at the step of wrapped ones, and all of the head, are one."""
    blocks: list[Extent] = []
    last: Line | None = None
    for line in lines:
        if last is not None and (
            line.bottom <= head or (line.top + line.bottom - last.top - last.bottom) / 2 <= step
        ):
            blocks[-1] = blocks[-1][0], max(line.bottom, blocks[-1][1])
        else:
            blocks.append((line.top, line.bottom))
        last = line
    return blocks


def _rows(blocks: Sequence[Sequence[Extent]]) -> tuple[int, list[Extent]]:
    """Return how many columns at the left name groups of rows, and the rows that the others make."""
    for grouping in range(min(_MOST_GROUPS, max(len(blocks) - 2, 0)) + 1):
        rows = _merged(block for column in blocks[grouping:] for block in column)
        if all(
            sum(row[0] <= block[0] < row[1] for block in column) <= 1
            for column in blocks[grouping:]
            for row in rows
        ):
            return grouping, rows
    raise Doubtful


def _merged(extents: Iterator[Extent]) -> list[Extent]:
    """Return the unions of extents that overlap."""
    rows: list[Extent] = []
    for top, bottom in sorted(extents):
        if rows and top < rows[-1][1] - 0.5:
            rows[-1] = rows[-1][0], max(rows[-1][1], bottom)
        else:
            rows.append((top, bottom))
    return rows


def _no_row_is_a_rest(blocks: Sequence[Sequence[Extent]], rows: Sequence[Extent]) -> None:
    """Raise Doubtful where a row may be the rest of a wrapped one: the columns that all others fill are empty."""
    anchors = [column for column in blocks if len(column) * 10 >= 7 * len(rows)]
    for row in rows[1:]:
        filled = sum(any(row[0] <= block[0] < row[1] for block in column) for column in anchors)
        if len(anchors) > 1 and filled * 2 < len(anchors):
            raise Doubtful


def _is_centred(blocks: Sequence[Sequence[Extent]], rows: Sequence[Extent]) -> bool | None:
    """Say whether cells are set to the middle of their rows (True) or to the top; None where it does not show."""
    middle = top = neither = 0
    for row in rows:
        for column in blocks:
            for block in column:
                if not row[0] <= block[0] < row[1] or block[1] - block[0] > (row[1] - row[0]) * 0.8:
                    continue
                if abs(block[0] + block[1] - row[0] - row[1]) < 0.25 * (row[1] - row[0]):
                    middle += 1
                elif block[0] - row[0] < 0.15 * (row[1] - row[0]):
                    top += 1
                else:
                    neither += 1
    if not middle + top + neither:
        return None
    if max(middle, top) * 5 < (middle + top + neither) * 4:
        raise Doubtful
    return middle > top


def _groups(
    column: Sequence[Extent], rows: Sequence[Extent], borders: Sequence[float], middle: bool | None
) -> list[Extent]:
    """Return the cells of a column that holds fewer labels than there are rows.

    A label set to the top stands on the first row of its group, one set to the middle halfway down it.
    """
    centred = _centred_groups(column, borders) if middle is not False else None
    plain = all(any(row[0] - 1 <= block[0] < row[1] - 1 for row in rows) for block in column)
    if middle is None and centred is not None and plain and column[0][0] < rows[0][1]:
        # both readings are possible: they agree only where each label has one row
        if len(centred) != len(rows):
            raise Doubtful
        return _from_the_top(column, rows, borders)
    if centred is not None:
        return centred
    if middle or not plain:
        raise Doubtful
    return _from_the_top(column, rows, borders)


def _from_the_top(column: Sequence[Extent], rows: Sequence[Extent], borders: Sequence[float]) -> list[Extent]:
    """Return the cells of a column set to the top: a label covers as many rows as its lines reach into."""
    found: list[Extent] = []
    at = 0
    while at < len(rows):
        end = at + 1
        for top, bottom in column:
            if borders[at] <= top < borders[at + 1]:
                while end < len(rows) and borders[end] < bottom - 0.5:
                    end += 1
        if any(borders[at + 1] <= top < borders[end] for top, _ in column):
            raise Doubtful
        found.append((borders[at], borders[end]))
        at = end
    return found


def _centred_groups(column: Sequence[Extent], borders: Sequence[float]) -> list[Extent] | None:
    """Return the groups of rows in whose middle the labels stand, None where there are no such groups."""
    found: list[Extent] = []
    at = 0
    for top, bottom in column:
        wanted = top + bottom - borders[at]
        near = min(range(len(borders)), key=lambda i: abs(borders[i] - wanted))
        if near <= at or abs(borders[near] - wanted) > 0.9 * (bottom - top):
            # what a page break cut may have been drawn beyond the last print
            if (top, bottom) != column[-1] or not 0 < wanted - borders[-1] < 2.5 * (bottom - top):
                return None
            near = len(borders) - 1
        found.append((borders[at], borders[near]))
        at = near
    # a row or two below the groups may sum them up
    rest = list(pairwise(borders[at:]))
    return found + rest if len(rest) <= _MOST_SUMS else None
