"""TEXT -> REGIONS: cut a text into tables and paragraphs, each stretch by the layout it shows."""

import re
from collections.abc import Callable, Sequence

from pipeline.readers.plain import drawn, indented, piped, spaced, strokes, tabbed
from pipeline.readers.plain.region import MAX_PIECES, Chunk, Paragraph, Region, chunks_of, guard

# Blanks on an otherwise empty line: a line is blank to a person's eye.
_BLANK_LINE = re.compile(r"^[ \u00a0\u3000\ufeff]+$", re.M)
_BLANKS = (" ", "\u3000", "\u00a0", "\ufeff")
_BARS = frozenset("|│┃║｜¦")
_PLAIN_BETWEEN = 2

Parse = Callable[[int, Sequence[str]], list[Region]]


def regions(text: str) -> list[Region]:
    """Return the tables and paragraphs of a text in reading order."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x0b" in text or "\x0c" in text:
        text = text.replace("\x0b", "\n").replace("\x0c", "\n")
    blanks = [blank for blank in _BLANKS if blank in text]
    if blanks and (text.startswith(_BLANKS) or any("\n" + blank in text for blank in blanks)):
        text = _BLANK_LINE.sub("", text)
    if len(text) > MAX_PIECES:  # a shorter one cannot fall into more
        guard(text.count("\n") + text.count("\t") + sum(map(text.count, _BARS)))
    chunks = chunks_of(text.rstrip("\n"))
    pure = text.count("\t") == text.count("\n\t") + text.startswith("\t")
    found: list[Region] = []
    at = 0
    while at < len(chunks):
        if indented.starts(chunks[at]):
            pieces, at = indented.take(chunks, at, pure=pure)
            found += pieces
        else:
            end = _stretch(chunks, at)
            found += _by_line(chunks[at:end])
            at = end
    guard(sum(1 if isinstance(region, Paragraph) else len(region.cells) for region in found))
    return found


def _stretch(chunks: Sequence[Chunk], at: int) -> int:
    """Return the end of the run of chunks, parted by single blank lines, to be looked at line by line."""
    end = at + 1
    while end < len(chunks) and chunks[end].blanks == 1 and not indented.starts(chunks[end]):
        end += 1
    return end


def _by_line(chunks: Sequence[Chunk]) -> list[Region]:
    """Return the regions of a stretch, line by line."""
    first = chunks[0].line
    lines = "\n\n".join(chunk.text for chunk in chunks).split("\n")
    kinds = [_kind(line) for line in lines]
    found: list[Region] = []
    at = 0
    while at < len(lines):
        parse = kinds[at]
        if parse is None:
            if lines[at]:
                found.append(Paragraph(first + at, lines[at]))
            at += 1
            continue
        end = _run(lines, kinds, at, parse)
        if parse is piped.parse and lines[at].strip() in _BARS:
            # A lone bar closes the cell whose text stands above it.
            while found and isinstance(found[-1], Paragraph) and found[-1].line == first + at - 1:
                found.pop()
                at -= 1
        found += parse(first + at, lines[at:end])
        at = end
    return found


def _kind(line: str) -> Parse | None:
    """Return the layout that a line shows, None for a line of prose or a blank one."""
    if strokes.opens(line):
        return drawn.parse
    if "\t" in line:
        return tabbed.parse
    if not _BARS.isdisjoint(line):
        return piped.parse
    if spaced.GAP.search(line):
        return spaced.parse
    return None


def _run(lines: Sequence[str], kinds: Sequence[Parse | None], at: int, parse: Parse) -> int:
    """Return the end of the table that begins at a line: after the last line of its kind."""
    end = at + 1
    if parse is drawn.parse:
        while end < len(lines) and strokes.goes_on(lines[end]):
            end += 1
        return end
    look = end
    between = 0
    while look < len(lines):
        if kinds[look] is parse:
            end, between = look + 1, 0
        elif not _may_stand_between(parse, kinds[look], lines[look], between):
            break
        else:
            between += 1
        look += 1
    return end


def _may_stand_between(parse: Parse | None, kind: Parse | None, line: str, between: int) -> bool:
    """Say whether a line of another kind may stand inside a table: a cell that goes on, a row of one cell."""
    if kind is drawn.parse or kind is tabbed.parse:
        return False
    if parse is piped.parse:
        return bool(line) or between == 0
    return between < _PLAIN_BETWEEN
