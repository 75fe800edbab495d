import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model import Document, place
from pipeline.readers import xls
from pipeline.readers.sheets.compound import Compound
from pipeline.readers.sheets.layout import address
from pipeline.readers.sheets.strings import shared_texts
from tests.benchmarks import fuzz_sheets
from tests.readers import sheet_samples as samples
from tests.readers.sheet_samples import XLS, form, shown, source, xls_bytes

SPECIMENS = Path(__file__).resolve().parents[3] / "shared" / "specimens"


def read(data: bytes) -> Document:
    return xls.read(source(data, XLS))


def texts(document: Document) -> dict[str, str]:
    return {place(grid, cell): cell.text for grid in document.grids for cell in grid.cells if cell.text}


@pytest.mark.parametrize("seed", range(5))
def test_a_form_keeps_its_texts_numbers_and_spans(seed: int) -> None:
    cells = form(seed)
    document = read(xls_bytes(lambda book: samples.write_form_xls(book, cells)))
    found = [tuple(cell[:5]) for cell in document.grids[0].cells if cell.text]
    assert found == [(*place, shown(value, code)) for *place, value, code in cells]
    assert (document.pages, document.reader, document.problems) == (1, "xls/2", ())
    assert document.grids[0].locator == "Sheet1"


def test_numbers_are_shown_by_their_format() -> None:
    import xlwt

    def fill(book: Any) -> None:
        sheet = book.add_sheet("表")
        for row, (value, code, _) in enumerate(samples.NUMBERS):
            sheet.write(row, 0, value, xlwt.easyxf(num_format_str=code))
        sheet.write(0, 1, True)
        sheet.write(1, 1, xlwt.Formula("1/0"))
        sheet.row(2).set_cell_error(1, 0x17)

    found = texts(read(xls_bytes(fill)))
    for row, (_, _, text) in enumerate(samples.NUMBERS):
        assert found.get(f"表!A{row + 1}", "") == text
    assert (found["表!B1"], found["表!B3"]) == ("TRUE", "#REF!")


def test_days_from_1904_and_a_hidden_sheet() -> None:
    import xlwt

    def fill(book: Any) -> None:
        book.dates_1904 = True
        book.add_sheet("一").write(0, 0, 43099, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        hidden = book.add_sheet("二")
        hidden.write(1, 1, "乙")
        hidden.visibility = 1

    document = read(xls_bytes(fill))
    assert texts(document) == {"一!A1": "2021-12-31", "二!B2": "乙"}
    assert [(grid.locator, grid.page) for grid in document.grids] == [("一", 1), ("二 (hidden)", 2)]


def test_every_cell_of_a_merged_range_may_repeat_the_text() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_sheet("表", cell_overwrite_ok=True)
        sheet.merge(0, 0, 0, 2)
        for col in range(3):
            sheet.write(0, col, "总体目标")
        sheet.write(1, 2, "甲")

    document = read(xls_bytes(fill))
    assert document.grids[0].cells[0][:5] == (0, 0, 1, 3, "总体目标")
    assert len(document.grids[0].cells) == 4 and not document.blocks


def test_many_texts_over_many_records_are_whole() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_sheet("表")
        for row in range(700):
            sheet.write(row, 0, f"第{row}行" + "绩效" * (row % 90))
            sheet.write(row, 1, f"row {row} " + "x" * (row % 300))

    found = texts(read(xls_bytes(fill)))
    assert all(found[f"表!A{row + 1}"] == f"第{row}行" + "绩效" * (row % 90) for row in range(700))
    assert all(found[f"表!B{row + 1}"] == f"row {row} " + "x" * (row % 300) for row in range(700))


@given(
    st.lists(st.text(st.sampled_from("甲乙ab𠀀"), max_size=30), min_size=1, max_size=12), st.integers(12, 90)
)
@settings(max_examples=60)
def test_a_table_of_texts_may_be_cut_within_the_characters(values: list[str], size: int) -> None:
    segments, room = [bytearray(struct.pack("<II", len(values), len(values)))], size
    for text in values:
        wide = any(ord(c) > 255 for c in text)
        raw = text.encode("utf-16-le" if wide else "latin-1")
        if room < 3:  # the head of a string is never cut
            segments.append(bytearray())
            room = size
        segments[-1] += struct.pack("<HB", len(raw) >> wide, wide)
        room -= 3
        while raw:
            take = max(0, room) >> wide << wide
            segments[-1] += raw[:take]
            raw, room = raw[take:], room - take
            if raw:
                segments.append(bytearray([wide]))
                room = size
    assert shared_texts([bytes(segment) for segment in segments]) == values


def test_the_far_corner_and_formatted_rows_cost_nothing() -> None:
    import xlwt

    style = xlwt.easyxf("pattern: pattern solid")

    def fill(book: Any) -> None:
        sheet = book.add_sheet("表")
        sheet.write(0, 0, "甲")
        for row in range(0, 65536, 16):
            sheet.write(row, 255, "", style)

    assert [len(grid.cells) for grid in read(xls_bytes(fill)).grids] == [1]


def test_streams_are_those_that_olefile_gives() -> None:
    import olefile

    for data in samples.xls_samples():
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            assert Compound(data).stream("Workbook") == container.openstream("Workbook").read()


def code_of(data: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        read(data)
    return caught.value.code


def test_files_that_are_none_have_a_code() -> None:
    data = samples.xls_samples()[0]
    assert code_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)) == "truncated"
    assert code_of(b"<html>") == "corrupt"
    for tenth in range(1, 10):
        assert code_of(data[: len(data) * tenth // 10]) in ("truncated", "corrupt")
    directory = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    for kept in (0, 1, 127):
        assert code_of(data[: directory + kept]) == "truncated"
    stream = Compound(data).stream("Workbook")
    filepass = stream[: 4 + stream[2]] + struct.pack("<HHH", 0x2F, 2, 0) + stream[4 + stream[2] :]
    assert code_of(filepass) == "encrypted"


def test_a_sheet_that_is_cut_off_is_named_and_the_others_are_kept() -> None:
    def fill(book: Any) -> None:
        book.add_sheet("一").write(0, 0, "甲")
        book.add_sheet("二").write(0, 0, "乙")

    stream = Compound(xls_bytes(fill)).stream("Workbook")
    end = stream.rindex(struct.pack("<HH", 0x0A, 0))
    document = read(stream[:end])
    assert texts(document) == {"一!A1": "甲", "二!A1": "乙"}
    assert len(document.problems) == 1 and document.problems[0].startswith("二: cut off")


def test_damaged_files_give_a_document_or_a_source_error() -> None:
    outcomes = {fuzz_sheets.outcome("xls", data) for data in fuzz_sheets.mutations("xls", 300, 3)}
    assert "ok" in outcomes and len(outcomes) > 2


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="specimens are not at hand")
def test_real_books_give_the_texts_that_xlrd_gives() -> None:
    import xlrd

    equal, different = 0, []
    for path in sorted((SPECIMENS / "poi" / "spreadsheet").glob("*.xls"))[::3]:
        try:
            found = texts(read(path.read_bytes()))
            book = xlrd.open_workbook(path, formatting_info=True, logfile=io.StringIO())
        except SourceError:
            continue
        except Exception:  # xlrd raises all sorts
            continue
        for sheet in book.sheets():
            for row in range(sheet.nrows):
                for col in range(sheet.ncols):
                    value = sheet.cell_value(row, col)
                    if sheet.cell_type(row, col) == xlrd.XL_CELL_TEXT and value.strip():
                        value = value.replace("\r\n", "\n").replace("\r", "\n")
                        if found.get(f"{sheet.name}!{address(row, col)}") == value:
                            equal += 1
                        else:
                            different.append((path.name, sheet.name, row, col))
    assert equal > 1000 and not different
