"""Read HTML pages: tables with their spans as grids, the text around them as blocks.

What is hidden stays out: ``display:none``, ``visibility:hidden``, the ``hidden`` attribute, scripts, styles,
comments, templates and deleted text (``<del>``); style sheets are not followed, so what only a class hides is
read. A form control gives what it shows: the value of a text field, ☑ or ☐ for a box, the chosen option.
"""

import re
from typing import TYPE_CHECKING

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers.htmlgrids import Page, assemble
from pipeline.text.encoding import UndecodableText, recognise

if TYPE_CHECKING:
    from pipeline.text.encoding import Decoded

MEDIA = ("text/html",)
VERSION = 1

MAX_BYTES = 64 * 1024 * 1024
_HEAD = 4096
_CHARSET = re.compile(rb"""<meta[^>]{0,512}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.I)
_ENDS = re.compile(r"<(/?(?:html|body|table))\b", re.I)
_TAIL = 4096
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,256}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{2,40})""", re.I)


def read(source: Source) -> Document:
    """Return the grids and blocks of a page; SourceError undecodable, too_large or corrupt."""
    page, problems = parse(source.data)
    grids, blocks, seen = assemble([page])
    return Document(
        document_id=source.document_id,
        media_type=source.media_type,
        reader=f"html/{VERSION}",
        grids=grids,
        blocks=blocks,
        problems=(*problems, *seen),
    )


def parse(data: bytes, declared: str | None = None, name: str = "") -> tuple[Page, tuple[str, ...]]:
    """Return the tables and texts of the bytes of one page, and what was lost in decoding it.

    ``declared`` is the charset that a container states; the page's own ``<meta>`` comes after it and neither
    is believed against the bytes. ``name`` goes before the locators where a document has several pages.
    """
    from pipeline.readers import htmlfast, htmlwalk

    if len(data) > MAX_BYTES:
        raise SourceError("too_large", place=name, detail=f"{len(data)} bytes of HTML, limit {MAX_BYTES}")
    found = _decoded(data, declared, name)
    where = f"{name}: " if name else ""
    problems: tuple[str, ...] = ()
    if found.replaced:
        problems += (f"{where}{found.replaced} undecodable bytes replaced ({found.encoding})",)
    if _is_cut(found.text):
        problems += (f"{where}the page ends in the middle: it may be cut off",)
    try:
        page = htmlfast.walk(found.text, name)
        return (page or htmlwalk.walk(found.text, name)), problems
    except (MemoryError, RecursionError, ValueError, RuntimeError) as error:
        raise SourceError("corrupt", place=name, detail=f"{type(error).__name__}: {error}") from error


def _is_cut(text: str) -> bool:
    """Say whether a page ends inside a tag or before its own end; a piece of a page, inside a table."""
    end = text[-_TAIL:].rstrip("\0\x1a \t\r\n").lower()
    if end.rfind("<") > end.rfind(">"):
        return True
    if "</html" in end or "</body" in end:
        return False
    tags = [match.group(1).lower() for match in _ENDS.finditer(text)]
    if "/html" in tags or "/body" in tags:
        return False
    return "html" in tags or tags.count("table") > tags.count("/table")


def _decoded(data: bytes, declared: str | None, name: str) -> "Decoded":
    head = data[:_HEAD]
    stated = _CHARSET.search(head) or _XML_ENCODING.search(head)
    try:
        return recognise(data, stated.group(1).decode("ascii") if stated else declared)
    except UndecodableText as error:
        raise SourceError("undecodable", place=name, detail=str(error)) from error
