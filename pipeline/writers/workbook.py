"""Selected rows -> one Excel workbook: a legend, and a sheet per dataset, or several where one is too short.

Excel ends at 1,048,576 rows a sheet, 32,767 characters a cell and 15 digits a number. What does not fit goes where
it does: rows to a further sheet, a long text to the sheet of long texts, an amount of too many digits into a text.
Nothing is cut off, and no text is ever a formula.
Memory is flat: XlsxWriter writes each row as it comes.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import OutputError
from pipeline.model import Field, address
from pipeline.model.export import Headers, Origin, Selection

if TYPE_CHECKING:
    import duckdb
    from xlsxwriter.worksheet import Worksheet

#: Rows of data on a sheet, below the line of names.
SHEET_ROWS = 1_048_575
#: A workbook of more rows than this opens on few machines; it is refused, and the message says what to do.
WORKBOOK_ROWS = 5_000_000
#: Units of UTF-16 in one cell, by which Excel counts.
CELL_UNITS = 32_767
_PIECE = 16_000
_BATCH = 2_000
_DIGITS = 15
LONG = "长文本 long texts"
LEGEND = "说明 legend"
SHEETS_ZH = {
    "documents": "文件",
    "forms": "表",
    "funding": "资金",
    "indicators": "指标",
    "checks": "检查",
    "cells": "台账",
    "lineage": "来源",
}
_LEGEND_HEADS = (
    "工作表 sheet",
    "列 column",
    "名称",
    "label",
    "单位 unit",
    "类型 type",
    "说明",
    "description",
)
_LEGEND_WIDTHS = (22, 30, 20, 26, 12, 18, 60, 60)
_PRINTED = 20
_NARROW, _BROAD = 8, 44
_MEASURED = 100
#: From so many cells on a sheet may pass the 4 GiB that a part of a plain zip file holds.
_LARGE = 20_000_000
# Excel writes what XML cannot hold, and carriage returns, as _xHHHH_, and a text that looks so as _x005F_xHHHH_.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class _Exact(float):
    """A float that is written with all its digits: XlsxWriter writes 16, a double may need 17."""

    def __format__(self, spec: str) -> str:
        return float.__repr__(self)


class _Plain(str):
    """A text that is never taken for markup: XlsxWriter writes one in <r>...</r> into the sheet as it is."""

    __slots__ = ()

    def startswith(self, *_args: Any) -> bool:
        return False


def escaped(text: str) -> str:
    """Return a text as a cell of a workbook holds it."""
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _sheet_class() -> type[Worksheet]:
    """Return the worksheet of XlsxWriter, with the texts of foreign files kept apart from its markup."""
    from xlsxwriter.worksheet import Worksheet

    class Sheet(Worksheet):  # type: ignore[misc]
        @staticmethod
        def _escape_control_characters(data: str) -> str:
            return _Plain(escaped(data))

    return Sheet


@dataclass(slots=True)
class _Book:
    """The open workbook, its formats, and what did not fit where it belongs."""

    book: Any
    formats: dict[str, Any]
    sheet_class: type[Worksheet]
    long: list[tuple[str, str, str]] = field(default_factory=list)
    wide_numbers: int = 0


def write(
    con: duckdb.DuckDBPyConnection,
    selections: Sequence[Selection],
    origin: Origin,
    out: Path,
    headers: Headers,
) -> list[str]:
    """Write the workbook; return notes for the person. OutputError where it would be too large to open."""
    import xlsxwriter.exceptions

    total = sum(one.rows for one in selections)
    if total > WORKBOOK_ROWS:
        listed = ", ".join(f"{one.dataset} {one.rows:,}" for one in selections)
        raise OutputError(
            f"{total:,} 行对一个 Excel 工作簿太多（上限 {WORKBOOK_ROWS:,}；{listed}）；请用 --where 或 --dataset 缩小范围，"
            f"或导出为 .duckdb 或 CSV | {total:,} rows are too many for one workbook (at most {WORKBOOK_ROWS:,}; {listed}); "
            "narrow it with --where or --dataset, or export to .duckdb or CSV"
        )
    try:
        # the rows wait in files beside the workbook: the system's temporary folder may be small
        with tempfile.TemporaryDirectory(prefix=".guibiao-", dir=out.parent) as rows, out.open("wb") as file:
            book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": rows})
            if sum(one.rows * len(one.fields) for one in selections) > _LARGE:
                book.use_zip64()
            shop = _Book(book, _formats(book), _sheet_class())
            sheets = {one.dataset: _names(one, headers) for one in selections}
            _legend(shop, selections, origin, sheets)
            for one in selections:
                _dataset(con, shop, one, sheets[one.dataset], headers)
            _long_texts(shop)
            book.close()
    except xlsxwriter.exceptions.XlsxWriterException as err:
        raise OutputError(f"{out}: 无法写入（{err}） | cannot be written ({err})") from err
    return _notes(selections, sheets, shop)


def _formats(book: Any) -> dict[str, Any]:
    text = {"valign": "top"}
    return {
        "head": book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "text": book.add_format({**text, "num_format": "@"}),
        "wrap": book.add_format({**text, "text_wrap": True}),
        "amount": book.add_format({**text, "num_format": "#,##0.00"}),
        "share": book.add_format({**text, "num_format": "0.00%"}),
        "number": book.add_format(text),
    }


def _names(one: Selection, headers: Headers) -> list[str]:
    """Return the names of the sheets that a dataset needs."""
    name = SHEETS_ZH.get(one.dataset, one.dataset) if headers == "zh" else one.dataset
    count = max(1, -(-one.rows // SHEET_ROWS))
    return [name, *(f"{name} ({number})" for number in range(2, count + 1))]


def _legend(
    shop: _Book, selections: Sequence[Selection], origin: Origin, sheets: dict[str, list[str]]
) -> None:
    sheet = shop.book.add_worksheet(LEGEND, shop.sheet_class)
    _printable(sheet, len(_LEGEND_WIDTHS))
    for column, width in enumerate(_LEGEND_WIDTHS):
        sheet.set_column(column, column, width)
    rows: list[tuple[Sequence[str], str]] = [
        (("归表 Guibiao：绩效自评表数据 data of performance forms",), "title")
    ]
    rows += [(line, "text") for line in origin.lines()]
    rows += [((), "text"), (("工作表 sheet", "行 rows", "内容", "what a row is"), "head")]
    rows += [
        ((", ".join(sheets[one.dataset]), f"{one.rows:,}", one.zh, one.en), "text") for one in selections
    ]
    rows += [((), "text"), (_LEGEND_HEADS, "head")]
    for one in selections:
        rows += [(_legend_row(sheets[one.dataset][0], field), "wrap") for field in one.fields]
    for number, (texts, style) in enumerate(rows):
        if style == "wrap":  # no program is sure to find the height by itself
            sheet.set_row(number, 15 * _lines(texts))
        for column, text in enumerate(texts):
            sheet.write_string(number, column, text, shop.formats[style])


def _printable(sheet: Any, columns: int) -> None:
    """Let a sheet come out of a printer as wide as its paper, where that can still be read."""
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    if columns <= _PRINTED:
        sheet.fit_to_pages(1, 0)


def _lines(texts: Sequence[str]) -> int:
    """Return how many lines the widest text of a legend row takes; a Chinese character is two wide."""
    widths = zip(texts, _LEGEND_WIDTHS, strict=False)
    return max((-(-_width(text) // width) for text, width in widths), default=1)


def _width(text: str) -> int:
    return sum(1 + (ord(char) > 0xFF) for char in text)


def _legend_row(sheet: str, one: Field) -> tuple[str, ...]:
    zh, _, en = one.description.partition(" / ")
    return (sheet, one.name, one.label_zh, one.label_en, one.unit or "", one.type, zh, en)


def _dataset(
    con: duckdb.DuckDBPyConnection, shop: _Book, one: Selection, names: Sequence[str], headers: Headers
) -> None:
    cursor = con.execute(one.query)
    writers = [_writer(shop, field) for field in one.fields]
    left = iter(names)
    sheet, name, row = None, "", SHEET_ROWS + 1
    while lines := cursor.fetchmany(_BATCH):
        for line in lines:
            if sheet is None or row > SHEET_ROWS:
                name = next(left)
                sheet, row = _sheet(shop, one, name, headers, lines[:_MEASURED]), 1
            for column, value in enumerate(line):
                if value is not None:
                    writers[column](sheet, name, row, column, value)
            row += 1
    if sheet is None:
        _sheet(shop, one, next(left), headers, ())


def _sheet(shop: _Book, one: Selection, name: str, headers: Headers, first: Sequence[tuple[Any, ...]]) -> Any:
    """Return a new sheet with its line of names, its columns as wide as the first rows need."""
    sheet = shop.book.add_worksheet(name, shop.sheet_class)
    sheet.freeze_panes(1, 0)
    _printable(sheet, len(one.fields))
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, min(one.rows, SHEET_ROWS), len(one.fields) - 1)
    for column, head in enumerate(one.names(headers)):
        shown = (str(line[column]) for line in first if line[column] is not None)
        sheet.set_column(column, column, min(max(_width(head) + 4, *map(_width, shown), _NARROW) + 1, _BROAD))
    for column, text in enumerate(one.names(headers)):
        sheet.write_string(0, column, text, shop.formats["head"])
    return sheet


Put = Callable[[Any, str, int, int, Any], None]


def _writer(shop: _Book, one: Field) -> Put:
    """Return what writes the values of a column."""
    if one.type == "string" or one.type.startswith("list<"):
        return _text_writer(shop, listed=one.type != "string")
    if one.type.startswith("decimal128"):
        return _amount_writer(shop)
    share = one.type == "double" and one.unit == "1"
    style = shop.formats["share" if share else "number"]
    exact = _Exact if one.type in ("double", "float") else int

    def put(sheet: Any, _name: str, row: int, column: int, value: Any) -> None:
        sheet.write_number(row, column, exact(value), style)

    return put


def _text_writer(shop: _Book, *, listed: bool) -> Put:
    style = shop.formats["text"]

    def put(sheet: Any, name: str, row: int, column: int, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False) if listed else value
        if len(text) * 2 > CELL_UNITS and len(text.encode("utf-16-le")) // 2 > CELL_UNITS:
            shop.long.append((name, address(row, column), text))
            text = f"→ {LONG} #{len(shop.long)}"
        sheet.write_string(row, column, text, style)

    return put


def _amount_writer(shop: _Book) -> Put:
    style, plain = shop.formats["amount"], shop.formats["text"]

    def put(sheet: Any, _name: str, row: int, column: int, value: Decimal) -> None:
        if len(value.normalize().as_tuple().digits) <= _DIGITS:
            sheet.write_number(row, column, _Exact(value), style)
        else:
            shop.wide_numbers += 1
            sheet.write_string(row, column, str(value), plain)

    return put


def _long_texts(shop: _Book) -> None:
    """Write the texts that no cell holds, in pieces: joined in order they are what was read."""
    if not shop.long:
        return
    sheet = shop.book.add_worksheet(LONG, shop.sheet_class)
    sheet.set_column(0, 4, 16)
    heads = ("编号 number", "工作表 sheet", "单元格 cell", "段 part", "文本 text")
    for column, text in enumerate(heads):
        sheet.write_string(0, column, text, shop.formats["head"])
    row = 1
    for number, (name, cell, text) in enumerate(shop.long, 1):
        for part, start in enumerate(range(0, len(text), _PIECE), 1):
            sheet.write_number(row, 0, number)
            sheet.write_string(row, 1, name)
            sheet.write_string(row, 2, cell)
            sheet.write_number(row, 3, part)
            sheet.write_string(row, 4, text[start : start + _PIECE], shop.formats["text"])
            row += 1


def _notes(selections: Sequence[Selection], sheets: dict[str, list[str]], shop: _Book) -> list[str]:
    notes = [
        f"{one.dataset}: {one.rows:,} 行分在 {len(sheets[one.dataset])} 张工作表中 | "
        f"{one.rows:,} rows on {len(sheets[one.dataset])} sheets"
        for one in selections
        if len(sheets[one.dataset]) > 1
    ]
    if shop.long:
        notes.append(
            f"{len(shop.long)} 个文本超过 Excel 单元格上限，全文在工作表“{LONG}” | "
            f"{len(shop.long)} texts are longer than a cell of Excel; they stand whole on the sheet {LONG!r}"
        )
    if shop.wide_numbers:
        notes.append(
            f"{shop.wide_numbers} 个金额超过 15 位有效数字，写为文本 | "
            f"{shop.wide_numbers} amounts have more than 15 digits and are written as texts"
        )
    return notes
