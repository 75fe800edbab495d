"""PDF tables over page breaks, turned pages, and text layers that lie."""

import hashlib

import pytest
from drawn_pdf import FONT, SIZE, Drawn, canvas, cut_rows, finish, form_rows, plain, table, text_lines

from pipeline.model import Source
from pipeline.model.document import place
from pipeline.readers import pdf

ENGINES = ("pdfium", "pdfplumber")
WIDTHS = (80, 180, 100, 60)
TALL = 842 - 2 * 72


def read(data, engine):
    return pdf.read_with(
        Source(hashlib.sha256(data).hexdigest(), ("a.pdf",), len(data), "application/pdf", data), engine
    )


def rows_of(grid):
    return [tuple(c.text for c in cells) for _, cells in grid.rows()]


def assert_tiled(grid):
    """Each position of the four columns belongs to exactly one cell."""
    owned = [
        (row, col)
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.row_span)
        for col in range(cell.col, cell.col + cell.col_span)
    ]
    assert sorted(owned) == [(row, col) for row in range(1 + max(r for r, _ in owned)) for col in range(4)]


def over_pages(rows, per_page, header=0, furniture=True):
    """Draw one table over as many pages as it takes; the first page has a title above it."""
    cells = form_rows(rows)
    page, buffer = canvas()
    first, number = 0, 0
    while first <= rows:
        number += 1
        top = 130 if number == 1 else 72
        count = per_page - (3 if number == 1 else 0)
        repeated = header if number > 1 else 0
        last = min(first + count - repeated, rows + 1)
        if number == 1:
            text_lines(page, ["项目支出绩效自评表"], 60, 80, 420, "center", size=18)
        if furniture:
            text_lines(page, ["某某市财政局部门决算"], 60, 40, 420, "center")
            text_lines(page, [f"— {number} —"], 60, 800, 420, "center")
        table(
            page, 60, top, WIDTHS, (22,) * (last - first + repeated), cut_rows(cells, first, last, repeated)
        )
        page.showPage()
        first = last
    return finish(page, buffer), number


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("header", [0, 1])
@pytest.mark.parametrize("rows", [30, 40, 75])
def test_table_over_pages_is_one_grid(engine, header, rows):
    data, pages = over_pages(rows, TALL // 22, header)
    doc = read(data, engine)
    assert doc.pages == pages
    assert pages == (2 if rows < 50 else 3)
    assert len(doc.grids) == 1
    grid = doc.grids[0]
    values = [c.text for c in grid.cells if c.col == 1 and c.text != "三级指标"]
    assert values == [f"第{row}项工作完成率" for row in range(1, rows + 1)]
    assert {c.page for c in grid.cells} == set(range(1, pages + 1))
    assert all(c.bbox[1] >= 72 for c in grid.cells)
    heads = [c for c in grid.cells if c.text == "一级指标"]
    assert len(heads) == 1 + header * (pages - 1)
    assert_tiled(grid)


@pytest.mark.parametrize("engine", ENGINES)
def test_empty_cell_goes_on_under_a_merged_label(engine):
    data, _ = over_pages(40, TALL // 22)
    grid = read(data, engine).grids[0]
    first = next(c for c in grid.cells if c.page == 2)
    assert (first.col, first.text) == (0, "")
    assert first.row_span > 1


@pytest.mark.parametrize("engine", ENGINES)
def test_heads_and_page_numbers_are_blocks_of_the_margin(engine):
    data, _ = over_pages(40, TALL // 22)
    doc = read(data, engine)
    margin = [b.text for b in doc.blocks if "margin" in b.locator]
    assert margin == ["某某市财政局部门决算", "— 1 —", "某某市财政局部门决算", "— 2 —"]
    assert [b.text for b in doc.blocks if "margin" not in b.locator] == ["项目支出绩效自评表"]


def two_pages(lower, upper_rows=30, note="", top=72):
    page, buffer = canvas()
    upper = form_rows(upper_rows)
    table(page, 60, 72, WIDTHS, (22,) * (upper_rows + 1), upper)
    page.showPage()
    if note:
        text_lines(page, [note], 60, 74, 420, "center", size=16)
    count = 1 + max(c.row for c in lower)
    table(page, 60, top, WIDTHS, (22,) * count, lower)
    return finish(page, buffer)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("lower", "options"),
    [
        ([Drawn(0, 0, "另一张表", col_span=4), *plain([["甲", "乙", "丙", "1"]], 1)], {}),
        (plain([["一级指标", "另一项", "值", "分"], ["甲", "乙", "丙", "1"]]), {}),
        (plain([["甲", "乙", "丙", "1"]]), {"note": "部门整体支出绩效自评表", "top": 110}),
        (plain([["甲", "乙", "丙", "1"]]), {"upper_rows": 15}),
        (plain([["甲", "乙", "丙", "1"]]), {"top": 400}),
    ],
    ids=["title row", "same opening", "title above", "room left", "begins low"],
)
def test_new_table_is_not_glued_on(engine, lower, options):
    doc = read(two_pages(lower, **options), engine)
    assert len(doc.grids) == 2
    assert [g.page for g in doc.grids] == [1, 2]


@pytest.mark.parametrize("engine", ENGINES)
def test_other_columns_are_another_table(engine):
    page, buffer = canvas()
    table(page, 60, 72, WIDTHS, (22,) * 31, form_rows(30))
    page.showPage()
    table(page, 60, 72, (100, 100, 110, 110), (22,), plain([["甲", "乙", "丙", "丁"]]))
    assert len(read(finish(page, buffer), engine).grids) == 2


LONG = (
    "对进入人力资源服务中心的档案进行登记整理并及时提供各项档案服务工作提升全州人力资源服务机构诚信服务意识"
)


def cut_cell(open_end=False, header=0):
    """Draw a table whose last row on page 1 is cut: two full lines of 18 stand there, the rest on page 2."""
    page, buffer = canvas()
    upper = [
        *form_rows(27),
        Drawn(28, 0, "效益"),
        Drawn(28, 1, LONG[:36]),
        Drawn(28, 2, "13万元"),
        Drawn(28, 3, "9"),
    ]
    table(page, 60, 842 - 72 - 28 * 22 - 28, WIDTHS, (*(22,) * 28, 28), upper, skip_bottom=open_end)
    page.showPage()
    lower = [
        *[cell for cell in upper if cell.row < header],
        Drawn(header, 0, "", row_span=2),
        *[Drawn(header, c, text) for c, text in ((1, LONG[36:]), (2, ""), (3, ""))],
        *[Drawn(header + 1, c, text) for c, text in ((1, "群众收入"), (2, "提高"), (3, "5"))],
        *plain([["满意度", "群众满意", "95%", "5"]], header + 2),
    ]
    table(page, 60, 72, WIDTHS, (22,) * (header + 3), lower, skip_top=open_end)
    return finish(page, buffer)


CUT = [
    ("pdfium", False, 0),
    ("pdfium", True, 0),
    ("pdfplumber", False, 0),
    ("pdfium", False, 1),
    ("pdfplumber", False, 1),
]


@pytest.mark.parametrize(("engine", "open_end", "header"), CUT)
def test_cell_cut_by_the_break_is_joined(engine, open_end, header):
    doc = read(cut_cell(open_end, header), engine)
    assert len(doc.grids) == 1
    grid = doc.grids[0]
    last = [("效益", LONG, "13万元", "9")]
    if header:
        last += [("一级指标", "三级指标", "指标值", "得分"), ("", "群众收入", "提高", "5")]
    else:
        last += [("群众收入", "提高", "5")]
    assert rows_of(grid)[-len(last) - 1 :] == [*last, ("满意度", "群众满意", "95%", "5")]
    cell = next(c for c in grid.cells if c.text == LONG)
    assert cell.page == 1
    first, rest = cell.parts()
    assert first == (1, cell.bbox)
    assert rest[0] == 2
    assert rest[1][::2] == pytest.approx(cell.bbox[::2], abs=0.6)
    assert rest[1][1] < rest[1][3] < 842 / 2
    assert place(grid, cell).startswith(grid.locator)
    assert [c.parts() for c in grid.cells if len(c.parts()) != 1 and c.page == 2] == []
    assert_tiled(grid)


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_row_after_the_break_is_not_joined(engine):
    doc = read(two_pages(plain([["满意度", "群众满意", "95%", "5"]])), engine)
    assert len(doc.grids) == 1
    assert rows_of(doc.grids[0])[-1] == ("满意度", "群众满意", "95%", "5")


SMALL = plain([["项目名称", "访惠聚经费"], ["预算数", "13.5"]])


def small(page):
    table(page, 60, 80, (100, 120), (24, 24), SMALL)


@pytest.mark.parametrize("engine", ENGINES)
def test_names_printed_on_every_row_are_no_rest_of_a_cut_row(engine):
    page, buffer = canvas()
    upper = [*form_rows(27), *plain([["效益指标可持续", "设施使用年限", "≥8年", "4"]], 28)]
    table(page, 60, 842 - 72 - 28 * 22 - 14, (80, 180, 100, 60), (*(22,) * 28, 14), upper)
    page.showPage()
    table(
        page,
        60,
        72,
        WIDTHS,
        (22,) * 2,
        plain([["效益指标可持续", "", "", ""], ["满意度", "群众满意", "95%", "5"]]),
    )
    (grid,) = read(finish(page, buffer), engine).grids
    assert rows_of(grid)[-3:] == [
        ("效益指标可持续", "设施使用年限", "≥8年", "4"),
        ("效益指标可持续", "", "", ""),
        ("满意度", "群众满意", "95%", "5"),
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_pages_are_read_upright(engine, degrees):
    page, buffer = canvas()
    page.setPageRotation(degrees)
    small(page)
    upright = read(finish(page, buffer), engine)
    page, buffer = canvas((842.0, 595.0))
    page.setPageRotation((360 - degrees) % 360)
    page.saveState()
    page.translate(421, 297.5)
    page.rotate(degrees)
    page.translate(-297.5 if degrees % 180 else -421, -421 if degrees % 180 else -297.5)
    page._pagesize = (595.0, 842.0) if degrees % 180 else (842.0, 595.0)
    small(page)
    page.restoreState()
    turned = read(finish(page, buffer), engine)
    for doc in (upright, turned):
        assert [rows_of(g) for g in doc.grids] == [[("项目名称", "访惠聚经费"), ("预算数", "13.5")]]


@pytest.mark.parametrize("engine", ENGINES)
def test_watermark_stays_out_of_cells(engine):
    page, buffer = canvas()
    small(page)
    page.saveState()
    page.translate(80, 690)
    page.rotate(30)
    page.setFont(FONT, 40)
    page.setFillGray(0.85)
    page.drawString(0, 0, "内部资料")
    page.restoreState()
    doc = read(finish(page, buffer), engine)
    assert rows_of(doc.grids[0]) == [("项目名称", "访惠聚经费"), ("预算数", "13.5")]
    assert [b.text for b in doc.blocks] == ["内部资料"]


@pytest.mark.parametrize("engine", ENGINES)
def test_upright_watermark_stays_out_of_cells(engine):
    page, buffer = canvas()
    page.setFillGray(0.85)
    page.setFont(FONT, 40)
    page.drawString(70, 725, "样本")
    page.setFillGray(0)
    small(page)
    doc = read(finish(page, buffer), engine)
    assert rows_of(doc.grids[0]) == [("项目名称", "访惠聚经费"), ("预算数", "13.5")]


@pytest.mark.parametrize("engine", ENGINES)
def test_bold_drawn_twice_is_read_once(engine):
    page, buffer = canvas()
    small(page)
    page.translate(0.35, 0)
    small(page)
    doc = read(finish(page, buffer), engine)
    assert rows_of(doc.grids[0]) == [("项目名称", "访惠聚经费"), ("预算数", "13.5")]


@pytest.mark.parametrize("engine", ENGINES)
def test_repeated_characters_are_kept(engine):
    page, buffer = canvas()
    table(page, 60, 80, (100, 120), (24,), plain([["1111", "人人满意llll"]]))
    assert rows_of(read(finish(page, buffer), engine).grids[0]) == [("1111", "人人满意llll")]


def test_hidden_text_is_no_text():
    page, buffer = canvas()
    small(page)
    text = page.beginText(65, 842 - 90)
    text.setFont(FONT, SIZE)
    text.setTextRenderMode(3)
    text.textLine("隐藏")
    page.drawText(text)
    doc = read(finish(page, buffer), "pdfium")
    assert rows_of(doc.grids[0]) == [("项目名称", "访惠聚经费"), ("预算数", "13.5")]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("degrees", [90, 270])
def test_label_on_its_side_is_read(engine, degrees):
    page, buffer = canvas()
    table(
        page,
        60,
        80,
        (40, 120),
        (90, 24),
        [Drawn(0, 0, ""), Drawn(0, 1, "访惠聚经费"), Drawn(1, 0, "甲"), Drawn(1, 1, "乙")],
    )
    page.saveState()
    page.translate(80, 842 - 125)
    page.rotate(degrees)
    page.setFont(FONT, SIZE)
    page.drawCentredString(0, -3, "绩效指标")
    page.restoreState()
    assert rows_of(read(finish(page, buffer), engine).grids[0]) == [("绩效指标", "访惠聚经费"), ("甲", "乙")]


@pytest.mark.parametrize("engine", ENGINES)
def test_form_fields_are_read_into_their_cells(engine):
    page, buffer = canvas()
    table(page, 60, 80, (100, 120), (24, 24), plain([["Name", ""], ["Budget", ""]]))
    page.acroForm.textfield(
        name="a", value="Road repair", x=163, y=842 - 101, width=110, height=18, borderWidth=0
    )
    page.acroForm.textfield(name="b", value="13.50", x=163, y=842 - 125, width=110, height=18, borderWidth=0)
    doc = read(finish(page, buffer), engine)
    assert rows_of(doc.grids[0]) == [("Name", "Road repair"), ("Budget", "13.50")]
