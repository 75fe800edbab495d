"""Tables that horizontal rules draw: rows from the rules, columns from the alignment of the print between them."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pipeline.readers.pages.blocks import Block, block_of, pieces_of
from pipeline.readers.pages.going_on import Place, Tail, Unruled, going_on, sections_after, table_of, tail_of
from pipeline.readers.pages.heads import ruled_heads_of
from pipeline.readers.pages.ink import Char, Rule
from pipeline.readers.pages.lines import Line
from pipeline.readers.pages.ruling import merge
from pipeline.readers.pages.sections import (
    Doubtful,
    Section,
    edges_of,
    is_regular,
    with_heads,
    without_strays,
)
from pipeline.readers.pages.wrapping import Measure

# rules of one table begin and end within this distance
_FLUSH = 3.0
_FEWEST_ROWS = 3


def is_flush(region: Place, tail: Tail) -> bool:
    """Say whether a region lies between the outer edges of the table with which the page before ended."""
    return abs(region[0] - tail.edges[0]) <= _FLUSH and abs(region[2] - tail.edges[-1]) <= _FLUSH


def _parts_of(x: float, top: float, bottom: float, rules: Sequence[Rule]) -> Iterator[tuple[float, float]]:
    """Yield the upper and lower ends of the cells at an x between two rules over the whole width."""
    for rule in rules:
        if top < rule.at < bottom and rule.start - _FLUSH <= x <= rule.end + _FLUSH:
            yield top, rule.at
            top = rule.at
    yield top, bottom


def within(char: Char, region: Place) -> bool:
    """Say whether the middle of a character lies in a region."""
    x, y = (char[1] + char[3]) / 2, (char[2] + char[4]) / 2
    return region[0] <= x <= region[2] and region[1] <= y <= region[3]


def regions(
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


def between_rules(
    chars: Sequence[Char], region: Place, rules: Sequence[Rule], tail: Tail | None
) -> Unruled | None:
    """Return the table that horizontal rules draw, None where its columns do not show."""
    left, _, right, _ = region
    ys = [rule.at for rule in rules if rule.end - rule.start > right - left - 2 * _FLUSH]
    cuts = [x for rule in rules for x in (rule.start, rule.end) if left + _FLUSH < x < right - _FLUSH]
    rows = _ruled_rows([piece for line in pieces_of(chars, cuts) for piece in line], ys, rules)
    firsts = [number for number, row in enumerate(rows) if row]
    sections, goes_on = sections_after([row for row in rows if row], tail)
    if not goes_on and not any(is_regular(section) for section in sections):
        return None
    sections = [*sections[:goes_on], *(_settled(section) for section in sections[goes_on:])]
    edges = edges_of(sections, left, right, [*(tail.edges[1:-1] if goes_on and tail else ()), *cuts])
    boxes: list[Place] = []
    measures: dict[Place, Measure] = {}
    at = 0
    for section, xs in zip(sections, edges, strict=True):
        top = ys[firsts[at]] if at else ys[0]
        at += len(section.rows)
        bottom = ys[firsts[at]] if at < len(firsts) else ys[-1]
        for box, measure in _ruled_cells(section, xs, top, bottom, rules):
            boxes.append(box)
            measures[box] = measure
    table = table_of(boxes, measures, tail_of(sections[-1], edges[-1], True))
    return going_on(table, edges[0], tail if goes_on else None)


def _ruled_rows(pieces: Sequence[Line], ys: Sequence[float], rules: Sequence[Rule]) -> list[list[Block]]:
    """Return the cells with print between the rules over the whole width, each as tall as its rules draw it."""
    rows: list[dict[tuple[float, float], list[Line]]] = [{} for _ in ys[1:]]
    for piece in sorted(pieces, key=lambda piece: piece.x0):
        y = (piece.top + piece.bottom) / 2
        number = min(max(bisect_right(ys, y) - 1, 0), len(rows) - 1)
        parts = list(_parts_of((piece.x0 + piece.x1) / 2, ys[number], ys[number + 1], rules))
        part = next((one for one in parts if y < one[1]), parts[-1])
        rows[number].setdefault(part, []).append(piece)
    found: list[list[Block]] = []
    for row in rows:
        blocks: list[Block] = []
        for (top, bottom), lines in row.items():
            heap: list[Line] = []
            for line in lines:
                if heap and line.x0 >= max(one.x1 for one in heap) - 0.5:
                    blocks.append(block_of(heap)._replace(top=top, bottom=bottom))
                    heap = []
                heap.append(line)
            blocks.append(block_of(heap)._replace(top=top, bottom=bottom))
        found.append(sorted(blocks))
    return found


def _ruled_cells(
    section: Section, xs: Sequence[float], top: float, bottom: float, rules: Sequence[Rule]
) -> Iterator[tuple[Place, Measure]]:
    """Yield the cells of a section between two rules over the whole width."""
    for first, last, block in section.spanning:
        yield (xs[first], block.top, xs[last + 1], block.bottom), Measure(block.x0, block.x1)
    for number, column in enumerate(section.columns):
        low, high = max(column.x0, xs[number]), min(column.x1, xs[number + 1])
        for upper, lower in _parts_of((low + high) / 2, top, bottom, rules):
            covering = [
                block
                for first, last, block in section.spanning
                if first <= number <= last and upper < block.bottom - 1 and lower > block.top + 1
            ]
            if any(block.top > upper + 1 or block.bottom < lower - 1 for block in covering):
                raise Doubtful
            if not covering:
                yield (xs[number], upper, xs[number + 1], lower), Measure(column.x0, column.x1)


def _settled(section: Section) -> Section:
    """Return a section with each column of numbers under its head and no column of a lone block."""
    top = ruled_heads_of(section)
    return without_strays(with_heads(section, top), top)
