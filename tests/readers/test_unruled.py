"""Tables without vertical rules: the rows of the ruled form, and nothing where there is no table."""

import hashlib
from pathlib import Path

import pytest
from drawn_pdf import canvas, finish, text_lines

from pipeline.model import Source
from pipeline.readers import pdf
from pipeline.readers.pages.assembly import assemble
from pipeline.readers.pages.pdfium import read_inks
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret
from tests.benchmarks.accuracy import Count, counted
from tests.benchmarks.open_tables import drawn
from tests.synthetic import DATASETS
from tests.synthetic import read as synthetic

FORMS = Path(__file__).parents[2] / "fixtures" / "project_self_evaluation" / "changji_2020" / "source"
OWN = {"form_id", "document_id", "coverage", "rulebook"}


@pytest.fixture(scope="module")
def index():
    return Index(load_rulebook())


def source(data):
    return Source(hashlib.sha256(data).hexdigest(), ("a.pdf",), len(data), "application/pdf", data)


def read(data):
    return pdf.read(source(data))


def without(data, sides_only=False):
    """Return the document of a PDF as if its vertical rules, or the two outer ones, were not drawn."""
    inks = list(read_inks(data))
    for ink in inks:
        ats = [rule.at for rule in ink.verticals]
        inner = [rule for rule in ink.verticals if min(ats) + 2 < rule.at < max(ats) - 2]
        ink.verticals = inner if sides_only else []
    return assemble(source(data), "pdf/1", inks)


def rows(document, index):
    found = interpret(document, index, "a.pdf", 1).rows
    return {
        name: [{key: value for key, value in row.items() if key not in OWN} for row in found.get(name, [])]
        for name in ("forms", "funding", "indicators")
    }


@pytest.mark.parametrize("sides_only", [True, False])
@pytest.mark.parametrize("name", ["form_1.pdf", "form_2.pdf"])
def test_a_form_without_vertical_rules_gives_the_same_rows(name, sides_only, index):
    data = (FORMS / name).read_bytes()
    document = without(data, sides_only)
    assert document.problems == ()
    assert rows(document, index) == rows(read(data), index)


HEAD = ("指标名称", "年度指标值", "实际完成值", "分值", "得分")
BODY = [
    ("发放补贴人数", "≥2350人", "2407人", "12", "11"),
    ("资料录入准确率", "≥95%", "97.5%", "10", "10"),
    ("资金拨付及时率", "100%", "100%", "8", "8"),
    ("群众满意度", "≥90%", "96%", "", "5"),
]
STARTS = (60, 190, 290, 390, 460)


def listed(lines, top=120, step=20.0, starts=STARTS, align="left"):
    page, buffer = canvas()
    for number, line in enumerate(lines):
        for x, text in zip(starts, line, strict=True):
            if text:
                text_lines(page, [text], x, top + number * step, 70, align)
    return page, buffer


@pytest.mark.parametrize("align", ["left", "center", "right"])
def test_a_list_without_rules_is_a_table(align):
    page, buffer = listed([HEAD, *BODY], align=align)
    text_lines(page, ["绩效指标完成情况"], 60, 80, 475, "center")
    doc = read(finish(page, buffer))
    assert [[cell.text for cell in line] for grid in doc.grids for _, line in grid.rows()] == [
        list(HEAD),
        *map(list, BODY),
    ]
    assert doc.problems == ()
    assert [block.text for block in doc.blocks] == ["绩效指标完成情况"]
    assert doc.grids[0].locator == "page 1 table 1 (unruled)"
    boxes = [cell.bbox for cell in doc.grids[0].cells]
    assert all(x0 < x1 and top < bottom for x0, top, x1, bottom in boxes)


def none_of(page, buffer):
    doc = read(finish(page, buffer))
    assert doc.grids == ()
    return doc


PROSE = "为进一步加强预算绩效管理提高财政资金使用效益根据有关规定组织开展本次绩效自评工作现将有关情况报告如下"


@pytest.mark.parametrize("columns", [2, 3])
def test_prose_in_columns_is_no_table(columns):
    wide = 480 // columns
    count = wide // 10 - 2
    page, buffer = canvas()
    for column in range(columns):
        lines = [(PROSE * 9)[i * 7 + column : i * 7 + column + count] for i in range(30)]
        text_lines(page, lines, 60 + column * wide, 80, wide, "left")
    doc = none_of(page, buffer)
    assert doc.problems == ()


def test_a_contents_page_is_no_table():
    lines = [(f"{i}", f"第{'一二三四五六七八九'[i - 1]}章 绩效评价", str(3 * i)) for i in range(1, 10)]
    doc = none_of(*listed(lines, starts=(60, 100, 480)))
    assert doc.problems == ()


def test_a_list_is_no_table():
    lines = [(f"{i}.", "按时完成年度工作任务") for i in range(1, 12)]
    none_of(*listed(lines, starts=(60, 80)))


def test_labels_and_values_in_two_columns_are_no_table():
    lines = [("项目名称", "道路养护"), ("主管部门", "交通局"), ("实施单位", "公路段"), ("负责人", "张三")]
    none_of(*listed(lines, starts=(60, 200)))


def test_two_rows_are_no_table():
    none_of(*listed([HEAD, BODY[0]]))


def test_rules_under_headings_are_no_table():
    page, buffer = canvas()
    for number in range(6):
        page.line(60, 842 - 100 - number * 90, 535, 842 - 100 - number * 90)
        text_lines(page, [PROSE[:40], PROSE[10:50], PROSE[20:]], 60, 110 + number * 90, 475, "left")
    assert none_of(page, buffer).problems == ()


def test_doubtful_rows_are_left_as_text_and_told():
    """Lines that follow closely: whether one is a row or the rest of the one above does not show."""
    lines = [
        HEAD,
        *BODY[:2],
        ("满意度调查的", "", "", "", ""),
        *BODY[2:],
        ("续行的名称", "", "", "", ""),
        BODY[0],
    ]
    doc = read(finish(*listed(lines, step=14.0)))
    if doc.grids:
        assert [c.text for c in doc.grids[0].cells if c.col == 0 and c.text].count("满意度调查的") == 0
    else:
        assert "page 1" in doc.problems[0]
    text = "".join(block.text for block in doc.blocks) + "".join(c.text for g in doc.grids for c in g.cells)
    assert all(word.replace(" ", "") in text.replace(" ", "") for line in lines for word in line)


def ruled_list(page, lines, top, step=20.0):
    for number in range(len(lines) + 1):
        page.line(55, 842 - top - number * step, 540, 842 - top - number * step)
    for number, line in enumerate(lines):
        for x, text in zip(STARTS, line, strict=True):
            text_lines(page, [text], x, top + number * step + 5, 70, "left")


def test_a_table_between_horizontal_rules_goes_on_over_the_page():
    """One row and a half-filled one on the next page are no table by themselves."""
    body = BODY[:3] * 10
    page, buffer = canvas()
    ruled_list(page, [HEAD, *body], 150)
    page.showPage()
    rest = [("群众满意度", "≥90%", "96%", "10", "10"), ("总分", "", "", "100", "96")]
    ruled_list(page, rest, 72)
    doc = read(finish(page, buffer))
    assert len(doc.grids) == 1
    assert [[cell.text for cell in line] for _, line in doc.grids[0].rows()] == [
        list(line) for line in (HEAD, *body, *rest)
    ]
    assert {cell.page for cell in doc.grids[0].cells} == {1, 2}
    assert doc.problems == ()


def texts(document):
    return [[cell.text for cell in line] for grid in document.grids for _, line in grid.rows()]


def test_numbers_set_right_belong_to_the_heads_left_of_them():
    """They do not reach under a head set to the middle of a wide column; a dash does."""
    heads = ("资金来源", "年初预算数", "全年执行数", "执行率")
    body = [
        ("年度资金总额", "1,234.50", "900.00", "72.9%"),
        ("其中：财政拨款", "34.5", "—", "88%"),
        ("其他资金", "1,200", "900", "5%"),
    ]
    page, buffer = canvas()
    for number, line in enumerate([heads, *body]):
        for column, text in enumerate(line):
            align = "right" if text[:1].isdigit() else "center"
            text_lines(page, [text], 60 + 120 * column, 120 + number * 20, 115, align)
    assert texts(read(finish(page, buffer))) == [list(line) for line in (heads, *body)]


def test_labels_in_the_middle_of_their_rows_are_merged_over_them():
    page, buffer = canvas()
    for x, text in zip((60, 160, 300, 400), ("一级指标", "三级指标", "指标值", "得分"), strict=True):
        text_lines(page, [text], x, 100, 90, "center")
    names = ("发放补贴人数", "资料录入准确率", "资金拨付及时率", "群众满意度", "设施完好率")
    for number, name in enumerate(names):
        for x, text in zip((160, 300, 400), (name, f"≥{number + 90}%", str(number)), strict=True):
            text_lines(page, [text], x, 124 + number * 24, 90, "center")
    text_lines(page, ["产出指标"], 60, 124 + 0.5 * 24, 90, "center")
    text_lines(page, ["效益指标"], 60, 124 + 3 * 24, 90, "center")
    document = read(finish(page, buffer))
    (grid,) = document.grids
    labels = [(cell.text, cell.row, cell.row_span) for cell in grid.cells if cell.col == 0 and cell.text]
    assert labels == [("一级指标", 0, 1), ("产出指标", 1, 2), ("效益指标", 3, 3)]
    assert document.problems == ()


def test_a_form_has_sections_with_other_columns():
    """Two columns of labels and values above, five columns below: neither is cut by the edges of the other."""
    page, buffer = canvas()
    fields = [
        ("项目名称", "乡村道路养护", "主管部门", "交通运输局"),
        ("实施单位", "公路段", "负责人", "张三"),
    ]
    for number, line in enumerate(fields):
        for x, text in zip((60, 170, 320, 420), line, strict=True):
            text_lines(page, [text], x, 100 + number * 20, 90, "left")
    for number, line in enumerate([HEAD, *BODY]):
        for x, text in zip(STARTS, line, strict=True):
            text_lines(page, [text] if text else [], x, 150 + number * 20, 70, "left")
    filled = [[text for text in line if text] for line in texts(read(finish(page, buffer)))]
    assert filled[:2] == [list(line) for line in fields]
    assert filled[2:] == [[text for text in line if text] for line in (HEAD, *BODY)]


@pytest.mark.parametrize("name", ["development", "held_out"])
def test_random_forms_between_horizontal_rules_lose_little_and_invent_nothing(name, tmp_path):
    total = Count()
    for number, (_, _, _, true, data) in enumerate(drawn(name, "horizontal", 6)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(data)
        found = synthetic(path)
        for dataset in DATASETS:
            total = total.plus(counted(true, found, dataset))
    assert total.precision >= 0.995
    assert total.recall >= 0.9


def test_more_rows_than_a_page_holds_are_left_as_text_and_told():
    page, buffer = canvas(size=(595.0, 200 * 20.0))
    for number, line in enumerate([HEAD, *BODY * 45]):
        for x, text in zip(STARTS, line, strict=True):
            text_lines(page, [text] if text else [], x, 60 + number * 20, 70, "left")
    document = read(finish(page, buffer))
    assert document.grids == ()
    assert "page 1" in document.problems[0]
