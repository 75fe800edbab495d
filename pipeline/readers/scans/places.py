"""Boxes on the straightened page back to where they lie on the picture."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.model import Document
from pipeline.model.document import BBox


def placed_back(document: Document, places: Mapping[int, Any]) -> Document:
    """Return a document with the boxes of the pages in ``places`` (page -> 3 x 3 matrix) moved by its matrix."""
    if not places:
        return document

    def moved(page: int | None, box: BBox | None) -> BBox | None:
        matrix = places.get(page) if page is not None else None
        return around(matrix, box) if matrix is not None and box is not None else box

    grids = tuple(
        replace(grid, cells=tuple(cell._replace(bbox=moved(cell.page, cell.bbox)) for cell in grid.cells))
        for grid in document.grids
    )
    blocks = tuple(replace(block, bbox=moved(block.page, block.bbox)) for block in document.blocks)
    return replace(document, grids=grids, blocks=blocks)


def around(matrix: Any, box: BBox) -> BBox:
    """Return the upright box around a box that a 3 x 3 matrix moves."""
    import numpy as np

    x0, top, x1, bottom = box
    corners = np.array([[x0, x1, x1, x0], [top, top, bottom, bottom], [1.0, 1.0, 1.0, 1.0]])
    moved = matrix @ corners
    xs, ys = moved[0] / moved[2], moved[1] / moved[2]
    edges = float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())
    return tuple(round(edge, 2) for edge in edges)  # type: ignore[return-value]
