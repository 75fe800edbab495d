"""HTML: spans by the standard's table model, layout tables, paragraphs, hidden things, encodings."""

import hashlib
import importlib.util
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.readers import html, htmlfast, htmlwalk
from pipeline.readers.htmlgrids import assemble

SPECIMENS = Path(__file__).parents[3] / "shared" / "specimens" / "docling"


def _reference():
    spec = importlib.util.spec_from_file_location(
        "html_reference", Path(__file__).with_name("html_reference.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


REFERENCE = _reference()


def read(content, encoding="utf-8"):
    data = content if isinstance(content, bytes) else content.encode(encoding)
    return html.read(Source(hashlib.sha256(data).hexdigest(), ("a.html",), len(data), "text/html", data))


def plain(page):
    grids, blocks, _ = assemble([page])
    return (
        [(grid.index, [tuple(cell)[:5] for cell in grid.cells]) for grid in grids],
        [(block.text, block.before_grid) for block in blocks],
    )


def cells(content, number=0):
    return [tuple(cell)[:5] for cell in read(content).grids[number].cells]


def texts(content):
    return [block.text for block in read(content).blocks]


FORM = """<html><head><meta charset="utf-8"><title>x</title><style>td {border: none}</style></head><body>
<!-- a comment with <table><tr><td>no</td></tr></table> -->
<p>项目支出绩效自评表</p><p>（2020年度）<br>单位：万元</p>
<table border="1"><tr><td>项目名称</td><td colspan="3">棠溪镇&nbsp;道路</td></tr>
<tr><td rowspan=2>项目资金</td><td>年初预算数</td><td>全年执行数</td><td>分值</td></tr>
<tr><td>100.00</td><td> 98.50
</td><td>10 &lt; 20</td></tr></table><div>说明：无</div></body></html>"""


def test_a_form_with_its_paragraphs():
    document = read(FORM)
    assert [tuple(cell)[:5] for cell in document.grids[0].cells] == [
        (0, 0, 1, 1, "项目名称"),
        (0, 1, 1, 3, "棠溪镇 道路"),
        (1, 0, 2, 1, "项目资金"),
        (1, 1, 1, 1, "年初预算数"),
        (1, 2, 1, 1, "全年执行数"),
        (1, 3, 1, 1, "分值"),
        (2, 1, 1, 1, "100.00"),
        (2, 2, 1, 1, "98.50"),
        (2, 3, 1, 1, "10 < 20"),
    ]
    assert [(block.text, block.order, block.before_grid) for block in document.blocks] == [
        ("项目支出绩效自评表", 0, 0),
        ("（2020年度）", 1, 0),
        ("单位：万元", 2, 0),
        ("说明：无", 3, 1),
    ]
    assert document.grids[0].locator == "table 1"
    assert (document.reader, document.problems, document.pages) == ("html/1", (), None)


def test_the_fast_pass_takes_a_regular_page_and_the_tree_gives_the_same():
    fast = htmlfast.walk(FORM)
    assert fast is not None
    assert plain(fast) == plain(htmlwalk.walk(FORM)) == REFERENCE.read(FORM)


@pytest.mark.parametrize(
    "inside",
    [
        "<table><tr><td>a<tr><td>b</table>",  # end tags left out
        "<table>loose<tr><td>a</td></tr></table>",  # text between rows
        "<table><tr><td>a</td></tr>",  # never closed
        "<table><tr><td>1 < 2</td></tr></table>",
        "<table><tr><td title='a>b'>c</td></tr></table>",
        "<table><tr><td><input value=3></td></tr></table>",
        "<table><tr><td style='display:none'>c</td></tr></table>",
        "<table><tr><td><b>a</td></b></tr></table></div>",
        "<!-- > -- > <table><tr><td>a</td></tr></table>",
        "<!--><table><tr><td>a</td></tr></table><!-- -->",
        "<script>if (a < b) <!-- <script> </script> </script><table><tr><td>a</td></tr></table>",
        "<td>a</td>",
        "<table><table><tr><td>a</td></tr></table></table>",
    ],
)
def test_what_is_irregular_goes_through_the_tree(inside):
    assert htmlfast.walk(inside) is None
    read(inside)


def test_spans_of_the_standard():
    assert cells("<table><tr><td rowspan=0>a<td>b<tr><td>c<tr><td>d</table>") == [
        (0, 0, 3, 1, "a"),
        (0, 1, 1, 1, "b"),
        (1, 1, 1, 1, "c"),
        (2, 1, 1, 1, "d"),
    ]
    # a span ends with its row group
    assert cells("<table><thead><tr><td rowspan=9>a<td>b</thead><tbody><tr><td>c<td>d</table>") == [
        (0, 0, 1, 1, "a"),
        (0, 1, 1, 1, "b"),
        (1, 0, 1, 1, "c"),
        (1, 1, 1, 1, "d"),
    ]
    # overlapping spans: the later cell is cut
    assert cells("<table><tr><td>a<td rowspan=2>b<tr><td colspan=2>c</table>") == [
        (0, 0, 1, 1, "a"),
        (0, 1, 2, 1, "b"),
        (1, 0, 1, 1, "c"),
    ]


@pytest.mark.parametrize("value", ["1000000", "99999999999999999999", "1000"])
def test_absurd_spans_are_bounded(value):
    found = cells(f"<table><tr><td colspan={value}>a</td></tr><tr><td>b<td>c<td rowspan={value}>d</table>")
    assert found == [(0, 0, 1, 3, "a"), (1, 0, 1, 1, "b"), (1, 1, 1, 1, "c"), (1, 2, 1, 1, "d")]


@pytest.mark.parametrize(
    ("value", "span"), [("", 1), ("0", 1), ("-2", 1), ("abc", 1), ("2.7", 2), (" +2x", 2)]
)
def test_bad_spans_count_as_browsers_count_them(value, span):
    assert cells(f'<table><tr><td colspan="{value}">a<td>b<tr><td>c<td>d<td>e</table>')[0][3] == span


def test_a_foot_before_the_body_is_shown_last():
    found = cells("<table><tfoot><tr><td>foot</td></tr></tfoot><tbody><tr><td>body</td></tr></tbody></table>")
    assert [(row, text) for row, _, _, _, text in found] == [(0, "body"), (1, "foot")]


def test_a_nested_table_is_a_grid_of_its_own_and_its_host_keeps_its_text():
    document = read(
        "<table><tr><td>项目名称</td><td>甲</td></tr><tr><td>指标</td><td>前<table><tr><td>数量</td><td>3</td></tr>"
        "</table>后</td></tr></table>"
    )
    assert [[cell.text for cell in grid.cells] for grid in document.grids] == [
        ["项目名称", "甲", "指标", "前\n后"],
        ["数量", "3"],
    ]
    assert [grid.locator for grid in document.grids] == ["table 1", "table 2"]
    assert document.blocks == ()


LAYOUT = """<table width=100%><tr><td><table><tr><td>首页</td><td>政务公开</td></tr></table></td></tr>
<tr><td><p>2020年度绩效自评表</p>单位：万元{}尾注</td></tr></table>末"""


def test_a_layout_table_is_no_grid_and_its_text_is_blocks_in_order():
    document = read(LAYOUT.format("<table><tr><td>项目名称</td><td>甲</td></tr></table>"))
    assert [[cell.text for cell in grid.cells] for grid in document.grids] == [
        ["首页", "政务公开"],
        ["项目名称", "甲"],
    ]
    assert [(block.text, block.before_grid) for block in document.blocks] == [
        ("2020年度绩效自评表", 1),
        ("单位：万元", 1),
        ("尾注", 2),
        ("末", 2),
    ]


def test_the_text_of_a_layout_table_in_a_cell_stays_in_that_cell():
    layout = LAYOUT.format("<table><tr><td>数量</td><td>3</td></tr></table>")
    document = read(f"<table><tr><td>甲</td><td>乙</td></tr><tr><td>丙</td><td>丁{layout}</td></tr></table>")
    assert [cell.text for cell in document.grids[0].cells] == [
        "甲",
        "乙",
        "丙",
        "丁\n2020年度绩效自评表\n单位：万元\n尾注\n末",
    ]
    assert len(document.grids) == 3
    assert document.blocks == ()


def test_paragraphs_in_a_cell_are_lines():
    for inner in ("a<br>b<br/>c", "<p>a</p><p>b</p><p>c</p>", "<div>a<div>b</div>c</div>", "a<p>b</p>\n c"):
        assert cells(f"<table><tr><td>{inner}</td></tr></table>")[0][4] == "a\nb\nc"


def test_white_space_collapses_as_browsers_do():
    content = "<table><tr><td>  a \n\t b<b> c</b> <i>d</i>&nbsp;&nbsp;e\u3000f </td></tr></table>"
    assert cells(content)[0][4] == "a b c d  e\u3000f"


def test_preformatted_text_keeps_its_lines_and_blanks():
    assert texts("<pre>项目名称    甲\n实施单位    乙</pre>") == ["项目名称    甲", "实施单位    乙"]


def test_a_caption_stands_before_its_table():
    document = read(
        "<p>前</p><table><caption>绩效自评表</caption><tr><td>a</td></tr></table><table><tr><td>b</table>"
    )
    assert [(block.text, block.before_grid) for block in document.blocks] == [("前", 0), ("绩效自评表", 0)]
    content = "<table><caption><p>上</p>下</caption><tr><td>a</td></tr></table>"
    assert plain(htmlfast.walk(content)) == plain(htmlwalk.walk(content))
    assert [(block.text, block.before_grid) for block in read(content).blocks] == [("上", 0), ("下", 0)]


def test_what_is_hidden_stays_out():
    content = (
        "<p>甲<script>乙</script><span style='DISPLAY: none'>丙</span></p>"
        "<p hidden>丁</p><!-- 戊 --><style>己</style>"
        "<template>庚</template><del>辛</del><p style='visibility:hidden'>壬</p>"
        "<table><tr><td>a</td><td style='display:none'>b</td><td>c</td></tr>"
        "<tr style='display:none'><td>d</td></tr>"
        "<tr><td>e</td><td>f</td></tr></table>"
    )
    assert texts(content) == ["甲"]
    assert cells(content) == [(0, 0, 1, 1, "a"), (0, 1, 1, 1, "c"), (1, 0, 1, 1, "e"), (1, 1, 1, 1, "f")]
    assert read(content).problems == ()


def test_a_hidden_form_is_told():
    rows = "<tr><td>甲</td><td>乙</td></tr>" * 6
    document = read(f"<div style='display:none'><table>{rows}</table></div>文")
    assert document.grids == ()
    assert document.problems == ("hidden tables left out: 12 full cells",)


def test_form_controls_give_what_they_show():
    content = (
        "<table><tr><td><input value='甲'><input type=hidden value=x></td><td><input type=checkbox checked>优"
        "<input type=radio>良</td><td><select><option>a<option selected>b</select></td>"
        "<td><textarea>丙</textarea></td>"
        "</tr></table>"
    )
    assert [cell[4] for cell in cells(content)] == ["甲", "☑优☐良", "b", "丙"]


def test_short_tags_of_xhtml_are_closed():
    head = '<?xml version="1.0" encoding="utf-8"?><html><head><script src="a"/><title/></head>'
    content = head + "<body><p/><b/>甲</body></html>"
    assert texts(content) == ["甲"]


@pytest.mark.parametrize(
    ("encoding", "meta"),
    [
        ("gb18030", "gb2312"),
        ("gb18030", "utf-8"),
        ("utf-8", "gb2312"),
        ("utf-8", ""),
        ("gb18030", ""),
        ("big5", "gb2312"),
    ],
)
def test_the_meta_charset_may_lie(encoding, meta):
    word = (
        "項目支出績效自評表，年度預算執行數"
        if encoding == "big5"
        else "项目支出绩效自评表——年初预算数、执行率"
    )
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={meta}">' if meta else ""
    assert texts((f"<html><head>{head}</head><body>{word}</body></html>").encode(encoding)) == [word]


def test_a_page_in_utf_16_and_bytes_that_are_no_text():
    assert texts("<p>绩效自评表</p>".encode("utf-16")) == ["绩效自评表"]
    with pytest.raises(SourceError, match="文字编码"):
        read(random.Random(1).randbytes(3000))


def test_lost_bytes_are_told():
    data = ("<p>" + "绩效目标完成情况" * 40 + "</p>").encode()
    document = read(data[:99] + b"\xff" + data[99:])
    assert document.problems == ("1 undecodable bytes replaced (utf-8)",)


def test_a_page_that_would_explode_in_a_tree_is_tamed():
    content = "".join(f"<p><font color={number}>x" for number in range(3000))
    assert texts(content) == ["x"] * 3000


def test_deep_nesting_is_read():
    assert texts("<div>" * 20_000 + "甲") == ["甲"]
    document = read("<table><tr><td>" * 2000 + "甲" + "</td></tr></table>" * 2000)
    assert [block.text for block in document.blocks] + [c.text for g in document.grids for c in g.cells] == [
        "甲"
    ]


def test_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(html, "MAX_BYTES", 10)
    with pytest.raises(SourceError) as caught:
        read("<p>12345678</p>")
    assert caught.value.code == "too_large"


WORDS = st.sampled_from(
    [
        "项目",
        "a b",
        "≥98%",
        "&lt;x&gt;",
        "&nbsp;",
        "",
        " ",
        "1\n2",
        "<b>粗</b>",
        "<br>",
        "<p>段</p>",
        "<!-- c -->",
    ]
)
LISTS = st.sampled_from(
    [
        *(
            "<ul><li>a<li>b</ul>c",
            "<ol>x<li>a</li>y<li><p>b</ol>",
            "<dl><dt>a<dd>b<dt>c</dl>d",
            "<div>a</div>b",
        ),
        *(
            "<form>a<div>b</div></form>c",
            "<h2>a</h2>b",
            "<center><font>a</center>b",
            "<hr>",
            "a<script>if (1<2)</script>b",
        ),
        *(
            "<ul><li><ul><li>a</ul>b</ul>c",
            "<STYLE>p{}</STYLE>",
            "<p>a<p>b</p></p>c",
            "x<b><p>y</b>z</p>",
            "&amp;lt;&#x4e00",
        ),
        # irregular ones
        *(
            "<li>a<li>b",
            "</div>",
            "<ul><li>a",
            "</p>x",
            "<form>",
            "</form>",
            "<input value=3>",
            "<h1>a<h2>b",
            "</li>",
        ),
        *(
            "<dl><dd>a<ul><dd>b</ul></dl>",
            "<ul><dd>a<li>b</ul>",
            "<pre> a\n b</pre>",
            "<del>x</del>",
            "a < b",
            "</br>",
        ),
    ]
)


@st.composite
def tables(draw, nested):
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        row = ""
        for _ in range(draw(st.integers(0, 4))):
            spans = f" rowspan={draw(st.integers(0, 4))}" if draw(st.booleans()) else ""
            spans += f' COLSPAN="{draw(st.integers(1, 3))}"' if draw(st.booleans()) else ""
            inner = "".join(draw(st.lists(WORDS, max_size=3)))
            if nested and draw(st.integers(0, 9)) == 0:
                inner += draw(tables(False))
            row += f"<td{spans}>{inner}</td>"
        rows.append(f"<tr>{row}</tr>\n")
    return f"<table border=1>{''.join(rows)}</table>"


def pages(nested):
    parts = st.lists(st.one_of(tables(nested), WORDS), min_size=1, max_size=4)
    return parts.map(lambda chosen: "<html><body>" + "".join(chosen) + "</body></html>")


@settings(max_examples=100, deadline=None)
@given(pages(nested=True))
def test_the_fast_pass_equals_the_tree(content):
    fast = htmlfast.walk(content)
    assert fast is not None
    assert plain(fast) == plain(htmlwalk.walk(content))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(tables(False), WORDS, LISTS, LISTS), min_size=1, max_size=6), st.booleans())
def test_whatever_the_fast_pass_takes_equals_the_tree(parts, in_cell):
    content = "".join(parts)
    content = f"<table><tr><td>{content}</td><td>n</td></tr></table>" if in_cell else content
    fast = htmlfast.walk(content)
    assert fast is None or plain(fast) == plain(htmlwalk.walk(content))


WRAPS = [
    *(
        ("<table><tr><td>", "</td></tr></table>"),
        ("<ul><li>", "</ul>"),
        ("<div>", "</div>"),
        ("<p>", "</p>"),
        ("<b>", "</b>"),
    ),
    *(
        ("<table><caption>", "</caption><tr><td>z</td></tr></table>"),
        ("<h2>", "</h2>"),
        ("<dl><dt>", "</dd></dl>"),
    ),
    *(
        ("<form>", "</form>"),
        ("<td>", "</td>"),
        ("<tr>", "</tr>"),
        ("<td>a</td><td>", "</td>"),
        ("<font a>", "</font>"),
    ),
]
LOOSE = (
    "<ul> </ul> <li> </li> <dl> <dd> </dd> <div> </div> <p> </p> <form> </form> <h1> </h2> <table> </table> <tr> </tr> <td>"
    " </td> <th> <tbody> </tbody> <thead> <tfoot> <caption> </caption> <b> </b> <a> </a> <center> <nobr> <hr> <col>"
    " </colgroup> </body> <body> </html> <head> <o:p> <meta> <style>a</style> <title>t</title> <blockquote> </table>"
)


def _soup(rng, depth=0):
    text = ""
    for _ in range(rng.randint(0, 4)):
        if rng.random() < 0.45 and depth < 5:
            before, after = rng.choice(WRAPS)
            text += before + _soup(rng, depth + 1) + after
        else:
            loose = (
                LOOSE.split()
                if rng.random() < 0.15
                else ["a", "b ", "&nbsp;", " ", "<br>", "<!-- c -->", "<p>d</p>"]
            )
            text += rng.choice(loose)
    return text


def test_tag_soup_that_the_fast_pass_takes_equals_the_tree():
    taken = 0
    for seed in range(1500):
        content = _soup(random.Random(seed))
        fast = htmlfast.walk(content)
        if fast is not None:
            taken += 1
            assert plain(fast) == plain(htmlwalk.walk(content)), content
    assert 300 < taken < 1400


@settings(max_examples=100, deadline=None)
@given(pages(nested=False))
def test_the_tree_equals_the_reference(content):
    assert plain(htmlwalk.walk(content)) == REFERENCE.read(content)


@pytest.mark.parametrize("seed", range(6))
def test_large_tables_with_many_spans_equal_the_reference(seed):
    rng = random.Random(seed)
    rows = ""
    for _ in range(40):
        row = ""
        for number in range(rng.randint(0, 30)):
            tall, wide = rng.choice([1, 1, 1, 2, 7, 40]), rng.choice([1, 1, 2, 5])
            row += f'<td rowspan="{tall}" colspan="{wide}">{number}</td>'
        rows += f"<tr>{row}</tr>"
    content = f"<table>{rows}</table>"
    found = plain(htmlwalk.walk(content))
    assert found == plain(htmlfast.walk(content)) == REFERENCE.read(content)


def test_hostile_tables_stay_small():
    content = "<table>" + ("<tr>" + "<td colspan=1000 rowspan=65000>a</td>" * 20 + "</tr>") * 300 + "</table>"
    grid = read(content).grids[0]
    assert len(grid.cells) == 6000
    assert max(cell.col + cell.col_span for cell in grid.cells) <= 16_384 + 6000
    _check_order(grid)
    assert texts("<select>" + "<option>a" * 6000 + "</select>末") == ["末"]


def _check_order(grid):
    assert [(c.row, c.col) for c in grid.cells] == sorted({(c.row, c.col) for c in grid.cells})


def _mutate(data, rng):
    data = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.randint(1, 60)]
        elif kind == 2:
            data[at:at] = data[rng.randrange(len(data)) :][: rng.randint(1, 80)]
        elif kind == 3:
            tag = rng.choice(
                [
                    b"<table>",
                    b"</td>",
                    b"<td rowspan=9999>",
                    b"<",
                    b'"',
                    b"<!--",
                    b"</table>",
                    b"<form>",
                    b"<pre>",
                ]
            )
            data[at:at] = tag
        else:
            data = data[: max(1, at)]
        if not data:
            data = bytearray(b"<")
    return bytes(data)


def test_mutated_pages_give_a_document_or_a_source_error():
    rng = random.Random(20)
    base = (FORM + LAYOUT.format("<table><tr><td>x</td></tr></table>")).encode()
    for _ in range(400):
        data = _mutate(base, rng)
        try:
            document = read(data)
        except SourceError:
            continue
        for grid in document.grids:
            _check_tiling(grid)
        text = data.decode("utf-8", "replace")
        fast = htmlfast.walk(text)
        assert fast is None or plain(fast) == plain(htmlwalk.walk(text)), text


def _check_tiling(grid):
    taken = set()
    for cell in grid.cells:
        assert cell.row_span >= 1 and cell.col_span >= 1
        for row in range(cell.row, cell.row + cell.row_span):
            for col in range(cell.col, cell.col + cell.col_span):
                assert (row, col) not in taken
                taken.add((row, col))
    _check_order(grid)


@pytest.mark.skipif(not SPECIMENS.is_dir(), reason="no specimens")
@pytest.mark.parametrize("path", sorted(SPECIMENS.glob("*.html")), ids=lambda path: path.name)
def test_real_pages(path):
    text = path.read_text(encoding="utf-8")
    tree = plain(htmlwalk.walk(text))
    fast = htmlfast.walk(text)
    assert fast is None or plain(fast) == tree
    assert tree[0] == REFERENCE.read(text)[0]


WHOLE = "<html><head><title>表</title></head><body><table><tr><td>名称</td><td>甲</td></tr></table><p>完</p></body></html>"


def test_a_page_that_is_cut_off_says_so():
    for length in range(8, len(WHOLE) - 18):
        document = read(WHOLE[:length])
        assert any("cut off" in problem for problem in document.problems), WHOLE[:length]
    for cut in (
        "<table><tr><td>1<td>2",
        "<p>x</p><table><tr><td>1</td></tr></table><table><tr><td>2",
        "<td>1</td></t",
    ):
        assert any("cut off" in problem for problem in read(cut).problems), cut


@pytest.mark.parametrize(
    "page",
    [
        WHOLE,
        WHOLE + "\r\n\x1a",
        WHOLE + "<!-- saved " + "x" * 9000 + " -->",
        WHOLE.replace("</html>", ""),
        "<table><tr><td>1<td>2<tr><td>3</table>",
        "<p>甲<p>乙",
        "<td>1</td>",
        "<p>1 < 2, 3 > 2</p>",
    ],
)
def test_a_whole_page_or_piece_is_not_called_cut_off(page):
    assert read(page).problems == ()
