"""OFD to Document: the pages of a GB/T 33190 package as characters and ruling lines, like those of a PDF.

An OFD of pictures only is refused with ``needs_ocr``; a page that cannot be read costs that page, and the
document's ``problems`` name it.
"""

from dataclasses import replace

from pipeline.errors import SourceError
from pipeline.model import Document, Source

MEDIA = ("application/ofd",)
VERSION = 2


def read(source: Source) -> Document:
    """Return the grids and blocks of an OFD."""
    from pipeline.readers.pages.assembly import assemble
    from pipeline.readers.pages.ofd_package import OfdPackage

    try:
        package = OfdPackage(source.data)
        document = assemble(source, f"ofd/{VERSION}", package.inks())
    except SourceError:
        raise
    except RecursionError as error:
        raise SourceError("corrupt", detail="nested too deeply") from error
    except Exception as error:
        raise SourceError("internal", detail=f"{type(error).__name__} {error}".strip()) from error
    return replace(document, problems=(*document.problems, *package.problems))
