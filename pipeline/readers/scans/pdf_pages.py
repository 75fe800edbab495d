"""The pages of a PDF that are pictures, rendered and recognised; all other pages pass as they are."""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from pipeline.readers.pages.ink import Ink
from pipeline.readers.pages.pdfium_fonts import fonts_of_the_machine
from pipeline.readers.scans import engine

_DPI = 200.0
# a larger page is rendered at less: A2 at 200 dpi has 15 million pixels
_MOST_PIXELS = 40_000_000


def recognised(data: bytes, inks: Iterable[Ink], places: MutableMapping[int, Any]) -> Iterator[Ink]:
    """Yield the ink of each page, that of a scan recognised where the OCR extra is installed.

    ``places`` takes the matrix from a recognised page's points to those of the page as it lies in the file.
    """
    able = not engine.missing()
    for ink in inks:
        if able and not ink.fault and ink.is_scan():
            yield _recognised(data, ink, places)
        else:
            yield ink


def _recognised(data: bytes, ink: Ink, places: MutableMapping[int, Any]) -> Ink:
    import numpy as np

    from pipeline.readers.scans.page import read_page

    try:
        with fonts_of_the_machine():
            grey, dpi = _render(data, ink.number - 1)
        read, matrix = read_page(grey, dpi, ink.number)
    except Exception as error:
        ink.remarks.append(f"a scan that could not be recognised ({type(error).__name__} {error})".strip())
        ink.recognised = True
        return ink
    places[ink.number] = np.diag([72.0 / dpi, 72.0 / dpi, 1.0]) @ matrix
    return read


def _render(data: bytes, index: int) -> tuple[Any, float]:
    """Return one page as grey pixels without red ink, and its dots per inch."""
    import numpy as np
    from pypdfium2 import PdfDocument

    from pipeline.readers.scans.pictures import without_red

    pdf = PdfDocument(data)
    try:
        page = pdf[index]
        width, height = page.get_size()
        dpi = min(_DPI, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5 * 72.0)
        bitmap = page.render(scale=dpi / 72.0, rev_byteorder=True)
        pixels = np.array(bitmap.to_numpy())
        page.close()
    finally:
        pdf.close()
    return (pixels if pixels.ndim == 2 else without_red(pixels)), dpi
