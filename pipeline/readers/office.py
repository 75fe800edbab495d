"""Read what only an office suite reads (RTF, OpenDocument, Office 2003 XML, xlsb, Works) through LibreOffice.

LibreOffice turns the file into docx or xlsx, and our own reader of that medium reads it; locators therefore
name places in the converted file. Without LibreOffice the document has the status needs_libreoffice.
"""

import io
import re
import zipfile
from collections import Counter
from dataclasses import replace

from pipeline.errors import SourceError
from pipeline.model import Document, Source

VERSION = 1

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TARGETS = {"docx": _DOCX, "xlsx": _XLSX}

# media type -> (the suffix that LibreOffice knows it by, what it becomes)
ROUTES = {
    "application/rtf": ("rtf", "docx"),
    "application/vnd.oasis.opendocument.text": ("odt", "docx"),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods", "xlsx"),
    "application/vnd.oasis.opendocument.text-template": ("ott", "docx"),
    "application/vnd.oasis.opendocument.spreadsheet-template": ("ots", "xlsx"),
    "application/vnd.oasis.opendocument.flat-xml": ("fodt", "docx"),
    "application/vnd.ms-word.xml2003": ("xml", "docx"),
    "application/vnd.ms-excel.xml2003": ("xml", "xlsx"),
    "application/vnd.ms-excel.sheet.binary.macroEnabled.12": ("xlsb", "xlsx"),
    "application/vnd.ms-works": ("wps", "docx"),
}
MEDIA = tuple(ROUTES)
_BRACE = re.compile(rb"\\[\\{}]|[{}]")
_FLAT_SHEET = b"application/vnd.oasis.opendocument.spreadsheet"


def read(source: Source) -> Document:
    """Return the grids and blocks of a file that LibreOffice converts.

    SourceError needs_libreoffice, encrypted, truncated, corrupt, timeout, and those of the docx or xlsx reader.
    """
    suffix, target = ROUTES[source.media_type]
    if suffix == "fodt" and _FLAT_SHEET in source.data[:65_536]:
        suffix, target = "fods", "xlsx"
    _look(source.data, suffix)
    return read_converted(source, suffix, target, f"office/{VERSION}")


def read_converted(source: Source, suffix: str, target: str, reader: str) -> Document:
    """Return what our reader of ``target`` (docx or xlsx) sees in the converted file, under its own identity.

    ``reader`` is the name that the document carries; other readers send their old formats (Word 6/95) this way.
    """
    from pipeline.readers import read as read_source

    data = convert(source.data, suffix, target)
    converted = Source(source.document_id, source.paths, len(data), TARGETS[target], data)
    return replace(read_source(converted), media_type=source.media_type, reader=reader)


def convert(data: bytes, suffix: str, target: str) -> bytes:
    """Return a file converted to docx or xlsx by LibreOffice; SourceError needs_libreoffice and the like."""
    from pipeline.readers import libreoffice

    return libreoffice.convert(data, suffix, target)


def _look(data: bytes, suffix: str) -> None:
    """Refuse what LibreOffice would fail on without a reason, or read half of in silence."""
    if suffix == "rtf" and _open_groups(data) > 0:
        raise SourceError("truncated", detail="RTF without its closing brace")
    if suffix in ("odt", "ods", "ott", "ots"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                manifest = archive.open("META-INF/manifest.xml").read(1_000_000)
        except (
            zipfile.BadZipFile,
            KeyError,
            OSError,
            EOFError,
            ValueError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise SourceError("corrupt", detail=f"{type(error).__name__}: {error}") from error
        except Exception as error:  # zlib.error and what else a damaged member raises
            raise SourceError("corrupt", detail=f"{type(error).__name__}: {error}") from error
        if b"encryption-data" in manifest:
            raise SourceError("encrypted")


def _open_groups(data: bytes) -> int:
    """Return how many groups of an RTF file are never closed; escaped braces do not count."""
    if b"\\bin" in data:  # raw bytes may be anything
        return 0
    braces = Counter(_BRACE.findall(data))
    return braces[b"{"] - braces[b"}"]
