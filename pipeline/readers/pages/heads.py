"""The rows of column heads with which a section begins."""

from collections.abc import Sequence

from pipeline.readers.pages.blocks import Block, is_head
from pipeline.readers.pages.sections import Section


def heads_of(section: Section) -> list[Block]:
    """Return the blocks of the rows of column heads with which a section begins, none where it has no such rows."""
    lowest = 0.0
    rows = section.rows
    for number, row in enumerate(rows):
        if len(row) < 2 or not any(block.text for block in row):
            continue
        group = max(([b for b in row if _at_one_height(a, b)] for a in _uppermost(row)), key=_telling)
        # a head of one line stands beside one of two lines, and that beside one that was set in two cells
        near = [block for one in group if len(one.lines) < 3 for block in row if _at_one_height(one, block)]
        lowest = max(block.bottom for block in [*group, *near])
        below = rows[number + 1] if number + 1 < len(rows) else []
        if 1 < len(below) < len(row) and _all_under(below, row):
            lowest = max(block.bottom for block in below)
        break
    heads = [block for block in section.blocks if block.text and block.middle < lowest]
    # a label set to the top of its rows reaches below the heads beside it
    under = min((block.top for block in section.blocks if block.text and block not in heads), default=lowest)
    heads = [block for block in heads if block.bottom <= under + 0.5]
    return heads if len(heads) > 1 and all(is_head(block.text) for block in heads) else []


def ruled_heads_of(section: Section) -> list[Block]:
    """Return the heads with which a section begins whose blocks are as tall as rules draw their cells."""
    row = section.rows[0]
    top = min(block.top for block in row)
    ends = sorted({block.bottom for block in row if block.top < top + 1.0}, reverse=True)
    for end in ends:
        heads = [block for block in row if block.bottom < end + 1.0]
        if len(heads) > 1 and all(is_head(block.text) for block in heads):
            return heads
    return []


def _uppermost(row: Sequence[Block]) -> list[Block]:
    """Return the blocks at the upper end of a row that are not much taller than its lowest."""
    least = min(block.bottom - block.top for block in row)
    end = min(block.bottom for block in row) + 1.5 * least
    return [block for block in row if block.top < end and block.bottom - block.top < 4 * least]


def _all_under(below: Sequence[Block], row: Sequence[Block]) -> bool:
    """Say whether a row holds heads only, and one of them below one of the row above."""
    return all(is_head(block.text) for block in below) and any(
        one.meets(block) for one in row for block in below
    )


def _telling(group: Sequence[Block]) -> tuple[int, float]:
    return len(group), -min(block.top for block in group)


def _at_one_height(one: Block, other: Block) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > 0.3 * min(one.bottom - one.top, other.bottom - other.top)
