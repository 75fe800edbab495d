"""One grey picture of a page to its Ink: tables, characters, confidences; lengths in points."""

from collections.abc import Sequence
from typing import Any

from pipeline.readers.pages.ink import Char, Ink
from pipeline.readers.pages.lattice import Box, Lattice, owners
from pipeline.readers.scans import engine
from pipeline.readers.scans.ruled import Tabled, find_tables
from pipeline.readers.scans.straighten import Page, quarter_turned, straighten
from pipeline.readers.scans.writing import Written, dark_of, write

_TRIED_LINES = 6
# lines read this surely, on average, stand upright
_UPRIGHT = 0.9
# less ink than this share of the page is no print
_BLANK = 0.0001


def read_page(grey: Any, dpi: float, number: int) -> tuple[Ink, Any]:
    """Return the ink of a picture, upright and in points, and the matrix from its points to the picture's pixels."""
    import cv2
    import numpy as np

    # one core per process: a batch has a process on each
    cv2.setNumThreads(1)
    page = straighten(grey, dpi)
    boxes: list[tuple[float, float, float, float]] = []
    if float(dark_of(page.grey).mean()) >= _BLANK:
        page, boxes = upright(page)
    height, width = page.grey.shape[:2]
    scale = 72.0 / page.dpi
    ink = Ink(number, width * scale, height * scale, pictures=1.0, drawings=1, recognised=True)
    if boxes:
        tables = find_tables(page.grey, page.dpi)
        written = write(page, tables, boxes)
        _fill(ink, tables, written, scale)
        if not ink.has_text():
            ink.remarks.append("no text could be recognised")
    return ink, page.back @ np.diag([page.dpi / 72.0, page.dpi / 72.0, 1.0])


def upright(page: Page) -> tuple[Page, list[tuple[float, float, float, float]]]:
    """Return the page turned for its print to stand upright, with the boxes of its lines."""
    boxes = engine.detect(page.grey)
    long = [
        box
        for box in boxes
        if max(box[2] - box[0], box[3] - box[1]) > 2 * min(box[2] - box[0], box[3] - box[1])
    ]
    tall = sum(box[3] - box[1] > box[2] - box[0] for box in long)
    if long and tall > 0.6 * len(long):
        page = quarter_turned(page, 1)
        boxes = engine.detect(page.grey)
    if not boxes:
        return page, boxes
    if _how_sure(page, boxes) < _UPRIGHT:
        other = quarter_turned(page, 2)
        height, width = page.grey.shape[:2]
        turned = [(width - x1, height - bottom, width - x0, height - top) for x0, top, x1, bottom in boxes]
        if _how_sure(other, turned) > _how_sure(page, boxes):
            return other, turned
    return page, boxes


def _how_sure(page: Page, boxes: Sequence[tuple[float, float, float, float]]) -> float:
    """Return how surely some of the longest lines are read."""
    longest = sorted(boxes, key=lambda box: box[0] - box[2])[:_TRIED_LINES]
    read = [
        engine.recognise(
            page.grey[max(0, int(top)) : int(bottom) + 1, max(0, int(x0)) : int(x1) + 1].copy()
        ).mean
        for x0, top, x1, bottom in longest
    ]
    return sum(read) / len(read) if read else 0.0


def _fill(ink: Ink, tables: Sequence[Tabled], written: Written, scale: float) -> None:
    ink.chars = [_scaled(char, scale) for char in written.chars]
    ink.lattices = [
        lattice(table, sure, scale) for table, sure in zip(tables, written.confidences, strict=True)
    ]
    if written.unread:
        ink.remarks.append(f"{written.unread} cells hold ink that could not be read as text")


def _scaled(char: Char, scale: float) -> Char:
    text, x0, top, x1, bottom = char
    return text, x0 * scale, top * scale, x1 * scale, bottom * scale


def lattice(table: Tabled, sure: Sequence[float | None], scale: float) -> Lattice:
    """Return a table of a picture as a lattice in points, with the confidence of each cell's text."""
    xs, ys = tuple(x * scale for x in table.xs), tuple(y * scale for y in table.ys)
    boxes = tuple(
        Box(
            *span[:4],
            xs[span.col],
            ys[span.row],
            xs[span.col + span.col_span],
            ys[span.row + span.row_span],
        )
        for span in table.spans
    )
    return Lattice(xs, ys, boxes, owners(len(ys) - 1, len(xs) - 1, boxes), confidences=tuple(sure))
