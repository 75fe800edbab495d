"""Tables without vertical rules: columns from alignment, rows from horizontal rules or from the print.

Precision comes first: only a stretch with a head of at least three columns and print that keeps to them over
at least three rows becomes a table. One that looks like a table and does not come out clean stays text, and is
told as a doubt.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pipeline.readers.pages.bands import (
    Band,
    bands_of,
    heaped,
    is_clean,
    is_head,
    is_stable,
    pieces_in,
    pieces_of,
)
from pipeline.readers.pages.ink import Char, Rule
from pipeline.readers.pages.lattice import Lattice, from_boxes
from pipeline.readers.pages.lines import Line
from pipeline.readers.pages.ruling import merge
from pipeline.readers.pages.spacing import Doubtful, rows_in
from pipeline.readers.pages.wrapping import Measure

_FEWEST_ROWS = 3
_FEWEST_COLUMNS = 3
# rules of one table begin and end within this distance
_FLUSH = 3.0
# lines further apart than this many times their height belong to no one table
_APART = 5.0
# between two lines of several cells stand no more lines of one cell than this
_LONE = 12
_MOST_LINES = 3000
# print of one cell follows at less than this share of its height
_TIGHT = 0.3
DOUBT = "what looks like a table without rules cannot be told from text for sure"

Place = tuple[float, float, float, float]


class Unruled(NamedTuple):
    """A table that was found: its cells, and the columns in which the text of each was set.

    ``tail``: the edges of its last rows' columns, where horizontal rules draw it.
    """

    lattice: Lattice
    measures: tuple[Measure, ...]
    tail: tuple[float, ...] = ()


@dataclass(slots=True)
class Findings:
    """The tables of a page that have no vertical rules; ``doubts`` counts what may be one and was left."""

    tables: list[Unruled] = field(default_factory=list)
    doubts: int = 0


def find_unruled(
    chars: Sequence[Char], horizontals: Sequence[Rule], taken: Sequence[Place], tail: Sequence[float] = ()
) -> Findings:
    """Return the tables that print outside the ruled ones (``taken``: their boxes) makes.

    ``tail`` are the edges of the columns with which the page before ended.
    """
    found = Findings()
    if tail:
        chars = _go_on(chars, horizontals, taken, tail, found)
        taken = [*taken, *(table.lattice.bbox for table in found.tables)]
    if len(chars) < 2 * _FEWEST_ROWS * _FEWEST_COLUMNS:
        return found
    rest = list(chars)
    for region, rules in _regions(horizontals, taken):
        inside = [char for char in rest if _within(char, region)]
        try:
            table = _between_rules(inside, region, rules) if inside else None
        except Doubtful:
            found.doubts += 1
            continue
        if table is not None:
            found.tables.append(table)
            rest = [char for char in rest if not _within(char, region)]
    places = [*taken, *(table.lattice.bbox for table in found.tables)]
    for stretch in _stretches(pieces_of(rest), places):
        try:
            table = _by_print(stretch)
        except Doubtful:
            found.doubts += 1
            continue
        if table is not None:
            found.tables.append(table)
    return found


def _go_on(
    chars: Sequence[Char],
    horizontals: Sequence[Rule],
    taken: Sequence[Place],
    tail: Sequence[float],
    found: Findings,
) -> list[Char]:
    """Add the table that goes on from the page before, if one does; return the characters that are left."""
    for region, rules in _regions(horizontals, taken, fewest=2):
        if abs(region[0] - tail[0]) > _FLUSH or abs(region[2] - tail[-1]) > _FLUSH:
            continue
        inside = [char for char in chars if _within(char, region)]
        columns: list[list[Line]] = [[] for _ in tail[1:]]
        for piece in (piece for line in pieces_of(inside, tail) for piece in line):
            number = min(max(bisect_right(tail, (piece.x0 + piece.x1) / 2) - 1, 0), len(columns) - 1)
            if piece.x0 < tail[number] - 2.0 or piece.x1 > tail[number + 1] + 2.0:
                return list(chars)
            columns[number].append(piece)
        if not inside or min(char[2] for char in chars) < region[1] - _FLUSH:
            return list(chars)
        boxes: list[Place] = []
        measures: dict[Place, Measure] = {}
        for pieces, x0, x1 in zip(columns, tail, tail[1:], strict=False):
            low = min((piece.x0 for piece in pieces), default=x0)
            high = max((piece.x1 for piece in pieces), default=x1)
            for top, bottom in _parts_of((low + high) / 2, region[1], region[3], rules):
                boxes.append((x0, top, x1, bottom))
                measures[boxes[-1]] = Measure(low, high)
        table = _table(boxes, measures, tail)
        if table is not None:
            found.tables.append(table)
        return [char for char in chars if not _within(char, region)]
    return list(chars)


def _parts_of(x: float, top: float, bottom: float, rules: Sequence[Rule]) -> Iterator[tuple[float, float]]:
    """Yield the upper and lower ends of the cells at an x between two rules over the whole width."""
    for rule in rules:
        if top < rule.at < bottom and rule.start - _FLUSH <= x <= rule.end + _FLUSH:
            yield top, rule.at
            top = rule.at
    yield top, bottom


def _within(char: Char, region: Place) -> bool:
    x, y = (char[1] + char[3]) / 2, (char[2] + char[4]) / 2
    return region[0] <= x <= region[2] and region[1] <= y <= region[3]


def _regions(
    horizontals: Sequence[Rule], taken: Sequence[Place], fewest: int = _FEWEST_ROWS + 1
) -> list[tuple[Place, list[Rule]]]:
    """Return where so many rules between the same edges lie below one another, with all rules there."""
    rules = [
        rule
        for rule in merge(horizontals)
        if not any(
            box[1] - _FLUSH <= rule.at <= box[3] + _FLUSH and rule.start < box[2] and rule.end > box[0]
            for box in taken
        )
    ]
    groups: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.start - rule.end):
        for group in groups:
            if abs(group[0].start - rule.start) <= _FLUSH and abs(group[0].end - rule.end) <= _FLUSH:
                group.append(rule)
                break
        else:
            groups.append([rule])
    found: list[tuple[Place, list[Rule]]] = []
    for group in groups:
        group.sort()
        left, right, top, bottom = group[0].start, group[0].end, group[0].at, group[-1].at
        if len(group) < fewest or any(
            top < box[3] and bottom > box[1] and left < box[2] and right > box[0] for box, _ in found
        ):
            continue
        inner = [
            rule
            for rule in rules
            if top <= rule.at <= bottom and rule.start >= left - _FLUSH and rule.end <= right + _FLUSH
        ]
        found.append(((left, top, right, bottom), inner))
    return found


def _between_rules(chars: Sequence[Char], region: Place, rules: Sequence[Rule]) -> Unruled | None:
    """Return the table that horizontal rules draw, None where its columns do not show."""
    left, _, right, _ = region
    rows, ys = _ruled_rows(chars, region, rules)
    bands = bands_of(rows)
    if not any(_is_regular(band) for band in bands):
        return None
    if any(_cuts_a_cell(rows[a.last], rows[b.first], ys[b.first], rules) for a, b in pairwise(bands)):
        raise Doubtful
    boxes: list[Place] = []
    measures: dict[Place, Measure] = {}
    for band in bands:
        if not all(is_clean([line for _, line in strip.found]) for strip in band.strips):
            raise Doubtful
        edges = band.edges(left, right)
        for strip, x0, x1 in zip(band.strips, edges, edges[1:], strict=False):
            middle = (max(x0, strip.x0) + min(x1, strip.x1)) / 2
            for top, bottom in _parts_of(middle, ys[band.first], ys[band.last + 1], rules):
                boxes.append((x0, top, x1, bottom))
            for box in boxes:
                measures.setdefault(box, Measure(strip.x0, strip.x1))
    return _table(boxes, measures, bands[-1].edges(left, right))


def _cuts_a_cell(above: Sequence[Line], below: Sequence[Line], y: float, rules: Sequence[Rule]) -> bool:
    """Say whether the border of two bands runs through a cell: print on both its sides and no rule between."""
    drawn = [rule for rule in rules if rule.at == y]
    return any(
        a.x0 < b.x1
        and b.x0 < a.x1
        and not any(rule.start - _FLUSH <= (a.x0 + a.x1) / 2 <= rule.end + _FLUSH for rule in drawn)
        for a in above
        for b in below
    )


def _ruled_rows(
    chars: Sequence[Char], region: Place, rules: Sequence[Rule]
) -> tuple[list[list[Line]], list[float]]:
    """Return the print between the rules over the whole width, and where these are.

    Rules over some columns part the rows of merged cells; they count where a head spans what stands below it.
    """
    left, _, right, _ = region
    full = [rule.at for rule in rules if rule.end - rule.start > right - left - 2 * _FLUSH]
    cuts = [x for rule in rules for x in (rule.start, rule.end) if left + _FLUSH < x < right - _FLUSH]
    pieces = [piece for line in pieces_of(chars, cuts) for piece in line]
    ys = full[:1]
    for low in full[1:]:
        inside = [piece for piece in pieces if ys[-1] <= (piece.top + piece.bottom) / 2 < low]
        if not all(is_clean(pieces_in(cell, inside)) for cell in heaped(inside)):
            ys += sorted({rule.at for rule in rules if ys[-1] < rule.at < low})
        ys.append(low)
    rows: list[list[Line]] = [[] for _ in ys[1:]]
    for piece in pieces:
        number = bisect_right(ys, (piece.top + piece.bottom) / 2) - 1
        rows[min(max(number, 0), len(rows) - 1)].append(piece)
    return rows, ys


def _is_regular(band: Band) -> bool:
    """Say whether a band may be a table by itself: three columns and more that keep their edges over three lines."""
    stable = [strip for strip in band.strips if len(strip.found) >= 2 and is_stable(strip)]
    return len(stable) >= _FEWEST_COLUMNS and sum(len(strip.found) >= _FEWEST_ROWS for strip in stable) >= 2


def _stretches(lines: Sequence[list[Line]], taken: Sequence[Place]) -> list[list[list[Line]]]:
    """Return the stretches of lines that may be tables: from a line of several cells to the last such line."""
    found: list[list[list[Line]]] = []
    run: list[list[Line]] = []
    lone = 0
    for line in lines[:_MOST_LINES]:
        if run and (_parts(run[-1], line, taken) or lone > _LONE or _is_prose(line, run)):
            found.append(run[: len(run) - lone])
            run, lone = [], 0
        if len(line) > 1:
            run.append(line)
            lone = 0
        elif run:
            run.append(line)
            lone += 1
    if run:
        found.append(_with_tail(run, lone))
    return [stretch for stretch in found if sum(len(line) > 1 for line in stretch) >= _FEWEST_ROWS]


def _with_tail(run: list[list[Line]], lone: int) -> list[list[Line]]:
    return run[: len(run) - lone]


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


def _by_print(lines: list[list[Line]]) -> Unruled | None:
    """Return the table of a stretch, None where it is none; Doubtful where it may be one."""
    rows = _overlapping(lines)
    bands = bands_of(rows)
    if not any(_is_regular(band) and _has_head(band, rows) for band in bands):
        return None
    left = min(piece.x0 for line in lines for piece in line) - 1.0
    right = max(piece.x1 for line in lines for piece in line) + 1.0
    boxes: list[Place] = []
    measures: dict[Place, Measure] = {}
    tops = [min(strip_line.top for strip in band.strips for _, strip_line in strip.found) for band in bands]
    ends = [
        max(strip_line.bottom for strip in band.strips for _, strip_line in strip.found) for band in bands
    ]
    borders = [tops[0] - 1.0, *((a + b) / 2 for a, b in zip(ends, tops[1:], strict=False)), ends[-1] + 1.0]
    if borders != sorted(borders):
        raise Doubtful
    if not all(is_clean([line for _, line in strip.found]) for band in bands for strip in band.strips):
        raise Doubtful
    most = 0
    for number, band in enumerate(bands):
        edges = band.edges(left, right)
        headed = _has_head(band, rows)
        one_row = headed and all(is_head(piece.text) for piece in rows[band.first])
        columns = rows_in(band, borders[number], borders[number + 1], one_row)
        if headed and _is_regular(band):
            most = max(most, *map(len, columns))
        for col, cells in enumerate(columns):
            measure = Measure(band.strips[col].x0, band.strips[col].x1)
            for top, bottom in cells:
                boxes.append((edges[col], top, edges[col + 1], bottom))
                measures[boxes[-1]] = measure
    return _table(boxes, measures) if most >= _FEWEST_ROWS else None


def _has_head(band: Band, rows: Sequence[Sequence[Line]]) -> bool:
    """Say whether a band begins with a row of column heads."""
    pieces = sorted(rows[band.first], key=lambda piece: piece.top)
    heads = [next(one for one in pieces if one.x0 < heap.x1 and one.x1 > heap.x0) for heap in heaped(pieces)]
    return len(heads) >= _FEWEST_COLUMNS and all(is_head(piece.text) for piece in heads)


def _overlapping(lines: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the lines, those put together that no blank strip parts: cells that differ in their lines' number."""
    rows: list[list[Line]] = []
    bottom = 0.0
    for line in lines:
        top = min(piece.top for piece in line)
        height = max(piece.bottom - piece.top for piece in line)
        lower = max(piece.bottom for piece in line)
        if rows and top < bottom + _TIGHT * height:
            rows[-1] += line
            bottom = max(bottom, lower)
        else:
            rows.append(list(line))
            bottom = lower
    return rows


def _table(
    boxes: Sequence[Place], measures: dict[Place, Measure], tail: Sequence[float] = ()
) -> Unruled | None:
    lattice = from_boxes(boxes)
    if lattice is None:
        return None
    own = tuple(measures[box.x0, box.top, box.x1, box.bottom] for box in lattice.boxes)
    return Unruled(lattice, own, tuple(tail))
