"""Tell the placeholders / and — from the 1 and 一 that they are read as, by the shape of the ink.

A lone stroke gives a recogniser no neighbour to go by; a slash read as 1 in a column of scores is a wrong number.
"""

import math
from typing import Any

# what lone strokes are read as; a cell of these alone is looked at
AMBIGUOUS = frozenset("1lI|!/\\丨丿ノ7JL一-—–_―ー二=~')(,.、i亠丶")
_ONE = frozenset("1lI|!i丨")
_LEVEL = frozenset("一-—–_―ー~")
_SLENDER = 3.5
_FLAT, _LEANING, _STANDING = 12.0, 35.0, 81.0
# pieces smaller than this share of the largest are specks
_SPECK = 0.2
# a dash this many times as long as it is thick is two
_TWO = 14.0


def is_ambiguous(text: str) -> bool:
    """Say whether a cell's text may be a lone stroke or two, misread."""
    bare = "".join(text.split())
    return len(bare) <= 2 and all(char in AMBIGUOUS for char in bare)


def placeholder(dark: Any) -> str | None:
    """Return ``/``, ``—`` or ``——`` where the ink of a cell is that; None where it is anything else.

    ``dark`` is a boolean picture of the cell's inside.
    """
    points = _points(dark)
    rise = _rise(points, _SLENDER) if points is not None else None
    if points is None or rise is None:
        return None
    if abs(rise) < _FLAT:
        spread = points.max(0) - points.min(0) + 1
        return "——" if spread[0] > _TWO * spread[1] else "—"
    return "/" if _LEANING <= rise <= _STANDING else None


def is_doubtful(text: str, dark: Any) -> bool:
    """Say whether a lone stroke is read as a number that its ink does not bear out.

    A 1 must stand; 一 and a dash are one stroke to a recogniser, so neither is ever sure.
    """
    bare = "".join(text.split())
    if not bare or len(bare) > 2:
        return False
    if set(bare) <= _LEVEL:
        return True
    if not set(bare) <= _ONE:
        return False
    points = _points(dark)
    rise = _rise(points, 1.3) if points is not None and len(bare) == 1 else 90.0
    return rise is None or abs(rise) < _STANDING - 6.0


def _points(dark: Any) -> Any | None:
    """Return the points (x, y) of the ink, specks left out; None where there is none."""
    import cv2
    import numpy as np

    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    least = max(4, int(stats[1:, 4].max()) * _SPECK)
    down, along = np.nonzero(np.isin(labels, [i for i in range(1, count) if stats[i, 4] >= least]))
    return np.column_stack([along, down]).astype(float) if down.size > 5 else None


def _rise(points: Any, slender: float) -> float | None:
    """Return the rise of a stroke in degrees, -90 to 90; None where it is not slender or has gaps."""
    import numpy as np

    values, vectors = np.linalg.eigh(np.cov(points.T) + np.eye(2) * 0.08)
    if values[1] < slender**2 * values[0]:
        return None
    axis = vectors[:, 1] if vectors[0, 1] >= 0 else -vectors[:, 1]
    along = np.unique(np.round((points - points.mean(0)) @ axis))
    if along.size < 0.6 * (along.max() - along.min() + 1):
        return None
    return math.degrees(math.atan2(-float(axis[1]), float(axis[0])))
