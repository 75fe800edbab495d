"""What the objects of an OFD page draw (GB/T 33190-2016, 8 to 11): characters, rules, pictures.

Coordinates are millimetres, y downwards; an object's own space goes through its CTM and then to the corner of
its Boundary. Fonts are not opened: a character is as wide as its advance says, else as its kind is.
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.errors import SourceError
from pipeline.readers.pages.glyphs import private, replacements
from pipeline.readers.pages.ink import Char, Ink, Rule
from pipeline.readers.pages.turning import reading_turn, turn_ink

if TYPE_CHECKING:
    from lxml.etree import _Element

POINTS = 72.0 / 25.4
# objects and characters that one page may draw, composite graphics counted as often as they are used
MAX_OBJECTS = 1_000_000
MAX_CHARS = 2_000_000
_DEEPEST = 20
# of the em box, above the baseline: what Chinese fonts have
_ASCENT = 0.86
# text whose direction is off by more degrees lies across the page
_ASKEW = 5.0
# the limits of the PDF engines, in points: a thin shape is a rule, a thick border is slender, a straight stroke
_THIN, _THICK, _SLENDER, _STRAIGHT = 3.0, 6.5, 12.0, 0.7
_WATERMARK, _LIGHT, _OPAQUE = 2.0, 128, 160
_TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_OPERANDS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_CONTAINERS = frozenset(("Layer", "PageBlock"))
_OBJECTS = frozenset(("TextObject", "PathObject", "ImageObject", "CompositeObject"))

Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_TO_POINTS: Matrix = (POINTS, 0.0, 0.0, POINTS, 0.0, 0.0)


class Painter:
    """Collect the ink of one page; sizes in mm, ``units`` are the composite graphics by their ID.

    ``private`` counts characters of private use, ``by_glyph`` those drawn by glyph number, whatever their code.
    """

    def __init__(self, number: int, width: float, height: float, units: "Mapping[str, _Element]") -> None:
        self.ink = Ink(number, width * POINTS, height * POINTS)
        self.private = self.by_glyph = 0
        self._units = units
        self._objects = 0
        self._chars: list[tuple[int | None, bool, Char]] = []
        self._pictures = 0.0

    def draw(self, content: "_Element") -> None:
        """Draw the layers of a page or a template."""
        self._walk(content, _TO_POINTS, 0)

    def finish(self) -> Ink:
        """Return the page, upright."""
        ink = self.ink
        ink.pictures = self._pictures / max(ink.width * ink.height, 1.0)
        sizes = sorted(char[4] - char[2] for _, _, char in self._chars)
        huge = sizes[len(sizes) // 2] * _WATERMARK if sizes else 0.0
        across: list[str] = []
        for turn, light, char in self._chars:
            if turn is None or (light and char[4] - char[2] > huge):
                across.append(char[0])
            elif turn:
                ink.sideways.append((turn, char))
            else:
                ink.chars.append(char)
        if across:
            ink.stamps.append("".join(across).strip())
        quarters = reading_turn([turn for turn, _, _ in self._chars])
        if quarters:
            turn_ink(ink, quarters)
        return ink

    def _walk(self, content: "_Element", outer: Matrix, depth: int) -> None:
        if depth > _DEEPEST:
            return
        for one in content:
            tag = one.tag
            kind = tag.rpartition("}")[2] if isinstance(tag, str) else ""
            if kind in _CONTAINERS:
                self._walk(one, outer, depth + 1)
            elif kind in _OBJECTS and one.get("Visible") != "false":
                self._objects += 1
                if self._objects > MAX_OBJECTS:
                    raise SourceError(
                        "too_large", detail=f"page {self.ink.number}: over {MAX_OBJECTS} objects"
                    )
                self._object(kind, one, outer, depth)

    def _object(self, kind: str, one: "_Element", outer: Matrix, depth: int) -> None:
        boundary = (_floats(one.get("Boundary")) + [0.0] * 4)[:4]
        own = _floats(one.get("CTM"))
        matrix = (own[0], own[1], own[2], own[3], own[4], own[5]) if len(own) >= 6 else _IDENTITY
        placed = _product(_product(matrix, (1.0, 0.0, 0.0, 1.0, boundary[0], boundary[1])), outer)
        self.ink.drawings += 1
        if kind == "TextObject":
            self._text(one, placed)
        elif kind == "PathObject":
            self._path(one, placed)
        elif kind == "ImageObject":
            self._pictures += abs(boundary[2] * boundary[3] * (outer[0] * outer[3] - outer[1] * outer[2]))
        else:
            unit = self._units.get(one.get("ResourceID") or "")
            for content in unit if unit is not None else ():
                if isinstance(content.tag, str) and content.tag.rpartition("}")[2] == "Content":
                    self._walk(content, placed, depth + 1)

    def _text(self, one: "_Element", matrix: Matrix) -> None:
        """Place the characters of a text object."""
        size = _float(one.get("Size"), 0.0)
        if not 0 < size < 1e5:
            return
        self.by_glyph += sum(
            int(_float(part.get("CodeCount"), 1.0)) for part in one if _name(part) == "CGTransform"
        )
        shown = one.get("Fill") != "false" or one.get("Stroke") == "true"
        light, clear = _light(one)
        glyph_turn = _float(one.get("CharDirection"), 0.0)
        turn = _quarter(math.degrees(math.atan2(matrix[1], matrix[0])) + glyph_turn)
        stretch = _float(one.get("HScale"), 1.0)
        x = y = 0.0
        for code in one:
            if _name(code) != "TextCode":
                continue
            text = (code.text or "").strip("\r\n\t")
            x, y = _float(code.get("X"), x), _float(code.get("Y"), y)
            if not shown or clear:
                self.ink.hidden += len(text)
                continue
            placed = _places(text, x, y, code, size, stretch, glyph_turn)
            self._put(text, placed, matrix, turn, light)

    def _put(
        self,
        text: str,
        boxes: Iterable[tuple[Point, Point]],
        matrix: Matrix,
        turn: int | None,
        light: bool,
    ) -> None:
        """Add characters with the opposite corners of their boxes in the object's own space."""
        if len(self._chars) + len(text) > MAX_CHARS:
            raise SourceError("too_large", detail=f"page {self.ink.number}: over {MAX_CHARS} characters")
        instead = replacements(set(map(ord, text)))
        for char, (one, other) in zip(text, boxes, strict=True):
            code = ord(char)
            if char.isspace() or code == 0x3000:
                name = " "
            elif unicodedata.category(char) in ("Cc", "Cf", "Cs"):
                continue
            else:
                name = instead.get(code, char)
                self.private += private(code)
                self.ink.unmapped += char == "\ufffd"
            (xa, ya), (xb, yb) = _point(matrix, *one), _point(matrix, *other)
            box = (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
            if all(map(math.isfinite, box)):
                self._chars.append((turn, light, (name, *box)))

    def _path(self, one: "_Element", matrix: Matrix) -> None:
        """Take the rules of a path: thin filled shapes, straight strokes."""
        filled, stroked = one.get("Fill") == "true", one.get("Stroke") != "false"
        if not (filled or stroked) or _float(one.get("Alpha"), 255.0) <= 0:
            return
        data = next((part.text or "" for part in one if _name(part) == "AbbreviatedData"), "")
        for points in _outlines(data, matrix):
            xs, ys = [p[0] for p in points], [p[1] for p in points]
            if (len(points) <= 6 or not stroked) and (
                self._thin(min(xs), min(ys), max(xs), max(ys)) or not stroked
            ):
                continue
            for (x0, y0), (x1, y1) in pairwise(points):
                if abs(y1 - y0) < _STRAIGHT < abs(x1 - x0):
                    self.ink.horizontals.append(Rule((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
                elif abs(x1 - x0) < _STRAIGHT < abs(y1 - y0):
                    self.ink.verticals.append(Rule((x0 + x1) / 2, min(y0, y1), max(y0, y1)))

    def _thin(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Take a shape for a rule where it is thin; say whether it was."""
        wide, high = right - left, bottom - top
        if wide > high and (high <= _THIN or high <= min(_THICK, wide / _SLENDER)):
            self.ink.horizontals.append(Rule((top + bottom) / 2, left, right))
        elif high > wide and (wide <= _THIN or wide <= min(_THICK, high / _SLENDER)):
            self.ink.verticals.append(Rule((left + right) / 2, top, bottom))
        else:
            return False
        return True


def _places(
    text: str, x: float, y: float, code: "_Element", size: float, stretch: float, glyph_turn: float
) -> list[tuple[Point, Point]]:
    """Return two opposite corners of each character's box."""
    across = deltas(code.get("DeltaX"), len(text))
    down = deltas(code.get("DeltaY"), len(text))
    # characters set at one distance throughout are as wide as that: no blanks between them
    even = len(set(across)) == 1
    advances = [*across, *[None] * (len(text) - len(across))]
    widths = [_width(char, size, stretch, step, even) for char, step in zip(text, advances, strict=True)]
    angle = math.radians(glyph_turn)
    cos, sin = math.cos(angle), math.sin(angle)
    found: list[tuple[Point, Point]] = []
    for i, wide in enumerate(widths):
        upper, lower = -_ASCENT * size, (1 - _ASCENT) * size
        found.append(
            ((x - upper * sin, y + upper * cos), (x + wide * cos - lower * sin, y + wide * sin + lower * cos))
        )
        x += across[i] if i < len(across) else (0.0 if down else wide)
        y += down[i] if i < len(down) else 0.0
    return found


def _width(char: str, size: float, stretch: float, advance: float | None, even: bool) -> float:
    """Return a character's width: a narrow one fills its advance where that can be its own."""
    if unicodedata.east_asian_width(char) in ("W", "F", "A"):
        width = size * stretch
        return min(width, advance) if advance is not None and advance > 0.2 * size else width
    most = (1.05 if even or char in "MWmw@%" else 0.75) * size * stretch
    if advance is not None and 0.1 * size < advance <= most:
        return advance
    return 0.5 * size * stretch


def deltas(written: str | None, count: int) -> list[float]:
    """Return the advances after each of ``count`` characters: ``g n v`` is n times v; the last goes on."""
    pieces = (written or "").replace(",", " ").split()
    found: list[float] = []
    i = 0
    while i < len(pieces) and len(found) < count:
        if pieces[i].lower() == "g" and i + 2 < len(pieces):
            times = int(_float(pieces[i + 1], 0.0))
            found += [_float(pieces[i + 2], 0.0)] * max(min(times, count - len(found)), 0)
            i += 3
        else:
            found.append(_float(pieces[i], 0.0))
            i += 1
    if found:
        found += [found[-1]] * (count - len(found))
    return found


def _outlines(data: str, matrix: Matrix) -> list[list[Point]]:
    """Return the straight outlines of a path's abbreviated data (9.3); one that holds a curve is left out."""
    outlines: dict[int, list[Point]] = defaultdict(list)
    curved: set[int] = set()
    number = 0
    tokens = _TOKEN.findall(data)
    i = 0
    while i < len(tokens):
        operator = tokens[i]
        i += 1
        count = _OPERANDS.get(operator)
        if count is None:
            continue
        values: list[float] = []
        while len(values) < count and i < len(tokens) and not tokens[i].isalpha():
            values.append(float(tokens[i]))
            i += 1
        if len(values) < count:
            continue
        line = outlines[number]
        if operator in "SM":
            number += 1
            outlines[number] = [_point(matrix, values[0], values[1])]
        elif operator == "L":
            line.append(_point(matrix, values[0], values[1]))
        elif operator == "C":
            if line and line[0] != line[-1]:
                line.append(line[0])
        else:
            curved.add(number)
            line.append(_point(matrix, values[-2], values[-1]))
    return [line for key, line in outlines.items() if len(line) > 1 and key not in curved]


def _light(one: "_Element") -> tuple[bool, bool]:
    """Return whether an object is drawn light or see-through, and whether it cannot be seen at all."""
    alpha = _float(one.get("Alpha"), 255.0)
    fill = next((part for part in one if _name(part) == "FillColor"), None)
    if fill is None:
        return alpha < _OPAQUE, alpha <= 0
    alpha = min(alpha, _float(fill.get("Alpha"), 255.0))
    values = _floats(fill.get("Value"))
    pale = len(values) in (1, 3) and min(values) >= _LIGHT
    return pale or alpha < _OPAQUE, alpha <= 0


def _quarter(degrees: float) -> int | None:
    """Return a direction as clockwise quarter turns, None where it is askew."""
    quarter = round(degrees / 90.0)
    return quarter % 4 if abs(degrees - quarter * 90.0) <= _ASKEW else None


def _name(element: "_Element") -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _float(written: str | None, otherwise: float) -> float:
    if not written:
        return otherwise
    try:
        value = float(written)
    except ValueError:
        return otherwise
    return value if math.isfinite(value) else otherwise


def _floats(written: str | None) -> list[float]:
    return [_float(one, 0.0) for one in (written or "").replace(",", " ").split()]


def _product(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    A, B, C, D, E, F = outer  # noqa: N806 (one letter a place of the matrix)
    return a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F


def _point(matrix: Matrix, x: float, y: float) -> Point:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
