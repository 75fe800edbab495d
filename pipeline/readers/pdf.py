"""PDF to Document: characters and ruling lines of each page, cells with their spans, page and box.

Reference: ISO 32000-2. A scan (no text layer) is recognised where the OCR extra is
installed and refused with ``needs_ocr`` where not; a page that cannot be read costs
that page, and the document's ``problems`` name it.
"""

import os
from typing import Any

from pipeline.errors import SourceError
from pipeline.model import Document, Source

MEDIA = ("application/pdf",)
VERSION = 2

ENGINES = ("pdfium", "pdfplumber")
ENGINE_VARIABLE = "GUIBIAO_PDF_ENGINE"


def read(source: Source) -> Document:
    """Return the grids and blocks of a PDF; the environment may name another of ENGINES."""
    engine = os.environ.get(ENGINE_VARIABLE) or ENGINES[0]
    if engine not in ENGINES:
        raise SourceError("internal", detail=f"{ENGINE_VARIABLE}={engine}: one of {', '.join(ENGINES)}")
    return read_with(source, engine)


def read_with(source: Source, engine: str) -> Document:
    """Return the grids and blocks as one of ENGINES sees them; ``pdfplumber`` is the slow reference."""
    from pipeline.readers.pages import pdfium, plumber
    from pipeline.readers.pages.assembly import assemble
    from pipeline.readers.pages.pdf_streams import doubts
    from pipeline.readers.scans.pdf_pages import recognised
    from pipeline.readers.scans.places import placed_back

    if engine not in ENGINES:
        raise ValueError(f"unknown PDF engine {engine!r}: one of {', '.join(ENGINES)}")
    inks = pdfium.read_inks if engine == "pdfium" else plumber.read_inks
    reader = f"pdf/{VERSION}" if engine == "pdfium" else f"pdf-{engine}/{VERSION}"
    try:
        places: dict[int, Any] = {}
        pages = recognised(source.data, inks(source.data), places)
        return placed_back(assemble(source, reader, pages, doubts(source.data)), places)
    except SourceError:
        raise
    except RecursionError as error:
        raise SourceError("corrupt", detail="nested too deeply") from error
    except Exception as error:
        raise SourceError("internal", detail=f"{engine}: {type(error).__name__} {error}".strip()) from error
