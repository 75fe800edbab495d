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

from pipeline.readers.sheets.merging import COLUMN_BITS
from pipeline.readers.sheets.strings import long_text
from pipeline.readers.sheets.styles import Styles

_LABELSST, _NUMBER, _RK, _MULRK = 0x00FD, 0x0203, 0x027E, 0x00BD
_ROW, _BLANK, _MULBLANK, _DBCELL = 0x0208, 0x0201, 0x00BE, 0x00D7
PLAIN = frozenset((_LABELSST, _NUMBER, _RK, _MULRK, _ROW, _BLANK, _MULBLANK, _DBCELL))

_STEP = 1 << 20  # bytes of a stretch
_LACKING = -1 << 32  # no number of cells
_MAX_SHOWN = 2048  # numbers kept, of one set of styles
_SAME_STYLES = 1 << 16  # bytes of styles kept for the next book: a program writes the same ones each time


def _record(code: int, *sizes: int) -> bytes:
    """Return the pattern of a record of one code and any of the sizes."""
    bodies = (re.escape(size.to_bytes(2, "little")) + b".{%d}" % size for size in sizes)
    return re.escape(code.to_bytes(2, "little")) + b"(?:" + b"|".join(bodies) + b")"


_NO_TEXT = b"|".join(
    (
        _record(_MULBLANK, *range(8, 135, 2)),
        _record(_BLANK, 6),
        _record(_ROW, 16),
        _record(_DBCELL, *range(4, 69, 2)),
    )
)
_CELLS = b"(?:%b)++|%b|(?:%b)++|(?:%b)++" % (
    _record(_LABELSST, 10),
    _record(_MULRK, *range(18, 259, 6)),
    _record(_NUMBER, 14),
    _record(_RK, 10),
)
_STRETCH = re.compile(b"(?:%b|%b)*+" % (_CELLS, _NO_TEXT), re.DOTALL).match
# each run with what lies before it, and the end: nothing is left for findall to look into
_runs = re.compile(rb"(?:%b)*+(%b|\Z)" % (_NO_TEXT, _CELLS), re.DOTALL).findall
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

    def __missing__(self, item: bytes) -> str:
        if len(item) == 6:
            value = _unpacked(_LONG.unpack_from(item, 2)[0])
        elif len(item) == 10:
            (value,) = _DOUBLE(item, 2)
        else:
            raise ValueError("a number is cut off")
        found = self.styles.display(item[0] | item[1] << 8)(value)
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


def stretch_end(data: bytes, pos: int, stop: int) -> int:
    """Return where the plain cells that begin here end; ``pos`` itself where the record is not one."""
    found = _STRETCH(data, pos, min(stop, pos + _STEP))
    return found.end() if found else pos


def put_stretch(
    stretch: bytes,
    texts: dict[int, str],
    strings: list[str],
    shown: Shown,
    lacking: Callable[[int, int, int], None],
) -> None:
    """Put the cells of a stretch; ``lacking`` gets row, column and number of a string that is not there."""
    runs = [run for run in _runs(stretch) if run]
    labels = [run for run in runs if run[0] == 0xFD]
    before = len(texts)
    count = _put_labels(b"".join(labels), texts, strings)
    if len(labels) < len(runs):
        count += _put_numbers([run for run in runs if run[0] != 0xFD], texts, shown)
    if len(texts) - before == count:
        return
    for run in runs:  # a cell twice, or a string that is not there: one after the other
        if run[0] == 0xFD:
            for row, col, index in _labels(run):
                if index < len(strings):
                    texts[row << COLUMN_BITS | col] = strings[index]
                else:
                    lacking(row, col, index)
        else:
            _put_numbers([run], texts, shown)


def _put_labels(labels: bytes, texts: dict[int, str], strings: list[str]) -> int:
    """Put the cells with shared strings, and return how many there are; _LACKING when a string is not there."""
    words = array("H", labels)
    if byteorder == "big":
        words.byteswap()
    if any(words[6::7]):
        return _LACKING
    keys = [row << COLUMN_BITS | col for row, col in zip(words[2::7], words[3::7], strict=True)]
    try:
        texts.update(zip(keys, map(strings.__getitem__, words[5::7]), strict=True))
    except IndexError:
        return _LACKING
    return len(keys)


def _put_numbers(runs: list[bytes], texts: dict[int, str], shown: Shown) -> int:
    """Put the numbers of runs of one kind each, in order, and return how many there are."""
    count = 0
    for run in runs:
        if run[0] == 0xBD:
            row, col, *items, _ = _packed_row[len(run)](run)
            count += len(items)
            for key, item in enumerate(items, row << COLUMN_BITS | col):
                texts[key] = shown[item]
        else:
            for row, col, item in (_numbers if run[0] == 0x03 else _packed)(run):
                texts[row << COLUMN_BITS | col] = shown[item]
                count += 1
    return count
