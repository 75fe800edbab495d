"""The ruling lines of a grey page: long thin ridges of ink, level or upright, as masks and as segments.

A matched filter and not binary morphology: the strokes of Chinese characters in rows one line high look like
rules to the latter. The ink is averaged along the line and what is as wide across is taken off (top hat).
Lengths are in inches times dpi.
"""

from typing import Any, NamedTuple

_AVERAGED, _WIDEST, _SOLID, _SHORTEST = 0.12, 0.04, 0.10, 0.16
_FAINTEST = 10.0


class Segment(NamedTuple):
    """One straight piece of a rule at a y (level) or x (upright), from ``start`` to ``end``, in pixels."""

    at: float
    start: float
    end: float


def ink_of(grey: Any, dpi: float) -> Any:
    """Return how dark each pixel is, smoothed a little."""
    import cv2

    return cv2.GaussianBlur(255 - grey, (0, 0), max(0.5, dpi / 400.0))


def masks(grey: Any, dpi: float, slack: int = 0) -> tuple[Any, Any]:
    """Return where level and where upright rules run (255, else 0); ``slack`` pixels of slope are allowed."""
    import numpy as np

    ink = ink_of(grey, dpi)
    level = _mask(ink, dpi, slack)
    upright = _mask(np.ascontiguousarray(ink.T), dpi, slack)
    return level, np.ascontiguousarray(upright.T)


def _mask(ink: Any, dpi: float, slack: int) -> Any:
    """Return where level rules run."""
    import cv2
    import numpy as np

    along, across = int(dpi * _AVERAGED) | 1, (int(dpi * _WIDEST) | 1) + slack
    if slack:
        ink = cv2.dilate(ink, np.ones((slack, 1), np.uint8))
    ridge = cv2.blur(ink, (along, 1))
    ridge = cv2.subtract(ridge, cv2.morphologyEx(ridge, cv2.MORPH_OPEN, np.ones((across, 1), np.uint8)))
    ridge = cv2.morphologyEx(ridge, cv2.MORPH_OPEN, np.ones((1, int(dpi * _SOLID) | 1), np.uint8))
    strong = (ridge > _threshold(ridge, dpi)).astype(np.uint8) * 255
    return cv2.morphologyEx(strong, cv2.MORPH_OPEN, np.ones((1, int(dpi * _SHORTEST)), np.uint8))


def _threshold(ridge: Any, dpi: float) -> float:
    """Return half the usual strength of the ridges that run on for an inch."""
    import cv2
    import numpy as np

    long = cv2.morphologyEx(ridge, cv2.MORPH_OPEN, np.ones((1, int(dpi)), np.uint8))
    crest = long[(long > _FAINTEST) & (long == cv2.dilate(long, np.ones((5, 1), np.uint8)))]
    return max(_FAINTEST, 0.5 * float(np.median(crest))) if crest.size > 50 else 255.0


def segments(mask: Any, dpi: float, shortest: float) -> list[Segment]:
    """Return the pieces of the level rules of a mask; turn it for the upright ones."""
    import cv2

    count, _, stats, middles = cv2.connectedComponentsWithStats(mask)
    found = []
    for i in range(1, count):
        x, _y, width, height, _ = (int(value) for value in stats[i])
        if width >= dpi * shortest and height <= dpi * 0.12:
            found.append(Segment(float(middles[i][1]), float(x), float(x + width)))
    return found


def slopes_of(level: Any, upright: Any, dpi: float) -> list[tuple[float, float]]:
    """Return slope in degrees and length of each long rule, by a line fitted to its pixels.

    Upright rules have the slope that they would have if they lay level: all are the same on a page that is only skewed.
    """
    import cv2
    import numpy as np

    found: list[tuple[float, float]] = []
    for mask, sign in ((level, 1.0), (np.ascontiguousarray(upright.T), -1.0)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        for i in range(1, count):
            x, y, width, height, _ = (int(value) for value in stats[i])
            if width < dpi * 0.6:
                continue
            down, along = np.nonzero(labels[y : y + height, x : x + width] == i)
            slope = float(np.degrees(np.arctan(np.polyfit(along, down, 1)[0])))
            found.append((sign * slope, float(width)))
    return found


def slope_of(level: Any, upright: Any, dpi: float) -> float:
    """Return the slope of the rules in degrees: the median, weighted by length; 0 where there are none."""
    slopes = sorted(slopes_of(level, upright, dpi))
    left = sum(weight for _, weight in slopes) / 2
    for slope, weight in slopes:
        left -= weight
        if left <= 0:
            return slope
    return 0.0


def unevenness(level: Any, upright: Any, dpi: float) -> float:
    """Return by how many degrees the rules are off level and upright, on average, weighted by length."""
    slopes = slopes_of(level, upright, dpi)
    total = sum(weight for _, weight in slopes)
    return sum(abs(slope) * weight for slope, weight in slopes) / total if total else 0.0
