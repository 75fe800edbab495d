"""Binary Word documents: committed files made by fixtures/doc/make.py, and documents built byte by byte."""

from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers import doc
from tests.readers import word_binary as wb
from tests.readers.word_binary import IN_TABLE, Doc, Part, build, define, row, sprm

FIXTURES = Path(__file__).parents[2] / "fixtures" / "doc"
SPECIMENS = Path(__file__).parents[3] / "shared" / "specimens"


def source(data: bytes) -> Source:
    return Source("0" * 64, ("a.doc",), len(data), "application/msword", data)


def read(*parts: Part, **more: object) -> Document:
    return doc.read(source(build(Doc(list(parts), **more))))  # type: ignore[arg-type]


def cells(document: Document, grid: int = 0) -> list[tuple[int, int, int, int, str]]:
    return [cell[:5] for cell in document.grids[grid].cells]


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


# Text ------------------------------------------------------------------------------------------------------------


def test_one_byte_pieces_are_windows_1252() -> None:
    document = read(Part("5\u20ac \u201cx\u201d \xe9\r", compressed=True), Part("中文\r"))
    assert [block.text for block in document.blocks] == ["5€ “x” é", "中文"]


def test_pieces_of_a_fast_save_may_lie_in_any_order() -> None:
    parts = [Part("一", order=3), Part("二", order=1), Part("三\r", order=2), Part("四\r", order=0)]
    assert [block.text for block in read(*parts).blocks] == ["一二三", "四"]


def test_a_piece_modifier_deletes() -> None:
    short = 0x41 << 1 | 1 << 8  # sprmCFRMarkDel as a short Prm
    long = 1  # the first property list
    lists = [sprm(0x083C, b"\x01")]
    document = read(
        Part("甲"), Part("乙", modifier=short), Part("丙", modifier=long), Part("丁\r"), property_lists=lists
    )
    assert [block.text for block in document.blocks] == ["甲丁"]


def test_characters_beyond_the_basic_plane_count_twice() -> None:
    document = read(Part("𠮷𠮷"), Part("x", char=sprm(0x0800, b"\x01")), Part("y\r"))
    assert document.blocks[0].text == "𠮷𠮷y"


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    data = build(Doc([Part("甲乙\r")])).replace("乙".encode("utf-16-le"), b"\x00\xd8")
    assert doc.read(source(data)).blocks[0].text == "甲\ufffd"


def test_a_deleted_paragraph_mark_joins_its_paragraph_to_the_next() -> None:
    document = read(Part("前"), Part("\r", char=sprm(0x0800, b"\x01")), Part("后\r"))
    assert [block.text for block in document.blocks] == ["前后"]


def test_a_deleted_mark_before_a_table_does_not_join() -> None:
    parts = [Part("前"), Part("\r", char=sprm(0x0800, b"\x01")), *row(["格"], define([0, 1000])), Part("\r")]
    document = read(*parts)
    assert [block.text for block in document.blocks] == ["前"]
    assert cells(document) == [(0, 0, 1, 1, "格")]


def test_a_deleted_row_is_gone() -> None:
    gone = sprm(0x0800, b"\x01")
    deleted = [Part("旧\x07", IN_TABLE, gone), Part("\x07", wb.ROW_END + define([0, 1000]), gone)]
    document = read(*row(["新"], define([0, 1000])), *deleted, Part("\r"))
    assert cells(document) == [(0, 0, 1, 1, "新")]


def test_a_symbol_of_an_unknown_font_stays_private() -> None:
    assert read(Part("(", char=sprm(0x6A09, pack("<HH", 9, 0xF0FC))), Part("\r")).blocks[0].text == "\uf0fc"


FONTS = pack("<HH", 1, 0) + bytes([39 + 20]) + b"\x00" * 39 + "Wingdings\x00".encode("utf-16-le")


def test_symbols_are_mapped_by_font() -> None:
    tick = Part("(", char=sprm(0x6A09, pack("<HH", 0, 0xF0FC)))
    typed = Part("\uf0a8", char=sprm(0x4A4F, pack("<H", 0)))
    assert read(tick, typed, Part("\r"), tables={15: FONTS}).blocks[0].text == "√□"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\x13 PAGE \x143\x15页\r", "3页"),
        ("\x13 IF \x13 X \x14y\x15 \x14\x13 PAGE \x147\x15\x15\r", "7"),
        ('\x13 SYMBOL 254 \\f "Wingdings" \\s 12 \x15\r', "☑"),
        ("\x13 SYMBOL 65 \x15\r", "A"),
        ("\x13 EQ \\o\\ac(□,√) \x15\r", "☑"),
        ("\x13 EQ \\f(1,2) \x15\r", "1/2"),
        ("\x13 TC 目录 \x15文\r", "文"),
        ("没有开始\x14\x15了\r", "没有开始了"),
        ("没有结束\x13 PAGE \r", "没有结束 PAGE"),
    ],
)
def test_field_codes_are_out_and_results_in(text: str, printed: str) -> None:
    assert read(Part(text)).blocks[0].text.strip() == printed


def form_field(kind: int, result: int, rest: bytes) -> bytes:
    bits = kind | result << 2
    body = pack("<IH4x", 0xFFFFFFFF, bits) + pack("<HH", 0, 0) + rest
    return pack("<IH62x", 0x44 + len(body), 0x44) + body


@pytest.mark.parametrize(
    ("data", "printed"),
    [
        (form_field(1, 1, pack("<H", 0)), "☑"),
        (form_field(1, 0, pack("<H", 1)), "□"),
        (form_field(1, 25, pack("<H", 1)), "☑"),
        (
            form_field(
                2,
                1,
                pack("<H", 0)
                + pack("<HH", 0, 0) * 5
                + pack("<3H", 0xFFFF, 2, 0)
                + b"".join(pack("<H", 2) + word.encode("utf-16-le") for word in ("合格", "优秀")),
            ),
            "优秀",
        ),
    ],
)
def test_form_fields_show_their_state(data: bytes, printed: str) -> None:
    name = "FORMDROPDOWN" if data[0x44 + 4] & 3 == 2 else "FORMCHECKBOX"
    picture = Part("\x01", char=sprm(0x6A03, pack("<I", 8)))
    document = read(Part(f"\x13 {name} "), picture, Part("\x15是\r"), data=b"\x00" * 8 + data)
    assert document.blocks[0].text == f"{printed}是"


def style_sheet() -> bytes:
    """Return styles 0 (plain) and 1 (paragraph style that hides)."""

    def style(chpx: bytes) -> bytes:
        base = pack("<HHHHH", 0, 1 | 0xFFF0, 2, 0, 0)
        body = base + pack("<HH", 0, 0) + pack("<HH", 2, 0) + pack("<H", len(chpx)) + chpx
        return pack("<H", len(body)) + body + b"\x00" * (len(body) % 2)

    header = pack("<HHH", 18, 2, 10) + b"\x00" * 14
    return header + style(b"") + style(sprm(0x083C, b"\x01") + b"\x00")


def test_a_style_can_hide_and_a_run_can_differ_from_its_style() -> None:
    opposite, same = sprm(0x083C, b"\x81"), sprm(0x083C, b"\x80")
    parts = [
        Part("甲"), Part("乙", char=opposite), Part("丙\r"),
        Part("丁\r", style=1),
        Part("戊", style=1), Part("己", char=opposite, style=1), Part("庚", char=same, style=1), Part("\r", char=opposite, style=1),
        Part("辛\r"),
    ]  # fmt: skip
    document = read(*parts, tables={1: style_sheet()})
    assert [block.text for block in document.blocks] == ["甲丙", "己", "辛"]


# Rows ------------------------------------------------------------------------------------------------------------


def test_rows_share_the_union_of_their_edges_within_a_tolerance() -> None:
    document = read(
        *row(["a", "b", "c"], define([0, 1000, 2000, 3000])),
        *row(["d", "e"], define([8, 1990, 3012])),
        *row(["f", "g"], define([0, 1500, 3000])),
        Part("\r"),
    )
    assert cells(document) == [
        (0, 0, 1, 1, "a"),
        (0, 1, 1, 2, "b"),
        (0, 3, 1, 1, "c"),
        (1, 0, 1, 3, "d"),
        (1, 3, 1, 1, "e"),
        (2, 0, 1, 2, "f"),
        (2, 2, 1, 2, "g"),
    ]


def test_vertical_merge_by_flags_and_by_modifier() -> None:
    start, on = 0b11 << 5, 0b01 << 5
    edges = [0, 1000, 2000]
    document = read(
        *row(["甲", "1"], define(edges, [start, 0])),
        *row(["", "2"], define(edges, [on, 0])),
        *row(["", "3"], define(edges) + sprm(0xD62B, b"\x02\x00\x01")),
        *row(["乙", "4"], define(edges, [start, 0])),
        Part("\r"),
    )
    assert [c for c in cells(document) if c[1] == 0] == [(0, 0, 3, 1, "甲"), (3, 0, 1, 1, "乙")]


def test_text_of_a_continued_cell_is_kept() -> None:
    start, on = 0b11 << 5, 0b01 << 5
    document = read(
        *row(["甲"], define([0, 1000], [start])), *row(["乙"], define([0, 1000], [on])), Part("\r")
    )
    assert cells(document) == [(0, 0, 2, 1, "甲\n乙")]


def test_horizontal_merge_split_insert_delete_and_width_in_order() -> None:
    edges = [0, 1000, 2000, 3000]
    document = read(
        *row(["a", "", "c"], define(edges) + sprm(0x5624, b"\x00\x02")),
        *row(["d", "e", "f"], define(edges, [2, 1, 0]) + sprm(0x5625, b"\x00\x02")),
        *row(["g", "h", "i"], define([0, 1000, 2000]) + sprm(0x7621, b"\x01\x01" + pack("<H", 1000))),
        *row(
            ["j", "k"],
            define(edges) + sprm(0x5622, b"\x01\x02") + sprm(0x7623, b"\x01\x02" + pack("<H", 2000)),
        ),
        Part("\r"),
    )
    assert cells(document) == [
        (0, 0, 1, 2, "a"),
        (0, 2, 1, 1, "c"),
        (1, 0, 1, 1, "d"),
        (1, 1, 1, 1, "e"),
        (1, 2, 1, 1, "f"),
        (2, 0, 1, 1, "g"),
        (2, 1, 1, 1, "h"),
        (2, 2, 1, 1, "i"),
        (3, 0, 1, 1, "j"),
        (3, 1, 1, 2, "k"),
    ]


def test_a_cell_without_width_gives_its_text_to_the_cell_before_it() -> None:
    document = read(*row(["a", "b", "c"], define([0, 1000, 1000, 2000])), Part("\r"))
    assert cells(document) == [(0, 0, 1, 1, "a\nb"), (0, 1, 1, 1, "c")]


def test_edges_that_are_left_out_are_replaced_by_widths() -> None:
    widths = sprm(0xD635, b"\x05\x00\x01\x03" + pack("<H", 3000)) + sprm(
        0xD635, b"\x05\x01\x02\x03" + pack("<H", 1000)
    )
    document = read(
        *row(["a", "b"], define([0, 0, 0]) + widths), *row(["c", "d"], define([0, 3000, 4000])), Part("\r")
    )
    assert [c[:4] for c in cells(document)] == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_more_texts_than_cells_lose_nothing() -> None:
    document = read(*row(["a", "b", "c"], define([0, 1000])), Part("\r"))
    assert [c[4] for c in cells(document)] == ["a", "b", "c"]


def test_properties_in_the_data_stream() -> None:
    outside = wb.ROW_END + define([0, 1000, 2000])
    end = Part("\x07", IN_TABLE + sprm(0x6646, pack("<I", 0)))
    data = pack("<H", len(outside)) + outside
    document = read(Part("a\x07", IN_TABLE), Part("b\x07", IN_TABLE), end, Part("\r"), data=data)
    assert [c[4] for c in cells(document)] == ["a", "b"]


def test_floating_tables_that_touch_are_two() -> None:
    here, there = sprm(0x940E, pack("<H", 100)), sprm(0x940E, pack("<H", 900))
    edges = define([0, 1000])
    document = read(
        *row(["a"], here + edges), *row(["b"], here + edges), *row(["c"], there + edges), Part("\r")
    )
    assert [[c[4] for c in cells(document, k)] for k in range(2)] == [["a", "b"], ["c"]]


def test_nested_rows_by_depth() -> None:
    inner = row(["x", "y"], define([0, 500, 1000]), depth=2)
    host = [
        Part("前\r", IN_TABLE),
        *inner,
        Part("后\x07", IN_TABLE),
        Part("\x07", wb.ROW_END + define([0, 2000])),
    ]
    document = read(*host, Part("\r"))
    assert cells(document) == [(0, 0, 1, 1, "前\n后")]
    assert cells(document, 1) == [(0, 0, 1, 1, "x"), (0, 1, 1, 1, "y")]


def test_paragraphs_that_claim_a_table_without_rows_are_paragraphs() -> None:
    document = read(Part("甲\r", IN_TABLE), Part("乙\r", IN_TABLE), Part("丙\r"))
    assert document.grids == ()
    assert [(block.text, block.order) for block in document.blocks] == [("甲", 0), ("乙", 1), ("丙", 2)]


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
    document = read(*parts, Part("\r"))
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
