"""Fixed-width columns: runs of spaces that stand at the same place in every line."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.model import Cell
from pipeline.readers.plain.region import Paragraph, Region, Table, guard, locator, paragraphs
from pipeline.readers.plain.widths import METRICS, Metric

GAP = re.compile(r"\S(?:  |[ \u00a0]?\u3000)\s*\S")
_WORDS = re.compile(r"\S+(?:[ \u00a0]\S+)*")
_RULE = re.compile(r"[-=─━_\s]+")
_LONGEST = 2_000
# Lines that tell how wide characters were taken to be.
_SAMPLE = 200
_CROSSING = 0.1
_FEW = 4
_FLUSH, _FLUSH_OF_FEW, _FLUSH_EACH = 0.65, 0.8, 0.45


class Word(NamedTuple):
    """A piece of a line between gaps, with the display columns it covers."""

    start: int
    end: int
    text: str


class Line(NamedTuple):
    """A line with its number and words."""

    number: int
    words: list[Word]
    rule: bool


def parse(line: int, lines: Sequence[str]) -> list[Region]:
    """Return the table of these lines, the first of which has number ``line``; or paragraphs.

    Columns are what gutters part: display columns that stay blank in nine of ten lines with several words.
    Prose has gaps too, but not at the same place in three lines running.
    """
    if max(map(len, lines)) > _LONGEST:
        return paragraphs(line, lines)
    best: tuple[int, Metric, int] | None = None
    for metric in METRICS:
        read = _read(line, lines[:_SAMPLE], metric)
        edges = _edges(read)
        if _is_table(read, edges) and (best is None or _hits(read, edges) > best[0]):
            best = _hits(read, edges), metric, len(edges) + 1
    if best is not None:
        guard(len(lines) * best[2])
        read = _read(line, lines, best[1])
        edges = _edges(read)
        if _is_table(read, edges):
            return _regions(read, edges)
    return paragraphs(line, lines)


def _read(line: int, lines: Sequence[str], metric: Metric) -> list[Line]:
    return [_words(line + i, text, metric) for i, text in enumerate(lines) if text.strip()]


def _words(number: int, text: str, metric: Metric) -> Line:
    words: list[Word] = []
    column, done = 0, 0
    for found in _WORDS.finditer(text):
        column += metric(text[done : found.start()])
        end = column + metric(found.group())
        words.append(Word(column, end, found.group()))
        column, done = end, found.end()
    return Line(number, words, _RULE.fullmatch(text) is not None)


def _edges(lines: Sequence[Line]) -> list[int]:
    """Return the display columns at which columns but the first begin."""
    rows = [line for line in lines if len(line.words) > 1]
    if not rows:
        return []
    width = max(line.words[-1].end for line in rows)
    change = [0] * (width + 1)
    for line in rows:
        for word in line.words:
            change[word.start] += 1
            change[word.end] -= 1
    strict = _gutters(change, 0)
    loose = _gutters(change, int(len(rows) * _CROSSING))
    return loose if len(loose) > len(strict) else strict


def _gutters(change: Sequence[int], allowed: int) -> list[int]:
    """Return the ends of the runs of display columns that at most so many words cover."""
    edges: list[int] = []
    cover, blank, seen = 0, False, False
    for column, step in enumerate(change[:-1]):
        cover += step
        if cover > allowed:
            if blank and seen:
                edges.append(column)
            blank, seen = False, True
        else:
            blank = True
    return edges


def _column(edges: Sequence[int], place: int) -> int:
    return sum(1 for edge in edges if edge <= place)


def _reach(edges: Sequence[int], word: Word) -> tuple[int, int]:
    """Return the first and last column that a word covers."""
    return _column(edges, word.start), _column(edges, word.end - 1)


def _is_table(lines: Sequence[Line], edges: Sequence[int]) -> bool:
    """Say whether enough lines fill enough columns."""
    if not edges:
        return False
    filled = [0] * (len(edges) + 1)
    rows = 0
    for line in lines:
        columns = {_reach(edges, word)[0] for word in line.words}
        if len(columns) > 1 and not line.rule:
            rows += 1
            for column in columns:
                filled[column] += 1
    if min(filled) < 2:
        return False
    enough = rows >= 3 or (rows == 2 and len(edges) > 1)
    return enough and rows * 2 > sum(1 for line in lines if not line.rule) and _are_flush(lines, edges)


def _are_flush(lines: Sequence[Line], edges: Sequence[int]) -> bool:
    """Say whether most words of a column stand flush left, flush right or centred, as gaps in prose do not."""
    shares: list[float] = []
    for words in _by_column(lines, edges):
        sides = (
            Counter(word.start for word in words),
            Counter(word.end for word in words),
            Counter((word.start + word.end) // 2 for word in words),
        )
        shares.append(max(max(side.values()) for side in sides) / len(words))
    wanted = _FLUSH if len(lines) > _FEW else _FLUSH_OF_FEW
    return sum(shares) >= wanted * len(shares) and min(shares[1:], default=0.0) >= _FLUSH_EACH


def _by_column(lines: Sequence[Line], edges: Sequence[int]) -> list[list[Word]]:
    """Return the words of each column, those that cross into another left out."""
    columns: list[list[Word]] = [[] for _ in range(len(edges) + 1)]
    for line in lines:
        if line.rule or len(line.words) == 1:
            continue
        for word in line.words:
            first, last = _reach(edges, word)
            if first == last:
                columns[first].append(word)
    return [words for words in columns if words]


def _hits(lines: Sequence[Line], edges: Sequence[int]) -> int:
    """Return how many words begin or end where most of their column do."""
    starts: list[Counter[int]] = [Counter() for _ in range(len(edges) + 1)]
    ends: list[Counter[int]] = [Counter() for _ in range(len(edges) + 1)]
    for line in lines:
        for word in line.words:
            column, last = _reach(edges, word)
            starts[column][word.start] += 1
            ends[last][word.end] += 1
    return sum(max(seen.values(), default=0) for seen in (*starts, *ends))


def _regions(lines: Sequence[Line], edges: Sequence[int]) -> list[Region]:
    """Return paragraphs before the first row of several words, the table, paragraphs after its last."""
    several = [i for i, line in enumerate(lines) if len(line.words) > 1]
    first, last = several[0], several[-1]
    body = [line for line in lines[first : last + 1] if not line.rule]
    guard(len(body) * (len(edges) + 1))
    cells = [cell for r, line in enumerate(body) for cell in _cells(r, line, edges)]
    outside = [
        Paragraph(line.number, "  ".join(word.text for word in line.words))
        for line in (*lines[:first], *lines[last + 1 :])
        if not line.rule
    ]
    table = Table(lines[first].number, lines[last].number, tuple(cells), False)
    return [
        *(part for part in outside if part.line < table.first),
        table,
        *(part for part in outside if part.line > table.last),
    ]


def _cells(row: int, line: Line, edges: Sequence[int]) -> list[Cell]:
    """Return the cells of one line, empty ones too; a word that crosses gutters spans columns."""
    place = locator(line.number)
    cells: list[Cell] = []
    for word in line.words:
        start, stop = _reach(edges, word)
        if cells and start < cells[-1].col + cells[-1].col_span:
            before = cells.pop()
            stop = max(stop, before.col + before.col_span - 1)
            text = f"{before.text}  {word.text}"
            cells.append(Cell(row, before.col, 1, stop - before.col + 1, text, locator=place))
            continue
        cells += _blanks(row, cells, start, place)
        cells.append(Cell(row, start, 1, stop - start + 1, word.text, locator=place))
    return cells + _blanks(row, cells, len(edges) + 1, place)


def _blanks(row: int, cells: Sequence[Cell], until: int, place: str) -> list[Cell]:
    after = cells[-1].col + cells[-1].col_span if cells else 0
    return [Cell(row, col, locator=place) for col in range(after, until)]
