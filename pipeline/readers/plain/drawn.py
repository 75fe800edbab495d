"""Tables drawn with box characters or ``+-|``: the strokes tell the spans."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.model import Cell
from pipeline.readers.plain.region import Paragraph, Region, Table, guard, locator, paragraphs
from pipeline.readers.plain.strokes import (
    ARMS,
    HORIZONTAL,
    Glyph,
    aligned,
    is_rule,
    walls_of,
)

_WIDEST = 1_000
_LONGEST = 5_000
# A place of the lattice costs as much memory as so many cells while it is joined.
_COST = 4
_LARGEST = 4_000_000
Place = tuple[int, int]


@dataclass(slots=True)
class _Drawing:
    """What the strokes say: bands of text between rules, and which edges of the lattice have a wall."""

    columns: int
    bands: list[int] = field(default_factory=list)
    """Line number of the first line of each band, in order."""
    below: list[set[int]] = field(default_factory=list)
    """Columns of each band that have a wall under them."""
    right: list[dict[int, int]] = field(default_factory=list)
    """For each band, wall number -> how many of its lines of text have a bar there."""
    heights: list[int] = field(default_factory=list)
    texts: list[tuple[Place, str]] = field(default_factory=list)
    beside: list[tuple[int, str]] = field(default_factory=list)
    """Line number and text of what stands outside the drawing."""

    def open_band(self, line: int) -> None:
        """Begin a band of text at a line number."""
        self.bands.append(line)
        self.below.append(set())
        self.right.append({})
        self.heights.append(0)


def parse(line: int, lines: Sequence[str]) -> list[Region]:
    """Return the table of these lines, the first of which has number ``line``; or paragraphs."""
    if max(map(len, lines)) > _LONGEST or sum(map(len, lines)) > _LARGEST:
        return paragraphs(line, lines)
    read, walls = aligned(lines)
    if not 2 <= len(walls) <= _WIDEST:
        return paragraphs(
            line, ["" if all(c in ARMS or c in "+-= " for c in text) else text for text in lines]
        )
    drawing = _drawing(line, lines, read, walls)
    guard(len(drawing.bands) * drawing.columns * _COST)
    cells = _cells(drawing)
    beside: list[Region] = [Paragraph(at, text.strip()) for at, text in drawing.beside if text.strip()]
    if not any(cell.text for cell in cells):
        return beside
    return [Table(line, line + len(lines) - 1, cells, True), *beside]


def _drawing(line: int, lines: Sequence[str], read: Sequence[list[Glyph]], walls: Sequence[int]) -> _Drawing:
    drawing = _Drawing(len(walls) - 1)
    rules = sum(1 for row in read if is_rule(row))
    for i, (text, row) in enumerate(zip(lines, read, strict=True)):
        ruled = _ruled(row, walls) if is_rule(row) else set()
        if ruled:
            bars = _bars_on_walls(row, walls)
            if drawing.bands:
                drawing.below[-1] |= ruled
                _put(drawing, line + i, text, bars, row)
            else:
                _put(drawing, line + i, text, {}, row)
            if i + 1 < len(lines):
                drawing.open_band(line + i + 1)
            continue
        bars = walls_of(row, walls)
        if not drawing.bands:
            drawing.open_band(line + i)
        elif rules <= 3 and drawing.heights[-1] and _is_record(text, bars):
            drawing.below[-1] |= set(range(drawing.columns))
            drawing.open_band(line + i)
        drawing.heights[-1] += 1
        for wall in bars:
            drawing.right[-1][wall] = drawing.right[-1].get(wall, 0) + 1
        _put(drawing, line + i, text, bars, [])
    return drawing


def _is_record(text: str, bars: dict[int, int]) -> bool:
    """Say whether a line begins a row where no rules part the rows: its first cell holds text."""
    ends = sorted(bars.values())
    return len(ends) > 1 and bool(text[ends[0] + 1 : ends[1]].strip())


def _ruled(row: Sequence[Glyph], walls: Sequence[int]) -> set[int]:
    """Return the lattice columns that a rule crosses."""
    strokes = [glyph.column for glyph in row if glyph.arms & HORIZONTAL]
    found: set[int] = set()
    at = 0
    for j, (left, right) in enumerate(pairwise(walls)):
        while at < len(strokes) and strokes[at] <= left:
            at += 1
        if at < len(strokes) and strokes[at] < right:
            found.add(j)
    return found


def _bars_on_walls(row: Sequence[Glyph], walls: Sequence[int]) -> dict[int, int]:
    number = {column: i for i, column in enumerate(walls)}
    return {number[glyph.column]: glyph.place for glyph in row if glyph.column in number}


def _put(drawing: _Drawing, line: int, text: str, bars: dict[int, int], strokes: Sequence[Glyph]) -> None:
    """Keep what stands between the bars of a line with its place in the lattice; what stands beside them apart."""
    if strokes:
        drawn = {glyph.place for glyph in strokes}
        text = "".join(" " if i in drawn else char for i, char in enumerate(text))
    ends = sorted(bars.items(), key=lambda item: item[1])
    if not ends:
        drawing.beside.append((line, text))
        return
    drawing.beside.append((line, text[: ends[0][1]]))
    drawing.beside.append((line, text[ends[-1][1] + 1 :]))
    for (wall, start), (_, stop) in pairwise(ends):
        if piece := text[start + 1 : stop].strip():
            drawing.texts.append(((len(drawing.bands) - 1, wall), piece))


def _cells(drawing: _Drawing) -> tuple[Cell, ...]:
    """Return the cells that the walls leave, in row-major order."""
    rows, columns = _used_bands(drawing), drawing.columns
    root = _joined(drawing, rows, vertically=True)
    boxes = _boxes(root)
    broken = {top for top, (members, box) in boxes.items() if len(members) != _area(box)}
    if broken:
        flat = _joined(drawing, rows, vertically=False)
        root = {place: flat[place] if top in broken else top for place, top in root.items()}
        boxes = _boxes(root)
    texts: dict[Place, list[str]] = {}
    for (band, column), text in drawing.texts:
        texts.setdefault(root[min(band, rows - 1), min(column, columns - 1)], []).append(text)
    cells = []
    for top, (_, (row, col, bottom, right)) in boxes.items():
        text = "\n".join(texts.get(top, ()))
        place = locator(drawing.bands[row])
        cells.append(Cell(row, col, bottom - row + 1, right - col + 1, text, locator=place))
    return tuple(sorted(cells))


def _used_bands(drawing: _Drawing) -> int:
    """Return the number of bands without the one that the bottom rule opened and nothing filled."""
    rows = len(drawing.bands)
    return rows - 1 if rows > 1 and not drawing.heights[-1] and not drawing.right[-1] else rows


def _joined(drawing: _Drawing, rows: int, *, vertically: bool) -> dict[Place, Place]:
    """Return lattice place -> the first place of the cell it belongs to."""
    top: dict[Place, Place] = {}

    def find(place: Place) -> Place:
        while top[place] != place:
            top[place] = top[top[place]]
            place = top[place]
        return place

    for row in range(rows):
        height = drawing.heights[row]
        for col in range(drawing.columns):
            top[row, col] = (row, col)
            if col and height and drawing.right[row].get(col, 0) * 2 < height:
                top[row, col] = find((row, col - 1))
            if vertically and row and col not in drawing.below[row - 1]:
                above, here = find((row - 1, col)), find((row, col))
                top[max(above, here)] = min(above, here)
    return {place: find(place) for place in top}


def _boxes(root: dict[Place, Place]) -> dict[Place, tuple[list[Place], tuple[int, int, int, int]]]:
    """Return for each cell its places and their bounding box (top, left, bottom, right)."""
    members: dict[Place, list[Place]] = {}
    for place, top in root.items():
        members.setdefault(top, []).append(place)
    return {
        top: (
            places,
            (
                min(row for row, _ in places),
                min(col for _, col in places),
                max(row for row, _ in places),
                max(col for _, col in places),
            ),
        )
        for top, places in members.items()
    }


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
