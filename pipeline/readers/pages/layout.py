"""The ink of one page to tables with text in their cells and paragraphs around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pipeline.model.document import BBox
from pipeline.readers.pages.going_on import Tail, Unruled
from pipeline.readers.pages.ink import Char, Ink, turned
from pipeline.readers.pages.lattice import EDGE_TOLERANCE, Lattice
from pipeline.readers.pages.lines import Line, lines_of
from pipeline.readers.pages.ruling import find_lattices
from pipeline.readers.pages.unruled import find_unruled
from pipeline.readers.pages.wrapping import Measure, joint, room, text_of

# the inner margin of a cell is never taken for wider than this (Word: 5.4 pt, reportlab: 6 pt)
_WIDEST_PADDING = 6.0
# prose is taken to be set at least as wide as the page without these margins (Word's default: 90 pt)
_MARGIN = 90.0
# no more rows than this are a header that a page repeats
HEADER_ROWS = 4


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text outside the tables; ``furniture``: a running head or foot or a page number."""

    text: str
    bbox: BBox
    size: float = 0.0
    furniture: bool = False


@dataclass(frozen=True, slots=True)
class PageTable:
    """One table of one page; ``texts`` go with ``lattice.boxes``; ``lines``: the print of its first and last rows.

    ``measures`` go with the boxes of a table without vertical rules, whose columns show in its print only;
    ``goes_on``: one that was found to have the columns of the page before.
    """

    lattice: Lattice
    texts: tuple[str, ...]
    padding: float
    lines: dict[int, list[Line]]
    size: float = 0.0
    measures: tuple[Measure, ...] = ()
    goes_on: bool = False

    def measure(self, number: int) -> Measure:
        """Return the column in which the text of a cell is set."""
        if self.measures:
            return self.measures[number]
        box = self.lattice.boxes[number]
        return Measure(box.x0 + self.padding, box.x1 - self.padding)


@dataclass(slots=True)
class Page:
    """What a page holds, each kind from top to bottom; ``doubts`` counts what may be tables and was left as text."""

    number: int
    width: float
    height: float
    tables: list[PageTable] = field(default_factory=list)
    paragraphs: list[Paragraph] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    doubts: int = 0
    tail: Tail | None = None


def lay_out(ink: Ink, tail: Tail | None = None) -> Page:
    """Return the tables and paragraphs of a page; a table without any text is left out.

    ``tail`` are the columns of an unruled table with which the page before ended.
    """
    lattices = ink.lattices if ink.lattices is not None else find_lattices(ink.horizontals, ink.verticals)
    lattices = _without_frames(lattices)
    shares, outside = _share_out(ink.chars, lattices)
    page = Page(ink.number, ink.width, ink.height, stamps=list(ink.stamps))
    notes: list[dict[int, str]] = [{} for _ in lattices]
    if ink.sideways:
        notes = _read_sideways(ink, lattices, page)
    for lattice, share, note in zip(lattices, shares, notes, strict=True):
        if any(share) or note:
            page.tables.append(_table(lattice, share, note))
    if not ink.recognised:
        outside = _add_unruled(ink, page, lattices, outside, tail)
    page.tables.sort(key=lambda table: (table.lattice.ys[0], table.lattice.xs[0]))
    page.paragraphs += paragraphs_of(outside, page.tables, ink.width)
    page.paragraphs.sort(key=lambda paragraph: paragraph.bbox[1])
    return page


def _add_unruled(
    ink: Ink, page: Page, ruled: Sequence[Lattice], outside: list[Char], tail: Tail | None
) -> list[Char]:
    """Add the tables without vertical rules; return the characters that are left outside of all tables."""
    found = find_unruled(outside, ink.horizontals, [lattice.bbox for lattice in ruled], tail)
    page.doubts = found.doubts
    if found.tables:
        lowest = max(found.tables, key=lambda table: table.lattice.ys[-1])
        page.tail = lowest.tail if lowest.lattice.ys[-1] > 0.6 * ink.height else None
    shares, rest = _share_out(outside, [table.lattice for table in found.tables])
    for table, share in zip(found.tables, shares, strict=True):
        made = _table(table.lattice, share, {}, table)
        if table.known:
            made = replace(made, lattice=_moved(made.lattice, table.known), goes_on=True)
        page.tables.append(made)
    return rest


def _moved(lattice: Lattice, known: Sequence[tuple[float, float]]) -> Lattice:
    """Return a lattice whose columns are called by the edges of the page before; its cells stay where they are."""
    xs = [next((there for here, there in known if abs(here - x) <= EDGE_TOLERANCE), x) for x in lattice.xs]
    ordered = all(a < b for a, b in pairwise(xs))
    return replace(lattice, xs=tuple(xs)) if ordered else lattice


def _read_sideways(ink: Ink, lattices: Sequence[Lattice], page: Page) -> list[dict[int, str]]:
    """Return cell index -> text set on its side, per lattice; the rest goes to the page's paragraphs."""
    notes: list[dict[int, str]] = [{} for _ in lattices]
    for turn in (1, 2, 3):
        chars = [char for other, char in ink.sideways if other == turn]
        shares, outside = _share_out(chars, lattices)
        for note, lattice, share in zip(notes, lattices, shares, strict=True):
            for number, cell in enumerate(share):
                if cell:
                    box = turned(lattice.boxes[number][4:], -turn, ink.width, ink.height)
                    text = text_of(lines_of(_turned_chars(cell, turn, ink)), Measure(box[0], box[2]))
                    note[number] = "\n".join(filter(None, (note.get(number), text)))
        width = ink.height if turn % 2 else ink.width
        for one in paragraphs_of(_turned_chars(outside, turn, ink), (), width):
            back = turned(one.bbox, turn, *((ink.height, ink.width) if turn % 2 else (ink.width, ink.height)))
            page.paragraphs.append(Paragraph(one.text, back, one.size))
    return notes


def _turned_chars(chars: Sequence[Char], turn: int, ink: Ink) -> list[Char]:
    """Return characters that stand on their side as they are after the page is turned upright for them."""
    return [(char[0], *turned(char[1:], -turn, ink.width, ink.height)) for char in chars]


def _without_frames(lattices: Sequence[Lattice]) -> list[Lattice]:
    """Leave out the frames: tables of one cell in which another table stands."""
    return [
        one
        for one in lattices
        if len(one.boxes) > 1
        or not any(_inside(other.bbox, one.bbox) for other in lattices if other is not one)
    ]


def _inside(inner: BBox, outer: BBox) -> bool:
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _share_out(
    chars: Sequence[Char], lattices: Sequence[Lattice]
) -> tuple[list[list[list[Char]]], list[Char]]:
    """Return the characters of each cell of each lattice, by character centre, and those of no cell."""
    shares: list[list[list[Char]]] = [[[] for _ in lattice.boxes] for lattice in lattices]
    outside: list[Char] = []
    # the smallest table wins where one stands in another
    by_area = sorted(range(len(lattices)), key=lambda i: _area(lattices[i].bbox))
    places = [(lattices[i].bbox, lattices[i], shares[i]) for i in by_area]
    left = top = right = bottom = 0.0
    bucket: list[Char] = outside
    for char in chars:
        x = (char[1] + char[3]) / 2
        y = (char[2] + char[4]) / 2
        # neighbours in the file mostly stand in one cell
        if left <= x < right and top <= y < bottom:
            bucket.append(char)
            continue
        for (x0, y0, x1, y1), lattice, share in places:
            if x0 <= x < x1 and y0 <= y < y1:
                number = lattice.at(x, y)
                if number >= 0:
                    box = lattice.boxes[number]
                    left, top, right, bottom = box.x0, box.top, box.x1, box.bottom
                    bucket = share[number]
                    bucket.append(char)
                    break
        else:
            outside.append(char)
    return shares, outside


def _area(bbox: BBox) -> float:
    return (bbox[2] - bbox[0]) * (bbox[3] - bbox[1])


def _table(
    lattice: Lattice, share: Sequence[Sequence[Char]], note: Mapping[int, str], unruled: Unruled | None = None
) -> PageTable:
    read = [lines_of(chars) if chars else [] for chars in share]
    padding = _padding(lattice, read)
    last = len(lattice.ys) - 1
    texts: list[str] = []
    edge: dict[int, list[Line]] = {}
    for number, (box, lines) in enumerate(zip(lattice.boxes, read, strict=True)):
        if len(lines) > 1:
            measure = unruled.measures[number] if unruled else Measure(box.x0 + padding, box.x1 - padding)
            texts.append(text_of(lines, measure))
        else:
            texts.append(lines[0].text if lines else "")
        if number in note:
            texts[-1] = "\n".join(filter(None, (texts[-1], note[number])))
        if lines and (box.row <= HEADER_ROWS or box.row + box.row_span == last):
            edge[number] = lines
    sizes = sorted(em_of(lines[0]) for lines in edge.values())
    size = sizes[len(sizes) // 2] if sizes else 0.0
    return PageTable(lattice, tuple(texts), padding, edge, size, unruled.measures if unruled else ())


def _padding(lattice: Lattice, read: Sequence[Sequence[Line]]) -> float:
    """Return the inner margin of the table's cells: the least distance that any text keeps from an edge."""
    least = _WIDEST_PADDING
    for box, lines in zip(lattice.boxes, read, strict=True):
        for line in lines:
            least = min(least, line.x0 - box.x0, box.x1 - line.x1)
    return max(least, 0.0)


def paragraphs_of(chars: Sequence[Char], tables: Sequence[PageTable], width: float) -> list[Paragraph]:
    """Return the paragraphs that characters outside the tables make, lines joined where they were wrapped."""
    lines = lines_of(chars)
    if not lines:
        return []
    left = min([_MARGIN, *(line.x0 for line in lines)])
    right = max([width - _MARGIN, *(line.x1 for line in lines)])
    measure = Measure(left, right)
    tops = [table.lattice.ys[0] for table in tables]
    found: list[list[Line]] = []
    texts: list[str] = []
    for line in lines:
        glue = _glue(found[-1][-1], line, measure, tops) if found else None
        if glue is None:
            found.append([line])
            texts.append(line.text)
        else:
            found[-1].append(line)
            texts[-1] += glue + line.text
    return [
        Paragraph(text, _around(group), em_of(group[0])) for text, group in zip(texts, found, strict=True)
    ]


def _glue(line: Line, after: Line, measure: Measure, tops: Sequence[float]) -> str | None:
    """Return what joins two lines of one paragraph, None where a new one begins."""
    size, next_size = em_of(line), em_of(after)
    step = (after.top + after.bottom - line.top - line.bottom) / 2
    if step > 2.6 * max(size, next_size) or not 0.77 < next_size / size < 1.3:
        return None
    if any(line.top < top < after.bottom for top in tops):
        return None
    centred = abs((after.x0 - measure.left) - (measure.right - after.x1)) < size
    if after.x0 - measure.left > 1.5 * size and not centred:
        return None
    glue = joint(line, after, room(line, measure, measure.right - measure.left))
    return None if glue == "\n" else glue


def em_of(line: Line) -> float:
    """Return the font size of a line by its widest character, which in Chinese text is one em wide."""
    widest = 0.0
    for char in line.chars:
        if char[3] - char[1] > widest:
            widest = char[3] - char[1]
    return max(widest, 0.5 * (line.bottom - line.top), 1.0)


def _around(lines: Sequence[Line]) -> BBox:
    return (
        min(line.x0 for line in lines),
        min(line.top for line in lines),
        max(line.x1 for line in lines),
        max(line.bottom for line in lines),
    )
