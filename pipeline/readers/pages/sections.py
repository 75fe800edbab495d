"""Blocks to sections: runs of rows that share their columns, the cheapest way to say where print stands.

Each row begins as a section of its own. Two neighbours become one while one set of columns says where the print
of both stands for less than two sets do: a column is paid for once, a block that does not keep to the left edge,
the middle or the right edge of its column, or that lies over several, each time.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.readers.pages.blocks import Block, is_head, is_value

# the time that it takes grows with the third power of the rows; a page of small print has 110
_MOST_ROWS = 160
# how far two edges may lie apart that were set to one edge, in points
ALIGNED = 1.6
# what a section costs, each of its columns, a block over several columns, one that keeps to no edge, and a
# column that a row has nothing in; so many heads in one row, below one that is none, begin a section most likely
_FEWEST_HEADS, _HEADS = 3, 9.0
# a block over a column in which another stands beside it
_CROSSING = 4.0
_SECTION, _COLUMN, _SPANNING, _ASTRAY, _EMPTY = 2.0, 0.5, 2.2, 1.0, 0.2


class Doubtful(Exception):  # noqa: N818 (a finding, not a fault)
    """The rows or columns of a stretch do not show."""


@dataclass(slots=True)
class Column:
    """One column of a section: its extent, and the blocks in it that lie in no other."""

    x0: float
    x1: float
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Section:
    """Rows that share their columns, from left to right; ``spanning``: blocks over (first, last) of them."""

    rows: list[list[Block]]
    columns: list[Column]
    spanning: list[tuple[int, int, Block]]
    cost: float = 0.0

    @property
    def blocks(self) -> list[Block]:
        """Return all blocks, row by row."""
        return [block for row in self.rows for block in row]


def sections_of(rows: Sequence[list[Block]]) -> list[Section]:
    """Return the sections of rows, from top to bottom; Doubtful where there are more than a page holds."""
    if len(rows) > _MOST_ROWS:
        raise Doubtful
    found = [_section([row]) for row in rows]
    joined = [_section([*a.rows, *b.rows]) for a, b in pairwise(found)]
    while joined:
        gains = [a.cost + b.cost - both.cost for a, b, both in zip(found, found[1:], joined, strict=False)]
        best = max(range(len(gains)), key=gains.__getitem__)
        if gains[best] <= 0:
            break
        found[best : best + 2] = [joined[best]]
        del joined[best]
        for at in (best - 1, best):
            if 0 <= at < len(joined):
                joined[at] = _section([*found[at].rows, *found[at + 1].rows])
    return found


def _section(rows: list[list[Block]]) -> Section:
    columns, spanning = columns_of([block for row in rows for block in row])
    section = Section(rows, columns, spanning)
    with contextlib.suppress(Doubtful):
        section = with_heads(section, rows[0] if _all_heads(rows[0]) else [])
    columns, spanning = section.columns, section.spanning
    section.cost = _SECTION + _COLUMN * len(columns) + _SPANNING * len(spanning)
    depth = sum(map(_depth, rows))
    if depth > 1:
        # the row that stands for the page before is as good as one of heads
        heads = [_all_heads(row) or not any(block.text for block in row) for row in rows]
        section.cost += _HEADS * sum(
            here and (not heads[at] or len(rows[at + 1]) > len(rows[at])) for at, here in enumerate(heads[1:])
        )
        own = rows[0] if heads[0] and len(rows) > 1 else []
        section.cost += sum(_ASTRAY * _astray([one for one in c.blocks if one not in own]) for c in columns)
        filled = sum(len(column.blocks) for column in columns)
        filled += sum(last - first + 1 for first, last, _ in spanning)
        section.cost += _EMPTY * max(depth * len(columns) - filled, 0)
    for first, last, block in spanning:
        section.cost += _CROSSING * any(
            block.beside(other) for column in columns[first : last + 1] for other in column.blocks
        )
    return section


def _depth(row: Sequence[Block]) -> int:
    """Return how many blocks of a row stand below one another at most."""
    count = 0
    end = float("-inf")
    for block in sorted(row, key=lambda block: block.bottom):
        if block.top >= end - 0.5:
            count += 1
            end = block.bottom
    return count


def _all_heads(row: Sequence[Block]) -> bool:
    return len(row) >= _FEWEST_HEADS and all(is_head(block.text) for block in row)


def _astray(blocks: Sequence[Block]) -> int:
    """Return how many blocks of a column share no edge and no middle with another of it."""
    if len(blocks) < 2:
        return 0
    every: set[int] = set()
    for edge in (_left, _right, _middle):
        values = sorted((edge(block), number) for number, block in enumerate(blocks))
        kept = {
            number for (a, one), (b, other) in pairwise(values) if b - a <= ALIGNED for number in (one, other)
        }
        every |= kept
    return len(blocks) - len(every)


def _left(block: Block) -> float:
    return block.x0


def _right(block: Block) -> float:
    return block.x1


def _middle(block: Block) -> float:
    return (block.x0 + block.x1) / 2


def columns_of(blocks: Iterable[Block]) -> tuple[list[Column], list[tuple[int, int, Block]]]:
    """Return the columns that blocks make, and the blocks that lie over several with the columns they cover."""
    rest = sorted(blocks, key=_left)
    over: list[Block] = []
    while True:
        columns = _projected(rest)
        widest = [block for column in columns for block in _bridging(column.blocks)]
        if not widest:
            break
        worst = max(widest, key=lambda block: block.x1 - block.x0)
        over.append(worst)
        rest.remove(worst)
    spanning: list[tuple[int, int, Block]] = []
    for block in over:
        met = [i for i, one in enumerate(columns) if one.x0 < block.x1 - 0.5 and block.x0 < one.x1 - 0.5]
        if len(met) > 1:
            spanning.append((met[0], met[-1], block))
        elif met:
            columns[met[0]].blocks.append(block)
    return columns, spanning


def _projected(blocks: Sequence[Block]) -> list[Column]:
    """Return the columns whose blocks stand above one another, directly or through others."""
    columns: list[Column] = []
    for block in blocks:
        if columns and block.x0 < columns[-1].x1 - 0.5:
            columns[-1].x1 = max(columns[-1].x1, block.x1)
            columns[-1].blocks.append(block)
        else:
            columns.append(Column(block.x0, block.x1, [block]))
    return columns


def _bridging(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a column that lie over two others which stand beside one another."""
    pairs = [
        (one, other)
        for number, one in enumerate(blocks)
        for other in blocks[number + 1 :]
        if one.beside(other)
    ]
    if not pairs:
        return []
    found = [
        block
        for block in blocks
        if any(block.meets(one) and block.meets(other) for one, other in pairs if block not in (one, other))
    ]
    # a chain of print that each covers a little of the next: the widest links them
    return found or [max(blocks, key=lambda block: block.x1 - block.x0)]


def with_heads(section: Section, top: Sequence[Block]) -> Section:
    """Return a section whose numbers stand in the columns of their heads; ``top`` is the row of heads.

    Numbers set to the right, or to the left, of a wide column need not reach under a head set to its middle.
    """
    columns = list(section.columns)
    wanted = [_head_of(columns, number, top) for number in range(len(columns))]
    sure = {0: 0, -1: 0, 1: 0}
    for one in wanted:
        if len(one) == 1:
            sure[one[0]] += 1
    usual = -1 if sure[-1] > sure[1] else 1 if sure[1] > sure[-1] else 0
    target: dict[int, int] = {}
    for number, sides in enumerate(wanted):
        if len(sides) > 1 and not usual:
            raise Doubtful
        if sides:
            target[number] = number + (sides[0] if len(sides) == 1 else usual)
    if len(set(target.values())) != len(target):
        raise Doubtful
    return _joined(section, [(min(a, b), max(a, b)) for a, b in target.items()])


def _head_of(columns: Sequence[Column], number: int, top: Sequence[Block]) -> tuple[int, ...]:
    """Return on which sides (-1, 1) the head of a column of numbers may stand that has none above it."""
    column = columns[number]
    if not top or not column.blocks or any(block in top for block in column.blocks) or not values_in(column):
        return ()
    lefts = [block.x0 for block in column.blocks]
    rights = [block.x1 for block in column.blocks]
    even_left, even_right = max(lefts) - min(lefts) <= ALIGNED, max(rights) - min(rights) <= ALIGNED
    if not even_left and not even_right:
        return ()
    sides = [-1] * (even_right and number > 0) + [1] * (even_left and number + 1 < len(columns))
    return tuple(
        side
        for side in sides
        if any(block in top for block in columns[number + side].blocks)
        and not _share_a_row(column, columns[number + side])
    )


def under_known(section: Section, known: Sequence[Block]) -> Section:
    """Return a section without its first row, which stands for known columns, and with no columns but these."""
    section = Section(section.rows[1:], section.columns, section.spanning, section.cost)
    fresh = [any(block in known for block in column.blocks) for column in section.columns]
    pairs: list[tuple[int, int]] = []
    for number in (number for number, one in enumerate(fresh) if not one):
        sides = [
            side
            for side, even in ((-1, _right), (1, _left))
            if 0 <= number + side < len(fresh)
            and fresh[number + side]
            and not _share_a_row(section.columns[number], section.columns[number + side])
            and _spread(section.columns[number], even) <= ALIGNED
        ]
        if len(sides) != 1:
            raise Doubtful
        pairs.append((min(number, number + sides[0]), max(number, number + sides[0])))
    if len({place for pair in pairs for place in pair}) != 2 * len(pairs):
        raise Doubtful
    section = _joined(section, pairs)
    for column in section.columns:
        column.blocks = [block for block in column.blocks if block not in known]
    return section


def _spread(column: Column, edge: Callable[[Block], float]) -> float:
    values = [edge(block) for block in column.blocks]
    return max(values) - min(values)


def _share_a_row(one: Column, other: Column) -> bool:
    return any(a.beside(b) for a in one.blocks for b in other.blocks)


def without_strays(section: Section, top: Sequence[Block]) -> Section:
    """Return a section without the columns that one lone block between two others makes: it lies over these."""
    while True:
        columns = section.columns
        stray = next(
            (
                number
                for number in range(1, len(columns) - 1)
                if top
                and len(columns[number].blocks) == 1
                and columns[number].blocks[0] not in top
                and len(columns[number - 1].blocks) > 1
                and not _share_a_row(columns[number], columns[number - 1])
            ),
            None,
        )
        if stray is None:
            return section
        section = _joined(section, [(stray - 1, stray)])


def _joined(section: Section, pairs: Sequence[tuple[int, int]]) -> Section:
    """Return a section in which the columns of each pair, neighbours, are one."""
    place: list[int] = []
    columns: list[Column] = []
    seconds = {second for _, second in pairs}
    for number, column in enumerate(section.columns):
        if number in seconds and columns:
            last = columns[-1]
            columns[-1] = Column(
                min(last.x0, column.x0), max(last.x1, column.x1), [*last.blocks, *column.blocks]
            )
        else:
            columns.append(Column(column.x0, column.x1, list(column.blocks)))
        place.append(len(columns) - 1)
    spanning: list[tuple[int, int, Block]] = []
    for first, last_one, block in section.spanning:
        if place[first] == place[last_one]:
            columns[place[first]].blocks.append(block)
        else:
            spanning.append((place[first], place[last_one], block))
    return Section(section.rows, columns, spanning, section.cost)


def values_in(column: Column) -> bool:
    """Say whether a column holds hardly anything but numbers and signs."""
    return sum(is_value(block.text) for block in column.blocks) * 3 >= 2 * len(column.blocks)


def is_regular(section: Section) -> bool:
    """Say whether a section may be a table by itself: three columns and more, two of them of three cells."""
    tall = [
        column
        for column in section.columns
        if len(column.blocks) >= 2 and 3 * _astray(column.blocks) <= len(column.blocks)
    ]
    return len(tall) >= 3 and sum(len(column.blocks) >= 3 for column in tall) >= 2


def _gaps(section: Section) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield the number of each inner edge of a section, with the ends of the gap between columns, right one first."""
    for place, (a, b) in enumerate(pairwise(section.columns), start=1):
        low = max([a.x1, *(block.x1 for _, last, block in section.spanning if last + 1 == place)])
        high = min([b.x0, *(block.x0 for first, _, block in section.spanning if first == place)])
        yield place, (high, low) if low < high else (b.x0, a.x1)


def edges_of(
    sections: Sequence[Section], left: float, right: float, known: Sequence[float] = ()
) -> list[list[float]]:
    """Return the edges of each section's columns; as few different ones as the print allows, ``known`` ones first."""
    gaps = [(*gap, number, place) for number, one in enumerate(sections) for place, gap in _gaps(one)]
    edges = [[left] * len(section.columns) + [right] for section in sections]
    open_gaps: list[tuple[float, float, int, int]] = []
    for high, low, number, place in sorted(gaps):
        inside = [x for x in known if low - 0.5 <= x <= high + 0.5]
        if inside:
            edges[number][place] = min(inside, key=lambda x: abs(2 * x - low - high))
        else:
            open_gaps.append((high, low, number, place))
    while open_gaps:
        point = open_gaps[0][0]
        shared = [gap for gap in open_gaps if gap[1] <= point - 0.5 or gap is open_gaps[0]]
        x = (point + max(gap[1] for gap in shared)) / 2
        for gap in shared:
            edges[gap[2]][gap[3]] = x
        open_gaps = [gap for gap in open_gaps if gap not in shared]
    return edges
