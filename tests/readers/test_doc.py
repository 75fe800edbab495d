"""Binary Word documents: committed files made by fixtures/doc/make.py, and documents built byte by byte."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model import Document
from pipeline.readers import doc, libreoffice
from tests.readers import word_binary as wb
from tests.readers.word_binary import Doc, Part, build, cells, define, row, source

FIXTURES = Path(__file__).parents[2] / "fixtures" / "doc"
SPECIMENS = Path(__file__).parents[3] / "shared" / "specimens"


@pytest.fixture(autouse=True)
def no_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show what the reader does alone, on every machine; test_old_word.py has the other half."""
    monkeypatch.setattr(libreoffice, "find", lambda: None)


def fixture(name: str) -> Document:
    return doc.read(source((FIXTURES / f"{name}.doc").read_bytes()))


def code(data: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        doc.read(source(data))
    return caught.value.code


# Committed files ------------------------------------------------------------------------------------------------


def test_merged_cells_keep_their_spans() -> None:
    document = fixture("merges")
    assert cells(document) == [
        (0, 0, 1, 5, "项目支出绩效自评表"),
        (1, 0, 1, 2, "项目名称"),
        (1, 2, 1, 3, "农村饮水安全巩固提升工程"),
        (2, 0, 4, 1, "绩效指标"),
        (2, 1, 1, 1, "一级指标"),
        (2, 2, 1, 1, "二级指标"),
        (2, 3, 1, 1, "指标值"),
        (2, 4, 1, 1, "得分"),
        (3, 1, 2, 1, "产出指标"),
        (3, 2, 2, 1, "数量指标"),
        (3, 3, 1, 1, "≥98%"),
        (3, 4, 1, 1, "10"),
        (4, 3, 1, 1, "12个月"),
        (4, 4, 1, 1, "9.5"),
        (5, 1, 1, 1, "满意度"),
        (5, 2, 1, 1, ""),
        (5, 3, 1, 2, "≥90%\n第二段"),
        (6, 0, 1, 4, "总分"),
        (6, 4, 1, 1, "98"),
    ]
    assert cells(document, 1) == [(0, 0, 1, 1, "甲"), (0, 1, 1, 1, "乙"), (1, 0, 1, 2, "丙")]
    assert [(b.text, b.before_grid, b.order) for b in document.blocks][:4] == [
        ("附件1", 0, 0),
        ("2020年度", 0, 1),
        ("单位：万元", 1, 2),
        ("填表人：张三", 2, 3),
    ]
    assert document.reader == "doc/1"
    assert document.problems == ()
    assert [grid.locator for grid in document.grids] == ["WordDocument tbl 1", "WordDocument tbl 2"]


def test_marks_are_read_as_printed() -> None:
    texts = dict(zip(*[iter(cell[4] for cell in cells(fixture("marks")))] * 2, strict=True))
    assert texts == {
        "是否完成": "☑是□否",
        "比较": "≥95%",
        "金额": "30,000元",
        "隐藏": "前后",
        "日期": "2021年",
        "换行": "上\n下",
        "连字符": "a-b\tc",
        "增补": "方框𠮷字",
        "plain": "café ≤ 5€",
    }
    assert fixture("marks").blocks[0].text == "标题"


def test_nested_tables_are_grids_behind_their_host() -> None:
    document = fixture("nested")
    assert [[cell[4] for cell in cells(document, k)] for k in range(3)] == [
        ["外前\n外后", "右", "左下", "右下"],
        ["内甲", "内乙", ""],
        ["里1", "里2"],
    ]
    assert cells(document, 1)[2] == (1, 0, 1, 2, "")
    assert [(b.text, b.before_grid) for b in document.blocks[:2]] == [("前言", 0), ("结语", 3)]


def test_notes_and_boxes_are_blocks_and_headers_are_not() -> None:
    document = fixture("notes")
    assert cells(document) == [(0, 0, 1, 1, "全年执行数"), (0, 1, 1, 1, "12.5")]
    assert [(b.text, b.before_grid, b.locator) for b in document.blocks] == [
        ("正文一", 0, "WordDocument p 1"),
        ("文本框里的标题", 0, "WordDocument text box 1 p 1"),
        ("正文二", 0, "WordDocument p 2"),
        ("正文三", 1, "WordDocument p 3"),
        ("截至年底", 1, "WordDocument footnotes p 1"),
    ]


# Refusals --------------------------------------------------------------------------------------------------------


def test_old_and_encrypted_documents_are_refused_by_name() -> None:
    assert code(build(Doc([Part("x\r")], ident=0xA5DC, version=101))) == "old_format"
    assert code(build(Doc([Part("x\r")], version=104))) == "old_format"
    assert code(b"\xdb\xa5-\x00" + b"\x00" * 2000) == "old_format"
    assert code(wb.container({"MN0": b"x", "MM": b"y"})) == "old_format"
    assert code(build(Doc([Part("x\r")], flags=0x0300))) == "encrypted"
    assert code(wb.container({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})) == "encrypted"


def test_damage_is_named() -> None:
    assert code(b"%PDF-1.4" + b" " * 3000) == "corrupt"
    assert code(wb.container({"Workbook": b"x"})) == "corrupt"
    assert code(build(Doc([Part("x\r")], ident=0x1234))) == "corrupt"
    assert code(build(Doc([Part("x\r")], lengths=[1 << 30]))) == "corrupt"


@pytest.mark.parametrize("share", [k / 10 for k in range(10)])
def test_a_document_cut_off_anywhere_is_truncated(share: float) -> None:
    data = (FIXTURES / "merges.doc").read_bytes()
    cut = data[: max(1, int(len(data) * share))]
    assert code(cut) == "truncated"


def test_stream_names_are_compared_without_case() -> None:
    data = build(Doc([Part("x\r")]))
    for name in ("WordDocument", "1Table"):
        data = data.replace(name.encode("utf-16-le"), name.upper().encode("utf-16-le"))
    assert doc.read(source(data)).blocks[0].text == "x"


# Properties ------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(1, 6), st.sampled_from([0, 0, 0b01 << 5, 0b11 << 5, 1, 2])),
            min_size=1,
            max_size=6,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_cells_never_overlap_and_no_text_is_lost(shape: list[list[tuple[int, int]]]) -> None:
    parts: list[Part] = []
    for number, line in enumerate(shape):
        edges = [0]
        for width, _ in line:
            edges.append(edges[-1] + 500 * width)
        parts += row([f"r{number}c{k}" for k in range(len(line))], define(edges, [flag for _, flag in line]))
    document = doc.read(source(build(Doc([*parts, Part("\r")]))))
    taken: set[tuple[int, int]] = set()
    for cell in document.grids[0].cells:
        places = {
            (r, c)
            for r in range(cell.row, cell.row + cell.row_span)
            for c in range(cell.col, cell.col + cell.col_span)
        }
        assert not taken & places
        taken |= places
    texts = sorted(text for cell in document.grids[0].cells for text in cell.text.split("\n"))
    assert texts == sorted(f"r{n}c{k}" for n, line in enumerate(shape) for k in range(len(line)))
    order = [(cell.row, cell.col) for cell in document.grids[0].cells]
    assert order == sorted(order)


# Real files ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SPECIMENS.exists(), reason="the specimens of others are not here")
def test_real_documents_are_read_or_refused_by_name() -> None:
    outcome: dict[str, str] = {}
    for path in sorted(SPECIMENS.glob("**/*.doc")):
        try:
            doc.read(source(path.read_bytes()))
            outcome[path.name] = "ok"
        except SourceError as error:
            outcome[path.name] = error.code
    assert outcome["simple-table.doc"] == "ok"
    assert outcome["Word95.doc"] == "old_format"
    assert outcome["password_tika_binaryrc4.doc"] == "encrypted"
    assert sum(code == "ok" for code in outcome.values()) >= 57
