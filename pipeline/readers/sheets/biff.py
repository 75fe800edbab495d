"""The records of an Excel 97-2003 workbook ([MS-XLS], BIFF8) -> sheets with shown texts and merged ranges.

Only records that hold text, numbers, formats or merged ranges are looked into; all others are stepped over.
The plain cells of a sheet, nearly all of its records, are taken a stretch at a time (``stretches``).
"""

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from struct import Struct
from sys import byteorder

from pipeline.errors import SourceError
from pipeline.readers.sheets.columns import ColumnSheet
from pipeline.readers.sheets.layout import MAX_CELLS
from pipeline.readers.sheets.margins import margin_texts
from pipeline.readers.sheets.skipping import skip, styles_run
from pipeline.readers.sheets.stretches import PLAIN, Shown, known_styles, put_stretch
from pipeline.readers.sheets.strings import long_text, one_line_ends, shared_texts, short_text
from pipeline.readers.sheets.styles import Styles

BIFF8 = 0x0600

_BOF, _EOF, _CONTINUE = 0x0809, 0x000A, 0x003C
_FILEPASS, _DATE1904, _BOUNDSHEET, _SST, _FORMAT, _XF = 0x002F, 0x0022, 0x0085, 0x00FC, 0x041E, 0x00E0
_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK = 0x00FD, 0x0204, 0x00D6, 0x0203, 0x027E, 0x00BD
_FORMULA, _STRING, _BOOLERR, _MERGED, _HEADER, _FOOTER = 0x0006, 0x0207, 0x0205, 0x00E5, 0x0014, 0x0015
_OBJ, _TXO = 0x005D, 0x01B6
_GLOBALS = frozenset((_FILEPASS, _DATE1904, _BOUNDSHEET, _SST, _FORMAT, _XF, _EOF))
_COMMENT = 0x19
_BLOCK = 1 << 20  # bytes between two looks at the number of cells
_WORKSHEETS = (0, 1)  # a macro sheet has cells too
_NONE = frozenset[int]()

TextStyles = dict[int, Callable[[str], str]]

_HEAD = Struct("<HH").unpack_from
_CELL = Struct("<HHH").unpack_from
_LABEL_CELL = Struct("<HHHI").unpack_from

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


@dataclass(slots=True)
class Listed:
    """One entry of the book's list of sheets: where its records begin in the stream, and its kind."""

    name: str
    offset: int
    hidden: bool
    kind: int


@dataclass(slots=True)
class Book:
    """What the globals of the stream say, used by every sheet."""

    data: bytes
    date1904: bool = False
    strings: list[str] = field(default_factory=list)
    blank: bool = False  # some of them are empty or white
    formats: list[bytes] = field(default_factory=list)  # bodies of the FORMAT records
    styles: list[bytes] = field(default_factory=list)  # numbers of the formats of XF records, 2 bytes each
    listed: list[Listed] = field(default_factory=list)
    shown: Shown = field(default_factory=lambda: Shown(Styles((), {})))


def version(data: bytes) -> int:
    """Return the BIFF version that the first record names; 0 where there is none."""
    if len(data) < 8 or _HEAD(data, 0)[0] != _BOF:
        return 0
    return int.from_bytes(data[4:6], "little")


def read_book(data: bytes) -> Book:
    """Return the globals of the stream; SourceError encrypted, truncated or corrupt."""
    book = Book(data)
    try:
        _read_globals(book, data)
        book.shown = known_styles(b"".join(book.styles), tuple(book.formats), book.date1904)
    except (struct.error, IndexError, ValueError) as fault:
        raise SourceError("corrupt", place="workbook globals", detail=str(fault)) from fault
    if not book.listed:
        raise SourceError("corrupt", place="workbook globals", detail="no list of sheets")
    return book


def _read_globals(book: Book, data: bytes) -> None:
    pos, end = 0, len(data)
    while pos + 4 <= end:
        code, size = _HEAD(data, pos)
        body = pos + 4
        pos = body + size
        if code not in _GLOBALS:
            pos = skip(data, pos, end)
        elif code == _XF:
            run = styles_run(data, body - 4, end)
            book.styles.append(run or data[body + 2 : body + 4])
            pos = max(pos, body - 4 + 12 * len(run))
        elif code == _FORMAT:
            book.formats.append(data[body:pos])
        elif code == _SST:
            parts, pos = _with_continued(data, body, pos)
            book.strings = shared_texts(parts)
            book.blank = not all(map(str.strip, book.strings))
        elif code == _BOUNDSHEET:
            _list_sheet(book, data, body, pos)
        elif code == _DATE1904:
            book.date1904 = data[body] == 1
        elif code == _FILEPASS:
            raise SourceError("encrypted", place="workbook globals")
        elif code == _EOF:
            return
    raise SourceError("truncated", place="workbook globals", detail=f"no end within {end} bytes")


def _list_sheet(book: Book, data: bytes, body: int, end: int) -> None:
    offset = int.from_bytes(data[body : body + 4], "little")
    hidden, kind = data[body + 4] & 3, data[body + 5]
    book.listed.append(Listed(short_text(data, body + 6, end), offset, hidden != 0, kind))


def _with_continued(data: bytes, start: int, end: int) -> tuple[list[bytes], int]:
    """Return the body of a record and of the CONTINUE records behind it, and where the next record begins."""
    parts = [data[start:end]]
    while end + 4 <= len(data):
        code, size = _HEAD(data, end)
        if code != _CONTINUE:
            break
        parts.append(data[end + 4 : end + 4 + size])
        end += 4 + size
    return parts, end


def read_sheets(book: Book) -> Iterator[tuple[ColumnSheet, str]]:
    """Yield every sheet that has cells, with what could not be read of it (empty when all was)."""
    text_styles = book.shown.styles.text_styles()
    for number, listed in enumerate(book.listed, 1):
        if listed.kind in _WORKSHEETS:
            plain = PLAIN if not text_styles else _NONE
            sheet, problem = _read_sheet(book, number, text_styles, plain)
            if plain:
                sheet.again = partial(_in_order, book, number)
            yield sheet, problem


def _in_order(book: Book, number: int) -> ColumnSheet:
    return _read_sheet(book, number, {}, _NONE)[0]


def _read_sheet(
    book: Book, number: int, text_styles: TextStyles, plain: frozenset[int]
) -> tuple[ColumnSheet, str]:
    """Return a sheet, the records in ``plain`` taken by stretches, and what could not be read of it."""
    listed = book.listed[number - 1]
    sheet = ColumnSheet(listed.name, number, listed.hidden, blank=book.blank)
    try:
        _Walk(book, sheet, text_styles, plain).run(listed.offset)
    except (struct.error, IndexError, ValueError) as fault:
        return sheet, f"{listed.name}: damaged records ({fault})"
    except SourceError as fault:
        if fault.code == "too_large":
            raise
        return sheet, f"{listed.name}: {fault.detail}"
    return sheet, ""


class _Walk:
    """Walks the records of one sheet and fills it."""

    def __init__(
        self, book: Book, sheet: ColumnSheet, text_styles: TextStyles, plain: frozenset[int]
    ) -> None:
        self._book, self._sheet, self._text_styles, self._plain = book, sheet, text_styles, plain
        self._data = book.data
        self._awaited: tuple[int, int, int] | None = None  # cell and style of a formula whose text comes next
        self._comment = False
        self._faults = ""
        self._shown = book.shown

    def run(self, pos: int) -> None:
        """Read from the sheet's first record to its end; charts that lie inside are stepped over."""
        data, handlers, plain = self._data, _HANDLERS, self._plain
        if not 0 <= pos < len(data) - 3 or _HEAD(data, pos)[0] != _BOF:
            raise SourceError("corrupt", detail=f"no sheet at byte {pos} of the stream")
        stop = min((sheet.offset for sheet in self._book.listed if sheet.offset > pos), default=len(data))
        stop = min(stop, len(data))
        pause, depth = pos + _BLOCK, 0
        while pos + 4 <= stop:
            if pos > pause:
                pause = pos + _BLOCK
                self._count()
            code, size = _HEAD(data, pos)
            if code in plain and depth == 1 and (end := self._stretch(pos, stop)) > pos:
                pos = end
                continue
            body = pos + 4
            pos = body + size
            if code in handlers:
                if depth == 1:
                    handlers[code](self, body, pos)
            elif code == _BOF:
                depth += 1
            elif code == _EOF:
                depth -= 1
                if depth == 0:
                    return self._finish()
            else:
                pos = skip(data, pos, stop)
        raise SourceError("truncated", detail=f"cut off at byte {len(data)} of the stream")

    def _stretch(self, pos: int, stop: int) -> int:
        return put_stretch(self._data, pos, stop, self._sheet, self._book.strings, self._shown, self._lacking)

    def _count(self) -> None:
        """Refuse a sheet with too many cells; a cell may come twice, so they are told apart when they are many."""
        sheet = self._sheet
        if len(sheet.rows) > 2 * MAX_CELLS:
            sheet.keep_last()
            if len(sheet.rows) > MAX_CELLS:
                raise SourceError("too_large", place=sheet.name, detail=f"more than {MAX_CELLS} cells")

    def _finish(self) -> None:
        if self._faults:
            raise SourceError("corrupt", detail=self._faults)

    def _put(self, row: int, col: int, style: int, text: str) -> None:
        shown = self._text_styles.get(style) if self._text_styles else None
        text = shown(text) if shown and text else text
        self._sheet.put(row, col, text)

    def _shared(self, at: int, _end: int) -> None:
        row, col, style, index = _LABEL_CELL(self._data, at)
        if index < len(self._book.strings):
            self._put(row, col, style, self._book.strings[index])
        else:
            self._lacking(row, col, index)

    def _lacking(self, row: int, col: int, index: int) -> None:
        if not self._faults:
            self._faults = f"row {row + 1} column {col + 1} names string {index} of {len(self._book.strings)}"

    def _number(self, at: int, _end: int) -> None:
        row, col = _HEAD(self._data, at)
        self._sheet.put(row, col, self._shown[self._data[at + 4 : at + 14]])

    def _rk(self, at: int, _end: int) -> None:
        row, col = _HEAD(self._data, at)
        self._sheet.put(row, col, self._shown[self._data[at + 4 : at + 10]])

    def _mulrk(self, at: int, end: int) -> None:
        row, col = _HEAD(self._data, at)
        self._count()
        for item in range(at + 4, min(end, len(self._data)) - 7, 6):
            self._sheet.put(row, col, self._shown[self._data[item : item + 6]])
            col += 1

    def _formula(self, at: int, _end: int) -> None:
        row, col, style = _CELL(self._data, at)
        result = self._data[at + 6 : at + 14]
        if result[6:] != b"\xff\xff":
            self._sheet.put(row, col, self._shown[self._data[at + 4 : at + 14]])
        elif result[0] == 0:
            self._awaited = (row, col, style)
        elif result[0] in (1, 2):
            self._sheet.put(row, col, _flag(result[2], result[0] == 2))

    def _string(self, at: int, end: int) -> None:
        if self._awaited is None:
            return
        row, col, style = self._awaited
        self._awaited = None
        parts, _ = _with_continued(self._data, at, end)
        self._put(row, col, style, one_line_ends(long_text(parts[0], 0, len(parts[0]), parts[1:])))

    def _boolerr(self, at: int, _end: int) -> None:
        row, col, _ = _CELL(self._data, at)
        self._sheet.put(row, col, _flag(self._data[at + 6], self._data[at + 7] != 0))

    def _label(self, at: int, end: int) -> None:
        row, col, style = _CELL(self._data, at)
        self._put(row, col, style, one_line_ends(long_text(self._data, at + 6, end)))

    def _merged(self, at: int, end: int) -> None:
        count = int.from_bytes(self._data[at : at + 2], "little")
        body = self._data[at + 2 : min(end, at + 2 + 8 * count)]
        corners = array("H", body[: len(body) // 8 * 8])
        if byteorder == "big":
            corners.byteswap()
        self._sheet.corners += corners

    def _margin(self, at: int, end: int) -> None:
        if end > at:
            place = f"{self._sheet.name} (header or footer)"
            for text in margin_texts(long_text(self._data, at, end)):
                self._sheet.floating.append((text, place))

    def _object(self, at: int, end: int) -> None:
        self._comment = end - at >= 6 and self._data[at + 4] == _COMMENT

    def _text_box(self, at: int, end: int) -> None:
        length = int.from_bytes(self._data[at + 10 : at + 12], "little")
        parts, _ = _with_continued(self._data, at, end)
        if length and len(parts) > 1 and not self._comment:
            text = long_text(length.to_bytes(2, "little") + parts[1], 0, len(parts[1]) + 2, parts[2:])
            self._sheet.floating.append((one_line_ends(text), f"{self._sheet.name} (text box)"))


_HANDLERS: dict[int, Callable[[_Walk, int, int], None]] = {
    _LABELSST: _Walk._shared,
    _NUMBER: _Walk._number,
    _RK: _Walk._rk,
    _MULRK: _Walk._mulrk,
    _FORMULA: _Walk._formula,
    _STRING: _Walk._string,
    _BOOLERR: _Walk._boolerr,
    _LABEL: _Walk._label,
    _RSTRING: _Walk._label,
    _MERGED: _Walk._merged,
    _HEADER: _Walk._margin,
    _FOOTER: _Walk._margin,
    _OBJ: _Walk._object,
    _TXO: _Walk._text_box,
}


def _flag(value: int, is_error: bool) -> str:
    if is_error:
        return ERRORS.get(value, f"#ERR{value}!")
    return "TRUE" if value else "FALSE"
