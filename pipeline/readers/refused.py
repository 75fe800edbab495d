"""Media that are known and not read: each gets the code and the words that help."""

from pathlib import PurePosixPath
from typing import NoReturn

from pipeline.errors import SourceError
from pipeline.model import Source

_IMAGES = ("image/gif", "image/webp", "image/heic")
_UNSUPPORTED = {
    "application/vnd.ms-powerpoint": "a PowerPoint presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "a PowerPoint presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.slideshow": "a PowerPoint show",
    "application/vnd.ms-outlook": "an Outlook message",
    "application/x-ole-storage": "an OLE file of no known program",
    "application/xml": "XML of no known program",
    "application/postscript": "PostScript",
    "message/rfc822": "a letter",
}
_UNKNOWN = "application/octet-stream"
_ENCRYPTED = "application/encrypted-ooxml"
_DOCUMENTS = frozenset(
    (
        "doc",
        "docx",
        "docm",
        "dot",
        "dotx",
        "wps",
        "xls",
        "xlsx",
        "xlsm",
        "et",
        "pdf",
        "rtf",
        "odt",
        "ods",
        "ofd",
    )
)

MEDIA = (_ENCRYPTED, *_IMAGES, *_UNSUPPORTED, _UNKNOWN)
VERSION = 1


def read(source: Source) -> NoReturn:
    """Raise the SourceError that says why this medium is not read."""
    if source.media_type == _ENCRYPTED:
        raise SourceError("encrypted")
    if source.media_type in _IMAGES:
        raise SourceError("needs_ocr", detail=f"{source.media_type}; save it as png or jpeg")
    if source.media_type != _UNKNOWN:
        raise SourceError("unsupported", detail=_UNSUPPORTED[source.media_type])
    if not source.data.strip(b"\0"):
        raise SourceError("corrupt", detail="nothing but zero bytes")
    extension = PurePosixPath(source.paths[0].lower()).suffix[1:]
    start = source.data[:8].hex(" ")
    if extension in _DOCUMENTS:
        raise SourceError("corrupt", detail=f"begins with {start}, which no .{extension} does")
    raise SourceError("unsupported", detail=f"begins with {start}")
