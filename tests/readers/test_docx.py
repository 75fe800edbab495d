import importlib.util
import random
import sys
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_forms import (
    NAMESPACES,
    RELS,
    STRICT,
    TYPES,
    W,
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
    zipped,
)

from pipeline.errors import SourceError
from pipeline.model import Document
from pipeline.readers import docx
from pipeline.readers.wordml import package as packages
from pipeline.readers.wordml import parsing
from pipeline.readers.wordml.package import Package
from pipeline.readers.wordml.tokens import GuardError

REPOSITORY = Path(__file__).parents[2]
FIXTURE = REPOSITORY / "fixtures/project_self_evaluation/changji_2020"
SPECIMENS = REPOSITORY.parent / "shared/specimens"

Row = tuple[int, int, int, int, str]


def by_tokens(data: bytes) -> Document:
    opened = Package(data)
    return docx.by_tokens(source(data), opened.main_part(), opened.part(opened.main_part()))


def by_tree(data: bytes) -> Document:
    opened = Package(data)
    return docx.by_tree(source(data), opened.main_part(), opened.part(opened.main_part()), opened)


def read(body: str, **parts: str) -> Document:
    """Read a body; where the quick way takes it, both ways must agree."""
    data = package(document(body), **parts)
    found = docx.read(source(data))
    assert found == by_tree(data)
    return found


def grids(found: Document) -> list[list[Row]]:
    return [[cell[:5] for cell in grid.cells] for grid in found.grids]


def texts(found: Document) -> list[list[str]]:
    return [[cell.text for cell in grid.cells] for grid in found.grids]


def blocks(found: Document) -> list[tuple[str, int]]:
    return [(block.text, block.before_grid) for block in found.blocks]


def run(content: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr>{content}</w:r>"


def t(text: str) -> str:
    return f'<w:t xml:space="preserve">{text}</w:t>'


def para(*content: str) -> str:
    return f"<w:p>{''.join(content)}</w:p>"


def cell_text(content: str, **parts: str) -> str:
    return texts(read(tbl(tr(tc(content))), **parts))[0][0]


# --- python-docx, the reference ---


def reference(data: bytes) -> list[list[Row]]:
    from docx import Document as open_docx

    tables = []
    for table in open_docx(BytesIO(data)).tables:
        boxes: dict[object, list[int]] = {}
        words: dict[object, str] = {}
        for number, row in enumerate(table.rows):
            for col, cell in enumerate(row.cells, row.grid_cols_before):
                box = boxes.setdefault(cell._tc, [number, col, number, col])
                words.setdefault(cell._tc, cell.text)
                box[2], box[3] = number, max(box[3], col)
        tables.append([(a, b, c - a + 1, d - b + 1, words[key]) for key, (a, b, c, d) in boxes.items()])
    return tables


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


def boxed(content: str) -> str:
    inside = f"<w:txbxContent>{content}</w:txbxContent>"
    return run(
        f'<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{inside}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{inside}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
    )


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


# --- other ways to write the same ---

PLAIN_BODY = p("题") + tbl(tr(tc("甲", '<w:gridSpan w:val="2"/>')), tr(tc("乙"), tc("&"))) + p("尾")


def test_strict_documents_read_the_same_both_ways() -> None:
    data = package(document(PLAIN_BODY).replace(W, STRICT))
    expected = read(PLAIN_BODY)
    for found in (by_tokens(data), by_tree(data)):
        assert (found.grids, found.blocks) == (expected.grids, expected.blocks)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_other_encodings(encoding: str) -> None:
    declared = "UTF-8" if encoding.startswith("utf-8") else encoding
    data = package(document(PLAIN_BODY).replace("UTF-8", declared).encode(encoding))
    found, expected = docx.read(source(data)), read(PLAIN_BODY)
    assert (found.grids, found.blocks) == (expected.grids, expected.blocks)


def test_another_prefix_reads_the_same() -> None:
    xml = (
        document(PLAIN_BODY)
        .replace("<w:", "<x:")
        .replace("</w:", "</x:")
        .replace(" w:", " x:")
        .replace("xmlns:w=", "xmlns:x=")
    )
    found, expected = docx.read(source(package(xml))), read(PLAIN_BODY)
    assert (found.grids, found.blocks) == (expected.grids, expected.blocks)


GUARDED = [
    '<w:p xmlns:x="' + W + '"><x:r/></w:p>',
    '<w:p xmlns:w="urn:other"/>',
    "<w:p><w:r><w:t>a<!-- b --></w:t></w:r></w:p>",
    "<w:p><w:r><w:t><![CDATA[a]]></w:t></w:r></w:p>",
    "<w:p><?x y?></w:p>",
    "<w:p><w:del/></w:p>",
    "<w:p><w:moveFrom/></w:p>",
    '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r></w:p>',
    "<w:p><w:r><w:fldChar><w:ffData/></w:fldChar></w:r></w:p>",
    '<w:p><w:r><w:sym w:font="Arial" w:char="0041"/></w:r></w:p>',
    '<w:p><w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr></w:r></w:p>',
    '<w:p><w:r><w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr></w:r></w:p>',
    '<w:p><w:r><w:rPr><w:rFonts w:eastAsia="SimSun" w:hAnsi="Webdings"/></w:rPr></w:r></w:p>',
    "<w:p><w:r><w:rPr><w:rFonts w:cs='Symbol'/></w:rPr></w:r></w:p>",
    "<w:p><w:r><w:rPr><w:vanish/></w:rPr></w:r></w:p>",
    "<w:p><w:r><w:ruby/></w:r></w:p>",
    "<w:p><w:r><w:txbxContent/></w:r></w:p>",
    "<w:p><w:r><w:ptab/></w:r></w:p>",
    "<w:p><w:r><w:footnoteReference/></w:r></w:p>",
    "<w:p><w:r><w:endnoteReference/></w:r></w:p>",
    "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr></w:sdt>",
    "<w:altChunk/>",
    "<w:subDoc/>",
    "<mc:AlternateContent/>",
    "<w:p><m:oMath/></w:p>",
    "<w:p><w:r><w:t >a</w:t></w:r></w:p>",
    "<w:p><w:r><w:br w:clear='all'/></w:r></w:p>",
    "<w:p><w:r><w:cr /></w:r></w:p>",
    "<w:p><w:r><w:tab></w:tab></w:r></w:p>",
    "<w:p><w:r><w:tab /></w:r></w:p>",
    "<w:p><w:r><w:noBreakHyphen /></w:r></w:p>",
    tbl(tr(tc("a", "<w:tcPrChange/>"))),
    tbl(tr(tc("a"), properties="<w:trPrChange/>")),
    tbl(tr(tc("a"), properties='<w:del w:id="1"/>')),
    tbl(tr(tc("a", "<w:hMerge/>"))),
    tbl(tr(tc("a", "<w:gridSpan w:val='2'/>"))),
    tbl(tr(tc("a", "<w:vMerge w:val='restart'/>"))),
    tbl(tr(tc("a"), properties="<w:gridBefore w:val='1'/>")),
    tbl("<w:tr><w:tc/></w:tr>"),
    "<w:tbl />",
    tbl(tbl(tr(tc("a")))),
    tbl("<w:tc><w:tc></w:tc></w:tc>"),
    "<w:tc></w:tc>",
    "<w:tr></w:tr>",
    tbl('<w:tr><w:tc></w:tc><w:trPr><w:gridBefore w:val="1"/></w:trPr></w:tr>'),
]


@pytest.mark.parametrize("body", GUARDED)
def test_what_the_quick_way_cannot_read_goes_to_the_tree(body: str) -> None:
    with pytest.raises(GuardError):
        by_tokens(package(document(body + p("后"))))
    assert read(body + p("后")).blocks[-1].text == "后"


def test_an_undefined_entity_or_reference_is_an_error_not_text() -> None:
    for text in ("&nbsp;", "a & b", "&#0;", "&#xD800;"):
        with pytest.raises(SourceError) as caught:
            docx.read(source(package(document(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"))))
        assert caught.value.code == "corrupt"


def test_main_part_is_found_by_its_relationship() -> None:
    members = {
        "_rels/.rels": RELS.replace("word/document", "/word/document2"),
        "word/document2.xml": document(PLAIN_BODY),
    }
    found = docx.read(source(zipped(members)))
    assert len(found.grids) == 1 and found.grids[0].locator == "word/document2.xml tbl 1"
    assert (
        docx.read(source(zipped({"Word\\Document.xml": document(PLAIN_BODY)}))).grids
        == read(PLAIN_BODY).grids
    )


def test_a_large_part_is_streamed_to_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    control = f"<w:sdt><w:sdtContent>{p('控')}{tbl(tr(tc('甲')))}</w:sdtContent></w:sdt>"
    body = (
        PLAIN_BODY
        + control
        + "<w:bookmarkStart/>"
        + para(boxed(p("框")))
        + tbl(tr(tc(tbl(tr(tc("内"))) + p("外"))))
    )
    data = package(document(body))
    whole = by_tree(data)
    monkeypatch.setattr(parsing, "WHOLE_TREE", 0)
    assert by_tree(data) == whole
    for bad in ("<a/>", document(body)[:-9], '<!DOCTYPE w [<!ENTITY e "x">]>' + document(p("a"))[57:]):
        with pytest.raises(SourceError) as caught:
            by_tree(package(bad))
        assert caught.value.code == "corrupt"


# --- damage ---


def code(data: bytes) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        docx.read(source(data))
    return caught.value.code, caught.value.place


@pytest.mark.parametrize("tenth", range(10))
def test_a_truncated_document_says_where(tenth: int) -> None:
    data = (FIXTURE / "source" / "form_1.docx").read_bytes()
    cut = data[: len(data) * tenth // 10 + 3]
    found, place = code(cut)
    assert found == "truncated" and place.endswith(f"byte {len(cut)}")


def test_truncation_names_the_part_that_is_cut() -> None:
    data = (FIXTURE / "source" / "form_1.docx").read_bytes()
    at = data.index(b"word/document.xml") + 400
    assert code(data[:at]) == ("truncated", f"word/document.xml byte {at}")


def test_what_is_no_word_package_is_corrupt() -> None:
    assert code(b"hello, this is no zip")[0] == "corrupt"
    assert code(zipped({"a.txt": "x"})) == ("corrupt", "_rels/.rels")
    assert code(zipped({"_rels/.rels": "<Relationships/>"})) == ("corrupt", "_rels/.rels")
    assert code(zipped({"_rels/.rels": "<oops"})) == ("corrupt", "_rels/.rels")
    assert code(zipped({"_rels/.rels": RELS.replace("word/document", "word/none")})) == (
        "corrupt",
        "word/none.xml",
    )
    assert code(package("<html/>")) == ("corrupt", "word/document.xml")
    assert code(package(document(PLAIN_BODY)[:-30])) == ("corrupt", "word/document.xml")
    ole = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert code(ole)[0] == "encrypted"


def test_a_flipped_byte_in_the_packed_part_is_corrupt() -> None:
    data = bytearray(package(document(PLAIN_BODY * 50)))
    data[data.index(b"word/document.xml") + 60] ^= 0xFF
    assert code(bytes(data)) == ("corrupt", "word/document.xml")


def test_an_encrypted_member_is_said_to_be_encrypted() -> None:
    data = bytearray(package(document(PLAIN_BODY)))
    data[data.rindex(b"word/document.xml") - 46 + 8] |= 1
    assert code(bytes(data)) == ("encrypted", "word/document.xml")


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_document_types_are_refused(coding: str) -> None:
    entities = '<!DOCTYPE w:document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    xml = f'<?xml version="1.0" encoding="{coding}"?>{entities}<w:document {NAMESPACES}><w:body>{p("&b;")}</w:body></w:document>'
    assert code(package(xml.replace("&amp;", "&").encode(coding))) == ("corrupt", "word/document.xml")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_PART", 1 << 20)
    xml = document(p("0" * (3 << 20)))
    with pytest.raises(SourceError) as caught:
        docx.read(source(package(xml)))
    assert caught.value.code == "too_large" and str(len(xml.encode())) in caught.value.detail


def test_a_size_that_lies_costs_no_memory() -> None:
    data = bytearray(package(document(p("0" * (16 << 20)))))
    size = zipfile.ZipFile(BytesIO(data)).getinfo("word/document.xml").file_size.to_bytes(4, "little")
    assert data.count(size) == 2
    lie = bytes(data.replace(size, (1000).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        assert code(lie) == ("corrupt", "word/document.xml")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_part_of_too_many_tags_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_TAGS", 1000)
    assert code(package(document(p("a") * 300))) == ("too_large", "word/document.xml")


# --- the two ways agree, and nothing but SourceError comes out ---

WORDS = st.sampled_from(["", "甲", " 乙 ", "≥98%", "a&b<c>", "\t", "x\ny"])
CELLS = st.deferred(lambda: st.one_of(WORDS, st.tuples(WORDS, TABLES, WORDS)))
MERGES = st.sampled_from(
    ["", "", "", "<w:vMerge/>", '<w:vMerge w:val="restart"/>', '<w:gridSpan w:val="2"/>', "<w:hMerge/>"]
)
ROWS = st.lists(st.tuples(CELLS, MERGES), max_size=3)
TABLES = st.lists(st.tuples(ROWS, st.sampled_from(["", '<w:gridBefore w:val="1"/>'])), max_size=3)
BODIES = st.lists(st.one_of(WORDS, TABLES), max_size=4)


def table_of(rows: list[tuple[list[tuple[object, str]], str]]) -> str:
    return tbl(*(tr(*(tc(inside(c), merge) for c, merge in row), properties=before) for row, before in rows))


def inside(content: object) -> str:
    if isinstance(content, str):
        return p(content)
    if isinstance(content, tuple):
        return p(content[0]) + table_of(content[1]) + p(content[2])
    assert isinstance(content, list)
    return table_of(content)


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_both_ways_agree_on_every_tree_of_tables(body: list[object]) -> None:
    read("".join(map(inside, body)))


def mutated(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at, kind = rng.randrange(len(changed) or 1), rng.randrange(5)
        if kind == 0:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            del changed[at : at + rng.randint(1, 40)]
        elif kind == 2:
            other = rng.randrange(len(changed) or 1)
            changed[at:at] = changed[other : other + rng.randint(1, 60)]
        elif kind == 3:
            changed[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"))
        else:
            changed = changed[: at + 1]
    return bytes(changed)


def survives(data: bytes) -> None:
    try:
        found = docx.read(source(data))
    except SourceError as error:
        assert error.code != "internal", error
    else:
        assert all(cell.row_span > 0 and cell.col_span > 0 for grid in found.grids for cell in grid.cells)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files_give_a_document_or_a_source_error(seed: int) -> None:
    rng = random.Random(seed)
    body = PLAIN_BODY + para(boxed(p("框"))) * (seed % 2) + tbl(tr(tc(tbl(tr(tc("内"))) + p("外"))))
    xml = document(body).encode()
    data = package(xml.decode())
    for _ in range(60):
        survives(mutated(rng, data))
        survives(
            zipped(
                {"[Content_Types].xml": TYPES, "_rels/.rels": RELS, "word/document.xml": mutated(rng, xml)}
            )
        )


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="the specimens are not here")
def test_real_files_read_the_same_both_ways() -> None:
    quick = 0
    for path in sorted(SPECIMENS.glob("**/*.doc[xm]")):
        data = path.read_bytes()
        try:
            found = docx.read(source(data))
        except SourceError as error:
            assert error.code in ("corrupt", "truncated", "encrypted", "too_large"), (path, error)
            continue
        assert found == by_tree(data), path
        try:
            by_tokens(data)
        except GuardError:
            continue
        quick += 1
    assert quick > 30
