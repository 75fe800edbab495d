"""Tables whose cells are lines that start with a tab, rows parted by a blank line.

What Tika and its like write for a table of Word: a tab before each cell, a line end after each paragraph
in it, one more after the row and after the table.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, compress, repeat
from operator import itemgetter, mul

from pipeline.readers.plain.region import Chunk, Paragraph, Region, Table, guard, locators, plain_cells

_SENTENCE_ENDS = ("。", "！", "？", "；", "：", ".", "!", "?", ";", ":", "，", ",")
_SENTENCE = 20
_TEXT = itemgetter(2)
_MANY = 255
_BYTES = [bytes((number,)) for number in range(_MANY)]
_RANGES = [bytes(range(width)) for width in range(_MANY + 1)]


def starts(chunk: Chunk) -> bool:
    """Say whether a chunk has cells of this layout: tabs stand at line starts, hardly elsewhere."""
    text = chunk.text
    opening = text.count("\n\t") + (text[0] == "\t")
    if not opening:
        return False
    if text.count("\t") == opening:
        return True
    return not is_tabbed(text)


def is_tabbed(text: str) -> bool:
    """Say whether half of the lines with a tab have one between two cells, as tab-separated values do."""
    lines = [line for line in text.split("\n") if "\t" in line]
    inner = sum(1 for line in lines if "\t" in line.strip("\t") or _is_padded(line))
    return inner * 2 >= len(lines)


def _is_padded(line: str) -> bool:
    """Say whether tabs follow the text of a line: empty cells at the end of a row."""
    return line[-1] == "\t" and bool(line.strip("\t"))


def take(chunks: Sequence[Chunk], at: int, *, pure: bool) -> tuple[list[Region], int]:
    """Return the regions from chunk ``at`` up to the end of its table, and the chunk that comes next.

    A line with a tab opens a cell, one without goes on with it, a blank line ends a row unless the next line
    goes on with the cell. Two blank lines end the table; a text after them belongs to a cell only
    where it makes the broken row as long as the one before. Lines before the first tab are paragraphs.
    ``pure`` says that all tabs of the text stand at line starts, so that no chunk need be looked at for others.
    """
    if pure and chunks[at].text[0] == "\t" and (even := _take_even(chunks, at)) is not None:
        return even
    found: list[Region] = []
    rows: list[list[str]] = []
    starts_at: list[int] = []
    first = chunks[at]
    last = first.line
    end = at
    for end in range(at, len(chunks)):
        line, blanks, text, feeds = chunks[end]
        if text[0] == "\t":
            if end != at and (blanks > 1 or not (pure or starts(chunks[end]))):
                break
            rows.append(text[1:].split("\n\t"))
            starts_at.append(line)
        elif end == at:
            head, _, rest = text.partition("\n\t")
            found += [Paragraph(line + i, item) for i, item in enumerate(head.split("\n"))]
            rows.append(rest.split("\n\t"))
            starts_at.append(line + head.count("\n") + 1)
        else:
            parts = text.split("\n\t")
            if blanks > 1 and not _completes(rows, parts):
                break
            rows[-1][-1] += "\n" * (blanks + 1) + parts[0]
            rows[-1] += parts[1:]
        last = line + feeds
    else:
        end += 1
    return found + _regions(rows, starts_at, last), end


def _take_even(chunks: Sequence[Chunk], at: int) -> tuple[list[Region], int] | None:
    """Return what ``take`` does for a table whose every line is one cell, in two thirds of its time; else None."""
    end, count = at + 1, len(chunks)
    while end < count and chunks[end].blanks == 1 and chunks[end].text[0] == "\t":
        end += 1
    if end < count:
        _, blanks, text, _ = chunks[end]
        if blanks == 1 or (text[0] != "\t" and "\n\t" in text):
            return None  # the next chunk may go on with the last cell
    run = chunks[at:end]
    rows = list(map(_TEXT, run))
    joined = "\n".join(rows)
    texts = joined[1:].split("\n\t")
    if joined.count("\n") != len(texts) - 1 or len(texts) == len(rows) or all(map(_is_sentence, texts)):
        return None
    guard(len(texts))
    widths = [chunk.feeds + 1 for chunk in run]
    first, last = run[0].line, run[-1].line + widths[-1] - 1
    cells = plain_cells(*_numbers(widths), texts, _places(widths, first, last))
    return [Table(first, last, cells, False)], end


def _numbers(widths: Sequence[int]) -> tuple[Iterable[int], Iterable[int]]:
    """Return the row and the column of each cell of rows as wide as that, side by side."""
    if len(widths) <= _MANY and max(widths) <= _MANY:  # bytes are joined faster than numbers are chained
        return b"".join(map(mul, _BYTES, widths)), b"".join(map(_RANGES.__getitem__, widths))
    rows = chain.from_iterable(map(repeat, range(len(widths)), widths))
    return rows, chain.from_iterable(map(range, widths))


def _places(widths: Sequence[int], first: int, last: int) -> Iterable[str]:
    """Return the locators of the lines from one to another but for the blank ones that part rows of these heights."""
    return compress(locators(first, last - first + 1), b"\0".join(map(mul, repeat(b"\1"), widths)))


def _completes(rows: list[list[str]], parts: list[str]) -> bool:
    """Say whether a text after two blank lines makes the last row as long as the one before."""
    if len(parts) == 1 or len(rows) < 2:
        return False
    before, broken = len(rows[-2]), len(rows[-1])
    return broken < before == broken + len(parts) - 1


def _regions(rows: list[list[str]], starts_at: list[int], last: int) -> list[Region]:
    """Return the table that rows make, or paragraphs where they are no table but indented prose."""
    guard(sum(map(len, rows)))
    numbers: list[int] = []
    cols: list[int] = []
    texts: list[str] = []
    places: list[str] = []
    for r, (row, line) in enumerate(zip(rows, starts_at, strict=True)):
        width = len(row)
        numbers += repeat(r, width)
        cols += range(width)
        texts += row
        if "\n" in "".join(row):
            texts[-width:] = [text.strip("\n") for text in row]
            for text in row:
                places += locators(line, 1)
                line += text.count("\n") + 1
        else:
            places += locators(line, width)
    if len(texts) == len(rows) or all(_is_sentence(text) for text in texts):
        found = zip(places, texts, strict=True)
        return [Paragraph(int(place.split()[1]), text.strip("\t")) for place, text in found if text.strip()]
    return [Table(starts_at[0], last, plain_cells(numbers, cols, texts, places), False)]


def _is_sentence(text: str) -> bool:
    return len(text) > _SENTENCE and text.rstrip().endswith(_SENTENCE_ENDS)
