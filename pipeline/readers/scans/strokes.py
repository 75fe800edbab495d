"""Tell the placeholders / and — from the 1 and 一 that they are read as, by the shape of the ink.

A lone stroke gives a recogniser no neighbour to go by; a slash read as 1 in a column of scores is a wrong number.
"""

import math
from collections.abc import Sequence
from typing import Any

# what lone strokes are read as, folded; a cell of these alone is looked at
AMBIGUOUS = frozenset("1lI|!/\\丨丿ノ7JL一-—–_―ー二=~')(,.、i亠丶")
_SLENDER = 3.5
_FLAT, _LEANING, _STANDING = 12.0, 35.0, 81.0
_TRACE = 0.12


def is_ambiguous(text: str) -> bool:
    """Say whether a cell's text may be a lone stroke or two, misread."""
    bare = "".join(text.split())
    return len(bare) <= 2 and all(char in AMBIGUOUS for char in bare)


def placeholder(dark: Any) -> str | None:
    """Return ``/``, ``—`` or ``——`` where the ink of a cell is that; None where it is anything else.

    ``dark`` is a boolean picture of the cell's inside.
    """
    shapes = _shapes(dark)
    if not shapes or len(shapes) > 2:
        return None
    angles = [_angle(points) for points in shapes]
    if any(angle is None for angle in angles):
        return None
    if all(angle is not None and angle < _FLAT for angle in angles):
        long = max(float(points[:, 0].max() - points[:, 0].min()) for points in shapes)
        thick = max(float(points[:, 1].max() - points[:, 1].min() + 1) for points in shapes)
        level = {round(float(points[:, 1].mean()) / (2 * thick)) for points in shapes}
        if len(shapes) == 2:
            # one above the other they are 二 or =
            return "——" if len(level) == 1 else None
        return "—" if long < 16 * thick else "——"
    if len(shapes) == 1 and angles[0] is not None and _LEANING <= angles[0] <= _STANDING:
        return "/"
    return None


def _shapes(dark: Any) -> Sequence[Any]:
    """Return the points (x, y) of each connected piece of ink, specks left out."""
    import cv2
    import numpy as np

    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    if count < 2:
        return []
    largest = int(stats[1:, 4].max())
    found = []
    for i in range(1, count):
        if stats[i, 4] >= max(6, largest * _TRACE):
            down, along = np.nonzero(labels == i)
            found.append(np.column_stack([along, down]).astype(float))
    return found


def _angle(points: Any) -> float | None:
    """Return the rise of a slender straight stroke in degrees, 0 to 90 leaning right; None for other shapes."""
    import numpy as np

    values, vectors = np.linalg.eigh(np.cov(points.T) + np.eye(2) * 0.08)
    if values[1] < _SLENDER**2 * values[0]:
        return None
    x, y = (float(one) for one in vectors[:, 1])
    if x < 0:
        x, y = -x, -y
    angle = math.degrees(math.atan2(-y, x))
    if -_FLAT < angle < 0:
        return -angle
    return angle if angle >= 0 else None
