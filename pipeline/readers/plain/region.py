"""The pieces a text is cut into and what a layout makes of them."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, repeat
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.model import Cell

# Cells and paragraphs of one text; each costs some 400 bytes of memory.
MAX_PIECES = 1_000_000
_LOCATOR = "line %d"
_LOCATORS = [_LOCATOR % number for number in range(4_096)]
_new = tuple.__new__


class Chunk(NamedTuple):
    """A run of lines that are not blank: its first line (1-based), the blank lines before it, text, line feeds in it."""

    line: int
    blanks: int
    text: str
    feeds: int


class Paragraph(NamedTuple):
    """A line outside the tables."""

    line: int
    text: str


class Table(NamedTuple):
    """One table: its cells, rows counted from 0; first and last line; whether spans are known."""

    first: int
    last: int
    cells: tuple[Cell, ...]
    spans: bool


Region = Paragraph | Table


def chunks_of(text: str) -> list[Chunk]:
    """Return the chunks of a text whose line ends are line feeds and whose blank lines hold nothing."""
    parts = text.split("\n\n")
    if "\n\n\n" not in text and parts[-1] and text[0] != "\n":  # nowhere two blank lines, as in most texts
        feeds = list(map(str.count, parts, repeat("\n")))
        starts = accumulate(map((2).__add__, feeds), initial=1)
        fields = zip(starts, chain((0,), repeat(1)), parts, feeds, strict=False)
        return list(map(_new, repeat(Chunk), fields))
    found: list[Chunk] = []
    line, blanks = 1, 0
    for part in parts:
        if part[:1] == "\n":
            lead = len(part) - len(part.lstrip("\n"))
            line += lead
            blanks += lead
            part = part[lead:]
        if part:
            feeds_in = part.count("\n")
            found.append(_new(Chunk, (line, blanks, part, feeds_in)))
            line += feeds_in + 2
            blanks = 1
        else:
            line += 2
            blanks += 2
    return found


def locator(line: int) -> str:
    """Return the place of a line as a person reads it."""
    return _LOCATOR % line


def locators(line: int, count: int) -> Sequence[str]:
    """Return the places of so many lines from one on; those of the first lines are made once for all texts."""
    if line + count <= len(_LOCATORS):
        return _LOCATORS[line : line + count]
    return [_LOCATOR % number for number in range(line, line + count)]


def plain_cells(
    rows: Iterable[int], cols: Iterable[int], texts: Sequence[str], places: Iterable[str]
) -> tuple[Cell, ...]:
    """Return cells without spans from four parallel columns, ``places`` being their locators.

    Built column-wise, in C: a cell of these texts is a dozen bytes, and making it dominates the reading.
    """
    guard(len(texts))
    fields = zip(
        rows,
        cols,
        repeat(1),
        repeat(1),
        texts,
        repeat(None),
        repeat(None),
        places,
        repeat(None),
        strict=False,
    )
    return tuple(map(_new, repeat(Cell), fields))


def cells_of_rows(rows: Sequence[Sequence[tuple[int, str]]]) -> tuple[Cell, ...]:
    """Return cells without spans from rows of (line, text)."""
    numbers = [r for r, row in enumerate(rows) for _ in row]
    cols = [c for row in rows for c in range(len(row))]
    return plain_cells(
        numbers,
        cols,
        [text for row in rows for _, text in row],
        [locator(line) for row in rows for line, _ in row],
    )


def paragraphs(line: int, lines: Sequence[str]) -> list[Region]:
    """Return the lines that are not blank as paragraphs; the first has number ``line``."""
    return [Paragraph(line + i, text) for i, text in enumerate(lines) if text.strip()]


def guard(pieces: int) -> None:
    """Raise too_large when a text falls into more pieces than memory should hold."""
    if pieces > MAX_PIECES:
        raise SourceError("too_large", detail=f"{pieces} cells or lines, limit {MAX_PIECES}")
