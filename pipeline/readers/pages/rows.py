"""Rows of a section without rules: which blocks stand in one row, and which lie over several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.readers.pages.blocks import Block, is_value
from pipeline.readers.pages.heads import heads_of
from pipeline.readers.pages.sections import Doubtful, Section

Extent = tuple[float, float]
Wide = tuple[int, int, Block]
# how far a label may stand off the middle of its rows, in points
OFF = 1.3
# what stands in a row shares this much of a line's height with it
_TOUCH = 0.35
# so many rows have one in the middle; what is merged over them stands within this share of a row of it
_FEWEST_MERGED = 3
_HALFWAY = 0.6
# so many cells tell how they are set
_FEWEST_SETTINGS = 3
# no more rows than this stand below the last group
MOST_SUMS = 2


@dataclass(slots=True)
class Rows:
    """The rows of a section: the extent of the print of each, its blocks by column, and what lies over several.

    ``heads`` counts the rows of column heads; ``headed`` are the columns that have one.
    """

    extents: list[Extent] = field(default_factory=list)
    placed: list[dict[int, Block]] = field(default_factory=list)
    wide: list[tuple[int, int, int, int, Block]] = field(default_factory=list)
    labels: dict[int, list[Block]] = field(default_factory=dict)
    heads: int = 0
    headed: set[int] = field(default_factory=set)


def rows_of(section: Section) -> Rows:
    """Return the rows of a section: those of its heads, then the others."""
    heads = heads_of(section)
    rows = Rows()
    columns = [sorted(column.blocks, key=lambda block: block.top) for column in section.columns]
    spanning = list(section.spanning)
    if len(heads) > 1:
        own = [(first, last, block) for first, last, block in spanning if block in heads]
        own += [(col, col, block) for col, column in enumerate(columns) for block in column if block in heads]
        _add_heads(rows, own)
        spanning = [one for one in spanning if one[2] not in heads]
        columns = [[block for block in column if block not in heads] for column in columns]
    if any(columns) or spanning:
        _add_body(rows, columns, spanning)
    return rows


def _add_heads(rows: Rows, heads: Sequence[Wide]) -> None:
    """Add the rows of column heads: two where heads stand above others."""
    stacked = [
        (upper, lower)
        for first, last, upper in heads
        for left, right, lower in heads
        if left <= last and first <= right and upper.bottom <= lower.top + 0.5
    ]
    top, bottom = min(one[2].top for one in heads), max(one[2].bottom for one in heads)
    rows.headed = {col for first, last, _ in heads for col in range(first, last + 1)}
    rows.heads = 2 if stacked else 1
    rows.extents = [(top, bottom)]
    if stacked:
        ends, starts = max(one.bottom for one, _ in stacked), min(one.top for _, one in stacked)
        if ends > starts + 0.5:
            raise Doubtful
        rows.extents = [(top, ends), (starts, bottom)]
    for first, last, block in heads:
        low = 1 if stacked and block.top > rows.extents[0][1] - 0.5 else 0
        high = 0 if not stacked or block.bottom < rows.extents[1][0] + 0.5 else 1
        rows.wide.append((low, high, first, last, block))
    rows.placed = [{} for _ in rows.extents]


def _add_body(rows: Rows, columns: Sequence[list[Block]], spanning: Sequence[Wide]) -> None:
    """Add the rows below the heads: one for each block of the column that has most, and what stands alone."""
    anchor = _anchor(columns)
    seeds = [(block.top, block.bottom) for block in columns[anchor]]
    first, last = min(seeds, default=(0.0, 0.0)), max(seeds, default=(0.0, 0.0))
    loose = [one for one in spanning if not _touched(one[2], seeds)]
    for number, column in enumerate(columns):
        if number != anchor:
            loose += [(number, number, block) for block in column if not _touched(block, seeds)]
    grown = list(seeds)
    for block in (block for column in columns for block in column):
        at = _touched(block, seeds)
        if len(at) == 1:
            grown[at[0]] = min(grown[at[0]][0], block.top), max(grown[at[0]][1], block.bottom)
    for group in _beside_one_another(loose):
        top, bottom = min(one[2].top for one in group), max(one[2].bottom for one in group)
        behind = bottom < first[0] or top > last[1]
        left = any(one[0] < anchor for one in group)
        right = any(one[1] > anchor for one in group)
        wide = any(one[1] > one[0] for one in group)
        alone = behind or _has_room((top, bottom), grown)
        if alone and ((left and right) or wide or len(group) > 2 or (right and behind)):
            seeds.append((top, bottom))
    seeds.sort()
    if any(a[1] > b[0] + 0.5 for a, b in pairwise(seeds)):
        raise Doubtful
    _place(rows, columns, spanning, seeds, anchor)


def _anchor(columns: Sequence[Sequence[Block]]) -> int:
    """Return the first column that has about as many blocks as any, on lines on which others have theirs."""
    blocks = [block for column in columns for block in column]
    company = [
        sum(
            abs(block.middle - other.middle) <= OFF or abs(block.top - other.top) <= OFF
            for block in column
            for other in blocks
        )
        / max(len(column), 1)
        for column in columns
    ]
    most = max(map(len, columns))
    full = [number for number, column in enumerate(columns) if len(column) * 10 >= most * 9]
    best = max(company[number] for number in full)
    return next(number for number in full if company[number] * 10 >= best * 9)


def _merge_lone(rows: Rows, columns: Sequence[Sequence[Block]], above: int, anchor: int) -> None:
    """Merge over all rows the lone values of several columns that stand together in the middle of them."""
    extents = rows.extents[above:]
    if len(extents) < _FEWEST_MERGED:
        return
    centre = (extents[0][0] + extents[-1][1]) / 2
    pitch = (extents[-1][1] - extents[0][0]) / len(extents)
    lone = [
        (row, col)
        for col in range(anchor + 1, len(columns))
        for row in range(above + 1, len(rows.extents) - 1)
        if len(columns[col]) == 1
        and col in rows.placed[row]
        and is_value(columns[col][0].text)
        and abs(columns[col][0].middle - centre) < _HALFWAY * pitch
    ]
    if len(lone) > 1:
        for row, col in lone:
            rows.wide.append((above, len(rows.extents) - 1, col, col, rows.placed[row].pop(col)))


def _has_room(extent: Extent, rows: Sequence[Extent]) -> bool:
    """Say whether print between two rows is as far from both as rows are from one another."""
    least = min((b[0] - a[1] for a, b in pairwise(rows)), default=0.0)
    above = max((row[1] for row in rows if row[0] < extent[0]), default=extent[0] - least)
    below = min((row[0] for row in rows if row[1] > extent[1]), default=extent[1] + least)
    return extent[0] - above >= 0.8 * least > 0 and below - extent[1] >= 0.8 * least


def _place(
    rows: Rows,
    columns: Sequence[Sequence[Block]],
    spanning: Sequence[Wide],
    seeds: Sequence[Extent],
    anchor: int,
) -> None:
    """Share the blocks out among the rows that seeds begin."""
    above = len(rows.extents)
    rows.extents += seeds
    rows.placed += [{} for _ in seeds]
    merged: list[tuple[int, Block]] = []
    # rows that sum up stand last and have no label
    tail = set(range(max(len(seeds) - MOST_SUMS, 1), len(seeds)))
    for first, last, block in spanning:
        at = _touched(block, seeds)
        if len(at) != 1:
            raise Doubtful
        rows.wide.append((above + at[0], above + at[0], first, last, block))
        _grow(rows, above + at[0], block)
    for number, column in enumerate(columns):
        touched = [_touched(block, seeds) for block in column]
        single = all(len(at) == 1 for at in touched) and len({at[0] for at in touched if at}) == len(column)
        beside = sorted(row for at in touched for row in at)
        missing = set(range(len(seeds))) - set(beside)
        # labels of several rows never stand on rows that follow one another
        plain = single and (missing <= tail or (len(beside) > 1 and beside[-1] - beside[0] < len(beside)))
        plain = plain and not any(
            block.bottom > seeds[at[0] + 1][0] + 0.5
            for block, at in zip(column, touched, strict=True)
            if at and at[0] + 1 < len(seeds)
        )
        if number < anchor and column and not plain:
            rows.labels[number] = list(column)
            continue
        for block, at in zip(column, touched, strict=True):
            if len(at) != 1:
                merged.append((number, block))
            elif number in rows.placed[above + at[0]]:
                raise Doubtful
            else:
                rows.placed[above + at[0]][number] = block
                if number >= anchor:
                    _grow(rows, above + at[0], block)
    _merge_lone(rows, columns, above, anchor)
    for number, block in merged:
        top, bottom = _over_rows(block, rows, number)
        rows.wide.append((top, bottom, number, number, block))


def _grow(rows: Rows, row: int, block: Block) -> None:
    rows.extents[row] = min(rows.extents[row][0], block.top), max(rows.extents[row][1], block.bottom)


def _touched(block: Block, seeds: Sequence[Extent]) -> list[int]:
    """Return the rows that a block stands beside."""
    slack = _TOUCH * (block.lines[0].bottom - block.lines[0].top)
    return [
        number
        for number, (top, bottom) in enumerate(seeds)
        if min(bottom, block.bottom) - max(top, block.top) > slack
    ]


def _beside_one_another(loose: Sequence[Wide]) -> Iterator[list[Wide]]:
    """Yield groups of blocks at one height."""
    group: list[Wide] = []
    bottom = 0.0
    for one in sorted(loose, key=lambda one: one[2].top):
        if group and one[2].top >= bottom - 0.5:
            yield group
            group = []
        bottom = max(bottom, one[2].bottom) if group else one[2].bottom
        group.append(one)
    if group:
        yield group


def _over_rows(block: Block, rows: Rows, col: int) -> tuple[int, int]:
    """Return the first and last row over which a block right of the labels is merged: the fewest that it may be."""
    count = len(rows.extents)
    for more in range(1, 6):
        for top in range(rows.heads, count - more):
            upper, lower = rows.extents[top], rows.extents[top + more]
            if (
                abs(upper[0] + lower[1] - 2 * block.middle) <= 4 * OFF
                and upper[0] <= block.top
                and lower[1] >= block.bottom
                and not any(col in rows.placed[row] for row in range(top, top + more + 1))
            ):
                return top, top + more
    raise Doubtful


def has_lone_row(rows: Rows) -> bool:
    """Say whether a row below the heads holds one cell only, where others hold more."""
    filled = [len(placed) for placed in rows.placed[rows.heads :]]
    wide = {row for top, bottom, *_ in rows.wide for row in range(top, bottom + 1)}
    return max(filled, default=0) > 1 and any(
        count == 1 and rows.heads + number not in wide for number, count in enumerate(filled)
    )


def _settings(rows: Rows) -> tuple[int, int, int]:
    """Return how many cells are set to the middle of their rows, to the top, and to neither."""
    middle = top = neither = 0
    for (upper, lower), placed in zip(rows.extents, rows.placed, strict=True):
        for block in placed.values():
            if block.bottom - block.top > (lower - upper) * 0.8:
                continue
            if abs(block.middle * 2 - upper - lower) <= 2 * OFF:
                middle += 1
            elif block.top - upper <= OFF:
                top += 1
            else:
                neither += 1
    labels = [label for labels in rows.labels.values() for label in labels]
    middle += any(len(_touched(label, rows.extents)) != 1 for label in labels)
    return middle, top, neither


def is_centred(every: Sequence[Rows]) -> bool | None:
    """Say whether cells are set to the middle of their rows (True) or to the top; None where it does not show."""
    counts = [_settings(rows) for rows in every]
    middle, top, neither = (sum(one[place] for one in counts) for place in range(3))
    if middle + top + neither < _FEWEST_SETTINGS:
        return None if middle and top else True if middle else False if top else None
    if max(middle, top) * 5 < (middle + top + neither) * 4:
        raise Doubtful
    return middle > top
