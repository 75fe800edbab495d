"""Scans and photos to Document: the pages of an image file, recognised; needs the OCR extra.

Without the extra every image is refused with ``needs_ocr``. Boxes are in pixels of the picture as it is shown.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers.pages.ink import Ink

MEDIA = ("image/png", "image/jpeg", "image/tiff", "image/bmp")
VERSION = 1


def read(source: Source) -> Document:
    """Return the grids and blocks that are recognised on an image's pages."""
    from pipeline.readers.pages.assembly import assemble
    from pipeline.readers.scans import engine
    from pipeline.readers.scans.places import placed_back

    engine.require(source.media_type)
    places: dict[int, Any] = {}
    try:
        document = assemble(source, f"image/{VERSION}", _inks(source.data, places))
        return placed_back(document, places)
    except SourceError:
        raise
    except Exception as error:
        raise SourceError("internal", detail=f"{type(error).__name__} {error}".strip()) from error


def _inks(data: bytes, places: MutableMapping[int, Any]) -> Iterator[Ink]:
    import numpy as np

    from pipeline.readers.scans.page import read_page
    from pipeline.readers.scans.pictures import open_pictures

    for number, picture in enumerate(open_pictures(data), start=1):
        ink, place = read_page(picture.grey, picture.dpi, number)
        places[number] = np.diag([picture.reduced, picture.reduced, 1.0]) @ place
        yield ink
