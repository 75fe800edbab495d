"""One font in place of the machine's, so that a page reads the same wherever it is read.

A PDF need not hold its fonts: forms printed with 宋体 by name are common. PDFium then takes a font of the machine, and
its text depends on what is installed. Where no Chinese font is, glyphs have no box, and PDFium takes the same word in two
rows for one word printed twice and drops the second. Where one is, its file of many megabytes is read anew for every
document and its outlines are computed for boxes that nobody asks for; both cost more than all the rest.

A character's code, place and advance stand in the PDF, so any font serves that gives it a box. This one gives every
character the same one, narrower than any advance, and draws nothing in it. It is given to PDFium as a font collection
because single fonts are remembered by the name that was asked for, and rendering must not meet it under that name.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from struct import pack
from typing import Any

# units of the em; the box of every glyph, within the print of a Chinese font and within a narrow letter's advance
_EM, _LEFT, _RIGHT, _LOW, _HIGH = 1000, 0, 200, -120, 800
_ASCENT, _DESCENT = 880, -120
# all of Unicode but the blanks
_SHOWN = ((0x21, 0x9F), (0xA1, 0x2FFF), (0x3001, 0x10FFFF))
_COLLECTION = int.from_bytes(b"ttcf", "big")
# PDFium sums up so many bytes of a collection to tell it from another
_SUMMED = 1024


def _glyph() -> bytes:
    """Return an outline that goes from one corner of the box to the other and back: a box without ink."""
    head = pack(">hhhhh", 1, _LEFT, _LOW, _RIGHT, _HIGH)
    points = pack(">HH", 2, 0) + bytes([1, 1, 1])
    xs = pack(">hhh", _LEFT, _RIGHT - _LEFT, _LEFT - _RIGHT)
    ys = pack(">hhh", _LOW, _HIGH - _LOW, _LOW - _HIGH)
    outline = head + points + xs + ys
    return outline + bytes(-len(outline) % 4)


def _tables() -> dict[bytes, bytes]:
    """Return the tables of the font (ISO/IEC 14496-22): an empty glyph, and one for all that is no blank."""
    glyph = _glyph()
    ranges = b"".join(pack(">III", first, last, 1) for first, last in _SHOWN)
    subtable = pack(">HHIII", 13, 0, 16 + len(ranges), 0, len(_SHOWN)) + ranges
    head = pack(">IIIIHHQQhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _EM, 0, 0,
                _LEFT, _LOW, _RIGHT, _HIGH, 0, 8, 2, 1, 0)  # fmt: skip
    return {
        b"cmap": pack(">HHHHI", 0, 1, 3, 10, 12) + subtable,
        b"glyf": glyph,
        b"head": head,
        b"hhea": pack(">IhhhHhhhhhhhhhhhH", 0x10000, _ASCENT, _DESCENT, 0, _EM, 0, 0, _RIGHT, 1, 0, 0, 0, 0, 0, 0, 0, 2),
        b"hmtx": pack(">HhHh", _EM, _LEFT, _EM, _LEFT),
        b"loca": pack(">III", 0, 0, len(glyph)),
        b"maxp": pack(">IHHHHHHHHHHHHHH", 0x10000, 2, 3, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        b"name": pack(">HHH", 0, 0, 6),
        b"post": pack(">IIhhIIIII", 0x30000, 0, 0, 0, 0, 0, 0, 0, 0),
    }  # fmt: skip


@cache
def collection() -> tuple[bytes, int]:
    """Return a font collection that holds the one font, and where in it the font begins."""
    tables = _tables()
    start = 16
    place = start + 12 + 16 * len(tables)
    directory, bodies = b"", b""
    for tag, body in tables.items():
        directory += tag + pack(">III", 0, place + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4)
    font = pack(">IHHHH", 0x10000, len(tables), 128, 3, 16) + directory + bodies
    whole = b"ttcf" + pack(">III", 0x10000, 1, start) + font
    return whole + bytes(max(0, _SUMMED - len(whole))), start


@cache
def _provider() -> Any:
    """Return the structure through which PDFium asks for fonts (fpdf_sysfontinfo.h)."""
    import pypdfium2.raw as raw

    whole, start = collection()

    def map_font(*_: Any) -> int:
        return 1

    def font_data(_info: Any, _font: Any, table: int, buffer: Any, size: int) -> int:
        wanted = whole if table == _COLLECTION else whole[start:] if table == 0 else b""
        if buffer and wanted:
            ctypes.memmove(buffer, wanted, min(size, len(wanted)))
        return len(wanted)

    info = raw.FPDF_SYSFONTINFO()
    info.version = 1
    kinds: dict[str, Any] = dict(raw.FPDF_SYSFONTINFO._fields_)
    info.MapFont = kinds["MapFont"](map_font)
    info.GetFontData = kinds["GetFontData"](font_data)
    return info


class _Fonts:
    """What PDFium asks at the moment; it asks one provider for all documents of a process."""

    def __init__(self) -> None:
        self._readers = 0
        self._usual: Any = None

    def one(self) -> None:
        """Begin to read: the one font from now on."""
        self._readers += 1
        self._set()

    def done(self) -> None:
        """End reading: the machine's fonts again, when nobody else reads."""
        self._readers -= 1
        self._set()

    def _set(self, rendering: bool = False) -> None:
        import pypdfium2.raw as raw

        # PDFium lets go of the provider before when it is given the next: only then may that be freed
        before, self._usual = self._usual, None
        if self._readers and not rendering:
            raw.FPDF_SetSystemFontInfo(ctypes.byref(_provider()))
        else:
            self._usual = raw.FPDF_GetDefaultSystemFontInfo()
            raw.FPDF_SetSystemFontInfo(self._usual)
        if before:
            raw.FPDF_FreeDefaultSystemFontInfo(before)

    def rendering(self, begins: bool) -> None:
        """Begin or end to render."""
        self._set(begins)


_fonts = _Fonts()


@contextmanager
def one_font() -> Iterator[None]:
    """Let PDFium take the one font for every font that a document does not hold."""
    _fonts.one()
    try:
        yield
    finally:
        _fonts.done()


@contextmanager
def fonts_of_the_machine() -> Iterator[None]:
    """Let PDFium use the machine's fonts while a page is rendered in the midst of reading."""
    _fonts.rendering(True)
    try:
        yield
    finally:
        _fonts.rendering(False)
