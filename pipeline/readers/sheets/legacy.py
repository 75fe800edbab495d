"""Workbooks older than Excel 97 (BIFF2 to BIFF5), through xlrd: rare, so speed does not matter here."""

import io
from typing import TYPE_CHECKING, Any

from pipeline.errors import SourceError
from pipeline.readers.sheets.biff import ERRORS
from pipeline.readers.sheets.formats import display
from pipeline.readers.sheets.layout import COLUMN_BITS, MAX_CELLS, Sheet
from pipeline.readers.sheets.strings import one_line_ends

if TYPE_CHECKING:
    from xlrd.book import Book as XlrdBook

_EMPTY, _TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR, _BLANK = range(7)


def read_legacy(data: bytes) -> list[Sheet]:
    """Return the sheets of an old workbook (its records, no container); SourceError for a damaged one."""
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
        return [_sheet(book, number) for number in range(book.nsheets)]
    except SourceError:
        raise
    except (
        Exception
    ) as fault:  # xlrd lets through whatever a damaged file provokes: struct, index, assertion, ...
        code = "encrypted" if "encrypted" in str(fault) else "corrupt"
        detail = f"{type(fault).__name__}: {fault}"[:200]
        raise SourceError(code, place="workbook before Excel 97", detail=detail) from fault


def _sheet(book: "XlrdBook", number: int) -> Sheet:
    found: Any = book.sheet_by_index(number)
    sheet = Sheet(found.name, number + 1, found.visibility != 0)
    total = 0
    for row in range(found.nrows):
        total += found.row_len(row)
        if total > MAX_CELLS:
            raise SourceError("too_large", place=sheet.name, detail=f"more than {MAX_CELLS} cells")
        for col in range(found.row_len(row)):
            kind = found.cell_type(row, col)
            if kind not in (_EMPTY, _BLANK):
                sheet.texts[row << COLUMN_BITS | col] = _text(book, found, row, col, kind)
    sheet.merge(
        (top, bottom - 1, left, right - 1)
        for top, bottom, left, right in found.merged_cells
        if top < bottom and left < right
    )
    return sheet


def _text(book: Any, found: Any, row: int, col: int, kind: int) -> str:
    value = found.cell_value(row, col)
    if kind == _TEXT:
        return one_line_ends(str(value))
    if kind == _BOOLEAN:
        return "TRUE" if value else "FALSE"
    if kind == _ERROR:
        return ERRORS.get(value, f"#ERR{value}!")
    style = found.cell_xf_index(row, col)
    shape = book.format_map.get(book.xf_list[style].format_key) if style < len(book.xf_list) else None
    return display(shape.format_str if shape else "General", book.datemode == 1)(value)
