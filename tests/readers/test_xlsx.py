import io
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SourceError
from pipeline.model import Document, place
from pipeline.readers import read as read_any
from pipeline.readers import xlsx
from pipeline.readers.sheets import package
from tests.benchmarks import fuzz_sheets
from tests.readers import sheet_samples as samples
from tests.readers.sheet_samples import XLSX, form, sheet_xml, shown, source, with_sheet, xlsx_bytes

SPECIMENS = Path(__file__).resolve().parents[3] / "shared" / "specimens"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def read(data: bytes) -> Document:
    return xlsx.read(source(data, XLSX))


def texts(document: Document) -> dict[str, str]:
    return {place(grid, cell): cell.text for grid in document.grids for cell in grid.cells if cell.text}


def geometry(document: Document) -> list[tuple[int, int, int, int, str]]:
    return [tuple(cell[:5]) for grid in document.grids for cell in grid.cells if cell.text]  # type: ignore[misc]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("own_texts", [False, True])
def test_a_form_keeps_its_texts_numbers_and_spans(seed: int, own_texts: bool) -> None:
    cells = form(seed)
    if own_texts:
        document = read(samples.shared_form(seed))
        expected = [(*place, shown(value, "General")) for *place, value, _ in cells]
    else:
        document = read(xlsx_bytes(lambda book: samples.write_form_xlsx(book, cells)))
        expected = [(*place, shown(value, code)) for *place, value, code in cells]
    assert geometry(document) == expected
    assert (document.pages, document.reader, document.problems) == (1, "xlsx/1", ())
    assert document.grids[0].locator == "Sheet" and document.grids[0].page == 1


def test_numbers_are_shown_by_their_format() -> None:
    def fill(book: Any) -> None:
        for row, (value, code, _) in enumerate(samples.NUMBERS, 1):
            book.active.cell(row, 1, value).number_format = code
        book.active["B1"] = datetime(2021, 12, 31)
        book.active["B1"].number_format = "yyyy年m月"
        book.active["B2"] = True
        book.active["B3"] = "#DIV/0!"
        book.active["B4"] = "007"

    found = texts(read(xlsx_bytes(fill)))
    for row, (_, _, text) in enumerate(samples.NUMBERS, 1):
        assert found.get(f"Sheet!A{row}", "") == text
    assert [found[f"Sheet!B{row}"] for row in range(1, 5)] == ["2021年12月", "TRUE", "#DIV/0!", "007"]


def test_days_from_1904() -> None:
    def fill(book: Any) -> None:
        book.epoch = datetime(1904, 1, 1)
        book.active["A1"] = datetime(2021, 12, 31)
        book.active["A1"].number_format = "yyyy-mm-dd"

    assert texts(read(xlsx_bytes(fill))) == {"Sheet!A1": "2021-12-31"}


def test_hidden_sheets_rows_and_columns_are_read_and_a_chart_sheet_counts() -> None:
    import openpyxl.chart

    def fill(book: Any) -> None:
        book.active["A1"] = "甲"
        book.create_chartsheet("图").add_chart(openpyxl.chart.BarChart())
        second = book.create_sheet("附 表")
        second["B2"], second["C3"] = "乙", "丙"
        second.sheet_state = "hidden"
        second.row_dimensions[2].hidden = second.column_dimensions["C"].hidden = True

    document = read(xlsx_bytes(fill))
    assert texts(document) == {"Sheet!A1": "甲", "附 表!B2": "乙", "附 表!C3": "丙"}
    assert [(grid.locator, grid.page) for grid in document.grids] == [("Sheet", 1), ("附 表 (hidden)", 3)]
    assert document.pages == 3


def test_an_empty_value_is_an_empty_cell() -> None:
    rows = '<row r="1"><c r="A1" t="s"><v></v></c><c r="B1" t="str"><v></v></c><c r="C1"><v>7</v></c></row>'
    document = read(with_sheet(sheet_xml(rows)))
    assert texts(document) == {"Sheet!C1": "7"} and not document.problems


CELLS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> 甲 &amp; 乙&#10;&#x4E19;&#20313;</t></is></c>'
    '<c r="B1" t="inlineStr"><is><r><t>丁</t></r><r><t>戊</t></r><rPh sb="0" eb="1"><t>ding</t></rPh></is></c>'
    '<c r="C1" t="str"><f>A1&amp;"x"</f><v>己_x000D_\n庚</v></c><c r="D1" t="b"><v>1</v></c></row>'
    '<row r="3"><c r="A3"><f t="shared" si="0"/><v>0.30000000000000004</v></c><c r="B3" t="e"><v>#REF!</v></c>'
    '<c r="C3" s="0"/><c r="D3" t="d"><v>2021-12-31</v></c><c r="E3"><v></v></c></row>'
)
EXPECTED = {
    "Sheet!A1": " 甲 & 乙\n丙余",
    "Sheet!B1": "丁戊",
    "Sheet!C1": "己\n庚",
    "Sheet!D1": "TRUE",
    "Sheet!A3": "0.3",
    "Sheet!B3": "#REF!",
    "Sheet!D3": "2021-12-31",
}


@pytest.mark.parametrize(
    "xml",
    [
        sheet_xml(CELLS),
        sheet_xml(CELLS, namespace=STRICT),
        sheet_xml(CELLS.replace("><", ">\n <")).replace(b"<t>\n ", b"<t>"),
        sheet_xml(CELLS).replace(b"<sheetData>", b"<!-- a comment --><sheetData>"),
        sheet_xml(CELLS).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        sheet_xml(CELLS).decode().replace("UTF-8", "GBK").encode("gb18030"),
        sheet_xml(CELLS.replace(' r="A1"', "").replace(' r="1"', "").replace(' r="B1"', "")),
        sheet_xml(CELLS.replace("丁", "<![CDATA[丁]]>")),
        b'<x:worksheet xmlns:x="%s"><x:sheetData>' % samples._MAIN.encode()
        + CELLS.replace("<", "<x:").replace("<x:/", "</x:").encode()
        + b"</x:sheetData></x:worksheet>",
    ],
    ids=["regular", "strict", "spaced", "comment", "utf-16", "gbk", "no addresses", "cdata", "prefix"],
)
def test_both_ways_through_the_xml_give_the_same(xml: bytes) -> None:
    if b"GBK" in xml:
        with pytest.raises(SourceError, match="XML"):
            read(with_sheet(xml))
        return
    assert texts(read(with_sheet(xml))) == EXPECTED


def test_merged_ranges_on_both_ways() -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    )
    rest = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    regular, other = (
        sheet_xml(rows, rest),
        sheet_xml(rows, rest).replace(b"<sheetData>", b"<!----><sheetData>"),
    )
    assert geometry(read(with_sheet(regular))) == [(0, 0, 1, 2, "1"), (1, 0, 1, 1, "2")]
    assert read(with_sheet(regular)).grids == read(with_sheet(other)).grids


def test_headers_and_text_boxes_become_blocks() -> None:
    def fill(book: Any) -> None:
        book.active["A1"] = "甲"
        book.active.oddHeader.center.text = "绩效自评表"
        book.active.oddFooter.center.text = "第 &P 页"

    assert [block.text for block in read(xlsx_bytes(fill)).blocks] == ["绩效自评表"]


def test_far_formatted_cells_cost_nothing() -> None:
    filler = "".join(
        f'<row r="{row}" s="1" customFormat="1"><c r="A{row}" s="1"/></row>' for row in range(2, 200_000)
    )
    data = with_sheet(
        sheet_xml('<row r="1"><c r="A1" t="str"><v>甲</v></c><c r="XFD1" s="1"/></row>' + filler)
    )
    tracemalloc.start()
    document = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(grid.cells) for grid in document.grids] == [1]
    assert peak < 48 << 20


def test_a_sheet_longer_than_a_piece_loses_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.readers.sheets import worksheet

    cells = form(5)
    data = xlsx_bytes(lambda book: samples.write_form_xlsx(book, cells))
    whole = read(data)
    for size in (37, 512, 700):
        monkeypatch.setattr(worksheet, "_PIECE", size)
        assert read(data).grids == whole.grids


def code_of(data: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        read(data)
    return caught.value.code


def test_a_wrong_shared_text_is_a_problem_and_the_rest_is_kept() -> None:
    xml = sheet_xml('<row r="1"><c r="A1" t="s"><v>9</v></c><c r="B1"><v>7</v></c></row>')
    document = read(with_sheet(xml))
    assert texts(document) == {"Sheet!B1": "7"}
    assert "names string 9 of 0" in document.problems[0]


@pytest.mark.parametrize("broken", ["<is><t>x</t>", "<v>1", "<v>1</v", "<is><t>x</is>", "<v>1</v></v>"])
def test_a_sheet_that_is_not_well_formed_is_never_taken_for_whole(broken: str) -> None:
    rows = f'<row r="1"><c r="A1"><v>7</v></c></row><row r="2"><c r="A2">{broken}</c></row>'
    document = read(with_sheet(sheet_xml(rows)))
    assert document.problems and texts(document)["Sheet!A1"] == "7"


def test_a_broken_sheet_leaves_the_others() -> None:
    def fill(book: Any) -> None:
        book.active["A1"] = "甲"
        book.create_sheet("乙表")["A1"] = "乙"

    data = xlsx_bytes(fill)
    document = read(samples.rewritten(data, {samples.SHEET: b"<worksheet"}))
    assert texts(document) == {"乙表!A1": "乙"} and "Sheet" in document.problems[0]
    document = read(samples.rewritten(data, {samples.SHEET: None}))
    assert texts(document) == {"乙表!A1": "乙"} and "missing" in document.problems[0]


def test_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_UNPACKED", 8 << 20)
    assert code_of(with_sheet(sheet_xml("<row>" + " " * (9 << 20) + "</row>"))) == "too_large"
    entities = sheet_xml('<row r="1"><c r="A1" t="str"><v>&lol;</v></c></row>').replace(
        b"<worksheet", b'<!DOCTYPE x [<!ENTITY lol "lol">]><worksheet'
    )
    assert code_of(with_sheet(entities)) == "too_large"


def test_files_that_are_none_have_a_code() -> None:
    data = samples.xlsx_samples()[0]
    assert code_of(b"PK\x03\x04") == "truncated"
    assert code_of(b"not a zip at all") == "corrupt"
    for tenth in range(1, 10):
        assert code_of(data[: len(data) * tenth // 10]) == "truncated"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "x")
    assert code_of(packed.getvalue()) == "corrupt"
    assert code_of(samples.xls_samples()[0]) == "corrupt"
    with pytest.raises(SourceError, match="0 字节"):
        read_any(source(b"", XLSX))


def test_damaged_files_give_a_document_or_a_source_error() -> None:
    outcomes = {fuzz_sheets.outcome("xlsx", data) for data in fuzz_sheets.mutations("xlsx", 150, 3)}
    assert "ok" in outcomes and len(outcomes) > 2


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="specimens are not at hand")
def test_real_books_give_the_texts_that_openpyxl_gives() -> None:
    import warnings

    import openpyxl

    paths = [*(SPECIMENS / "poi" / "spreadsheet").glob("*.xls[xm]"), *(SPECIMENS / "docling").glob("*.xlsx")]
    equal, different = 0, []
    for path in sorted(paths)[::4]:
        try:
            found = texts(read(path.read_bytes()))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(path, data_only=True)
        except SourceError:
            continue
        except Exception:  # openpyxl raises all sorts
            continue
        for sheet in book.worksheets:
            for (row, col), cell in sheet._cells.items():
                value = getattr(cell, "value", None)
                if isinstance(value, str) and value.strip():
                    value = value.replace("_x000d_", "").replace("_x000D_", "").replace("\r\n", "\n")
                    if found.get(f"{sheet.title}!{cell.coordinate}") == value:
                        equal += 1
                    else:
                        different.append((path.name, sheet.title, row, col))
    assert equal > 1000 and not different
