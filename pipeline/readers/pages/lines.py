"""Characters of one region to lines of text in reading order."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.readers.pages.ink import Char

# share of a character's height by which the centre of the next line lies lower
_LINE_STEP = 0.5
# a gap that is read as a blank: between Latin words in character heights, beside an ideograph in its widths
# (Word sets a quarter between Chinese and Latin by itself; a blank of a Chinese font is a half)
_WORD_GAP = 0.18
_FIELD_GAP = 0.4
# the same character again, shifted by less than this share of its width, is one bold character drawn twice
_DOUBLED = 0.4


class Line(NamedTuple):
    """One printed line: text, characters without blanks, edges; ``blank_after``: it ends with a blank."""

    text: str
    chars: tuple[Char, ...]
    x0: float
    top: float
    x1: float
    bottom: float
    blank_after: bool = False


def is_cjk(char: str) -> bool:
    """Say whether a line may break on both sides of a character: ideographs, kana, full-width forms."""
    return char >= "\u2e80" and not "\uff10" <= char <= "\uff19" and not "\uff21" <= char <= "\uff5a"


def rows_of(chars: Sequence[Char]) -> list[list[Char]]:
    """Return the characters line by line, top to bottom, each line in the order of x."""
    if not chars:
        return []
    first = chars[0]
    low = high = first[2] + first[4]
    height = 0.0
    for char in chars:
        middle = char[2] + char[4]
        if middle < low:
            low = middle
        elif middle > high:
            high = middle
        if char[4] - char[2] > height:
            height = char[4] - char[2]
    if high - low <= height * 0.2:
        return [sorted(chars, key=_left)]
    rows: list[list[Char]] = []
    row: list[Char] = []
    total = 0.0
    tall = 0.0
    for char in sorted(chars, key=_middle):
        middle = (char[2] + char[4]) / 2
        size = char[4] - char[2]
        if row and middle - total / len(row) > _LINE_STEP * max(size, tall / len(row)):
            row.sort(key=_left)
            rows.append(row)
            row, total, tall = [], 0.0, 0.0
        row.append(char)
        total += middle
        tall += size
    row.sort(key=_left)
    rows.append(row)
    return rows


def lines_of(chars: Sequence[Char]) -> list[Line]:
    """Return the printed lines of a region; lines of blanks only are left out."""
    found = []
    for row in rows_of(chars):
        line = line_of(row)
        if line is not None:
            found.append(line)
    return found


def line_of(row: Sequence[Char]) -> Line | None:
    """Return one line from its characters in the order of x, None where it shows nothing.

    Blanks that the file holds are kept, runs of them as one; a blank is put where the gap alone shows one. A
    character drawn twice is read once.
    """
    kept: list[Char] = []
    pieces: list[str] = []
    blank = False
    spread: float | None = None
    for char in row:
        text = char[0]
        if text.isspace():
            blank = bool(kept)
            continue
        if kept:
            last = kept[-1]
            if last[0] == text and char[1] - last[1] < _DOUBLED * (last[3] - last[1]):
                continue
            gap = char[1] - last[3]
            height = char[4] - char[2]
            if not blank and gap > _WORD_GAP * height:
                if spread is None:
                    spread = _letter_spacing(row)
                blank = gap > _blank_width(last, char) + 1.5 * spread
        if blank:
            pieces.append(" ")
            blank = False
        kept.append(char)
        pieces.append(text)
    if not kept:
        return None
    top = min(char[2] for char in kept)
    bottom = max(char[4] for char in kept)
    return Line("".join(pieces), tuple(kept), kept[0][1], top, kept[-1][3], bottom, blank)


def _letter_spacing(row: Sequence[Char]) -> float:
    """Return the gap between all characters of a spaced-out line, 0 where they are set as usual."""
    shown = [char for char in row if not char[0].isspace()]
    gaps = sorted(after[1] - before[3] for before, after in pairwise(shown))
    if len(gaps) < 2:
        return 0.0
    usual = gaps[len(gaps) // 2]
    return usual if gaps[len(gaps) // 4] >= 0.6 * usual > 0.0 else 0.0


def _blank_width(before: Char, after: Char) -> float:
    """Return the least gap that shows a blank between two characters."""
    widths = [char[3] - char[1] for char in (before, after) if is_cjk(char[0][-1])]
    return _FIELD_GAP * max(widths) if widths else _WORD_GAP * (after[4] - after[2])


def _left(char: Char) -> float:
    return char[1]


def _middle(char: Char) -> float:
    return char[2] + char[4]
