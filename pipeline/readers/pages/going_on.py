"""Tables without vertical rules as they are handed on, and from page to page."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.readers.pages.blocks import Block, parted_at
from pipeline.readers.pages.lattice import Lattice, from_boxes
from pipeline.readers.pages.lines import Line
from pipeline.readers.pages.sections import Section, sections_of, under_known
from pipeline.readers.pages.wrapping import Measure

Place = tuple[float, float, float, float]


class Unruled(NamedTuple):
    """A table that was found: its cells, and the columns in which the text of each was set.

    ``tail``: the columns with which it ends; ``doubts``: how many of its parts were left as text;
    ``known``: where it goes on with the columns of the page before, its edges and theirs.
    """

    lattice: Lattice
    measures: tuple[Measure, ...]
    tail: "Tail | None" = None
    doubts: int = 0
    known: tuple[tuple[float, float], ...] = ()


class Tail(NamedTuple):
    """The columns with which a page ends: their edges, the extents of their print, and how they are drawn.

    ``ruled``: by rules; ``middle``: cells are set to the middle of their rows, not to the top;
    ``names``: the edges that the columns had on the page on which they began.
    """

    edges: tuple[float, ...]
    columns: tuple[tuple[float, float], ...]
    ruled: bool
    middle: bool | None = None
    names: tuple[float, ...] = ()


def tail_of(section: Section, xs: Sequence[float], ruled: bool) -> Tail:
    """Return the columns of a section as those with which a page ends."""
    return Tail(tuple(xs), tuple((column.x0, column.x1) for column in section.columns), ruled)


def sections_after(stacks: Sequence[list[Block]], tail: Tail | None) -> tuple[list[Section], bool]:
    """Return the sections of rows, and whether the first goes on with the columns of the page before."""
    if tail is None:
        return _with_words_parted(sections_of(stacks)), False
    height = stacks[0][0].lines[0].bottom - stacks[0][0].lines[0].top
    top = min(block.top for block in stacks[0]) - 2 * height
    whole = [(x0 + 1.0, x1 - 1.0) for x0, x1 in pairwise(tail.edges)]
    for extents in (whole, tail.columns):
        shadows = [_shadow(x0, x1, top, height) for x0, x1 in extents]
        sections = _with_words_parted(sections_of([shadows, *stacks]))
        first = sections[0]
        if len(first.rows) > 1 and not any(block in shadows for _, _, block in first.spanning):
            sections[0] = under_known(first, shadows)
            return sections, True
    return _with_words_parted(sections_of(stacks)), False


def _with_words_parted(sections: list[Section]) -> list[Section]:
    """Return the sections after words of neighbouring cells are parted that stood too close to be told apart."""
    rows: list[list[Block]] = []
    for section in sections:
        over = {block: (first, last) for first, last, block in section.spanning}
        for row in section.rows:
            parts: list[Block] = []
            for block in row:
                first, last = over.get(block, (0, 0))
                gaps = [(a.x1, b.x0) for a, b in pairwise(section.columns[first : last + 1])]
                parts += parted_at(block, gaps) if gaps else [block]
            rows.append(parts)
    if sum(map(len, rows)) == sum(len(section.blocks) for section in sections):
        return sections
    return sections_of(rows)


def going_on(table: Unruled | None, edges: Sequence[float], tail: Tail | None) -> Unruled | None:
    """Return a table with its edges paired with those of the page before, where it has the same columns."""
    if table is None or tail is None or len(edges) != len(tail.edges):
        return table
    names = tail.names or tail.edges
    own = table.tail
    if own is not None and own.edges == tuple(edges):
        own = own._replace(names=names)
    return table._replace(known=tuple(zip(edges, names, strict=True)), tail=own)


def _shadow(x0: float, x1: float, top: float, height: float) -> Block:
    """Return a block that stands for the print of the page before."""
    return Block(x0, top, x1, top + height, (Line("", (), x0, top, x1, top + height),))


def table_of(
    boxes: Sequence[Place], measures: dict[Place, Measure], tail: Tail | None = None
) -> Unruled | None:
    """Return the table that cells make, None where they cover nothing."""
    lattice = from_boxes(boxes)
    if lattice is None:
        return None
    own = tuple(measures[box.x0, box.top, box.x1, box.bottom] for box in lattice.boxes)
    return Unruled(lattice, own, tail)
