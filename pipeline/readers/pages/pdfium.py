"""PDF pages through PDFium: characters, rules and pictures of each page; the fast engine."""

import ctypes
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from operator import sub
from typing import Any

from pipeline.errors import SourceError
from pipeline.readers.pages.glyphs import private, replacements, symbol
from pipeline.readers.pages.ink import Char, Ink, Rule, turned, written
from pipeline.readers.pages.pdfium_calls import call, floats
from pipeline.readers.pages.pdfium_fonts import one_font
from pipeline.readers.pages.pdfium_forms import field_values
from pipeline.readers.pages.pdfium_objects import Objects, Walk, is_pale

# text whose direction is off the page's by more than this, in degrees, lies across it
_ASKEW = 5.0
_UNMAPPED = "\ufffd"
# light text this many times as tall as the page's usual text is a watermark
_WATERMARK = 2.0
_FORMAT_ERROR, _PASSWORD_ERROR, _SECURITY_ERROR = 3, 4, 5


def read_inks(data: bytes) -> Iterator[Ink]:
    """Yield the ink of each page, a page closed before the next is opened; SourceError where none opens."""
    from pypdfium2 import PdfDocument, PdfiumError

    with one_font():
        try:
            pdf = PdfDocument(data)
        except PdfiumError as error:
            raise _refused(error.err_code, str(error), data) from error
        yield from _pages(pdf)


def _pages(pdf: Any) -> Iterator[Ink]:
    try:
        count = len(pdf)
        if not count:
            raise SourceError("corrupt", detail="no pages")
        document = ctypes.cast(pdf.raw, ctypes.c_void_p).value
        form = None
        if pdf.get_formtype():
            pdf.init_forms()
            form = ctypes.cast(pdf.formenv.raw, ctypes.c_void_p).value if pdf.formenv else None
        for number in range(1, count + 1):
            yield _page(document, form, number)
    finally:
        pdf.close()


def _refused(code: int | None, text: str, data: bytes) -> SourceError:
    if code in (_PASSWORD_ERROR, _SECURITY_ERROR):
        return SourceError("encrypted", detail=text)
    return SourceError("corrupt" if b"%%EOF" in data[-4096:] else "truncated", detail=text)


def _page(document: int | None, form: int | None, number: int) -> Ink:
    page = call("FPDF_LoadPage")(document, number - 1)
    if not page:
        return Ink(number, fault="PDFium cannot load it")
    try:
        return _ink(page, form, number)
    except Exception as error:
        return Ink(number, fault=f"{type(error).__name__} {error}".strip())
    finally:
        call("FPDF_ClosePage")(page)


@dataclass(slots=True)
class _Print:
    """The characters of a page in user space: one entry per character in each list, boxes in four."""

    names: list[str]
    left: list[float]
    top: list[float]
    right: list[float]
    bottom: list[float]
    turns: list[int | None]
    pale: set[int]
    unmapped: int
    hidden: int


def _ink(page: int, form: int | None, number: int) -> Ink:
    frame, frame_at = floats(4)
    call("FPDF_GetPageBoundingBox")(page, frame_at)
    left, top, right, bottom = frame
    width, height = right - left, top - bottom
    objects = Walk().page(page)
    text = call("FPDFText_LoadPage")(page)
    try:
        seen = _print(text, objects) if text else None
    finally:
        if text:
            call("FPDFText_ClosePage")(text)
    ink = Ink(number, width, height, drawings=objects.count)
    ink.pictures = objects.pictures / max(width * height, 1.0)
    quarters = _reading_turn(seen.turns) if seen else call("FPDFPage_GetRotation")(page)
    ink.horizontals = [Rule(top - at, a - left, b - left) for at, a, b in objects.horizontals]
    ink.verticals = [Rule(at - left, top - b, top - a) for at, a, b in objects.verticals]
    if quarters:
        _turn_rules(ink, quarters)
    ink.unreadable = seen is None and objects.texts > 0
    if seen:
        ink.unmapped, ink.hidden = seen.unmapped, seen.hidden
        _place(ink, seen, quarters, left, top)
    for value, (x0, y1, x1, y0) in field_values(form, page) if form else ():
        box = (x0 - left, top - y1, x1 - left, top - y0)
        ink.chars += written(value, turned(box, quarters, width, height))
    if quarters % 2:
        ink.width, ink.height = height, width
    return ink


def _place(ink: Ink, seen: _Print, quarters: int, left: float, top: float) -> None:
    """Sort the characters of a page into the upright, the sideways and those that lie across it."""
    boxes = zip(seen.names, seen.left, seen.top, seen.right, seen.bottom, strict=True)
    chars: list[Char] = [(name, x0 - left, top - y1, x1 - left, top - y0) for name, x0, y1, x1, y0 in boxes]
    width, height = ink.width, ink.height
    if quarters:
        chars = [(c[0], *turned(c[1:], quarters, width, height)) for c in chars]
    if not seen.turns and not seen.pale:
        ink.chars = chars
        return
    across: list[str] = []
    turns: Iterable[int | None] = seen.turns or repeat(0)
    for i, (char, turn) in enumerate(zip(chars, turns, strict=False)):
        if turn is None or i in seen.pale:
            across.append(char[0])
        elif (turn + quarters) % 4 == 0:
            ink.chars.append(char)
        else:
            ink.sideways.append(((turn + quarters) % 4, char))
    if across:
        ink.stamps.append("".join(across).strip())


def _turn_rules(ink: Ink, quarters: int) -> None:
    """Turn the rules of a page clockwise."""
    width, height = ink.width, ink.height
    flat = [turned((a, at, b, at), quarters, width, height) for at, a, b in ink.horizontals]
    tall = [turned((at, a, at, b), quarters, width, height) for at, a, b in ink.verticals]
    if quarters % 2:
        flat, tall = tall, flat
    ink.horizontals = [Rule(y, x0, x1) for x0, y, x1, _ in flat]
    ink.verticals = [Rule(x, y0, y1) for x, y0, _, y1 in tall]


def _print(text: int, objects: Objects) -> _Print | None:
    """Return the characters of a page's text, None where it has none."""
    count = call("FPDFText_CountChars")(text)
    if count <= 0:
        return None
    codes = _codes(text, count)
    array, at = floats(4 * count)
    box = call("FPDFText_GetLooseCharBox")
    deque(map(box, repeat(text), range(count), range(at, at + 16 * count, 16)), maxlen=0)
    values: list[float] = array[:]
    left, top, right, bottom = values[0::4], values[1::4], values[2::4], values[3::4]
    names = _names(text, codes)
    if "f" in names:
        _join_ligatures(names, left, right)
    # PDFium puts blanks and line ends of its own between characters: those have no width
    keep = [
        i
        for i, (name, x0, x1) in enumerate(zip(names, left, right, strict=True))
        if name and (x1 > x0 or name != " ")
    ]
    hidden = 0
    if objects.hidden:
        owners = map(call("FPDFText_GetTextObject"), repeat(text), keep)
        shown = [i for i, one in zip(keep, owners, strict=True) if one not in objects.hidden]
        hidden = len(keep) - len(shown)
        keep = shown
    if not keep:
        return _Print([], [], [], [], [], [], set(), 0, hidden)
    turns = [] if objects.upright else _turns(map(call("FPDFText_GetCharAngle"), repeat(text), keep))
    unmapped = _unmapped(text, codes, keep)
    if len(keep) < count:
        names = [names[i] for i in keep]
        left, top = [left[i] for i in keep], [top[i] for i in keep]
        right, bottom = [right[i] for i in keep], [bottom[i] for i in keep]
    pale = _pale(text, keep, top, bottom)
    return _Print(names, left, top, right, bottom, turns, pale, unmapped, hidden)


def _codes(text: int, count: int) -> list[int]:
    """Return the code point of each character."""
    # one call gives all where text and characters match one to one: the common case
    buffer = (ctypes.c_ushort * (count + 1))()
    if call("FPDFText_GetText")(text, 0, count, ctypes.addressof(buffer)) == count + 1:
        codes: list[int] = buffer[:count]
        if 0 not in codes and not any(0xD800 <= code <= 0xDFFF for code in set(codes)):
            return codes
    return list(map(call("FPDFText_GetUnicode"), repeat(text), range(count)))


def _unmapped(text: int, codes: list[int], keep: list[int]) -> int:
    """Return how many characters have no Unicode value in the file; one of each is asked first."""
    failed = call("FPDFText_HasUnicodeMapError")
    if not any(map(failed, repeat(text), {codes[i]: i for i in keep}.values())):
        return 0
    return sum(map(failed, repeat(text), keep))


def _pale(text: int, indexes: list[int], top: list[float], bottom: list[float]) -> set[int]:
    """Return the places of the characters that are huge and light: a watermark set upright."""
    sizes = list(map(sub, top, bottom))
    limit = sorted(sizes)[len(sizes) // 2] * _WATERMARK
    owner = call("FPDFText_GetTextObject")
    huge = [i for i, size in enumerate(sizes) if size > limit]
    return {i for i in huge if (one := owner(text, indexes[i])) and is_pale(one)}


def _names(text: int, codes: list[int]) -> list[str]:
    """Return the text of each character code; empty for what shows nothing."""
    distinct = set(codes)
    shown = {code: chr(code) for code in distinct if code > 32 and not 0xD800 <= code <= 0xDFFF}
    shown[32] = shown[0xA0] = shown[0x3000] = " "
    # a hyphen at the end of a line is given as code 2, what has no Unicode value as 0
    shown[2] = "-"
    shown[0] = _UNMAPPED
    shown[0xFFFE] = shown[0xFFFF] = ""
    shown.update(replacements(distinct))
    names = [shown.get(code, "") for code in codes]
    if any(map(private, distinct)):
        for i, code in enumerate(codes):
            if private(code):
                names[i] = symbol(code, _font(text, i)) or names[i]
    return names


def _join_ligatures(names: list[str], left: list[float], right: list[float]) -> None:
    """Join the letters of an ff ligature, which PDFium gives one by one in one box: no letter drawn twice."""
    for i in range(1, len(names)):
        if names[i] == "f" == names[i - 1] and left[i] == left[i - 1] and right[i] == right[i - 1]:
            names[i - 1], names[i] = "ff", ""


def _font(text: int, index: int) -> str:
    buffer = ctypes.create_string_buffer(256)
    flags = ctypes.c_int()
    call("FPDFText_GetFontInfo")(text, index, ctypes.addressof(buffer), 256, ctypes.addressof(flags))
    return buffer.value.decode("utf-8", "replace")


def _turns(angles: Iterable[float]) -> list[int | None]:
    """Return the clockwise quarter turn of each character, None where it lies askew; empty if all stand."""
    known: dict[float, int | None] = {}
    turns: list[int | None] = []
    for angle in angles:
        if angle not in known:
            degrees = math.degrees(angle) % 360.0
            quarter = round(degrees / 90.0)
            known[angle] = quarter % 4 if abs(degrees - quarter * 90.0) <= _ASKEW else None
        turns.append(known[angle])
    return turns if set(known.values()) != {0} else []


def _reading_turn(turns: list[int | None]) -> int:
    """Return by how many quarters, clockwise, the page is turned for most of its text to stand upright."""
    counts = [turns.count(turn) for turn in range(4)]
    most = max(range(4), key=lambda turn: (counts[turn], turn == 0))
    return -most % 4
