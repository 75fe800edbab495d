"""Addresses of cells in SpreadsheetML -> keys of a sheet; IrregularError for what is none."""

import re

from pipeline.readers.sheets.merging import COLUMN_BITS, COLUMN_MASK, Range
from pipeline.readers.sheets.richtext import IrregularError

ROWS, COLUMNS = 1 << 20, 1 << COLUMN_BITS

_ADDRESS = re.compile("([A-Z]{1,3})([0-9]{1,7})").fullmatch


class Columns(dict[str, int]):
    """Letters of a column -> its 0-based number."""

    def __missing__(self, letters: str) -> int:
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - 64
        if not 1 <= number <= COLUMNS:
            raise IrregularError
        self[letters] = number - 1
        return number - 1


columns = Columns()


class Keys(dict[str, int]):
    """Address of a cell -> its key; the first 60,000 met are kept, because every form begins at A1."""

    def __missing__(self, address: str) -> int:
        found = _ADDRESS(address)
        row = int(found[2]) if found else 0
        if not found or not 1 <= row <= ROWS:
            raise IrregularError
        key = (row - 1) << COLUMN_BITS | columns[found[1]]
        if len(self) < 60_000:
            self[address] = key
        return key


keys = Keys()


def ordered(first: int, last: int) -> Range:
    """Return the range between the keys of two opposite corners."""
    top, bottom = sorted((first >> COLUMN_BITS, last >> COLUMN_BITS))
    left, right = sorted((first & COLUMN_MASK, last & COLUMN_MASK))
    return top, bottom, left, right
