"""Print without vertical rules to bands: rows that share their columns, found from what stands above what."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.readers.pages.ink import Char
from pipeline.readers.pages.lines import Line, line_of, rows_of

# cells are further apart than this share of the print's height, characters of one cell are not
_CELL_GAP = 0.6
_CUT_GAP = 0.25
# how far two edges may lie apart that were set to one edge, in points
ALIGNED = 3.5
# a column head is no longer than this
_HEAD_CHARS = 16


@dataclass(slots=True)
class Strip:
    """One column of a band: its extent so far and the print in it, with the number of its row."""

    x0: float
    x1: float
    found: list[tuple[int, Line]] = field(default_factory=list)

    def meets(self, x0: float, x1: float) -> bool:
        """Say whether a piece of print stands above or below what is in the column."""
        return x0 < self.x1 - 0.5 and x1 > self.x0 + 0.5

    def rows(self) -> set[int]:
        """Return the numbers of the rows that the column holds anything in."""
        return {row for row, _ in self.found}


@dataclass(slots=True)
class Band:
    """Consecutive rows whose print fits into one set of columns; strips from left to right."""

    first: int
    last: int
    strips: list[Strip]

    def take(self, row: int, pieces: Sequence[Line]) -> bool:
        """Take one more row into the columns; say whether it fits."""
        cells = heaped(pieces)
        places = _places(self.strips, cells)
        if places is None:
            return False
        fresh = [cell for cell, place in zip(cells, places, strict=True) if place is None]
        left = self.strips[0].x0
        # a lone label or a column without a head is one more column; several are another table's rows
        if sum(cell.x0 >= left for cell in fresh) > 1 or (
            len(fresh) > 1 and len(fresh) * 2 > len(cells) and len(self.strips) < 3
        ):
            return False
        for cell, place in zip(cells, places, strict=True):
            strip = Strip(cell.x0, cell.x1) if place is None else self.strips[place]
            strip.x0, strip.x1 = min(strip.x0, cell.x0), max(strip.x1, cell.x1)
            strip.found += [(row, piece) for piece in pieces_in(cell, pieces)]
            if place is None:
                self.strips.append(strip)
        self.strips.sort(key=lambda strip: strip.x0)
        self.last = row
        return True

    def edges(self, left: float, right: float) -> list[float]:
        """Return the edges of the columns, the outer ones given."""
        inner = [(a.x1 + b.x0) / 2 for a, b in pairwise(self.strips)]
        return [left, *inner, right]


def heaped(pieces: Sequence[Line]) -> list[Line]:
    """Return the cells of one row: pieces that stand above one another are one, its text from top to bottom."""
    heaps: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda piece: piece.x0):
        if heaps and piece.x0 < max(one.x1 for one in heaps[-1]) - 0.5:
            heaps[-1].append(piece)
        else:
            heaps.append([piece])
    return [
        Line(
            "".join(one.text for one in sorted(heap, key=lambda one: one.top)),
            heap[0].chars,
            min(one.x0 for one in heap),
            min(one.top for one in heap),
            max(one.x1 for one in heap),
            max(one.bottom for one in heap),
        )
        for heap in heaps
    ]


def pieces_in(cell: Line, pieces: Sequence[Line]) -> list[Line]:
    """Return the pieces that a cell is made of."""
    return [piece for piece in pieces if piece.x0 >= cell.x0 and piece.x1 <= cell.x1]


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


def bands_of(rows: Sequence[Sequence[Line]]) -> list[Band]:
    """Return the bands of rows of pieces; what heads a band is in it, not at the end of the one before."""
    bands: list[Band] = []
    for number, pieces in enumerate(rows):
        if bands and (not pieces or bands[-1].take(number, pieces)):
            bands[-1].last = number
            continue
        strips = [
            Strip(cell.x0, cell.x1, [(number, piece) for piece in pieces_in(cell, pieces)])
            for cell in heaped(pieces)
        ]
        bands.append(Band(number, number, strips))
    for i in range(1, len(bands)):
        _move_heads(bands[i - 1], bands[i], rows)
    return [_joined(band) for band in bands if band.last >= band.first]


def _move_heads(upper: Band, lower: Band, rows: Sequence[Sequence[Line]]) -> None:
    """Move the rows that end a band to the next where they head its columns and are short in their own."""
    while upper.last > upper.first and lower.first - upper.last == 1:
        pieces = heaped(rows[upper.last])
        if not 2 <= len(pieces) < len(upper.strips) or not all(is_head(piece.text) for piece in pieces):
            return
        places = _places(lower.strips, pieces)
        if places is None or None in places:
            return
        if not all(
            _is_above(piece, lower.strips[place])
            for piece, place in zip(pieces, places, strict=True)
            if place is not None
        ):
            return
        row = upper.last
        for strip in upper.strips:
            strip.found = [one for one in strip.found if one[0] != row]
        upper.strips = [strip for strip in upper.strips if strip.found]
        upper.last -= 1
        lower.first = row
        for piece, place in zip(pieces, places, strict=True):
            if place is not None:
                lower.strips[place].found[:0] = [(row, one) for one in pieces_in(piece, rows[row])]


def _is_above(head: Line, strip: Strip) -> bool:
    """Say whether a head is set to the left edge, the middle or the right edge of a column."""
    return (
        abs(head.x0 - strip.x0) <= ALIGNED
        or abs(head.x1 - strip.x1) <= ALIGNED
        or abs(head.x0 + head.x1 - strip.x0 - strip.x1) <= 4 * ALIGNED
    )


def _places(strips: Sequence[Strip], pieces: Iterable[Line]) -> list[int | None] | None:
    """Return the column of each piece, None for one that stands in none; None where they do not fit."""
    places: list[int | None] = []
    taken: set[int] = set()
    for piece in pieces:
        met = [i for i, strip in enumerate(strips) if strip.meets(piece.x0, piece.x1)]
        if len(met) > 1 or (met and met[0] in taken):
            return None
        taken.update(met)
        places.append(met[0] if met else None)
    return places


def _joined(band: Band) -> Band:
    """Join a head that has nothing below it with the column beside it that has no head: numbers set right."""
    strips = band.strips
    i = 0
    while i + 1 < len(strips):
        a, b = strips[i], strips[i + 1]
        head, body = (a, b) if max(a.rows()) < min(b.rows()) else (b, a)
        alone = len(head.rows()) == 1 and min(head.rows()) == band.first and len(body.rows()) > 1
        if alone and max(head.rows()) < min(body.rows()) and len(strips) > 2:
            strips[i : i + 2] = [Strip(a.x0, b.x1, sorted(a.found + b.found, key=lambda one: one[0]))]
        else:
            i += 1
    return band


def is_clean(lines: Sequence[Line]) -> bool:
    """Say whether no two pieces of a cell or a column stand beside one another."""
    ordered = sorted(lines, key=lambda line: line.top)
    for number, line in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if other.top >= line.bottom - 0.5 * (line.bottom - line.top):
                break
            if other.x0 >= line.x1 or line.x0 >= other.x1:
                return False
    return True


def is_head(text: str) -> bool:
    """Say whether a text can head a column: short, of letters, no sentence and no number."""
    return (
        len(text) <= _HEAD_CHARS
        and any(char.isalpha() for char in text)
        and not text[0].isdigit()
        and text[-1] not in "。；;，,、"
        and "…" not in text
        and ".." not in text
    )


def is_stable(strip: Strip) -> bool:
    """Say whether a column's print keeps one edge or its middle from row to row."""
    lines = [line for _, line in strip.found]
    if len(lines) < 2:
        return False
    kept = 0
    for a, b in pairwise(lines):
        kept += (
            abs(a.x0 - b.x0) <= ALIGNED
            or abs(a.x1 - b.x1) <= ALIGNED
            or abs(a.x0 + a.x1 - b.x0 - b.x1) <= 2 * ALIGNED
        )
    return kept * 4 >= 3 * (len(lines) - 1)
