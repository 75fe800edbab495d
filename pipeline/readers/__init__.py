"""SOURCE -> DOCUMENT: one module per medium; each offers ``MEDIA``, ``VERSION`` and ``read(source)``.

``MEDIA`` are the media types that it reads, ``VERSION`` an integer raised by hand when its output changes,
``read`` returns a Document or raises SourceError. Modules import their heavy libraries inside functions.
"""

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast

from pipeline.errors import SourceError
from pipeline.model import Document, Source


class Reader(Protocol):
    """What a reader module offers."""

    MEDIA: tuple[str, ...]
    VERSION: int

    def read(self, source: Source) -> Document:
        """Return the grids and blocks of a source."""


@cache
def readers() -> dict[str, Reader]:
    """Return media type -> reader module, found by looking into this package."""
    found: dict[str, Reader] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for media_type in getattr(module, "MEDIA", ()):
            if media_type in found:
                raise RuntimeError(f"two readers claim {media_type}: {found[media_type]} and {module}")
            found[media_type] = cast(Reader, module)
    return found


def read(source: Source) -> Document:
    """Return what the reader of the source's medium saw; SourceError where it cannot be read."""
    if source.size == 0:
        raise SourceError("empty_file")
    reader = readers().get(source.media_type)
    if reader is None:
        raise SourceError("unsupported", detail=source.media_type)
    return reader.read(source)
