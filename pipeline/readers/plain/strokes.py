"""The strokes of a drawn table: which characters draw, where they stand and which way their arms go."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.readers.plain.widths import METRICS, Metric

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
VERTICAL, HORIZONTAL = UP | DOWN, LEFT | RIGHT
_WORDS = {
    "UP": UP,
    "DOWN": DOWN,
    "LEFT": LEFT,
    "RIGHT": RIGHT,
    "VERTICAL": VERTICAL,
    "HORIZONTAL": HORIZONTAL,
}
# A run of + and - draws only as a whole: 2020-01 and A+B are text.
_ASCII_RULE = re.compile(r"\+(?:[-=]+\+)+")
_STARTS = re.compile(r"\s*[\u2500-\u257f]|\s*\+(?:[-=]{2,}\+)+\s*$")
_GOES_ON = re.compile(r"\s*[\u2500-\u257f|+]")

_SAMPLE = 200


def _arms() -> dict[str, int]:
    """Return the arms of each character of the block Box Drawing, read from its Unicode name."""
    found: dict[str, int] = {}
    for char in map(chr, range(0x2500, 0x2580)):
        arms = 0
        for word in unicodedata.name(char).split():
            arms |= _WORDS.get(word, 0)
        if arms:
            found[char] = arms
    return found


ARMS = _arms()


class Glyph(NamedTuple):
    """One drawing character: display column, place in its line, arms."""

    column: int
    place: int
    arms: int


def opens(text: str) -> bool:
    """Say whether a line is the top rule of a drawing: it draws a corner or a rule, and holds no text."""
    return _STARTS.match(text) is not None and all(
        char in ARMS or char in "+-= \u3000" for char in text.strip()
    )


def goes_on(text: str) -> bool:
    """Say whether a line may belong to a drawing that was opened above it."""
    return _GOES_ON.match(text) is not None


def glyphs(text: str, metric: Metric) -> list[Glyph]:
    """Return the drawing characters of a line, left to right."""
    ruled = (
        {i for found in _ASCII_RULE.finditer(text) for i in range(*found.span())} if "+" in text else set()
    )
    found: list[Glyph] = []
    column = 0
    for index, char in enumerate(text):
        if index in ruled:
            arms = VERTICAL | HORIZONTAL if char == "+" else HORIZONTAL
        else:
            arms = VERTICAL if char == "|" else ARMS.get(char, 0)
        if arms:
            found.append(Glyph(column, index, arms))
        column += metric(char)
    return found


def is_rule(line: Sequence[Glyph]) -> bool:
    """Say whether a line draws horizontally, all along or in part."""
    return any(glyph.arms & HORIZONTAL for glyph in line)


def aligned(lines: Sequence[str]) -> tuple[list[list[Glyph]], list[int]]:
    """Return the glyphs of the lines and the columns of the walls, under the metric that fits them best."""

    def fit(metric: Metric) -> tuple[int, int]:
        read = [glyphs(text, metric) for text in lines[:_SAMPLE]]
        walls = _walls(read)
        return sum(glyph.column in walls for line in read if not is_rule(line) for glyph in line), -len(walls)

    best = max(METRICS, key=fit)
    read = [glyphs(text, best) for text in lines]
    return read, sorted(_walls(read))


def _walls(read: Sequence[Sequence[Glyph]]) -> set[int]:
    """Return the display columns of the strokes that go up or down from a rule."""
    return {glyph.column for line in read if is_rule(line) for glyph in line if glyph.arms & VERTICAL}


def walls_of(line: Sequence[Glyph], walls: Sequence[int]) -> dict[int, int]:
    """Return wall number -> index in the line for the bars of a line of text.

    Bars that stand on the walls count, others are text; where the outer ones miss theirs, because a text is
    wider or narrower than it was drawn for, bars are taken in order, or by the nearest wall.
    """
    bars = [glyph for glyph in line if glyph.arms & VERTICAL]
    number = {column: i for i, column in enumerate(walls)}
    exact = {number[bar.column]: bar.place for bar in bars if bar.column in number}
    if not bars or (0 in exact and len(walls) - 1 in exact):
        return exact
    if len(bars) == len(walls):
        return {i: bar.place for i, bar in enumerate(bars)}
    found: dict[int, int] = {}
    free = 0
    for bar in bars:
        if free == len(walls):
            break
        near = bisect_left(walls, bar.column, lo=free)
        if near == len(walls) or (near > free and bar.column - walls[near - 1] <= walls[near] - bar.column):
            near -= 1
        found[near] = bar.place
        free = near + 1
    return found
