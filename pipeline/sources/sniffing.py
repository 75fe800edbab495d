"""BYTES -> MEDIA TYPE: what a file is, whatever its extension says."""

import io
import re
from pathlib import PurePosixPath
from typing import BinaryIO

from pipeline.sources import media, ole, packages
from pipeline.sources.containers import streams

HEAD = 8192
_PDF_JUNK = 1024
_MAGIC = (
    (b"Rar!\x1a\x07", media.RAR),
    (b"7z\xbc\xaf\x27\x1c", media.SEVENZIP),
    (b"\x1f\x8b\x08", streams.GZIP),
    (b"BZh", streams.BZIP2),
    (b"\xfd7zXZ\x00", streams.XZ),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%!PS", "application/postscript"),
    # Word 1 and 2 wrote their FIB at the very start of the file.
    (b"\xdb\xa5", media.DOC),
    (b"\x9b\xa5", media.DOC),
    # Excel 2, 3 and 4: a BOF record without a compound file around it.
    (b"\x09\x00\x04\x00", media.XLS),
    (b"\x09\x02\x06\x00", media.XLS),
    (b"\x09\x04\x06\x00", media.XLS),
)
_HEIF = frozenset((b"heic", b"heix", b"mif1", b"hevc", b"avif"))
_HEADER = re.compile(
    r"\s*(?:mime-version|message-id|from|to|content-[a-z-]+|x-[a-z-]+|received|date|subject|return-path|snapshot-content-location):",
    re.I,
)
_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|table|meta|div|p|style|script|title|span|font|center|tr|td)\b", re.I
)
_TABLE_TAG = re.compile(r"<(?:html|table|body)[\s>]", re.I)
_CONTROL = frozenset(range(32)) - {8, 9, 10, 11, 12, 13, 26, 27, 28, 29, 30, 31}
_CONTROL_BYTES = bytes(_CONTROL)
_CONTROL_SHARE = 0.003
_OTHER_SIDE = 6


def sniff(data: bytes, name: str) -> str:
    """Return the media type of bytes; the extension counts only where damage hides what they are."""
    return sniff_file(io.BytesIO(data), name)


def sniff_file(file: BinaryIO, name: str) -> str:
    """Return the media type of a seekable file, reading no more of it than it takes."""
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        return media.EMPTY
    extension = PurePosixPath(name.lower()).suffix[1:]
    if head.startswith(ole.MAGIC) or (len(head) > 1 and ole.MAGIC.startswith(head)):
        return ole.kind(file, extension)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")) or head in (b"PK", b"PK\x03"):
        return packages.kind(file, extension)
    return _by_magic(head) or _by_text(head) or media.UNKNOWN


def _by_magic(head: bytes) -> str | None:
    """Return the type by the first bytes; a PDF may follow up to 1 kB of junk (ISO 32000-1, annex H)."""
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[: _PDF_JUNK + 5] or (len(head) > 1 and b"%PDF-".startswith(head)):
        return media.PDF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return "image/heic"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    return streams.TAR if streams.is_tar(head[:512]) else None


def _by_text(head: bytes) -> str | None:
    """Return the type of a text by what it begins with, None where the bytes are no text."""
    text = _ascii_view(head)
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n\x00\x0c")
    if start[:5].lower() == "{\\rtf":
        return media.RTF
    if _HEADER.match(start) and "content-type:" in start.lower():
        return _mail(start.lower())
    if start[:1] == "<":
        told = _markup(start)
        if told:
            return told
    return media.HTML if _TABLE_TAG.search(text) else media.TEXT


def _ascii_view(head: bytes) -> str | None:
    """Return a text in which ASCII is readable, whatever its encoding; None for bytes that are no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    if b"\0" in head and (text := _unmarked_utf16(head)) is not None:
        return text
    controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return head.decode("latin-1") if controls <= len(head) * _CONTROL_SHARE else None


def _unmarked_utf16(head: bytes) -> str | None:
    """Return UTF-16 without a byte order mark: zeros stand on one side, as high bytes of ASCII.

    On the other side they are rare, as low bytes of 一 and 縀; two of them are no character.
    """
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) < 4 or min(even, odd) * _OTHER_SIDE > max(even, odd):
        return None
    text = head.decode("utf-16-le" if odd > even else "utf-16-be", errors="replace")
    if "\0" in text:
        return None
    strange = sum(
        1 for char in text if char == "\ufffd" or ord(char) in _CONTROL or "\ue000" <= char <= "\uf8ff"
    )
    return text if strange * 50 <= len(text) else None


def _mail(start: str) -> str:
    """Return whether headers open a saved web page or a letter."""
    return (
        media.MHTML if "multipart/related" in start or "snapshot-content-location:" in start else media.MAIL
    )


def _markup(start: str) -> str | None:
    """Return the type of a text that begins with a tag, None where it is no known markup."""
    low = start.lower()
    if "<html" not in low:
        if "urn:schemas-microsoft-com:office:spreadsheet" in low or 'progid="excel.sheet"' in low:
            return media.EXCEL_XML
        if "schemas.microsoft.com/office/word/2003/wordml" in low or 'progid="word.document"' in low:
            return media.WORD_XML
        if "opendocument" in low and "<office:document" in low:
            return "application/vnd.oasis.opendocument.flat-xml"
    if _TAG.search(low):
        return media.HTML
    return media.XML if low.startswith("<?xml") else None
