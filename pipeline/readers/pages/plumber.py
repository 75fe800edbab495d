"""PDF pages through pdfplumber: the reference that the fast engine is compared with."""

import io
import math
from collections.abc import Iterator
from typing import Any

from pipeline.errors import SourceError
from pipeline.readers.pages.glyphs import private, replacements, symbol
from pipeline.readers.pages.ink import Char, Ink, turned, written
from pipeline.readers.pages.lattice import Lattice, from_boxes

# a text whose direction is off the page's by more than this lies across it: a watermark or a stamp
_ASKEW = 5.0
_UNMAPPED = "\ufffd"
# light text this many times as large as the page's usual text is a watermark
_WATERMARK = 2.0


def read_inks(data: bytes) -> Iterator[Ink]:
    """Yield the ink of each page; SourceError where the file cannot be opened."""
    import pdfplumber

    try:
        pdf = pdfplumber.open(io.BytesIO(data))
        pages = pdf.pages
    except Exception as error:
        raise _refused(error, data) from error
    with pdf:
        if not pages:
            raise SourceError("corrupt", detail="no pages")
        for number, page in enumerate(pages, start=1):
            try:
                ink = _ink(page, number)
            except Exception as error:
                ink = Ink(number, fault=_named(error))
            finally:
                page.close()
            yield ink


def _refused(error: Exception, data: bytes) -> SourceError:
    """Return the SourceError for a file that does not open; pdfplumber's own messages are often empty."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        inner = link.args[0] if link.args and isinstance(link.args[0], BaseException) else None
        link = inner or link.__cause__ or link.__context__
    if any("Password" in type(one).__name__ or "Encryption" in type(one).__name__ for one in chain):
        return SourceError("encrypted", detail=_named(chain[-1]))
    code = "corrupt" if b"%%EOF" in data[-4096:] else "truncated"
    return SourceError(code, detail=_named(chain[-1]))


def _named(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()


def _ink(page: Any, number: int) -> Ink:
    width, height = float(page.width), float(page.height)
    ink = Ink(number, width, height, drawings=len(page.objects))
    turns = [_direction(char) for char in page.chars]
    quarters = _reading_turn(turns)
    tables = [table.cells for table in page.find_tables()]
    ink.pictures = sum(
        (image["x1"] - image["x0"]) * (image["bottom"] - image["top"]) for image in page.images
    ) / max(width * height, 1.0)
    marks: list[str] = []
    sizes = sorted(char["size"] for char in page.chars)
    huge = _WATERMARK * sizes[len(sizes) // 2] if sizes else 0.0
    for char, turn in zip(page.chars, turns, strict=True):
        shown = _upright(char, quarters, width, height)
        if shown[0] == _UNMAPPED:
            ink.unmapped += 1
        if turn is None or (char["size"] > huge and _is_pale(char["non_stroking_color"])):
            marks.append(shown[0])
        elif (turn + quarters) % 4 == 0:
            ink.chars.append(shown)
        else:
            ink.sideways.append(((turn + quarters) % 4, shown))
    for note in page.annots:
        value = _field_value(note.get("data") or {})
        if value:
            box = (note["x0"], note["top"], note["x1"], note["bottom"])
            ink.chars += written(value, turned(box, quarters, width, height))
    if marks:
        ink.stamps.append("".join(marks))
    lattices = (_lattice(cells, quarters, width, height) for cells in tables)
    ink.lattices = [lattice for lattice in lattices if lattice is not None]
    if quarters % 2:
        ink.width, ink.height = height, width
    return ink


def _lattice(cells: list[Any], quarters: int, width: float, height: float) -> Lattice | None:
    return from_boxes(turned((c[0], c[1], c[2], c[3]), quarters, width, height) for c in cells)


def _direction(char: dict[str, Any]) -> int | None:
    """Return by how many quarters, clockwise, a character is turned; None where it lies askew."""
    a, b = char["matrix"][:2]
    angle = -math.degrees(math.atan2(b, a)) % 360.0
    quarter = round(angle / 90.0)
    return quarter % 4 if abs(angle - quarter * 90.0) <= _ASKEW else None


def _reading_turn(turns: list[int | None]) -> int:
    """Return by how many quarters, clockwise, the page is turned for most of its text to stand upright."""
    counts = [turns.count(turn) for turn in range(4)]
    most = max(range(4), key=lambda turn: (counts[turn], turn == 0))
    return -most % 4


def _upright(char: dict[str, Any], quarters: int, width: float, height: float) -> Char:
    box = (char["x0"], char["top"], char["x1"], char["bottom"])
    if quarters:
        box = turned(box, quarters, width, height)
    return (_shown(char["text"], char["fontname"]), *box)


def _field_value(data: dict[str, Any]) -> str:
    """Return the value of a text or choice field from its annotation's dictionary, empty for anything else."""
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    link: Any = data
    kind = value = None
    while isinstance(link, dict):
        kind = resolve1(link.get("FT")) if kind is None else kind
        value = resolve1(link.get("V")) if value is None else value
        link = resolve1(link.get("Parent"))
    if getattr(kind, "name", None) not in ("Tx", "Ch") or not isinstance(value, bytes | str):
        return ""
    return decode_text(value) if isinstance(value, bytes) else value


def _is_pale(color: Any) -> bool:
    """Say whether a colour is light: a grey, red-green-blue or (four values) cyan-magenta-yellow-black."""
    values = color if isinstance(color, tuple | list) else (color,)
    if not values or not all(isinstance(value, int | float) for value in values):
        return False
    return bool(max(values) <= 0.5) if len(values) == 4 else bool(min(values) >= 0.5)


def _shown(text: str, font: str) -> str:
    if text.isspace():
        return " "
    if text.isascii() and not text.startswith("(cid:"):
        return text
    if text.startswith("(cid:"):
        return _UNMAPPED
    code = ord(text[0])
    if private(code):
        return symbol(code, font) or text
    return replacements((code,)).get(code, text) if len(text) == 1 else text
