"""Characters of one region to lines of text in reading order."""

from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from pipeline.readers.pages.ink import Char

# share of a character's height by which the centre of the next line lies lower
_LINE_STEP = 0.5
# a gap that is read as a blank: between Latin words in character heights, beside an ideograph in its widths
# (Word sets a quarter between Chinese and Latin by itself; a blank of a Chinese font is a half)
_WORD_GAP = 0.18
_FIELD_GAP = 0.4
_FEW = float("inf")
_WORD_END = frozenset(".,;:!?)]\"'’”%")
_WORD_START = frozenset("([\"'‘“$")
# the same character again, shifted by less than this share of its width, is one bold character drawn twice
_DOUBLED = 0.4
_left = itemgetter(1)


class Line(NamedTuple):
    """One printed line: text, characters without blanks, edges of what shows.

    ``blank_after``: it ends with a blank; ``start``: its left edge with the blanks that it begins with.
    """

    text: str
    chars: tuple[Char, ...]
    x0: float
    top: float
    x1: float
    bottom: float
    blank_after: bool = False
    start: float = 0.0


def is_cjk(char: str) -> bool:
    """Say whether a line may break on both sides of a character: ideographs, kana, full-width forms."""
    return char >= "\u2e80" and not "\uff10" <= char <= "\uff19" and not "\uff21" <= char <= "\uff5a"


def rows_of(chars: Sequence[Char]) -> list[list[Char]]:
    """Return the characters line by line, top to bottom, each line in the order of x."""
    if not chars:
        return []
    if len(chars) == 1:
        return [list(chars)]
    middles = [char[2] + char[4] for char in chars]
    if max(middles) - min(middles) <= 0.2 * (chars[0][4] - chars[0][2]):
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
    usual: tuple[float, float] | None = None
    last_x0 = last_x1 = upper = lower = 0.0
    last_text = ""
    for char in row:
        text, x0, top, x1, bottom = char
        if text == " ":
            blank = bool(kept)
            continue
        if kept:
            if text == last_text and x0 - last_x0 < _DOUBLED * (last_x1 - last_x0):
                continue
            if not blank and x0 - last_x1 > _WORD_GAP * (bottom - top):
                if usual is None:
                    usual = _usual_gaps(row)
                blank = x0 - last_x1 > _blank_width(kept[-1], char, usual)
            if top < upper:
                upper = top
            if bottom > lower:
                lower = bottom
        else:
            upper, lower = top, bottom
        if blank:
            pieces.append(" ")
            blank = False
        kept.append(char)
        pieces.append(text)
        last_text, last_x0, last_x1 = text, x0, x1
    if not kept:
        return None
    return Line("".join(pieces), tuple(kept), kept[0][1], upper, last_x1, lower, blank, row[0][1])


def _usual_gaps(row: Sequence[Char]) -> tuple[float, float]:
    """Return the usual gap between Latin characters of a line and that beside its ideographs.

    Justified and spaced-out lines have wide gaps everywhere; the gap beside ideographs is infinite where there is
    only one to go by.
    """
    shown = [char for char in row if char[0] != " "]
    latin: list[float] = []
    wide: list[float] = []
    for before, after in pairwise(shown):
        beside = is_cjk(before[0][-1]) or is_cjk(after[0])
        (wide if beside else latin).append(max(after[1] - before[3], 0.0))
    latin.sort()
    wide.sort()
    # words have more letters than blanks: the middle gap is one within a word
    return latin[len(latin) // 2] if len(latin) > 2 else 0.0, wide[len(wide) // 2] if len(wide) > 1 else _FEW


def _blank_width(before: Char, after: Char, usual: tuple[float, float]) -> float:
    """Return the least gap that shows a blank between two characters."""
    widths = [char[3] - char[1] for char in (before, after) if is_cjk(char[0][-1])]
    if not widths:
        # signs such as ≥ keep a distance of their own
        letters = before[0][-1] in _WORD_END or before[0][-1].isalnum()
        wide = 1.0 if letters and (after[0][0] in _WORD_START or after[0][0].isalnum()) else 2.0
        return wide * _WORD_GAP * (after[4] - after[2]) + 1.5 * usual[0]
    return _FIELD_GAP * max(widths) + 1.5 * usual[1]


def _middle(char: Char) -> float:
    return char[2] + char[4]
