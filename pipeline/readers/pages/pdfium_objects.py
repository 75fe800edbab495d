"""What a PDF page draws, through PDFium: rules, the share of pictures, text that is not to be read."""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise, repeat

from pipeline.readers.pages.ink import Rule
from pipeline.readers.pages.pdfium_calls import call, floats, integers

_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5
_MOVE, _BEZIER = 2, 1
_INVISIBLE = 3
# a filled or stroked shape thinner than this is a rule, a wider one an area
_THIN = 3.0
# a thick border: no wider than this, and this many times as long
_THICK, _SLENDER = 6.5, 12.0
# a stroke whose ends differ by less is straight
_STRAIGHT = 0.7
_DEEPEST = 12

Matrix = tuple[float, float, float, float, float, float]


@dataclass(slots=True)
class Objects:
    """What a page draws, in user space, y upwards.

    ``hidden`` are the addresses of invisible text objects; ``upright`` says that no text is turned,
    ``texts`` counts the visible text objects.
    """

    horizontals: list[Rule] = field(default_factory=list)
    verticals: list[Rule] = field(default_factory=list)
    pictures: float = 0.0
    count: int = 0
    hidden: set[int] = field(default_factory=set)
    upright: bool = True
    texts: int = 0


class Walk:
    """Walk over the objects of one page and collect what it draws."""

    def __init__(self) -> None:
        self.found = Objects()
        self._box, self._box_at = floats(4)
        self._matrix, self._matrix_at = floats(6)
        self._modes, self._modes_at = integers(2)

    def page(self, page: int) -> Objects:
        """Return what the page at an address draws."""
        get, count = call("FPDFPage_GetObject"), call("FPDFPage_CountObjects")(page)
        self._objects(list(map(get, repeat(page), range(count))), None, 0)
        return self.found

    def _objects(self, objects: list[int], outer: Matrix | None, depth: int) -> None:
        self.found.count += len(objects)
        # mostly text, a character an object in the worst case: so that is looked at in bulk
        kinds = list(map(call("FPDFPageObj_GetType"), objects))
        texts = [one for one, kind in zip(objects, kinds, strict=True) if kind == _TEXT]
        if texts:
            self._texts(texts, outer)
        if len(texts) == len(objects):
            return
        for one, kind in zip(objects, kinds, strict=True):
            if kind == _PATH:
                self._path(one, outer)
            elif kind == _IMAGE:
                self._image(one, outer)
            elif kind == _FORM and depth < _DEEPEST:
                get, count = call("FPDFFormObj_GetObject"), call("FPDFFormObj_CountObjects")(one)
                inner = _product(self._matrix_of(one), outer)
                self._objects(list(map(get, repeat(one), range(count))), inner, depth + 1)

    def _texts(self, texts: list[int], outer: Matrix | None) -> None:
        """Note which text is invisible, and whether any is turned."""
        modes = list(map(call("FPDFTextObj_GetTextRenderMode"), texts))
        self.found.texts += len(texts)
        if _INVISIBLE in modes:
            hidden = {one for one, mode in zip(texts, modes, strict=True) if mode == _INVISIBLE}
            self.found.hidden |= hidden
            self.found.texts -= len(hidden)
        if outer is not None and (outer[1] or outer[2] or outer[0] < 0 or outer[3] < 0):
            self.found.upright = False
        array, at = floats(6 * len(texts))
        deque(map(call("FPDFPageObj_GetMatrix"), texts, range(at, at + 24 * len(texts), 24)), maxlen=0)
        values: list[float] = array[:]
        if any(values[1::6]) or any(values[2::6]) or min(values[0::6], default=1.0) < 0:
            self.found.upright = False

    def _matrix_of(self, one: int) -> Matrix:
        if not call("FPDFPageObj_GetMatrix")(one, self._matrix_at):
            return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        a, b, c, d, e, f = self._matrix
        return a, b, c, d, e, f

    def _bounds(self, one: int, outer: Matrix | None) -> tuple[float, float, float, float] | None:
        """Return left, bottom, right, top of an object."""
        at = self._box_at
        if not call("FPDFPageObj_GetBounds")(one, at, at + 4, at + 8, at + 12):
            return None
        left, bottom, right, top = self._box
        if outer is not None:
            x0, y0 = _point(outer, left, bottom)
            x1, y1 = _point(outer, right, top)
            return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
        return left, bottom, right, top

    def _image(self, one: int, outer: Matrix | None) -> None:
        bounds = self._bounds(one, outer)
        if bounds is None:
            return
        self.found.pictures += (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
        self._thin(*bounds)

    def _thin(self, left: float, bottom: float, right: float, top: float) -> bool:
        """Take a shape for a rule where it is thin; say whether it was."""
        wide, high = right - left, top - bottom
        if wide > high and (high <= _THIN or high <= min(_THICK, wide / _SLENDER)):
            self.found.horizontals.append(Rule((bottom + top) / 2, left, right))
        elif high > wide and (wide <= _THIN or wide <= min(_THICK, high / _SLENDER)):
            self.found.verticals.append(Rule((left + right) / 2, bottom, top))
        else:
            return False
        return True

    def _path(self, one: int, outer: Matrix | None) -> None:
        at = self._modes_at
        call("FPDFPath_GetDrawMode")(one, at, at + 4)
        filled, stroked = self._modes
        if not filled and not stroked:
            return
        count = call("FPDFPath_CountSegments")(one)
        if count <= (6 if not stroked else 2):
            bounds = self._bounds(one, outer)
            if bounds is not None and (self._thin(*bounds) or not stroked):
                return
        for points in self._outlines(one, count, _product(self._matrix_of(one), outer)):
            if not stroked:
                xs, ys = [p[0] for p in points], [p[1] for p in points]
                self._thin(min(xs), min(ys), max(xs), max(ys))
                continue
            for (x0, y0), (x1, y1) in pairwise(points):
                if abs(y1 - y0) < _STRAIGHT < abs(x1 - x0):
                    self.found.horizontals.append(Rule((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
                elif abs(x1 - x0) < _STRAIGHT < abs(y1 - y0):
                    self.found.verticals.append(Rule((x0 + x1) / 2, min(y0, y1), max(y0, y1)))

    def _outlines(self, one: int, count: int, matrix: Matrix) -> list[list[tuple[float, float]]]:
        """Return the straight outlines of a path; one that holds a curve is left out."""
        segment, point = call("FPDFPath_GetPathSegment"), call("FPDFPathSegment_GetPoint")
        kind_of, closes = call("FPDFPathSegment_GetType"), call("FPDFPathSegment_GetClose")
        at = self._box_at
        outlines: list[list[tuple[float, float]]] = []
        curved: set[int] = set()
        for i in range(count):
            piece = segment(one, i)
            if not piece or not point(piece, at, at + 4):
                continue
            kind = kind_of(piece)
            if kind == _MOVE or not outlines:
                outlines.append([])
            if kind == _BEZIER:
                curved.add(len(outlines) - 1)
            outlines[-1].append(_point(matrix, self._box[0], self._box[1]))
            if closes(piece):
                outlines[-1].append(outlines[-1][0])
        return [line for i, line in enumerate(outlines) if len(line) > 1 and i not in curved]


def _product(inner: Matrix, outer: Matrix | None) -> Matrix:
    if outer is None:
        return inner
    a, b, c, d, e, f = inner
    A, B, C, D, E, F = outer  # noqa: N806 (the names of ISO 32000-2, 8.3.3)
    return a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F


def _point(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def is_pale(text_object: int) -> bool:
    """Say whether a text object is drawn in a light colour or see-through."""
    color, at = integers(4)
    if not call("FPDFPageObj_GetFillColor")(text_object, at, at + 4, at + 8, at + 12):
        return False
    red, green, blue, alpha = color
    return bool(min(red, green, blue) >= 128 or alpha < 160)
