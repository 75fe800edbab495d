"""Walk the stories of a document: paragraphs and tables in reading order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import unpack_from

from pipeline.model import Cell
from pipeline.readers.msdoc.characters import ELSEWHERE, Shown
from pipeline.readers.msdoc.fib import SHAPE_ANCHORS, TEXT_BOXES, Fib
from pipeline.readers.msdoc.layout import Row, fit, lay_out
from pipeline.readers.msdoc.paragraphs import Paragraphs
from pipeline.readers.msdoc.rows import RowShape, plain_row, read_row
from pipeline.readers.msdoc.text import clean

_MARK = re.compile("[\r\x07\x0c]")
_ANCHOR_SIZE, _BOX_SIZE = 26, 22

# Positions in Fib.lengths.
MAIN, FOOTNOTES, HEADERS, COMMENTS, ENDNOTES, BOXES = 0, 1, 2, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph outside tables; ``number`` counts the story's paragraphs from 1, empty ones included."""

    text: str
    number: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the tables nested in its cells, in reading order; ``end`` is the position behind it."""

    cells: tuple[Cell, ...]
    nested: tuple["Table", ...]
    end: int

    def flat(self) -> Iterator["Table"]:
        """Yield the table, then what is nested in it."""
        yield self
        for table in self.nested:
            yield from table.flat()


@dataclass(slots=True)
class _Open:
    """A table that is being read: finished rows, the current row's cells, the current cell's paragraphs."""

    rows: list[Row] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    nested: list[Table] = field(default_factory=list)


class Walker:
    """Reads stories; one instance serves a document because rows and paragraphs repeat their properties."""

    def __init__(self, shown: Shown, paragraphs: Paragraphs) -> None:
        self._shown = shown
        self._paragraphs = paragraphs
        self._shapes: dict[tuple[bytes, ...], RowShape] = {}

    def walk(self, start: int, end: int) -> Iterator[Line | Table]:
        """Yield the paragraphs and the top-level tables between two positions, empty paragraphs included."""
        text, gone, at_mark = self._shown.text, self._shown.gone, self._paragraphs.at
        stack: list[_Open] = []
        last, number, carried = start, 0, ""
        for match in _MARK.finditer(text, start, end):
            position = match.start()
            line = self._text(last, position)
            last = position + 1
            if carried:
                line, carried = carried + line, ""
            depth, row_end, cell_end, row, _ = at_mark(position)
            if gone and position in gone and not (row_end or cell_end) and text[position] == "\r":
                carried = line  # a mark that is deleted or hidden does not end its paragraph
                continue
            if depth != len(stack):
                closed = _level(stack, depth, position)
                if closed is not None:
                    yield closed
            if not depth:
                number += 1
                yield Line(clean(line), number, last)
                continue
            table = stack[-1]
            if row_end:
                self._end_row(table, row, position in gone)
            elif cell_end or (depth == 1 and text[position] == "\x07"):
                _end_cell(table, line)
            else:
                table.lines.append(line)
        closed = _level(stack, 0, end)
        if closed is not None:
            yield closed
        if rest := clean(carried + self._text(last, end)).strip():
            yield Line(rest, number + 1, end)

    def _text(self, start: int, end: int) -> str:
        line = self._shown.text[start:end]
        printed = self._shown.printed
        if printed and ELSEWHERE in line:
            line = "".join(
                printed.get(start + k, "") if char == ELSEWHERE else char for k, char in enumerate(line)
            )
        return line

    def _end_row(self, table: _Open, row: tuple[bytes, ...], gone: bool) -> None:
        if table.lines:  # text behind the last cell mark: a damaged row, but nothing is dropped
            table.texts.append(clean("\n".join(table.lines)))
            table.lines = []
        texts, table.texts = table.texts, []
        if gone and not any(text.strip() for text in texts):
            return
        shape = self._shapes.get(row)
        if shape is None:
            shape = self._shapes[row] = read_row(row)
        if len(texts) > len(shape.horizontal):
            texts, shape = fit(texts, shape)
        if shape.horizontal:
            table.rows.append((texts, shape))


def _end_cell(table: _Open, line: str) -> None:
    if table.lines:
        line = "\n".join((*table.lines, line))
        table.lines.clear()
    table.texts.append(clean(line))


def _level(stack: list[_Open], depth: int, position: int) -> Table | None:
    """Open or close tables until so many are open; return the outermost one when it is closed."""
    while len(stack) > max(depth, 1):
        _close_inner(stack, position)
    closed = _close(stack.pop(), position) if stack and not depth else None
    while len(stack) < depth:
        stack.append(_Open())
    return closed


def _close(table: _Open, end: int) -> Table:
    """Return a finished table; cells without a row end (a damaged file) become a last row."""
    if table.lines:
        table.texts.append(clean("\n".join(table.lines)))
    if any(text.strip() for text in table.texts):
        table.rows.append((table.texts, plain_row(len(table.texts))))
    return Table(lay_out(table.rows), tuple(table.nested), end)


def _close_inner(stack: list[_Open], end: int) -> None:
    """Hand a finished nested table to the one around it; without cells of its own, only what is in it."""
    inner = _close(stack.pop(), end)
    stack[-1].nested += [inner] if inner.cells else inner.nested


def box_anchors(fib: Fib) -> list[tuple[int, int, int]]:
    """Return (anchor in the main text, start, end) of each text box of the main text, by anchor.

    Start and end are positions in the whole text. A box is tied to its anchor by its shape's number
    (FTXBXS.lid, section 2.9.100, and Spa.lid, section 2.9.253); a box without an anchor stands at the end.
    """
    boxes, anchors = fib.part(TEXT_BOXES), fib.part(SHAPE_ANCHORS)
    count = max(0, (len(boxes) - 4) // (4 + _BOX_SIZE))
    story = sum(fib.lengths[:BOXES])
    length = fib.lengths[BOXES]
    if not count:
        return [(fib.lengths[MAIN], story, story + length)] if length else []
    limits = unpack_from(f"<{count + 1}I", boxes)
    place = _anchor_places(anchors)
    found: list[tuple[int, int, int]] = []
    reached = 0
    for box in range(count):
        first, last = max(limits[box], reached), min(limits[box + 1], length)
        if first < last:
            shape = unpack_from("<I", boxes, 4 * (count + 1) + _BOX_SIZE * box + 14)[0]
            found.append((place.get(shape, fib.lengths[MAIN]), story + first, story + last))
            reached = last
    if reached < length:
        found.append((fib.lengths[MAIN], story + reached, story + length))
    return sorted(found)


def _anchor_places(anchors: bytes) -> dict[int, int]:
    count = max(0, (len(anchors) - 4) // (4 + _ANCHOR_SIZE))
    positions = unpack_from(f"<{count}I", anchors) if count else ()
    return {
        unpack_from("<I", anchors, 4 * (count + 1) + _ANCHOR_SIZE * index)[0]: position
        for index, position in enumerate(positions)
    }
