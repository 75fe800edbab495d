"""Tables without vertical rules: columns from alignment, rows from horizontal rules or from the print.

Precision comes first: only a stretch with a head of at least three columns and print that keeps to them over
at least three rows becomes a table. One that looks like a table and does not come out clean stays text, and is
told as a doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.readers.pages.between_rules import between_rules, is_flush, regions, within
from pipeline.readers.pages.blocks import blocks_of, pieces_of, stacks_of, whole_heads, wrap_step
from pipeline.readers.pages.cells import Span, cells_of
from pipeline.readers.pages.going_on import Place, Tail, Unruled, going_on, sections_after, table_of, tail_of
from pipeline.readers.pages.heads import heads_of
from pipeline.readers.pages.ink import Char, Rule
from pipeline.readers.pages.lines import Line
from pipeline.readers.pages.rows import Rows, has_lone_row, is_centred, rows_of
from pipeline.readers.pages.sections import (
    Doubtful,
    Section,
    edges_of,
    is_regular,
    with_heads,
    without_strays,
)
from pipeline.readers.pages.wrapping import Measure

_FEWEST_ROWS = 3
_FEWEST_COLUMNS = 3
# lines of one cell, or of cells beside one another, are no further apart than this share of their height
_TIGHT = 0.7
# lines further apart than this many times their height belong to no one table
_APART = 5.0
# between two lines of several cells stand no more lines of one cell than this
_LONE = 12
_MOST_LINES = 3000
# print reaches no further than this beyond its cell, in points
_SLACK = 1.0
# the border of a table lies no further than this beyond its print, in points
_BEYOND = 18.0
DOUBT = "what looks like a table without rules cannot be told from text for sure"


@dataclass(slots=True)
class Findings:
    """The tables of a page that have no vertical rules; ``doubts`` counts what may be one and was left."""

    tables: list[Unruled] = field(default_factory=list)
    doubts: int = 0


def find_unruled(
    chars: Sequence[Char], horizontals: Sequence[Rule], taken: Sequence[Place], tail: Tail | None = None
) -> Findings:
    """Return the tables that print outside the ruled ones (``taken``: their boxes) makes.

    ``tail`` are the columns with which the page before ended.
    """
    found = Findings()
    if tail is None and len(chars) < 2 * _FEWEST_ROWS * _FEWEST_COLUMNS:
        return found
    rest = list(chars)
    before = tail if tail is not None and tail.ruled else None
    for region, rules in regions(horizontals, taken, 2 if before is not None else _FEWEST_ROWS + 1):
        inside = [char for char in rest if within(char, region)]
        on = before if before is not None and is_flush(region, before) else None
        if not inside or (on is None and len(rules) <= _FEWEST_ROWS):
            continue
        try:
            table = between_rules(inside, region, rules, on)
        except Doubtful:
            found.doubts += 1
            continue
        if table is not None:
            found.tables.append(table)
            before = None
            rest = [char for char in rest if not within(char, region)]
    places = [*taken, *(table.lattice.bbox for table in found.tables)]
    for number, stretch in enumerate(_stretches(pieces_of(rest), places, tail is not None)):
        try:
            table = _by_print(stretch, None if tail is None or tail.ruled or number else tail)
        except Doubtful:
            found.doubts += 1
            continue
        if table is not None:
            found.tables.append(table)
            found.doubts += table.doubts
    return found


def _settled(section: Section) -> Section:
    """Return a section with each column of numbers under its head and no column of a lone block."""
    top = heads_of(section)
    return without_strays(with_heads(section, top), top)


def _stretches(lines: Sequence[list[Line]], taken: Sequence[Place], goes_on: bool) -> list[list[list[Line]]]:
    """Return the stretches of lines that may be tables: from a line of several cells to the last such line.

    ``goes_on``: the first may go on with the table of the page before, and be shorter.
    """
    found: list[tuple[int, int]] = []
    lines = lines[:_MOST_LINES]
    start = last = -1
    for number, line in enumerate(lines):
        if start >= 0 and (
            _parts(lines[number - 1], line, taken)
            or number - last - 1 > _LONE
            or _is_prose(line, lines[start:number])
        ):
            found.append((start, last + 1))
            start = -1
        if len(line) > 1:
            start = number if start < 0 else start
            last = number
    if start >= 0:
        found.append((start, last + 1))
    wide = [
        (a, b)
        for number, (a, b) in enumerate(found)
        if (goes_on and not number) or sum(len(line) > 1 for line in lines[a:b]) >= _FEWEST_ROWS
    ]
    return _with_rests(lines, wide)


def _with_rests(lines: Sequence[list[Line]], stretches: Sequence[tuple[int, int]]) -> list[list[list[Line]]]:
    """Return stretches with the single lines just above and below them that may be of cells in their outer rows."""
    found: list[list[list[Line]]] = []
    for start, end in stretches:
        while start > 0 and _follows(lines[start - 1], lines[start]):
            start -= 1
        while end < len(lines) and _follows(lines[end - 1], lines[end]):
            end += 1
        found.append(list(lines[start:end]))
    return found


def _follows(above: Sequence[Line], below: Sequence[Line]) -> bool:
    """Say whether one of two lines stands alone and so close to the other that it may be of a cell beside it."""
    height = max(one.bottom - one.top for one in (*above, *below))
    near = min(one.top for one in below) - max(one.bottom for one in above) < _TIGHT * height
    return near and min(len(above), len(below)) == 1


def _parts(before: Sequence[Line], line: Sequence[Line], taken: Sequence[Place]) -> bool:
    """Say whether two lines belong to no one table: far apart, or a table stands between."""
    bottom, top = max(one.bottom for one in before), min(one.top for one in line)
    height = max(one.bottom - one.top for one in line)
    return top - bottom > _APART * height or any(bottom <= box[1] + 1 and top >= box[3] - 1 for box in taken)


def _is_prose(line: Sequence[Line], run: Sequence[Sequence[Line]]) -> bool:
    """Say whether a line of one piece is a line of text over the whole width, not of one cell."""
    if len(line) > 1:
        return False
    left = min(one.x0 for other in run for one in other if len(other) > 1)
    right = max(one.x1 for other in run for one in other if len(other) > 1)
    one = line[0]
    return one.x0 - left < 2.5 * (one.bottom - one.top) and one.x1 - one.x0 > 0.5 * (right - left)


def _by_print(lines: list[list[Line]], tail: Tail | None) -> Unruled | None:
    """Return the table of a stretch, None where it is none; Doubtful where it may be one."""
    pieces = [piece for line in lines for piece in line]
    step = wrap_step(pieces)
    stacks = whole_heads(stacks_of(blocks_of(pieces, step)))
    sections, goes_on = sections_after(stacks, tail)
    if not goes_on and not any(is_regular(one) and len(heads_of(one)) >= _FEWEST_COLUMNS for one in sections):
        return None
    while len(sections[0].columns) < 2:
        del sections[0]
    while len(sections[-1].columns) < 2:
        del sections[-1]
    sections = [*sections[:goes_on], *(_settled(section) for section in sections[goes_on:])]
    return _printed(sections, tail if goes_on else None, step > 0)


def _check(cells: Sequence[Span], section: Section, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Raise Doubtful unless each block of a section stands within a cell of its own."""
    blocks = [cell.block for cell in cells if cell.block is not None]
    if len(blocks) != len(section.blocks) or set(blocks) != set(section.blocks):
        raise Doubtful
    for cell in cells:
        block = cell.block
        if block is not None and not (
            xs[cell.left] - _SLACK < block.x0
            and block.x1 < xs[cell.right + 1] + _SLACK
            and ys[cell.top] - _SLACK < block.top
            and block.bottom < ys[cell.bottom + 1] + _SLACK
        ):
            raise Doubtful


def _rows_or_none(section: Section) -> Rows | None:
    try:
        return rows_of(section)
    except Doubtful:
        return None


def _printed(sections: Sequence[Section], tail: Tail | None, wraps: bool) -> Unruled | None:
    """Return the table of sections that print alone makes; ``tail``: the columns that the first goes on with.

    ``wraps``: the distance of wrapped lines shows.
    """
    left = min(column.x0 for section in sections for column in section.columns) - 1.0
    right = max(column.x1 for section in sections for column in section.columns) + 1.0
    if tail is not None:
        left, right = min(left, tail.edges[0]), max(right, tail.edges[-1])
    edges = edges_of(sections, left, right, tail.edges[1:-1] if tail is not None else ())
    tops = [min(block.top for block in section.blocks) for section in sections]
    ends = [max(block.bottom for block in section.blocks) for section in sections]
    borders = [tops[0] - 1.0, *((a + b) / 2 for a, b in zip(ends, tops[1:], strict=False)), ends[-1] + 1.0]
    boxes: list[Place] = []
    measures: dict[Place, Measure] = {}
    doubts = 0
    rows = [_rows_or_none(section) for section in sections]
    middle = is_centred([one for one in rows if one is not None])
    if middle is None and tail is not None:
        middle = tail.middle
    for number, (section, xs) in enumerate(zip(sections, edges, strict=True)):
        above = ends[number - 1] if number else tops[0] - _BEYOND
        below = tops[number + 1] if number + 1 < len(sections) else ends[-1] + _BEYOND
        goes_on = tail is not None and not number
        own = rows[number]
        try:
            # where no cell shows how lines are wrapped, a line alone may be a row or the rest of one
            if own is None or (not wraps and has_lone_row(own)):
                raise Doubtful
            cells, ys = cells_of(own, len(section.columns), (above, below), goes_on, middle)
            ys[0], ys[-1] = borders[number], borders[number + 1]
            _check(cells, section, xs, ys)
        except Doubtful:
            doubts += 1
            continue
        for cell in cells:
            boxes.append((xs[cell.left], ys[cell.top], xs[cell.right + 1], ys[cell.bottom + 1]))
            low, high = section.columns[cell.left].x0, section.columns[cell.right].x1
            measures[boxes[-1]] = (
                Measure(cell.block.x0, cell.block.x1)
                if cell.block and cell.right > cell.left
                else Measure(low, high)
            )
    table = table_of(boxes, measures, tail_of(sections[-1], edges[-1], False)._replace(middle=middle))
    if table is None and doubts:
        raise Doubtful
    table = table._replace(doubts=doubts) if table is not None else None
    return going_on(table, edges[0], tail)
