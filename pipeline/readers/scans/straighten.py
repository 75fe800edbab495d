"""A grey picture of a page to an evenly lit one whose rules are level; the way back is a 3 x 3 matrix."""

from dataclasses import dataclass
from typing import Any

from pipeline.readers.scans.rules import masks, slope_of, unevenness

WORK_DPI = 200.0
# paper comes out at this grey, a little under white so that its noise is not cut off
_PAPER = 245
# taking keystone out must make the rules straighter by this, in degrees
_WORTH_IT = 0.05
_STEEPEST, _COARSE_STEP, _FINE_STEP = 6.0, 0.5, 0.1


@dataclass(frozen=True, slots=True)
class Page:
    """An evenly lit page: grey pixels, dots per inch, and the matrix from its pixels to those of the picture."""

    grey: Any
    dpi: float
    back: Any


def straighten(grey: Any, dpi: float) -> Page:
    """Return the page of a picture, shadows taken off, skew and keystone taken out."""
    import cv2
    import numpy as np

    there = np.eye(3)
    if dpi > WORK_DPI * 1.2:
        scale = WORK_DPI / dpi
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        there, dpi = np.diag([scale, scale, 1.0]), WORK_DPI
    if _is_bilevel(grey):
        grey = cv2.GaussianBlur(grey, (0, 0), dpi / 140.0)
    flat = _flattened(grey)
    angle = _coarse_angle(flat, dpi)
    page, turn = _turned(flat, angle)
    rest = slope_of(*masks(page, dpi, slack=3), dpi)
    if abs(rest) > 0.03:
        angle += rest
        page, turn = _turned(flat, angle)
    there = turn @ there
    keystone = _keystone(page, dpi)
    if keystone is not None:
        size = (page.shape[1], page.shape[0])
        squared = cv2.warpPerspective(
            page, keystone, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        # the corners of a table that is cut off or has a ragged edge mislead: the rules themselves decide
        before, after = (unevenness(*masks(one, dpi, slack=3), dpi) for one in (page, squared))
        if after < before - _WORTH_IT:
            page, there = squared, keystone @ there
    return Page(page, dpi, np.linalg.inv(there))


def quarter_turned(page: Page, quarters: int) -> Page:
    """Return the page turned clockwise by so many quarters."""
    import numpy as np

    height, width = page.grey.shape[:2]
    back = page.back
    for _ in range(quarters % 4):
        # a pixel (x, y) of the turned page was at (y, height - 1 - x)
        back = back @ np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, height - 1.0], [0.0, 0.0, 1.0]])
        height, width = width, height
    return Page(np.ascontiguousarray(np.rot90(page.grey, -quarters)), page.dpi, back)


def _is_bilevel(grey: Any) -> bool:
    import numpy as np

    return bool(np.unique(grey[::7, ::7]).size <= 8)


def _flattened(grey: Any) -> Any:
    """Return the picture divided by its paper: the local light, seen on a coarse copy without print."""
    import cv2
    import numpy as np

    height, width = grey.shape[:2]
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 9)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(grey, paper, scale=_PAPER)


def _turned(grey: Any, degrees: float) -> tuple[Any, Any]:
    """Return the picture turned counter-clockwise about its middle, and the matrix there."""
    import cv2
    import numpy as np

    height, width = grey.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    full = np.vstack([matrix, [0.0, 0.0, 1.0]])
    if abs(degrees) <= 0.05:
        return grey, np.eye(3)
    turned = cv2.warpAffine(
        grey, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return turned, full


def _coarse_angle(grey: Any, dpi: float) -> float:
    """Return the angle at which the page's rows of print and rules stand out most, in degrees."""
    import cv2
    import numpy as np

    scale = min(1.0, 100.0 / dpi)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    soft = cv2.GaussianBlur(small, (0, 0), 0.8)
    ink = cv2.adaptiveThreshold(soft, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 15, 10)

    def contrast(angle: float) -> float:
        rows = _turned(ink, angle)[0].sum(1, dtype=np.float64)
        return float(((rows[1:] - rows[:-1]) ** 2).sum())

    level = contrast(0.0)
    coarse = max(np.arange(-_STEEPEST, _STEEPEST + 0.01, _COARSE_STEP), key=contrast)
    best = max(np.arange(coarse - 0.4, coarse + 0.41, _FINE_STEP), key=contrast)
    return float(best) if contrast(float(best)) > level else 0.0


def _keystone(page: Any, dpi: float) -> Any | None:
    """Return the matrix that makes a rectangle of the table's outer edge, None where it is one already."""
    import cv2
    import numpy as np

    corners = _corners(*masks(page, dpi, slack=3), dpi)
    if corners is None:
        return None
    width = (np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    height = (np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    left, top = corners.min(0)
    goal = np.array(
        [[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float32
    )
    off = float(np.abs(goal - corners).max())
    return cv2.getPerspectiveTransform(corners, goal) if dpi * 0.015 < off < dpi * 1.5 else None


def _corners(flat: Any, tall: Any, dpi: float) -> Any | None:
    """Return the corners of the largest ruled figure, from the upper left clockwise."""
    import cv2
    import numpy as np

    lines = cv2.dilate(cv2.bitwise_or(flat, tall), np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, 2].astype(np.int64) * stats[1:, 3]))
    if stats[largest, 2] < lines.shape[1] * 0.3 or stats[largest, 3] < dpi:
        return None
    outlines, _ = cv2.findContours(
        (labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
    for share in np.linspace(0.005, 0.05, 20):
        outline = cv2.approxPolyDP(hull, share * cv2.arcLength(hull, True), True)
        if len(outline) == 4:
            points = outline.reshape(4, 2).astype(np.float32)
            sums, gaps = points.sum(1), points[:, 0] - points[:, 1]
            order = [int(sums.argmin()), int(gaps.argmax()), int(sums.argmax()), int(gaps.argmin())]
            if len(set(order)) == 4:
                return points[order]
    return None
