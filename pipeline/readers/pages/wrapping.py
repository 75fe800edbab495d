"""Tell a line that was wrapped by its column from one that its author ended.

A layout engine wraps when the next word (Latin letters, digits) or the next character (Chinese) does not fit.
So a line that ends where its successor's first unit would still have had room was ended on purpose.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.readers.pages.ink import Char
from pipeline.readers.pages.lines import Line, is_cjk

# JIS X 4051 / W3C clreq: characters that may not begin a line, and that may not end one
NO_START = frozenset("、。，．・：；？！）］｝〕〉》」』】’”％℃%,.:;?!)]}…—～‰")
NO_END = frozenset("（［｛〔〈《「『【‘“([{￥¥$＄")
_OPEN_GROUPS = re.compile(r"[-+¥￥]?\d{1,3}(?:,\d{3})*,")
_MORE_GROUPS = re.compile(r"\d{3}(?:,\d{3})*(?:\.\d*)?\D{0,3}")
# signs that belong to the number after them
_SIGNS = frozenset("≥≤＞＜><=≧≦~±+×")
# these fill a cell of their own, too
_DASHES = frozenset("—…～")
_QUOTES = frozenset("“”‘’")
_HEAD, _TAIL = re.compile(r"[\d.,]+[%％]?"), re.compile(r"[\d.,]+$")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?[%％]?|\d+(?:\.\d*)?[%％]?|\d{4}\.\d{1,2}(?:\.\d{1,2})?")
_SLACK = 0.25
# the blank between two words, and what layout engines put between Chinese and Latin of their own accord
_AUTO_SPACE = 0.2


class Measure(NamedTuple):
    """The column in which lines were set: its left and right inner edges."""

    left: float
    right: float


def text_of(lines: Sequence[Line], measure: Measure) -> str:
    """Return the text of lines that stand in one column: wraps joined, real line ends kept as a newline."""
    if not lines:
        return ""
    if len(lines) == 1:
        return lines[0].text
    if all(len(line.chars) == 1 and is_cjk(line.chars[0][0]) for line in lines):
        return "".join(line.text for line in lines)
    off_left = _off_left(lines, measure)
    widest = max(line.x1 - line.x0 for line in lines)
    width = max(measure.right - measure.left, widest)
    pieces = [lines[0].text]
    for line, after in pairwise(lines):
        pieces.append(joint(line, after, room(line, measure, width, off_left)))
        pieces.append(after.text)
    return "".join(pieces)


def room(line: Line, measure: Measure, width: float, off_left: bool = False) -> float:
    """Return the points that were left on a line when it ended.

    A centred or right-aligned line is judged by its width, a line that begins at the left by where it ends.
    """
    by_width = width - (line.x1 - line.start)
    before, after = line.start - measure.left, measure.right - line.x1
    size = line.bottom - line.top
    if off_left or abs(before - after) <= 0.5 * size:
        return by_width
    return min(by_width, max(after, 0.0))


def joint(line: Line, after: Line, left_over: float) -> str:
    """Return what stands between two lines: nothing, a blank, or a newline where one was ended on purpose."""
    last, first = line.chars[-1], after.chars[0]
    # a number that ends with its thousands comma goes on with the next three digits, or is none
    if _OPEN_GROUPS.fullmatch(line.text.strip()) and _MORE_GROUPS.fullmatch(after.text.strip()):
        return ""
    size = max(first[3] - first[1], 1.0)
    slack = _SLACK * (first[4] - first[2])
    if not (is_cjk(last[0][-1]) and is_cjk(first[0])):
        slack += _AUTO_SPACE * (first[4] - first[2])
    full = left_over <= size + slack
    # no author begins a line with such a mark: the column was too narrow for it
    if last[0] in NO_END or (full and first[0] in NO_START and first[0] not in _DASHES):
        return ""
    if left_over > unit_width(after.chars) + slack:
        return "\n"
    if is_cjk(last[0][-1]) or is_cjk(first[0]):
        return " " if line.blank_after and not (is_cjk(last[0][-1]) and is_cjk(first[0])) else ""
    if last[0] in _SIGNS:
        return ""
    if last[0] in "-/":
        return ""
    if _numeric(last[0]) and _numeric(first[0]) and " " not in line.text:
        return _between_numbers(line, after, full)
    if line.blank_after or not full:
        return " "
    # the line is full to the last character: a lone word was cut, others were parted at a blank
    lone = " " not in line.text and all(not is_cjk(char[0][-1]) for char in line.chars)
    return "" if lone else " "


def _between_numbers(line: Line, after: Line, full: bool) -> str:
    """Return what stands between a line that ends with digits and one that begins with them.

    They are one number that its column cut only where the line is full and the two make one: two numbers made
    into a third would be worse than a line too many.
    """
    head, tail = _HEAD.match(after.text), _TAIL.search(line.text)
    if not full or not head or not tail or not _NUMBER.fullmatch(tail[0] + head[0]):
        return "\n"
    # what is left of a cut number is shorter than the line that it overflowed
    rest = after.chars[len(head[0]) - 1][3] - after.x0
    return "\n" if head[0] == after.text and rest > 0.8 * (line.x1 - line.x0) else ""


def unit_width(chars: Sequence[Char]) -> float:
    """Return the width of what had to be set at once at the start of a line."""
    end = 0
    count = len(chars)
    while end < count - 1 and chars[end][0] in NO_END:
        end += 1
    if is_cjk(chars[end][0]):
        end += 1
    else:
        while end < count and not is_cjk(chars[end][0]) and not _parted(chars, end):
            end += 1
            if chars[end - 1][0] == "-":
                break
    while end < count and chars[end][0] in NO_START:
        end += 1
    # layout engines do not part a closing mark from Latin letters or digits after it
    if (
        chars[end - 1][0] in NO_START
        and end < count
        and not is_cjk(chars[end][0])
        and chars[end][0] not in NO_END
    ):
        while end < count and not is_cjk(chars[end][0]) and not _parted(chars, end):
            end += 1
    # quotation marks hold the characters on both their sides (UAX 14, LB19)
    while end < count and (chars[end - 1][0] in _QUOTES or chars[end][0] in _QUOTES):
        end += 1
    return chars[end - 1][3] - chars[0][1]


def _parted(chars: Sequence[Char], at: int) -> bool:
    """Say whether a blank stands before a character."""
    return at > 0 and chars[at][1] - chars[at - 1][3] > 0.18 * (chars[at][4] - chars[at][2])


def _numeric(text: str) -> bool:
    return text in ",.%％" or text.isdigit()


def _off_left(lines: Sequence[Line], measure: Measure) -> bool:
    """Say whether the lines are set to the right: none begins left, or they end together and begin apart."""
    ends = [line.x1 for line in lines]
    starts = [line.start for line in lines]
    if min(starts) - measure.left > 0.7 * (lines[0].bottom - lines[0].top):
        return True
    if max(ends) - min(ends) > 2.0 or max(starts) - min(starts) <= 4.0:
        return False
    # a paragraph whose first line is indented is set to the left
    return len(lines) == 2 or max(starts[1:]) - min(starts[1:]) > 4.0 or starts[0] < min(starts[1:]) - 4.0
