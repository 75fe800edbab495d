"""One worksheet of SpreadsheetML -> a sheet with shown texts and merged ranges.

Two ways that give the same: patterns over regular XML, as every common program writes it, and an XML parser.
The quick way counts what it must find (values, texts, merged ranges) and leaves the sheet to the parser when
the count is wrong, so it cannot lose a cell. Both read piece by piece: formatted empty cells cost no memory.
"""

import re
from collections.abc import Callable
from datetime import datetime

from pipeline.errors import SourceError
from pipeline.readers.sheets.addresses import COLUMNS, ROWS, columns, keys, ordered
from pipeline.readers.sheets.formats import display
from pipeline.readers.sheets.general import general
from pipeline.readers.sheets.layout import COLUMN_BITS, COLUMN_MASK, MAX_CELLS, Sheet
from pipeline.readers.sheets.margins import margin_texts
from pipeline.readers.sheets.markup import Attributes, Readable, cell_text, unescaped, walk, whole
from pipeline.readers.sheets.richtext import MARKED, Gather, IrregularError, fragment_text, is_regular
from pipeline.readers.sheets.styles import Styles

MAX_TEXT = 64 << 20  # characters of texts that stand in the sheet itself
_PIECE = 4 << 20
_MAX_KNOWN = 20_000  # values kept for one kind of cell

_PATTERN = (
    r'<c r="([A-Z0-9]++)"([^<>]*)>\s*+'
    r"(?:<f\b[^<>]*>(?:[^<]*</f>)?\s*+)?"
    r"(?:<v>([^<]*+)</v>"
    r"|<is>(?:<t(?: [^<>]*)?>([^<]*)</t></is>|([^<]*+(?:<(?!/?(?:is|c)\b)[^<]*+)*+)</is>))"
)
_CELL = re.compile(_PATTERN)
_ANY_CELL = re.compile(_PATTERN.replace("<v>", "<v(?: [^<>]*)?>"))
_ATTRIBUTES = re.compile(r'\s([a-z]+)="([^"<>]*)"')
_MERGE = re.compile(r'<mergeCell\s++(?:[^<>]*\s)?ref="([A-Z0-9]++):([A-Z0-9]++)"[^<>]*>')
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?\Z")
_MARGIN = re.compile(r"<((?:odd|even|first)(?:Header|Footer))(?: [^<>]*)?>([^<]*)</\1>")
_DRAWING = re.compile(r'<drawing\s[^<>]*?\bid="([^"]*)"')
_MARGIN_NAMES = frozenset(
    f"{which}{end}" for which in ("odd", "even", "first") for end in ("Header", "Footer")
)


class _Texts(dict[str, str]):
    """Text in a cell as it stands in the file -> as shown; the labels of a form come again in every book."""

    def __missing__(self, raw: str) -> str:
        text = cell_text(unescaped(raw)) if MARKED(raw) else raw
        if len(raw) < 256 and len(self) < 20_000:
            self[raw] = text
        return text


_texts = _Texts()


class Worksheet:
    """Fills one sheet.

    ``strings`` are the shared texts by their number as it is written, ``drawing`` is the reference to the
    sheet's drawing, if any, and ``faults`` what was wrong in it.
    """

    def __init__(
        self,
        sheet: Sheet,
        strings: dict[str, str],
        styles: Styles,
        text_styles: dict[int, Callable[[str], str]],
    ) -> None:
        self.sheet = sheet
        self.drawing: str | None = None
        self.faults: list[str] = []
        self._strings, self._styles = strings, styles
        self._text_styles = text_styles
        self._room = MAX_TEXT
        self._after_cells = False
        self._kinds: dict[str, tuple[int, str]] = {}
        self._shown: dict[str, dict[str, str]] = {}  # attributes of a cell -> stored value -> shown text

    def read(self, opened: Callable[[], Readable], place: str) -> None:
        """Read the part; ``opened`` gives it from its beginning, as often as asked."""
        try:
            self._quick(opened())
        except IrregularError:
            self.sheet.texts.clear()
            self.sheet.merges.clear()
            self.sheet.floating.clear()
            self.sheet.dropped = 0
            self.faults.clear()
            self._room = MAX_TEXT
            _Parsed(self).read(opened(), place)

    def _quick(self, part: Readable) -> None:
        carry = b""
        first = True
        closed = False
        while piece := part.read(_PIECE):
            if first and not is_regular(piece):
                raise IrregularError
            first = False
            whole = carry + piece
            cut = len(whole)
            if len(piece) == _PIECE:  # more may come: keep back the cell that may be cut
                cut = whole.rfind(b"<c ")
                cut = cut if cut > 0 else max(0, whole.rfind(b"<"))
            unit, carry = whole[:cut], whole[cut:]
            self._unit(unit)
            closed = unit.rstrip().endswith(b"</worksheet>")
        if carry:
            self._unit(carry)
            closed = carry.rstrip().endswith(b"</worksheet>")
        if not closed:
            raise IrregularError

    def _unit(self, data: bytes) -> None:
        try:
            unit = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise IrregularError from None
        if "!" in unit and "<!" in unit:
            raise IrregularError
        found = _CELL.findall(unit)
        # an end found by the pattern for every beginning and every end that stands there
        if unit.count("v>") + unit.count("is>") != 2 * len(found):
            found = _ANY_CELL.findall(unit)
            _check(unit, len(found))
        self._cells(found)
        after = 0 if self._after_cells else unit.rfind("</sheetData>")
        if after >= 0:
            self._after_cells = True
            self._rest(unit[after:])

    def _rest(self, unit: str) -> None:
        """Read what stands behind the cells: merged ranges, headers, the drawing."""
        merges = _MERGE.findall(unit)
        if len(merges) != unit.count("<mergeCell "):
            raise IrregularError
        corners = [(keys[first], keys[last]) for first, last in merges]
        self.sheet.merge(
            [
                (first >> COLUMN_BITS, last >> COLUMN_BITS, first & COLUMN_MASK, last & COLUMN_MASK)
                if first >> COLUMN_BITS <= last >> COLUMN_BITS and first & COLUMN_MASK <= last & COLUMN_MASK
                else ordered(first, last)
                for first, last in corners
            ]
        )
        for _, text in _MARGIN.findall(unit):
            self.margin(unescaped(text))
        if drawing := _DRAWING.search(unit):
            self.drawing = drawing[1]

    def _cells(self, found: list[tuple[str, str, str, str, str]]) -> None:
        """Put the cells that the pattern found; what was shown once for the same attributes is known."""
        texts, shown, used = self.sheet.texts, self._shown, 0
        plain = not self._text_styles
        for address, attributes, value, inline, runs in found:
            known = shown.get(attributes)
            if known is None:
                known = shown[attributes] = self._begin(attributes)
            text = known.get(value)
            if text is None:
                if inline and plain:
                    used += len(inline)
                    text = _texts[inline]
                else:
                    text = self._unknown(attributes, value, inline, runs)
                    if text is None:
                        continue
                    if value and len(known) < _MAX_KNOWN:
                        self._styles.keep(known, value, text)
            texts[keys[address]] = text
        self._take(used)
        if len(texts) > MAX_CELLS:
            raise SourceError("too_large", place=self.sheet.name, detail=f"more than {MAX_CELLS} cells")

    def _begin(self, attributes: str) -> dict[str, str]:
        """Return what is known beforehand of cells with these attributes: shared texts, numbers, or nothing."""
        kind = self._kinds[attributes] = _kind(attributes)
        if kind[1] == "n":
            return self._styles.shown(kind[0])
        return self._strings if kind[1] == "s" and not self._text_styles else {}

    def _unknown(self, attributes: str, value: str, inline: str, runs: str) -> str | None:
        style, kind = self._kinds[attributes]
        if inline or runs:
            return self._inline(style, fragment_text(runs) if runs else cell_text(unescaped(inline)))
        return self.shown(style, kind, unescaped(value))

    def shown(self, style: int, kind: str, value: str) -> str | None:
        """Return what a cell of the type (ECMA-376 18.18.11) shows of the value that stands in the file."""
        if not value:
            return None
        if kind == "n":
            return self._number(style, value)
        if kind == "s":
            text = self._strings.get(str(whole(value.strip())))
            if text is None:
                self._fault(f"a cell names string {value[:20]} of {len(self._strings)}")
                return None
            return self._dressed(style, text)
        if kind == "b":
            return {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}.get(value, value)
        if kind == "d":
            return self._iso_date(style, value)
        return value if kind == "e" else self._inline(style, cell_text(value))

    def put(self, key: int, style: int, kind: str, value: str) -> None:
        """Put one cell."""
        text = self.shown(style, kind, value)
        if text is not None:
            self.sheet.texts[key] = text

    def _inline(self, style: int, text: str) -> str:
        self._take(len(text))
        return self._dressed(style, text)

    def _take(self, length: int) -> None:
        self._room -= length
        if self._room < 0:
            raise SourceError("too_large", place=self.sheet.name, detail=f"more than {MAX_TEXT} characters")

    def _dressed(self, style: int, text: str) -> str:
        shown = self._text_styles.get(style) if self._text_styles else None
        return shown(text) if shown and text else text

    def _number(self, style: int, value: str) -> str:
        shown = self._styles.display(style)
        if shown is general and len(value) < 16 and value.isdecimal() and (value[0] != "0" or value == "0"):
            return value
        try:
            return shown(float(value))
        except ValueError:
            return value

    def _iso_date(self, style: int, value: str) -> str:
        shown = self._styles.display(style)
        try:
            moment = datetime.fromisoformat(value.removesuffix("Z")).replace(tzinfo=None)
        except ValueError:
            return value
        days = (moment - datetime(1899, 12, 30)).total_seconds() / 86400
        return value if shown is general else display(self._styles.code(style))(days)

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """Add a merged range; rows from 1, columns from 0, corners in any order."""
        top, bottom = sorted((top, bottom))
        left, right = sorted((left, right))
        if top >= 1 and bottom <= ROWS:
            self.sheet.merge([(top - 1, bottom - 1, left, right)])

    def margin(self, code: str) -> None:
        """Add the texts of a header or footer, once."""
        place = f"{self.sheet.name} (header or footer)"
        for text in margin_texts(code):
            if (text, place) not in self.sheet.floating:
                self.sheet.floating.append((text, place))

    def _fault(self, text: str) -> None:
        if not self.faults:
            self.faults.append(f"{self.sheet.name}: {text}")


def _check(unit: str, found: int) -> None:
    """Raise IrregularError unless the pattern found every value and text, told by all that may begin or end one."""
    values, texts = unit.count("</v>"), unit.count("</is>")
    if found != values + texts or values != unit.count("<v>") + unit.count("<v "):
        raise IrregularError
    if texts != unit.count("<is>") and (texts or "<is" in unit):
        raise IrregularError


def _kind(attributes: str) -> tuple[int, str]:
    """Return the style and the type that the attributes of a cell name."""
    found = dict(_ATTRIBUTES.findall(attributes))
    rest = _ATTRIBUTES.sub("", attributes).strip()
    style = found.get("s", "0")
    if rest or whole(style) < 0:
        raise IrregularError
    return whole(style), found.get("t", "n")


class _Parsed:
    """The way through an XML parser: any prefix, any encoding, cells and rows without a position of their own."""

    def __init__(self, worksheet: Worksheet) -> None:
        self._to = worksheet
        self._row, self._col = 0, -1
        self._style, self._kind = 0, "n"
        self._value: list[str] | None = None
        self._margin: list[str] | None = None
        self._inline = Gather("is", self._put_inline)
        self._in_data = self._in_cell = False

    def read(self, part: Readable, place: str) -> None:
        """Walk the part."""
        walk(part, place, self._start, self._end, self._text)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c" and self._in_data:
            self._begin_cell(attributes)
        elif name == "v" and self._in_cell:
            self._value = []
        elif name == "row" and self._in_data:
            number = attributes.get("r", "")
            self._row = whole(number) if number else self._row + 1
            self._col = -1
        elif name == "sheetData":
            self._in_data = True
        elif name == "mergeCell":
            found = _RANGE.match(attributes.get("ref", ""))
            if found and found[3]:
                self._merge(found)
        elif name == "drawing":
            self._to.drawing = attributes.get("id")
        elif name in _MARGIN_NAMES:
            self._margin = []
        elif self._in_cell:
            self._inline.start(name, attributes)

    def _begin_cell(self, attributes: Attributes) -> None:
        self._in_cell = True
        found = _RANGE.match(attributes.get("r", ""))
        self._col += 1
        if found:
            try:
                self._row, self._col = int(found[2]), columns[found[1]]
            except IrregularError:
                self._in_cell = False
        self._style = max(0, whole(attributes.get("s", "0")))
        self._kind = attributes.get("t", "n")
        if not 1 <= self._row <= ROWS or self._col >= COLUMNS:
            self._in_cell = False
        if len(self._to.sheet.texts) > MAX_CELLS:
            raise SourceError("too_large", place=self._to.sheet.name, detail=f"more than {MAX_CELLS} cells")

    def _merge(self, found: re.Match[str]) -> None:
        try:
            self._to.merge(int(found[2]), columns[found[1]], int(found[4]), columns[found[3]])
        except IrregularError:
            return

    def _end(self, name: str) -> None:
        if name == "v" and self._value is not None:
            self._to.put(self._key(), self._style, self._kind, "".join(self._value))
            self._value = None
        elif name == "c":
            self._in_cell = False
        elif name == "sheetData":
            self._in_data = False
        elif name in _MARGIN_NAMES and self._margin is not None:
            self._to.margin("".join(self._margin))
            self._margin = None
        elif self._in_cell:
            self._inline.end(name)

    def _text(self, data: str) -> None:
        if self._value is not None:
            self._value.append(data)
        elif self._margin is not None:
            self._margin.append(data)
        elif self._in_cell:
            self._inline.text(data)

    def _put_inline(self, text: str) -> None:
        self._to.put(self._key(), self._style, "inlineStr", text)

    def _key(self) -> int:
        return (self._row - 1) << COLUMN_BITS | self._col
