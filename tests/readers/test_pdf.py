"""The PDF reader: spans, wraps, order, what is refused; both engines see the same cells."""

import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest
from drawn_pdf import Drawn, canvas, finish, plain, table, text_lines

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import pdf

ENGINES = ("pdfium", "pdfplumber")
FORMS = Path(__file__).parents[2] / "fixtures" / "project_self_evaluation" / "changji_2020" / "source"
SPECIMENS = Path(__file__).parents[2].parent / "shared" / "specimens"


def source(data: bytes) -> Source:
    return Source(hashlib.sha256(data).hexdigest(), ("a.pdf",), len(data), "application/pdf", data)


def read(data: bytes, engine: str):
    return pdf.read_with(source(data), engine)


def places(grid):
    return [(c.row, c.col, c.row_span, c.col_span, c.text) for c in grid.cells]


FORM = [
    Drawn(0, 0, "项目名称", col_span=2),
    Drawn(0, 2, "访惠聚工作队经费", col_span=3),
    Drawn(1, 0, "项目资金", row_span=3),
    Drawn(1, 1, ""),
    Drawn(1, 2, "年初预算数"),
    Drawn(1, 3, "全年执行数"),
    Drawn(1, 4, "得分"),
    Drawn(2, 1, "年度资金总额"),
    Drawn(2, 2, "1,234.50"),
    Drawn(2, 3, "13"),
    Drawn(2, 4, "10", row_span=2),
    Drawn(3, 1, "其中：财政拨款"),
    Drawn(3, 2, "13"),
    Drawn(3, 3, "—"),
]
WIDTHS = (60, 90, 80, 80, 60)
HEIGHTS = (24, 24, 24, 24)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rects", [False, True])
def test_spans_boxes_and_pages(engine, rects):
    page, buffer = canvas()
    table(page, 60, 80, WIDTHS, HEIGHTS, FORM, rects=rects)
    doc = read(finish(page, buffer), engine)
    assert [places(grid) for grid in doc.grids] == [
        [(c.row, c.col, c.row_span, c.col_span, c.text) for c in FORM]
    ]
    for cell in doc.grids[0].cells:
        x0 = 60 + sum(WIDTHS[: cell.col])
        top = 80 + sum(HEIGHTS[: cell.row])
        box = (x0, top, x0 + sum(WIDTHS[cell.col : cell.col + cell.col_span]), top + 24 * cell.row_span)
        assert cell.page == 1
        assert cell.bbox == pytest.approx(box, abs=0.6)
    assert doc.pages == 1
    assert doc.problems == ()


WRAPS = [
    ("切实做好经费保障工作，确保驻村工作正常开展，用于访贫问苦、送温暖。", 90, None),
    ("第一目标\n第二目标", 90, "第一目标\n第二目标"),
    ("目标一：完成\n目标二：为群众送信息、送服务、送温暖，确保工作正常开展", 90, None),
    ("1234567890.12", 40, "1234567890.12"),
    ("21,516,\n200.00", 44, "21,516,200.00"),
    ("21,516\n200.00", 60, "21,516\n200.00"),
    ("improve the living standard of villagers", 80, "improve the living standard of villagers"),
    ("完成率≥98%以上且满意度达到95%", 60, "完成率≥98%以上且满意度达到95%"),
    ("年度\n（A）", 80, "年度\n（A）"),
    ("绩效指标", 20, "绩效指标"),
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("align", ["left", "center", "right"])
@pytest.mark.parametrize(("text", "width", "expected"), WRAPS)
def test_wraps_are_joined_and_line_ends_kept(engine, align, text, width, expected):
    page, buffer = canvas()
    cells = [Drawn(0, 0, text, align=align), Drawn(0, 1, "旁边的一格写满了整整一行文字", align="left")]
    table(page, 60, 80, (width, 136), (150,), cells)
    doc = read(finish(page, buffer), engine)
    assert doc.grids[0].cells[0].text == (expected or text)


@pytest.mark.parametrize("engine", ENGINES)
def test_blocks_and_tables_in_reading_order(engine):
    page, buffer = canvas()
    text_lines(page, ["项目支出绩效自评表"], 60, 40, 475, "center", size=16)
    text_lines(page, ["（2020年度）"], 60, 70, 475, "center")
    table(page, 60, 100, (100, 100), (20, 20), plain([["甲", "1"], ["乙", "2"]]))
    text_lines(page, ["单位：万元"], 60, 170, 475, "right")
    table(page, 60, 200, (100, 100), (20,), plain([["丙", "3"]]))
    doc = read(finish(page, buffer), engine)
    assert [(b.text, b.before_grid, b.order) for b in doc.blocks] == [
        ("项目支出绩效自评表", 0, 0),
        ("（2020年度）", 0, 1),
        ("单位：万元", 1, 2),
    ]
    assert [len(g.cells) for g in doc.grids] == [4, 2]
    assert [g.index for g in doc.grids] == [0, 1]
    assert all(b.page == 1 and b.bbox for b in doc.blocks)


@pytest.mark.parametrize("engine", ENGINES)
def test_prose_is_joined_to_paragraphs(engine):
    page, buffer = canvas()
    first = (
        "　　为进一步加强预算绩效管理，提高财政资金使用效益，根据有关规定开展本次绩效自评工作，现将结果公开"
    )
    prose = [first[:40], first[40:] + "如下。", "　　二、评价结论"]
    text_lines(page, prose, 60, 60, 475, "left", size=12)
    doc = read(finish(page, buffer), engine)
    assert [b.text for b in doc.blocks] == [first.strip() + "如下。", "二、评价结论"]


def scan(page):
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    page.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 595, 842)


@pytest.mark.parametrize("engine", ENGINES)
def test_scan_is_refused(engine):
    page, buffer = canvas()
    scan(page)
    with pytest.raises(SourceError) as caught:
        read(finish(page, buffer), engine)
    assert caught.value.code == "needs_ocr"


@pytest.mark.parametrize("engine", ENGINES)
def test_scanned_page_among_text_is_a_problem_without_the_extra(engine, monkeypatch):
    monkeypatch.setattr("pipeline.readers.scans.engine.missing", lambda: ("rapidocr",))
    page, buffer = canvas()
    table(page, 60, 80, WIDTHS, HEIGHTS, FORM)
    page.showPage()
    scan(page)
    page.showPage()
    doc = read(finish(page, buffer), engine)
    assert doc.pages == 2
    assert len(doc.grids) == 1
    assert len(doc.problems) == 1
    assert "page 2" in doc.problems[0] and "guibiao[ocr]" in doc.problems[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_password(engine):
    page, buffer = canvas(encrypt="secret")
    table(page, 60, 80, WIDTHS, HEIGHTS, FORM)
    with pytest.raises(SourceError) as caught:
        read(finish(page, buffer), engine)
    assert caught.value.code == "encrypted"


def whole() -> bytes:
    page, buffer = canvas()
    for _ in range(3):
        table(page, 60, 80, WIDTHS, HEIGHTS, FORM)
        page.showPage()
    return finish(page, buffer)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("keep", [8, 40, 400, 1500, 0.5, 0.8, 0.95])
def test_cut_off_file_never_passes_for_whole(engine, keep):
    data = whole()
    cut = data[: keep if isinstance(keep, int) else int(len(data) * keep)]
    try:
        doc = read(cut, engine)
    except SourceError as error:
        assert error.code in ("truncated", "corrupt")
    else:
        assert doc.problems


@pytest.mark.parametrize("engine", ENGINES)
def test_junk_is_corrupt(engine):
    with pytest.raises(SourceError) as caught:
        read(b"%PDF-1.4\n" + bytes(range(256)) * 8 + b"\n%%EOF", engine)
    assert caught.value.code == "corrupt"


SMALL = [path for path in sorted(SPECIMENS.glob("*/*.pdf")) if path.stat().st_size < 100_000]


@pytest.mark.skipif(not SMALL, reason="no specimens here")
@pytest.mark.parametrize("path", SMALL, ids=lambda p: p.name)
def test_specimens_are_read_whole_or_refused(path):
    """Each character that pdfplumber sees stands in a cell or a block, as often as it is drawn."""
    import pdfplumber

    data = path.read_bytes()
    try:
        doc = read(data, "pdfium")
    except SourceError as error:
        assert error.code in ("needs_ocr", "corrupt")
        return
    seen = Counter("".join(c.text for g in doc.grids for c in g.cells) + "".join(b.text for b in doc.blocks))
    with pdfplumber.open(io.BytesIO(data)) as document:
        drawn = Counter("".join(char["text"] for page in document.pages for char in page.chars))
    assert {char for char in drawn - seen if not char.isspace() and ord(char) < 0xFB00} == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_damaged_content_is_a_problem(engine, monkeypatch):
    """A page whose content stream is damaged half way opens as a shorter page: that must not pass for whole."""
    monkeypatch.setattr("reportlab.rl_config.useA85", 0)
    page, buffer = canvas()
    page.setPageCompression(1)
    for row in range(30):
        table(page, 60, 80 + row * 20, (100, 120), (20,), plain([[f"第{row}项", "13"]]))
    data = finish(page, buffer)
    assert read(data, engine).problems == ()
    half = data.index(b"stream", data.index(b"FlateDecode")) + 308
    damaged = data[:half] + bytes(byte ^ 0x55 for byte in data[half : half + 40]) + data[half + 40 :]
    try:
        doc = read(damaged, engine)
    except SourceError as error:
        assert error.code == "corrupt"
    else:
        assert any("damaged" in problem for problem in doc.problems)


@pytest.mark.parametrize("engine", ENGINES)
def test_scan_with_a_blank_and_an_invisible_layer_is_a_scan(engine):
    page, buffer = canvas()
    scan(page)
    text = page.beginText(65, 700)
    text.setFont("Helvetica", 9)
    if engine == "pdfium":
        text.setTextRenderMode(3)
        text.textLine("recognised by someone else")
    text.textLine(" ")
    page.drawText(text)
    with pytest.raises(SourceError) as caught:
        read(finish(page, buffer), engine)
    assert caught.value.code == "needs_ocr"


def test_engine_by_environment(monkeypatch):
    page, buffer = canvas()
    table(page, 60, 80, WIDTHS, HEIGHTS, FORM)
    data = source(finish(page, buffer))
    assert pdf.read(data).reader == f"pdf/{pdf.VERSION}"
    monkeypatch.setenv(pdf.ENGINE_VARIABLE, "pdfplumber")
    assert pdf.read(data).reader == f"pdf-pdfplumber/{pdf.VERSION}"
    monkeypatch.setenv(pdf.ENGINE_VARIABLE, "nonesuch")
    with pytest.raises(SourceError, match="nonesuch"):
        pdf.read(data)


def test_thick_border_is_one_rule():
    page, buffer = canvas()
    table(page, 60, 80, (100, 100), (24, 24), plain([["甲", "1"], ["乙", "2"]]))
    for y in (80, 128):
        page.rect(60, 842 - y - 2.5, 200, 5, stroke=0, fill=1)
    doc = read(finish(page, buffer), "pdfium")
    assert [places(grid) for grid in doc.grids] == [
        [(0, 0, 1, 1, "甲"), (0, 1, 1, 1, "1"), (1, 0, 1, 1, "乙"), (1, 1, 1, 1, "2")]
    ]
