"""Print without rules to blocks: the lines of one cell, put together by their leading."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.readers.pages.ink import Char
from pipeline.readers.pages.lines import Line, line_of, rows_of

# cells are further apart than this share of the print's height, characters of one cell are not
_CELL_GAP = 0.6
_CUT_GAP = 0.25
# a line that its cell wrapped follows at no more than this many times the print's height
_WIDEST_LEADING = 1.9
# rows follow at a step that is larger than that of wrapped lines by this factor
_CLEARLY = 1.1
# blocks stand beside one another that share this much of the height of the lower one
_BESIDE = 0.4
# a column head is no longer than this
_HEAD_CHARS = 16


class Block(NamedTuple):
    """The print of one cell: its edges and its lines from top to bottom."""

    x0: float
    top: float
    x1: float
    bottom: float
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """Return the lines as one text."""
        return "".join(line.text for line in self.lines)

    @property
    def middle(self) -> float:
        """Return the y of its middle."""
        return (self.top + self.bottom) / 2

    def beside(self, other: "Block") -> bool:
        """Say whether the two stand beside one another: at one height, at different places across."""
        apart = other.x0 >= self.x1 - 0.5 or self.x0 >= other.x1 - 0.5
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return apart and shared > _BESIDE * min(self.bottom - self.top, other.bottom - other.top)

    def meets(self, other: "Block") -> bool:
        """Say whether the two stand above one another, at least in part."""
        return self.x0 < other.x1 - 0.5 and other.x0 < self.x1 - 0.5


def block_of(lines: Sequence[Line]) -> Block:
    """Return the block that some lines make."""
    return Block(
        min(line.x0 for line in lines),
        min(line.top for line in lines),
        max(line.x1 for line in lines),
        max(line.bottom for line in lines),
        tuple(sorted(lines, key=lambda line: (line.top, line.x0))),
    )


def pieces_of(chars: Sequence[Char], cuts: Sequence[float] = ()) -> list[list[Line]]:
    """Return the printed lines, top to bottom, each parted where a gap is wider than a cell holds.

    At ``cuts``, where columns are known to begin or end, a narrower gap will do.
    """
    return [pieces for row in rows_of(chars) if (pieces := list(_parted(row, cuts)))]


def _parted(row: Sequence[Char], cuts: Sequence[float]) -> Iterator[Line]:
    start = 0
    reach = row[0][3]
    for i in range(1, len(row) + 1):
        gap = row[i][1] - reach if i < len(row) else 0.0
        height = row[i - 1][4] - row[i - 1][2]
        if (
            i == len(row)
            or gap > _CELL_GAP * height
            or (gap > _CUT_GAP * height and any(reach <= cut <= row[i][1] for cut in cuts))
        ):
            line = line_of(row[start:i])
            if line is not None:
                yield line
            start = i
        if i < len(row):
            reach = max(reach, row[i][3])


def wrap_step(lines: Sequence[Line]) -> float:
    """Return the largest step of wrapped lines as a share of their height; 0 where no cell seems to wrap."""
    steps = sorted(
        (_step(one, below) / max(one.bottom - one.top, below.bottom - below.top), one, below)
        for one, below in _followers(lines)
    )
    wraps: list[float] = []
    values = 0
    for step, one, below in steps:
        if step > _WIDEST_LEADING or (wraps and step > wraps[-1] * _CLEARLY):
            break
        wraps.append(step)
        values += is_value(one.text) and is_value(below.text)
    # where numbers stand below one another at this step, it is that of rows
    return wraps[-1] * 1.02 if wraps and values * 8 <= len(wraps) else 0.0


def _followers(lines: Sequence[Line]) -> Iterator[tuple[Line, Line]]:
    """Yield each line with the next below it that stands under it, unless several stand there side by side."""
    ordered = sorted(lines, key=lambda line: line.top)
    for number, one in enumerate(ordered):
        height = one.bottom - one.top
        found: list[Line] = []
        for below in ordered[number + 1 :]:
            if below.top > one.bottom + 1.2 * height:
                break
            if below.x0 < one.x1 - 0.5 and one.x0 < below.x1 - 0.5 and _step(one, below) > 0.5 * height:
                found.append(below)
        if not found:
            continue
        first = found[0]
        if not any(abs(_step(first, other)) < 0.5 * height for other in found[1:]):
            yield one, first


def _step(one: Line, below: Line) -> float:
    return (below.top + below.bottom - one.top - one.bottom) / 2


def parted_at(block: Block, gaps: Sequence[tuple[float, float]]) -> list[Block]:
    """Return what a block is made of where its words keep apart at the gaps between columns, itself where not."""
    cuts = [(low + high) / 2 for low, high in gaps]
    pieces = [piece for line in block.lines for piece in _parted(line.chars, cuts)] if block.text else []
    if len(pieces) <= len(block.lines):
        return [block]
    parts: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda piece: piece.x0):
        if parts and piece.x0 < max(one.x1 for one in parts[-1]) - 0.5:
            parts[-1].append(piece)
        else:
            parts.append([piece])
    return [block_of(part) for part in parts] if len(parts) > 1 else [block]


def is_value(text: str) -> bool:
    """Say whether a short text has no letter: a number, a rate, a dash."""
    return len(text) <= 14 and not any(char.isalpha() for char in text)


def blocks_of(lines: Sequence[Line], step: float) -> list[Block]:
    """Return the blocks that lines make which follow at no more than a step, counted in their heights."""
    heads: dict[int, list[Line]] = {}
    owner: dict[int, int] = {}
    pairs = [
        (one, below)
        for one, below in _followers(lines)
        if step and _step(one, below) <= step * max(one.bottom - one.top, below.bottom - below.top) + 0.2
    ]
    upper = {id(one): below for one, below in pairs}
    fed: dict[int, int] = {}
    for _, below in pairs:
        fed[id(below)] = fed.get(id(below), 0) + 1
    for line in sorted(lines, key=lambda line: line.top):
        at = owner.setdefault(id(line), id(line))
        heads.setdefault(at, []).append(line)
        rest = upper.get(id(line))
        # a line below two others side by side is the rest of neither
        if rest is not None and fed[id(rest)] == 1:
            owner[id(rest)] = at
    return sorted((block_of(found) for found in heads.values()), key=lambda block: (block.top, block.x0))


def whole_heads(stacks: Sequence[list[Block]]) -> list[list[Block]]:
    """Return the stacks, three made one where heads in two cells stand above and below the middle of the others."""
    found: list[list[Block]] = []
    at = 0
    while at < len(stacks):
        three = stacks[at : at + 3]
        if len(three) == 3 and (joined := _joined_heads(*three)):
            found.append(joined)
            at += 3
        else:
            found.append(stacks[at])
            at += 1
    return found


def _joined_heads(upper: Sequence[Block], between: Sequence[Block], lower: Sequence[Block]) -> list[Block]:
    """Return one row of heads, empty where the three are not one."""
    if len(upper) != len(lower) or len(between) < 2:
        return []
    height = between[0].lines[0].bottom - between[0].lines[0].top
    joined: list[Block] = []
    for one, below in zip(sorted(upper, key=lambda b: b.x0), sorted(lower, key=lambda b: b.x0), strict=True):
        both = block_of([*one.lines, *below.lines])
        if (
            not one.meets(below)
            or not (is_head(one.text) and is_head(below.text))
            or any(both.meets(other) or abs(both.middle - other.middle) > 0.2 * height for other in between)
        ):
            return []
        joined.append(both)
    return sorted([*between, *joined], key=lambda block: (block.top, block.x0))


def stacks_of(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks in rows that a blank strip over the whole width parts, from top to bottom."""
    rows: list[list[Block]] = []
    bottom = 0.0
    for block in sorted(blocks, key=lambda block: block.top):
        slack = 0.1 * (block.lines[0].bottom - block.lines[0].top)
        if rows and block.top < bottom - slack:
            rows[-1].append(block)
            bottom = max(bottom, block.bottom)
        else:
            rows.append([block])
            bottom = block.bottom
    return rows


def is_head(text: str) -> bool:
    """Say whether a text can head a column: short, of letters, no sentence and no number."""
    return (
        0 < len(text) <= _HEAD_CHARS
        and any(char.isalpha() for char in text)
        and not text[0].isdigit()
        and text[-1] not in "。；;，,、"
        and "…" not in text
        and ".." not in text
    )
