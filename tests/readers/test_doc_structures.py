"""Structures of binary Word documents that no office program writes on request, built byte by byte."""

from struct import pack

import pytest

from pipeline.model import Document
from pipeline.readers import doc
from tests.readers import word_binary as wb
from tests.readers.word_binary import IN_TABLE, Doc, Part, build, cells, define, row, source, sprm


def read(*parts: Part, **more: object) -> Document:
    return doc.read(source(build(Doc(list(parts), **more))))  # type: ignore[arg-type]


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
            define([0, 500, 1000, 2000])
            + sprm(0x5622, b"\x01\x02")
            + sprm(0x7623, b"\x01\x02" + pack("<H", 2000)),
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


@pytest.mark.parametrize("flags", [[2, 1, 1, 0], [3, 1, 1, 0], [1, 2, 2, 0]])
def test_merged_ranges_in_either_description_of_the_format(flags: list[int]) -> None:
    document = read(*row(["a", "", "", "d"], define([0, 1000, 2000, 3000, 4000], flags)), Part("\r"))
    assert cells(document) == [(0, 0, 1, 3, "a"), (0, 3, 1, 1, "d")]


def test_a_continued_cell_with_nothing_above_begins_its_own_merge() -> None:
    on = 0b01 << 5
    document = read(*row(["甲"], define([0, 1000], [on])), *row([""], define([0, 1000], [on])), Part("\r"))
    assert cells(document) == [(0, 0, 2, 1, "甲")]


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


def test_rows_of_word_97_do_not_state_their_depth() -> None:
    marks = [
        Part("a\x07", IN_TABLE),
        Part("b\x07", IN_TABLE),
        Part("\x07", wb.ROW_END + define([0, 1000, 2000])),
    ]
    assert cells(read(*marks, Part("\r"))) == [(0, 0, 1, 1, "a"), (0, 1, 1, 1, "b")]


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
