"""Read web archives (MHTML, RFC 2557): the main HTML part and the frames that it names."""

import email
import email.message
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers.html import parse
from pipeline.readers.htmlgrids import Page, assemble

MEDIA = ("multipart/related",)
VERSION = 1

MAX_BYTES = 128 * 1024 * 1024
_MAX_PAGES = 256
_HTML = ("text/html", "application/xhtml+xml")
_FRAME = re.compile(rb"<i?frame[\s/>]", re.I)
_REFERENCE = re.compile(rb"""(?:src|href)\s{0,8}=\s{0,8}["']?([^"'\s<>]{1,2048})""", re.I)
# The sheet names below a workbook that Excel saved as frames.
_TAB_STRIP = re.compile(r"tabstrip\.html?", re.I)


def read(source: Source) -> Document:
    """Return the grids and blocks of a web archive; SourceError corrupt, undecodable or too_large."""
    if len(source.data) > MAX_BYTES:
        raise SourceError("too_large", detail=f"{len(source.data)} bytes of MHTML, limit {MAX_BYTES}")
    try:
        message = email.message_from_bytes(source.data)
        parts = [part for part in message.walk() if part.get_content_type() in _HTML]
        bodies = [_body(part) for part in parts[:_MAX_PAGES]]
    except Exception as error:  # the parser raises what its state happens to give on broken input
        raise SourceError("corrupt", detail=f"{type(error).__name__}: {error}") from error
    if not parts:
        raise SourceError("corrupt", detail="a web archive without an HTML part")
    problems = _defects(message)
    pages: list[Page] = []
    chosen = _chosen(message, parts, bodies)
    for number in chosen:
        name = _name(parts[number], number) if len(chosen) > 1 else ""
        page, lost = parse(bodies[number], parts[number].get_content_charset(), name)
        pages.append(page)
        problems += lost
    grids, blocks, seen = assemble(pages)
    return Document(
        document_id=source.document_id,
        media_type=source.media_type,
        reader=f"mht/{VERSION}",
        grids=grids,
        blocks=blocks,
        problems=(*problems, *seen),
    )


def _body(part: email.message.Message) -> bytes:
    """Return a part's bytes with its transfer encoding (base64, quoted-printable) undone."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _chosen(
    message: email.message.Message, parts: list[email.message.Message], bodies: list[bytes]
) -> list[int]:
    """Return which parts make the page: the start part and, in their order, the frames that it refers to."""
    start = _content_id(str(message.get_param("start", "")))
    ids = [_content_id(str(part.get("Content-ID", ""))) for part in parts]
    root = ids.index(start) if start and start in ids[: len(bodies)] else 0
    if not _FRAME.search(bodies[root]):
        return [root]
    named = {_last(match.decode("utf-8", "replace")) for match in _REFERENCE.findall(bodies[root])}
    frames = [
        number
        for number in range(len(bodies))
        if number != root
        and (ids[number] in named or _location(parts[number]) in named)
        and not _TAB_STRIP.fullmatch(_location(parts[number]))
    ]
    return [root, *frames]


def _content_id(value: str) -> str:
    return value.strip().strip("<>")


def _location(part: email.message.Message) -> str:
    return _last(str(part.get("Content-Location", "")).strip())


def _last(address: str) -> str:
    """Return the last step of an address, or the content id that it names."""
    if address.lower().startswith("cid:"):
        return unquote(address[4:])
    return PurePosixPath(unquote(address).replace("\\", "/").partition("#")[0]).name


def _name(part: email.message.Message, number: int) -> str:
    """Return what locators call a page: its file name, else its number among the HTML parts."""
    return _location(part) or f"part {number + 1}"


def _defects(message: email.message.Message) -> tuple[str, ...]:
    """Return a problem when the archive ends before its closing boundary."""
    cut = any(type(defect).__name__ == "CloseBoundaryNotFoundDefect" for defect in message.defects)
    return ("the web archive is cut off: its closing boundary is missing",) if cut else ()
