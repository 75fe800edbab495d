"""Workbooks for the tests of the readers of spreadsheets, written by openpyxl and xlwt."""

import hashlib
import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

from pipeline.model import Source

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"

# value, number format, what Excel shows
NUMBERS: tuple[tuple[float, str, str], ...] = (
    (0.98, "0%", "98%"),
    (1, "0.00%", "100.00%"),
    (9.7, "0.00", "9.70"),
    (1234567.891, "#,##0.00", "1,234,567.89"),
    (0.1 + 0.2, "General", "0.3"),
    (44561, 'yyyy"年"m"月"d"日"', "2021年12月31日"),
    (219, "000000", "000219"),
    (-1234.5, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-1,234.50"),
    (0, "0;-0;;@", ""),
    (12, '0"人"', "12人"),
)


def source(data: bytes, media_type: str) -> Source:
    """Return the bytes as a source."""
    return Source(hashlib.sha256(data).hexdigest(), ("sample",), len(data), media_type, data)


def xlsx_bytes(fill: Callable[[Any], None]) -> bytes:
    """Return the workbook that ``fill`` makes of an openpyxl Workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    fill(book)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def xls_bytes(fill: Callable[[Any], None]) -> bytes:
    """Return the workbook that ``fill`` makes of an xlwt Workbook."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    fill(book)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def rewritten(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Return a package with some parts replaced, added or (None) left out."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        names = {info.filename: old.read(info) for info in old.infolist()}
        for name, part in {**names, **changes}.items():
            if part is not None:
                new.writestr(name, part)
    return packed.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_xml(rows: str, rest: str = "", namespace: str = _MAIN) -> bytes:
    """Return the XML of a worksheet around the rows."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{namespace}">'
        f"<sheetData>{rows}</sheetData>{rest}</worksheet>"
    ).encode()


def with_sheet(xml: bytes, **parts: bytes | None) -> bytes:
    """Return a package whose first sheet is the XML given."""
    changes: dict[str, bytes | None] = {SHEET: xml}
    changes.update({name.replace("__", "/").replace("_xml", ".xml"): part for name, part in parts.items()})
    return rewritten(xlsx_bytes(lambda book: None), changes)


def form(seed: int) -> list[tuple[int, int, int, int, str | float, str]]:
    """Return the cells (row, column, rows, columns, value, number format) of a form with merged level columns."""
    rng = random.Random(seed)
    cells: list[tuple[int, int, int, int, str | float, str]] = [
        (0, 0, 1, 9, "项目支出绩效自评表", "General"),
        (1, 0, 1, 9, f"（{rng.randint(2017, 2024)}年度）", "General"),
        (2, 0, 1, 2, "项目名称", "General"),
        (2, 2, 1, 7, rng.choice(("信息化运行维护费", "农村饮水安全 & 巩固提升", "大型修缮")), "General"),
        (3, 0, 2, 2, "项目资金\n（万元）", "General"),
    ]
    heads = ("", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分")
    cells += [(3, 2 + i, 1, 1, head, "General") for i, head in enumerate(heads) if head]
    amount = round(rng.uniform(1, 900), 2)
    money: tuple[tuple[str | float, str], ...] = (
        ("年度资金总额", "General"),
        (amount, "0.00"),
        (amount, "#,##0.00"),
        (round(amount * 0.9, 2), "General"),
        (10, "0"),
        (0.9, "0.00%"),
        (9, "0.0_ "),
    )
    cells += [(4, 2 + i, 1, 1, value, code) for i, (value, code) in enumerate(money)]
    row = 5
    for level1, parts in (("产出指标", ("数量指标", "质量指标")), ("效益指标", ("社会效益指标",))):
        start = row
        for level2 in parts:
            count = rng.randint(1, 6)
            cells.append((row, 1, count, 1, level2, "General"))
            for i in range(count):
                cells.append((row + i, 2, 1, 3, f"指标{i}：各项工作{rng.randint(1, 99)}", "General"))
                cells.append((row + i, 5, 1, 1, rng.choice(("≥98%", "5次", "显著提高")), "General"))
                cells.append((row + i, 6, 1, 1, rng.choice((1.0, 0.985, 0.5)), "0.0%"))
                cells.append((row + i, 7, 1, 1, float(rng.randint(1, 20)), "General"))
                cells.append((row + i, 8, 1, 1, round(rng.uniform(1, 20), 1), "0.00"))
            row += count
        cells.append((start, 0, row - start, 1, level1, "General"))
    return sorted(cells)


def write_form_xlsx(book: Any, cells: list[tuple[int, int, int, int, str | float, str]]) -> None:
    """Write the cells into the first sheet of an openpyxl Workbook."""
    sheet = book.active
    for row, col, height, width, value, code in cells:
        cell = sheet.cell(row + 1, col + 1, value)
        cell.number_format = code
        if height * width > 1:
            sheet.merge_cells(
                start_row=row + 1, start_column=col + 1, end_row=row + height, end_column=col + width
            )


def write_form_xls(book: Any, cells: list[tuple[int, int, int, int, str | float, str]]) -> None:
    """Write the cells into a sheet of an xlwt Workbook."""
    import xlwt

    sheet = book.add_sheet("Sheet1")
    styles = {code: xlwt.easyxf(num_format_str=code) for *_, code in cells}
    for row, col, height, width, value, code in cells:
        if height * width > 1:
            sheet.write_merge(row, row + height - 1, col, col + width - 1, value, styles[code])
        else:
            sheet.write(row, col, value, styles[code])


def shown(value: str | float, code: str) -> str:
    """Return what the form's cells show: only the few formats that ``form`` uses, by other means than ours."""
    if isinstance(value, str):
        return value
    if code == "General":
        return f"{value:.10g}"
    if code.endswith("%"):
        return f"{value:.{len(code) - 3 if '.' in code else 0}%}"
    places = len(code.strip("_ ").partition(".")[2])
    return f"{value:{',' if ',' in code else ''}.{places}f}"


def xlsx_samples() -> list[bytes]:
    """Return a few whole .xlsx files."""
    return [xlsx_bytes(lambda book, n=n: write_form_xlsx(book, form(n))) for n in range(3)] + [shared_form(3)]  # type: ignore[misc]


def xls_samples() -> list[bytes]:
    """Return a few whole .xls files."""
    return [xls_bytes(lambda book, n=n: write_form_xls(book, form(n))) for n in range(3)]  # type: ignore[misc]


def shared_form(seed: int) -> bytes:
    """Return a form with its texts in a shared table."""
    return as_excel_writes(form(seed))


def as_excel_writes(cells: list[tuple[int, int, int, int, str | float, str]]) -> bytes:
    """Return cells as Excel itself writes them: a shared table of texts, some in runs with phonetic guides."""
    from xml.sax.saxutils import escape

    data = xlsx_bytes(lambda book: write_form_xlsx(book, cells))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
        types = archive.read("[Content_Types].xml").decode()
    texts = sorted({value for *_, value, _ in cells if isinstance(value, str)})
    items = [
        f"<si><r><t>{escape(text[:1])}</t></r><r><rPr><b/></rPr><t>{escape(text[1:])}</t></r>"
        f'<rPh sb="0" eb="1"><t>pin yin</t></rPh></si>'
        if number % 5 == 0
        else f'<si><t xml:space="preserve">{escape(text)}</t></si>'
        for number, text in enumerate(texts)
    ]
    rows: dict[int, list[str]] = {}
    for row, col, _, _, value, _ in cells:
        address = f"{chr(65 + col)}{row + 1}"
        if isinstance(value, str):
            rows.setdefault(row, []).append(f'<c r="{address}" t="s"><v>{texts.index(value)}</v></c>')
        else:
            rows.setdefault(row, []).append(f'<c r="{address}"><v>{value!r}</v></c>')
    merges = "".join(
        f'<mergeCell ref="{chr(65 + col)}{row + 1}:{chr(64 + col + width)}{row + height}"/>'
        for row, col, height, width, _, _ in cells
        if height * width > 1
    )
    body = "".join(f'<row r="{row + 1}">{"".join(line)}</row>' for row, line in sorted(rows.items()))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    link = f'<Relationship Id="rIdShared" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    declared = (
        '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument'
        '.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    table = f'<sst xmlns="{_MAIN}" count="{len(texts)}" uniqueCount="{len(texts)}">{"".join(items)}</sst>'
    return rewritten(
        data,
        {
            SHEET: sheet_xml(body, f"<mergeCells>{merges}</mergeCells>"),
            "xl/sharedStrings.xml": table.encode(),
            "[Content_Types].xml": types.replace("</Types>", declared).encode(),
            "xl/_rels/workbook.xml.rels": relations.replace("</Relationships>", link).encode(),
        },
    )
