import importlib.util
import random
import sys
from pathlib import Path

import pytest
from word_forms import (
    NAMESPACES,
    document,
    form,
    form_xml,
    p,
    package,
    source,
    tbl,
    tc,
    tr,
    word_paragraph,
)
from word_reading import (
    blocks,
    boxed,
    by_tokens,
    by_tree,
    cell_text,
    grids,
    para,
    read,
    reference,
    run,
    t,
    texts,
)

from pipeline.readers import docx
from pipeline.readers.wordml.package import Package

REPOSITORY = Path(__file__).parents[2]
FIXTURE = REPOSITORY / "fixtures/project_self_evaluation/changji_2020"


@pytest.mark.parametrize("number", [1, 2])
def test_fixture_gives_the_declared_cells(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_file_location("changji_2020_make", FIXTURE / "make.py")  # type: ignore[arg-type]
    )
    monkeypatch.setitem(sys.modules, "changji_2020_make", module)  # dataclasses look their module up
    module.__spec__.loader.exec_module(module)  # type: ignore[union-attr]
    rows = module.forms()[number - 1]
    declared = [(c.row, c.col, c.rows, c.span, c.text) for row in rows for c in row if c.sign != "^"]
    data = (FIXTURE / "source" / f"form_{number}.docx").read_bytes()
    assert grids(docx.read(source(data))) == [declared] == reference(data)
    assert by_tokens(data) == by_tree(data)
    assert Package(module.docx(rows)).part("word/document.xml") == Package(data).part("word/document.xml")


@pytest.mark.parametrize("seed", range(12))
def test_generated_forms_equal_their_truth_and_python_docx(seed: int) -> None:
    rng = random.Random(seed)
    truth = [form(rng, rng.randint(1, 30)) for _ in range(rng.randint(1, 3))]
    data = package(document(word_paragraph("之间", 1).join(map(form_xml, truth)) + word_paragraph("", 2)))
    assert grids(by_tokens(data)) == truth == reference(data)
    assert by_tokens(data) == by_tree(data)
    assert blocks(by_tokens(data)) == [("之间", i) for i in range(1, len(truth))]


# --- tables ---


def test_nested_table_is_a_grid_after_its_host_and_leaves_the_host_its_own_text() -> None:
    inner = tbl(tr(tc("内1"), tc("内2")))
    found = read(
        p("前")
        + tbl(tr(tc("a"), tc(p("上") + inner + p("下")), tc("b")))
        + p("中")
        + tbl(tr(tc("c")))
        + p("后")
    )
    assert texts(found) == [["a", "上\n下", "b"], ["内1", "内2"], ["c"]]
    assert [grid.index for grid in found.grids] == [0, 1, 2]
    assert [grid.locator for grid in found.grids] == [f"word/document.xml tbl {n}" for n in (1, 2, 3)]
    assert blocks(found) == [("前", 0), ("中", 2), ("后", 3)]
    assert [block.locator for block in found.blocks] == [f"word/document.xml p {n}" for n in (1, 2, 3)]


def test_rows_cells_paragraphs_and_runs_in_content_controls_are_read() -> None:
    def control(content: str) -> str:
        return f'<w:sdt><w:sdtPr><w:alias w:val="a"/></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>'

    table = tbl(
        control(tr(tc("a"), tc("b"))),
        tr(control(tc("c")), tc(control(p("d")) + p("e"))),
        tr(tc(para(control(run(t("f")))))),
    )
    found = read(control(p("块")) + control(table))
    assert grids(found) == [
        [(0, 0, 1, 1, "a"), (0, 1, 1, 1, "b"), (1, 0, 1, 1, "c"), (1, 1, 1, 1, "d\ne"), (2, 0, 1, 1, "f")]
    ]
    assert blocks(found) == [("块", 0)]


def test_placeholder_of_an_unfilled_control_is_no_text_but_its_cell_stays() -> None:
    def control(content: str, shows: str) -> str:
        return f"<w:sdt><w:sdtPr>{shows}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    on, off = "<w:showingPlcHdr/>", '<w:showingPlcHdr w:val="0"/>'
    found = read(
        tbl(
            tr(
                control(tc("单击此处输入文字"), on),
                control(tc("真"), off),
                tc(para(control(run(t("点")), on), run(t("值")))),
            )
        )
    )
    assert texts(found) == [["", "真", "值"]]


def test_tracked_changes_are_read_as_accepted() -> None:
    gone, new = f"<w:del>{run('<w:delText>旧</w:delText><w:tab/>')}</w:del>", f"<w:ins>{run(t('新'))}</w:ins>"
    moved = f"<w:moveFrom>{run(t('从'))}</w:moveFrom><w:moveTo>{run(t('到'))}</w:moveTo>"
    mark = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"
    assert cell_text(para(gone, new, moved)) == "新到"
    assert cell_text(para(mark, run(t("一"))) + para(run(t("二"))) + p("三")) == "一二\n三"
    assert cell_text(para(mark, gone) + p("留")) == "留"
    anchored = read(tbl(tr(tc(para(mark, run(t("一")), boxed(p("框"))) + p("二")))))
    assert texts(anchored) == [["一二"]] and blocks(anchored) == [("框", 1)]
    assert blocks(read(para(mark, run(t("甲"))) + p("乙") + p("丙"))) == [("甲乙", 0), ("丙", 0)]
    removed = tr(tc("x"), properties='<w:del w:id="1"/>')
    assert grids(read(tbl(tr(tc("a")), removed, tr(tc("b"))))) == [[(0, 0, 1, 1, "a"), (1, 0, 1, 1, "b")]]
    changed = '<w:gridSpan w:val="2"/><w:tcPrChange><w:tcPr><w:gridSpan w:val="5"/></w:tcPr></w:tcPrChange>'
    assert grids(read(tbl(tr(tc("a", changed), tc("b"))))) == [[(0, 0, 1, 2, "a"), (0, 2, 1, 1, "b")]]


def test_columns_left_free_before_and_after_a_row() -> None:
    before, after = '<w:gridBefore w:val="2"/>', '<w:gridAfter w:val="1"/>'
    data = package(document(tbl(tr(tc("a"), tc("b"), tc("c")), tr(tc("d"), properties=before + after))))
    assert grids(docx.read(source(data)))[0][3:] == [(1, 2, 1, 1, "d")]
    assert by_tokens(data) == by_tree(data)


def test_vertical_merges() -> None:
    start, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    also_on = '<w:vMerge w:val="continue"/>'
    found = read(
        tbl(
            tr(tc("a", on), tc("1")),
            tr(tc("", also_on), tc("2")),
            tr(tc("b", start), tc("3")),
            tr(tc("隐", on)),
        )
    )
    assert grids(found) == [
        [(0, 0, 2, 1, "a"), (0, 1, 1, 1, "1"), (1, 1, 1, 1, "2"), (2, 0, 2, 1, "b"), (2, 1, 1, 1, "3")]
    ]
    # A row without the column, or a cell that starts elsewhere, ends the merge.
    gap = read(
        tbl(tr(tc("a", start)), tr(tc("x", ""), properties='<w:gridBefore w:val="1"/>'), tr(tc("c", on)))
    )
    assert grids(gap) == [[(0, 0, 1, 1, "a"), (1, 1, 1, 1, "x"), (2, 0, 1, 1, "c")]]


def test_old_horizontal_merge_widens_the_first_cell() -> None:
    start, on = '<w:hMerge w:val="restart"/>', "<w:hMerge/>"
    found = read(tbl(tr(tc("a", start), tc("", on), tc("", on), tc("b"))))
    assert grids(found) == [[(0, 0, 1, 3, "a"), (0, 3, 1, 1, "b")]]


@pytest.mark.parametrize("span", ["0", "-3", "x", "", "999999999"])
def test_a_senseless_span_is_bounded(span: str) -> None:
    found = read(tbl(tr(tc("a", f'<w:gridSpan w:val="{span}"/>'), tc("b"))))
    assert 1 <= found.grids[0].cells[0].col_span <= 1023 and found.grids[0].cells[1].text == "b"


def test_table_without_cells_is_no_grid() -> None:
    found = read(p("a") + tbl() + p("b") + tbl(tr(tc("c"))) + p("d"))
    assert texts(found) == [["c"]]
    assert blocks(found) == [("a", 0), ("b", 0), ("d", 1)]
    assert found.grids[0].index == 0 and found.grids[0].locator == "word/document.xml tbl 2"


# --- text boxes, headers, notes ---


def test_text_box_is_read_once_after_the_paragraph_that_anchors_it() -> None:
    found = read(para(run(t("锚")), boxed(p("框1") + tbl(tr(tc("格"))) + p("框2")), run(t("定"))) + p("后"))
    assert blocks(found) == [("锚定", 0), ("框1", 0), ("框2", 1), ("后", 1)]
    assert texts(found) == [["格"]]


def test_text_box_in_a_cell_is_blocks_and_only_the_fallback_is_read_where_there_is_no_choice() -> None:
    found = read(tbl(tr(tc(para(run(t("格")), boxed(p("章")))), tc("二"))))
    assert texts(found) == [["格", "二"]] and blocks(found) == [("章", 1)]
    old = run("<w:pict><v:textbox><w:txbxContent>" + p("旧框") + "</w:txbxContent></v:textbox></w:pict>")
    assert blocks(read(para(old))) == [("旧框", 0)]
    both = (
        f"<mc:AlternateContent><mc:Choice>{run(t('新'))}</mc:Choice>"
        f"<mc:Fallback>{run(t('旧'))}</mc:Fallback></mc:AlternateContent>"
    )
    assert blocks(read(para(both))) == [("新", 0)]
    only = run(
        "<mc:AlternateContent><mc:Fallback><w:r>" + t("退") + "</w:r></mc:Fallback></mc:AlternateContent>"
    )
    assert blocks(read(para(only))) == [("退", 0)]


def test_headers_stay_out_and_footnotes_are_blocks_at_the_end() -> None:
    notes = (
        f'<w:footnotes {NAMESPACES}><w:footnote w:type="separator">{p("线")}</w:footnote>'
        f"<w:footnote>{p('脚注')}</w:footnote></w:footnotes>"
    )
    header = f"<w:hdr {NAMESPACES}>{p('页眉')}</w:hdr>"
    body = para(run(t("文")), run('<w:footnoteReference w:id="1"/>')) + tbl(tr(tc("格")))
    found = read(body, footnotes=notes, header1=header)
    assert blocks(found) == [("文", 0), ("脚注", 1)]
    assert found.blocks[1].locator == "word/footnotes.xml p 1"
    assert blocks(read(body)) == [("文", 0)]  # the reference hangs in the air: nothing to read


# --- text ---


def test_breaks_tabs_and_hyphens() -> None:
    inside = (
        "<w:br/>"
        + t("b")
        + '<w:br w:type="textWrapping"/>'
        + t("c")
        + "<w:tab/>"
        + t("d")
        + "<w:cr/>"
        + t("e")
    )
    stops = '<w:pPr><w:tabs><w:tab w:val="left" w:pos="420"/></w:tabs></w:pPr>'
    silent = '<w:br w:type="page"/><w:br w:type="column"/><w:softHyphen/><w:lastRenderedPageBreak/><w:t/>'
    assert cell_text(para(stops, run(t("a") + inside + "<w:noBreakHyphen/>" + silent))) == "a\nb\nc\td\ne-"
    assert cell_text(para(run(t("a") + '<w:ptab w:relativeTo="margin"/>' + t("b")))) == "a\tb"
    assert cell_text("<w:p/>" + p("x") + '<w:p w:rsidR="1"/>') == "\nx\n"


def test_symbols_become_what_they_look_like() -> None:
    assert cell_text(para(run('<w:sym w:font="Wingdings" w:char="F0FE"/>'), run(t("是")))) == "☑是"
    assert cell_text(para(run('<w:sym w:char="F0A8" w:font="Wingdings"/>'))) == "□"
    assert cell_text(para(run('<w:sym w:font="Symbol" w:char="F0B3"/>'), run(t("98%")))) == "≥98%"
    ticked = '<w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/>'
    assert cell_text(para(run(t("R"), ticked), run(t("R")))) == "☑R"
    assert cell_text(para(run(t("\uf0fe 中"), '<w:rFonts w:hAnsi="Wingdings"/>'))) == "☑ 中"
    assert cell_text(para(run('<w:sym w:font="Wingdings" w:char="zz"/>'))) == "\ufffd"


def test_fields_show_their_result_and_never_their_code() -> None:
    def mark(kind: str, data: str = "") -> str:
        return run(f'<w:fldChar w:fldCharType="{kind}">{data}</w:fldChar>')

    code = run("<w:instrText>PAGE</w:instrText>")
    nested = mark("begin") + code + mark("begin") + code + mark("separate") + run(t("隐")) + mark("end")
    assert cell_text(para(nested, mark("separate"), run(t("果")), mark("end"), run(t("后")))) == "果后"
    assert cell_text(para(mark("begin"), code, run(t("码"))) + p("续")) == "\n续"  # never ended
    assert cell_text(para('<w:fldSimple w:instr="DATE">' + run(t("2020")) + "</w:fldSimple>")) == "2020"
    assert cell_text(para("<w:hyperlink>" + run(t("链")) + "</w:hyperlink>")) == "链"


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>', "☑"),
        ('<w:checkBox><w:default w:val="1"/></w:checkBox>', "☑"),
        ('<w:checkBox><w:default w:val="1"/><w:checked w:val="0"/></w:checkBox>', "☐"),
        ("<w:checkBox/>", "☐"),
        (
            '<w:ddList><w:result w:val="1"/><w:listEntry w:val="良"/><w:listEntry w:val="优"/></w:ddList>',
            "优",
        ),
        ('<w:ddList><w:result w:val="7"/><w:listEntry w:val="良"/></w:ddList>', ""),
        ('<w:ddList><w:listEntry w:val="良"/></w:ddList>', "良"),
        ("<w:textInput/>", ""),
    ],
)
def test_form_fields_show_their_state(field: str, shown: str) -> None:
    begin = run(f'<w:fldChar w:fldCharType="begin"><w:ffData>{field}</w:ffData></w:fldChar>')
    assert cell_text(para(begin, run('<w:fldChar w:fldCharType="end"/>'), run(t("尾")))) == shown + "尾"


def test_hidden_runs_and_phonetic_guides_stay_out_and_formulas_stay_in() -> None:
    assert cell_text(para(run(t("隐"), "<w:vanish/>"), run(t("显"), '<w:vanish w:val="0"/>'))) == "显"
    ruby = f"<w:ruby><w:rt>{run(t('yin'))}</w:rt><w:rubyBase>{run(t('音'))}</w:rubyBase></w:ruby>"
    assert cell_text(para(run(ruby))) == "音"
    assert cell_text(para("<m:oMath><m:r><m:t>≥95%</m:t></m:r></m:oMath>")) == "≥95%"


def test_references_line_ends_comments_and_cdata_read_as_xml_says() -> None:
    assert (
        cell_text(para(run("<w:t>a&amp;&lt;&gt;&quot;&apos;&#65;&#x4E2D;&amp;lt;</w:t>"))) == "a&<>\"'A中&lt;"
    )
    assert cell_text(para(run("<w:t>a\r\nb\rc&#13;d</w:t>"))) == "a\nb\nc\rd"
    assert cell_text(para(run("<w:t>a<!-- <w:t>x</w:t> -->b<![CDATA[<c>]]></w:t>"))) == "ab<c>"


def test_what_lies_in_another_file_is_named_as_a_problem() -> None:
    found = read('<w:altChunk r:id="rId9"/>' + p("a") + '<w:altChunk r:id="rId8"/>')
    assert len(found.problems) == 1 and "altChunk" in found.problems[0]
