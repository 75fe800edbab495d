"""The plain cells of an Excel 97-2003 sheet, a stretch of records at a time, and their numbers as displayed.

Patterns over the bytes see the records of a fixed shape (and those as long as their size says, up to a usual
length); a stretch ends where any other begins, so nothing is ever looked for, only taken in its turn.
"""

import re
from array import array
from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from sys import byteorder

from pipeline.readers.sheets.columns import ColumnSheet
from pipeline.readers.sheets.strings import long_text
from pipeline.readers.sheets.styles import Styles

_LABELSST, _NUMBER, _RK, _MULRK = 0x00FD, 0x0203, 0x027E, 0x00BD
_ROW, _BLANK, _MULBLANK, _DBCELL = 0x0208, 0x0201, 0x00BE, 0x00D7
PLAIN = frozenset((_LABELSST, _NUMBER, _RK, _MULRK, _ROW, _BLANK, _MULBLANK, _DBCELL))

_STEP = 1 << 15  # bytes of a stretch; what no longer belongs to it is copied once
_MAX_SHOWN = 2048  # numbers kept, of one set of styles
_SAME_STYLES = 1 << 16  # bytes of styles kept for the next book: a program writes the same ones each time


def _record(code: int, *sizes: int) -> bytes:
    """Return the pattern of a record of one code and any of the sizes; short bodies are spelt out for speed."""
    bodies = [
        re.escape(size.to_bytes(2, "little")) + (b"." * size if size < 20 else b".{%d}" % size)
        for size in sizes
    ]
    body = bodies[0] if len(bodies) == 1 else b"(?:" + b"|".join(bodies) + b")"
    return re.escape(code.to_bytes(2, "little")) + body


_NO_TEXT = b"|".join(
    (
        _record(_MULBLANK, *range(8, 135, 2)),
        _record(_BLANK, 6),
        _record(_ROW, 16),
        _record(_DBCELL, *range(4, 69, 2)),
    )
)
_TEXTS = _record(_LABELSST, 10)
_ROW_OF_NUMBERS, _ONE_NUMBER, _ONE_PACKED = (
    _record(_MULRK, *range(18, 259, 6)),
    _record(_NUMBER, 14),
    _record(_RK, 10),
)
_RUN = b"%b|(?:%b)++|(?:%b)++" % (_ROW_OF_NUMBERS, _ONE_NUMBER, _ONE_PACKED)
_is_run = re.compile(_RUN, re.DOTALL).fullmatch
# Each run with what lies before it, then all the rest, then the end: nothing is left for findall to look into.
_runs = re.compile(rb"(?:%b|%b)*+(%b|.+|\Z)" % (_TEXTS, _NO_TEXT, _RUN), re.DOTALL).findall
_runs_of_texts = re.compile(
    rb"(?:%b|%b|%b|%b)*+((?:%b)++|\Z)" % (_NO_TEXT, _ONE_PACKED, _ROW_OF_NUMBERS, _ONE_NUMBER, _TEXTS),
    re.DOTALL,
).findall
_labels = Struct("<4xHH2xI").iter_unpack
_numbers = Struct("<4xHH10s").iter_unpack
_packed = Struct("<4xHH6s").iter_unpack
_packed_row = {size + 4: Struct(f"<4xHH{'6s' * (size // 6 - 1)}H").unpack for size in range(18, 259, 6)}
_DOUBLE = Struct("<d").unpack_from
_LONG = Struct("<i")


class Shown(dict[bytes, str]):
    """Style and number as they stand in a record (2 bytes, and 4 packed or 8) -> shown text.

    10, 100 and 100% come again and again; 2,048 are kept, then it begins anew. ValueError for a number that is cut off.
    """

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.styles = styles
        self.blank = False  # some number was shown as nothing

    def __missing__(self, item: bytes) -> str:
        if len(item) == 6:
            value = _unpacked(_LONG.unpack_from(item, 2)[0])
        elif len(item) == 10:
            (value,) = _DOUBLE(item, 2)
        else:
            raise ValueError("a number is cut off")
        found = self.styles.display(item[0] | item[1] << 8)(value)
        self.blank = self.blank or not found.strip()
        if len(self) >= _MAX_SHOWN:
            self.clear()
        self[item] = found
        return found


def _unpacked(packed: int) -> float:
    """Return the number of an RK value: 30 bits of an integer or a double, and a flag that divides by 100."""
    if packed & 2:
        value: float = packed >> 2
    else:
        value = _DOUBLE(b"\0\0\0\0" + _LONG.pack(packed & ~3))[0]
    return value / 100 if packed & 1 else value


def known_styles(styles: bytes, formats: tuple[bytes, ...], date1904: bool) -> Shown:
    """Return the texts of numbers by the format numbers of the XF records (2 bytes each) and the FORMAT records."""
    small = len(styles) + sum(map(len, formats)) < _SAME_STYLES
    return (_shown if small else _shown.__wrapped__)(styles, formats, date1904)


@lru_cache(maxsize=16)
def _shown(styles: bytes, formats: tuple[bytes, ...], date1904: bool) -> Shown:
    numbers = [int.from_bytes(styles[at : at + 2], "little") for at in range(0, len(styles), 2)]
    codes = {int.from_bytes(body[:2], "little"): long_text(body, 2, len(body)) for body in formats}
    return Shown(Styles(numbers, codes, date1904))


def put_stretch(
    data: bytes,
    pos: int,
    stop: int,
    sheet: ColumnSheet,
    strings: list[str],
    shown: Shown,
    lacking: Callable[[int, int, int], None],
) -> int:
    """Put the plain cells from ``pos`` on and return where they end; ``pos`` itself where there is none.

    Those with shared strings come first, so that the sheet must be read again where a cell comes twice.
    ``lacking`` gets row, column and number of a string that is not there.
    """
    stop = min(stop, pos + _STEP)
    runs = _runs(data, pos, stop)
    if len(runs) > 1 and not _is_run(runs[-2]):
        stop -= len(runs[-2])
        del runs[-2:]
    else:
        del runs[-1]
    _put_labels(b"".join(_runs_of_texts(data, pos, stop)), sheet, strings, lacking)
    _put_numbers(runs, sheet, shown)
    sheet.blank = sheet.blank or shown.blank
    return stop


def _put_labels(
    labels: bytes, sheet: ColumnSheet, strings: list[str], lacking: Callable[[int, int, int], None]
) -> None:
    words = array("H", labels)
    if byteorder == "big":
        words.byteswap()
    try:
        if any(words[6::7]):  # the upper half of the string's number
            raise IndexError
        sheet.shown.extend([*map(strings.__getitem__, words[5::7])])
        sheet.rows.extend(words[2::7])
        sheet.cols.extend(words[3::7])
    except IndexError:
        for row, col, index in _labels(labels):
            if index < len(strings):
                sheet.put(row, col, strings[index])
            else:
                lacking(row, col, index)


def _put_numbers(runs: list[bytes], sheet: ColumnSheet, shown: Shown) -> None:
    """Put the numbers of runs of one kind each, in order."""
    rows, cols, texts = sheet.rows, sheet.cols, sheet.shown
    for run in runs:
        if run[0] == 0xBD:
            row, col, *items, _ = _packed_row[len(run)](run)
            for item in items:
                texts.append(shown[item])
                rows.append(row)
                cols.append(col)
                col += 1
        else:
            for row, col, item in (_numbers if run[0] == 0x03 else _packed)(run):
                texts.append(shown[item])
                rows.append(row)
                cols.append(col)
