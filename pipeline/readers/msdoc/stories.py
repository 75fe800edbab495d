"""Walk the stories of a document: paragraphs and tables in reading order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipeline.model import Cell
from pipeline.readers.msdoc.characters import ELSEWHERE, Shown
from pipeline.readers.msdoc.layout import Row, fit, lay_out
from pipeline.readers.msdoc.paragraphs import Paragraphs
from pipeline.readers.msdoc.rows import RowShape, plain_row
from pipeline.readers.msdoc.text import clean

_MARK = re.compile("[\r\x07\x0c]")


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
    """A table that is being read.

    ``rows`` are finished, ``texts`` are the current row's cells, ``lines`` the current cell's paragraphs;
    ``nested`` lie in finished rows, ``row_nested`` in the current one. ``before`` are tables that ended
    without a paragraph behind them.
    """

    rows: list[Row] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    nested: list[Table] = field(default_factory=list)
    row_nested: list[Table] = field(default_factory=list)
    before: list[Table] = field(default_factory=list)


class Walker:
    """Reads stories; one instance serves a document because rows and paragraphs repeat their properties."""

    def __init__(self, shown: Shown, paragraphs: Paragraphs) -> None:
        self._shown = shown
        self._paragraphs = paragraphs

    def walk(self, start: int, end: int) -> Iterator[Line | Table]:
        """Yield the paragraphs and the top-level tables between two positions, empty paragraphs included."""
        text, gone, at_mark = self._shown.text, self._shown.gone, self._paragraphs.at
        printed = self._shown.printed
        stack: list[_Open] = []
        last, number, carried = start, 0, ""
        for match in _MARK.finditer(text, start, end):
            position = match.start()
            line = self._text(last, position) if printed else text[last:position]
            last = position + 1
            depth, row_end, cell_end, row, _ = at_mark(position)
            if depth != len(stack):
                if carried and stack:
                    stack[-1].lines.append(carried)
                elif carried:
                    number += 1
                    yield Line(clean(carried), number, position)
                carried = ""
                for part in _level(stack, depth, position):
                    number += isinstance(part, Line)
                    yield replace(part, number=number) if isinstance(part, Line) else part
            line, carried = carried + line, ""
            if gone and position in gone and not (row_end or cell_end) and text[position] == "\r":
                carried = line  # a mark that is deleted or hidden does not end its paragraph
            elif not depth:
                number += 1
                yield Line(clean(line), number, last)
            elif row_end:
                self._end_row(stack[-1], row, position, position in gone)
            elif cell_end or (depth == 1 and text[position] == "\x07"):
                _end_cell(stack[-1], line)
            else:
                stack[-1].lines.append(line)
        for part in _level(stack, 0, end):
            number += isinstance(part, Line)
            yield replace(part, number=number) if isinstance(part, Line) else part
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

    def _end_row(self, table: _Open, shape: RowShape | None, position: int, gone: bool) -> None:
        if table.lines:  # text behind the last cell mark: a damaged row, but nothing is dropped
            _end_cell(table, table.lines.pop())
        texts, table.texts = table.texts, []
        if gone and not any(text.strip() for text in texts):
            return
        if shape is None:
            shape = plain_row(0)
        if len(texts) > len(shape.horizontal):
            texts, shape = fit(texts, shape)
        if table.rows and table.rows[-1][1].position != shape.position:
            table.before.append(
                _finish(table, position)
            )  # floating tables that touch are tables of their own
        if shape.horizontal:
            table.rows.append((texts, shape))
        table.nested += table.row_nested
        table.row_nested = []


def _end_cell(table: _Open, line: str) -> None:
    if table.lines:
        line = "\n".join((*table.lines, line))
        table.lines.clear()
    table.texts.append(line if line.isprintable() else clean(line))


def _finish(table: _Open, end: int) -> Table:
    """Return the finished rows as a table and start the next one with the current row."""
    finished = Table(lay_out(table.rows), tuple(table.nested), end)
    table.rows, table.nested = [], []
    return finished


def _level(stack: list[_Open], depth: int, position: int) -> list[Line | Table]:
    """Open or close tables until so many are open; return what was closed at the outermost level."""
    closed: list[Line | Table] = []
    while len(stack) > depth:
        parts = _close(stack.pop(), position)
        if not stack:
            closed = parts
            break
        around = stack[-1]
        around.lines += [part.text for part in parts if isinstance(part, Line)]
        around.row_nested += [part for part in parts if isinstance(part, Table)]
    while len(stack) < depth:
        stack.append(_Open())
    return closed


def _close(table: _Open, end: int) -> list[Line | Table]:
    """Return a finished table and those before it.

    Cells without a row end become a last row; where no row ends at all, there is no table, whatever the
    paragraphs claim, and the texts are plain paragraphs.
    """
    parts: list[Line | Table] = list(table.before)
    if table.rows:
        if table.lines:
            _end_cell(table, table.lines.pop())
        if any(text.strip() for text in table.texts):
            table.rows.append((table.texts, plain_row(len(table.texts))))
        table.texts = []
    table.nested += table.row_nested
    if table.rows or table.nested:
        parts.append(_finish(table, end))
    return parts + [Line(clean(line), 0, end) for line in (*table.texts, *table.lines)]
