import codecs
import hashlib
import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model import Document, Grid, Source
from pipeline.readers import txt
from pipeline.readers.plain import region

SEEDS = sorted(
    (Path(__file__).parents[2] / "fixtures" / "project_self_evaluation" / "changji_2020" / "source").glob(
        "*.txt"
    )
)


def read(data: bytes | str) -> Document:
    data = data.encode() if isinstance(data, str) else data
    return txt.read(Source(hashlib.sha256(data).hexdigest(), ("x.txt",), len(data), "text/plain", data))


def rows(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for _, row in grid.rows()]


def grids(text: str) -> list[list[list[str]]]:
    return [rows(grid) for grid in read(text).grids]


def blocks(text: str) -> list[str]:
    return [block.text for block in read(text).blocks]


def written(table: list[list[str]]) -> str:
    """Return a table in the tab-indented form."""
    return "\n\n".join("\t" + "\n\t".join(row) for row in table)


# Indented cells


@pytest.mark.skipif(not SEEDS, reason="no text fixtures")
def test_the_source_specimen_is_two_grids_with_its_filler_rows_and_empty_cells() -> None:
    document = read(SEEDS[0].read_bytes())
    assert [len(rows(grid)) for grid in document.grids] == [32, 30]
    assert [len(grid.cells) for grid in document.grids] == [243, 219]
    assert not document.blocks
    first, second = map(rows, document.grids)
    assert first[9] == ["年度总体目标", "预期目标", "实际完成情况"]
    assert second[9] == first[9], "a text that begins on the line after its tab"
    assert first[31] == [""] * 14
    assert first[12] == ["", "", "", "", "指标值", "完成值", "", "", ""]
    assert not document.grids[0].spans
    assert document.grids[0].cells[3].locator == "line 6"
    assert document.grids[1].locator == "lines 279-527"


TEXT = st.text(st.sampled_from("绩效指标13%≥/—（）ab 　"), max_size=8)
CELL = st.lists(TEXT.filter(lambda line: line.strip()), max_size=3).map("\n".join)
TABLE = st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=6).filter(
    lambda table: any(len(row) > 1 for row in table)
)


@settings(max_examples=300, deadline=None)
@given(st.lists(TABLE, min_size=1, max_size=3), st.integers(2, 4))
def test_what_is_written_indented_is_read_back(tables: list[list[list[str]]], gap: int) -> None:
    text = ("\n" * (gap + 1)).join(map(written, tables)) + "\n"
    assert grids(text) == tables
    assert not blocks(text)


@settings(max_examples=200, deadline=None)
@given(TABLE)
def test_a_locator_names_the_line_of_its_cell(table: list[list[str]]) -> None:
    text = written(table)
    lines = text.split("\n")
    for grid in read(text).grids:
        for cell in grid.cells:
            line = int(cell.locator.removeprefix("line "))
            assert lines[line - 1] == "\t" + cell.text.split("\n")[0]


def test_a_blank_line_inside_a_cell_does_not_end_the_row() -> None:
    assert grids("\t目标\n\t第一段\n\n第二段\n\t完成\n\n\t下一行\n\tx") == [
        [["目标", "第一段\n\n第二段", "完成"], ["下一行", "x"]]
    ]


def test_two_blank_lines_end_the_table_unless_the_row_is_cut_in_two() -> None:
    head = "\t一级\n\t二级\n\t三级\n\n"
    assert grids(head + "\ta\n\tb\n\n\n后文\n\tc\n") == [
        [["一级", "二级", "三级"], ["a", "b\n\n\n后文", "c"]]
    ]
    text = head + "\ta\n\tb\n\tc\n\n\n附件2\n\t项目\n\tx\n"
    assert grids(text) == [[["一级", "二级", "三级"], ["a", "b", "c"]], [["项目", "x"]]]
    assert blocks(text) == ["附件2"]
    assert blocks(head + "\ta\n\tb\n\tc\n\n\n填表人：张三\n") == ["填表人：张三"]


def test_text_before_the_first_tab_is_a_block_in_front_of_the_grid() -> None:
    document = read("附件1\n\n自评表\n\t项目\n\tx\n")
    assert [(block.text, block.before_grid, block.locator) for block in document.blocks] == [
        ("附件1", 0, "line 1"),
        ("自评表", 0, "line 3"),
    ]
    assert rows(document.grids[0]) == [["项目", "x"]]


def test_a_line_of_blanks_is_a_blank_line_and_line_ends_are_alike() -> None:
    expected = [[["a", "b"], ["c", "d"]]]
    assert grids("\ta\n\tb\n \u3000 \n\tc\n\td\n") == expected
    assert grids("\ta\r\n\tb\r\n\r\n\tc\r\n\td\r\n") == expected
    assert grids("\ta\r\tb\r\r\tc\r\td\r") == expected


def test_indented_prose_is_no_table() -> None:
    prose = "\t本项目由某局组织实施，目的在于提高公共服务水平和群众满意程度。\n"
    assert not grids(prose + prose + "\n" + prose)
    assert len(blocks(prose + prose + "\n" + prose)) == 3


# Encodings


FORM = written([["项目支出绩效自评表"], ["项目名称", "学校食堂维修", "≥98%"], ["年度资金总额", "13", "—"]])
TRADITIONAL = written(
    [["項目支出績效自評表"], ["項目名稱", "財政補助經費", "98%"], ["年度資金總額", "13", "元"]]
)


@pytest.mark.parametrize(
    ("text", "codec", "mark"),
    [
        (FORM, "utf-8", b""),
        (FORM, "utf-8", codecs.BOM_UTF8),
        (FORM, "utf-16-le", codecs.BOM_UTF16_LE),
        (FORM, "utf-16-be", codecs.BOM_UTF16_BE),
        (FORM, "utf-16-le", b""),
        (FORM, "utf-16-be", b""),
        (FORM, "gb18030", b""),
        (TRADITIONAL, "big5", b""),
    ],
)
def test_every_encoding_gives_the_same_grid(text: str, codec: str, mark: bytes) -> None:
    document = read(mark + text.encode(codec))
    assert [rows(grid) for grid in document.grids] == grids(text)
    assert not document.problems


def test_lost_characters_are_a_problem_of_the_document() -> None:
    data = bytearray(FORM.encode("gb18030") * 5)
    data[100] = 0xFF
    document = read(bytes(data))
    assert len(document.problems) == 1
    assert "U+FFFD" in document.problems[0]


def test_bytes_that_are_no_text_are_undecodable() -> None:
    with pytest.raises(SourceError) as caught:
        read(random.Random(1).randbytes(3000))
    assert caught.value.code == "undecodable"


# Other layouts


def test_markdown_and_outer_bars() -> None:
    text = "前言\n| 一级 | 二级 |\n|---|:-:|\n| 产出 | a\\|b |\n|  | 质量 |\n后记"
    assert grids(text) == [[["一级", "二级"], ["产出", "a|b"], ["", "质量"]]]
    assert blocks(text) == ["前言", "后记"]


def test_pipe_rows_with_a_closing_bar_join_lines_and_keep_empty_first_cells() -> None:
    text = "项目名称 | 某项目 |\n项目资金\n(万元) | 总额 | 10 |\n | 其中 | 5 |\n | | |\n"
    expected = [["项目名称", "某项目"], ["项目资金\n(万元)", "总额", "10"], ["", "其中", "5"], ["", "", ""]]
    assert grids(text) == [expected]


def test_one_cell_per_line_with_lone_bars_for_empty_cells() -> None:
    text = "项目名称 |\n某项目 |\n|\n\n主管部门 |\n|\n某局\n某科 |\n"
    assert grids(text) == [[["项目名称", "某项目", ""], ["主管部门", "", "某局\n某科"]]]
    assert grids("项目名称 |\n某项目 |\n|\n得分 |\n") == [[["项目名称"], ["某项目"], [""], ["得分"]]]
    assert grids("项目名称\n某项目\n|\n|\n主管部门\n某局\n|\n|\n") == [
        [["项目名称", "某项目"], ["主管部门", "某局"]]
    ]
    assert grids("| 一级\n| 二级\n\n| 产出\n|\n") == [[["一级", "二级"], ["产出", ""]]]


PIPED = st.text(st.sampled_from("绩效指标13%≥/"), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIPED, min_size=3, max_size=3), min_size=2, max_size=6))
def test_pipe_rows_are_read_back(table: list[list[str]]) -> None:
    text = "".join(f"| {' | '.join(row)} |\n" for row in table)
    assert grids(text) == [table]


def test_tab_separated_lines_with_quoted_cells_titles_and_padding() -> None:
    text = '自评表\n项目\t某某\t\t\n部门\t"甲\n乙 ""丙"""\t3\t\n绩效指标\n\t\t4\t\n备注：无\n'
    assert grids(text) == [[["项目", "某某", ""], ["部门", '甲\n乙 "丙"', "3"], ["绩效指标"], ["", "", "4"]]]
    assert blocks(text) == ["自评表", "备注：无"]


def test_an_open_quote_does_not_swallow_the_rest() -> None:
    assert grids('a\t"b\nc\td\ne\tf\n') == [[["a", '"b'], ["c", "d"], ["e", "f"]]]


SEPARATED = st.text(st.sampled_from('绩效13%/"'), min_size=1, max_size=5).filter(lambda text: text[0] != '"')


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(SEPARATED, min_size=2, max_size=4), min_size=2, max_size=6))
def test_tab_separated_values_are_read_back(table: list[list[str]]) -> None:
    assert grids("\n".join("\t".join(row) for row in table)) == [table]


FIXED = """项目资金情况表
一级指标    二级指标      指标值   得分
产出指标    数量指标      ≥98%     10
            质量指标      100%      5
效益指标                  12个月    7.5
合计                                22.5
填表人：张三"""


def test_fixed_width_columns_align_by_display_width() -> None:
    assert grids(FIXED) == [
        [
            ["一级指标", "二级指标", "指标值", "得分"],
            ["产出指标", "数量指标", "≥98%", "10"],
            ["", "质量指标", "100%", "5"],
            ["效益指标", "", "12个月", "7.5"],
            ["合计", "", "", "22.5"],
        ]
    ]
    assert blocks(FIXED) == ["项目资金情况表", "填表人：张三"]


def test_prose_with_gaps_is_no_table() -> None:
    prose = [
        "　　本项目  由某局组织实施，目的  在于提高。\n　　第二段  文字很多很多很多，没有  表格。\n　　第三段文字  也是如此。",
        "单位：某局      金额单位：万元",
        "姓名：张三    电话：\n日期：2020年 1 月 1 日    盖章：",
        "The quick  brown fox jumps over.  A dog\nsleeps.  Nothing is aligned here at all, is  it\nno.  And this  line neither",
    ]
    for text in prose:
        assert not grids(text), text
        assert blocks(text) == [line for line in text.split("\n")]


def test_random_prose_full_of_gaps_is_hardly_ever_a_table() -> None:
    draw = random.Random(1)
    tables = 0
    for _ in range(500):
        lines = []
        for _ in range(draw.randint(3, 12)):
            words = ["".join(draw.choices("预算绩效项目资金", k=draw.randint(2, 9))) for _ in range(8)]
            lines.append(
                words[0] + "".join(draw.choice(("，", "，", " ", "  ")) + word for word in words[1:])
            )
        tables += len(grids("\n".join(lines)))
    assert tables <= 1


def test_random_fixed_width_tables_are_read_back_but_for_a_few() -> None:
    draw = random.Random(2)
    right = 0
    for _ in range(200):
        height, width = draw.randint(4, 12), draw.randint(2, 6)
        table = [
            ["".join(draw.choices("绩效指标ab19%.", k=draw.randint(1, 6))) for _ in range(width)]
            for _ in range(height)
        ]
        sizes = [max(map(_width, column)) for column in zip(*table, strict=True)]
        sides = [draw.choice("<>^") for _ in sizes]
        gap = " " * draw.randint(2, 5)
        text = "\n".join(gap.join(map(_padded, row, sizes, sides)).rstrip() for row in table)
        right += grids(text) == [table]
    assert right >= 190


def _width(text: str) -> int:
    return sum(1 if char.isascii() else 2 for char in text)


def _padded(text: str, size: int, side: str) -> str:
    return format(text, f"{side}{size - _width(text) + len(text)}")


def drawn(text: str) -> list[tuple[int, int, int, int, str]]:
    (grid,) = read(text).grids
    assert grid.spans
    return [tuple(cell[:5]) for cell in grid.cells]


ASCII = """+------+-----------+
| 标题合并         |
+------+-----+-----+
| a    | b   | 9-1 |
|      +-----+-----+
| a2   | d   | e+f |
+------+-----+-----+"""
WIDE = """┌────┬────┬────┐
│项目│名称│甲乙│
├────┼────┴────┤
│资金│13       │
│万元├────┬────┤
│    │甲  │乙丙│
└────┴────┴────┘"""
WIDEST = WIDE.replace("────", "──").replace("│13       │", "│13      │")


def test_drawn_tables_have_the_spans_of_the_drawing() -> None:
    assert drawn(ASCII) == [
        (0, 0, 1, 3, "标题合并"),
        (1, 0, 2, 1, "a\na2"),
        (1, 1, 1, 1, "b"),
        (1, 2, 1, 1, "9-1"),
        (2, 1, 1, 1, "d"),
        (2, 2, 1, 1, "e+f"),
    ]
    wide = [
        (0, 0, 1, 1, "项目"),
        (0, 1, 1, 1, "名称"),
        (0, 2, 1, 1, "甲乙"),
        (1, 0, 2, 1, "资金\n万元"),
        (1, 1, 1, 2, "13"),
        (2, 1, 1, 1, "甲"),
        (2, 2, 1, 1, "乙丙"),
    ]
    assert drawn(WIDE) == wide
    assert drawn("标题\n" + WIDE.replace("─", "━").replace("│", "┃") + "\n尾注") == wide


def test_a_drawing_whose_strokes_are_as_wide_as_han_characters() -> None:
    assert drawn("┌──┬──┐\n│项目│名称│\n├──┼──┤\n│1.5 │≥98%│\n└──┴──┘") == [
        (0, 0, 1, 1, "项目"),
        (0, 1, 1, 1, "名称"),
        (1, 0, 1, 1, "1.5"),
        (1, 1, 1, 1, "≥98%"),
    ]


def test_without_rules_between_rows_each_line_is_a_row() -> None:
    text = "+------+------+\n| name | n    |\n+------+------+\n| 甲   | 1    |\n| 乙   | 2    |\n+------+------+\n"
    assert [cell[4] for cell in drawn(text)] == ["name", "n", "甲", "1", "乙", "2"]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_drawings_of_random_tables_are_read_back(seed: int) -> None:
    draw = random.Random(seed)
    height, width = draw.randint(3, 5), draw.randint(1, 5)
    cells, owner = _tiling(draw, height, width)
    text = _draw(cells, owner, height, width)
    assert drawn(text) == cells


def _tiling(draw: random.Random, height: int, width: int):
    """Return random cells with spans that tile a lattice, each row and column boundary used by one of them."""
    while True:
        owner: dict[tuple[int, int], int] = {}
        cells = []
        for row in range(height):
            for col in range(width):
                if (row, col) in owner:
                    continue
                down = min(draw.choice((1, 1, 1, 2)), height - row)
                right = 1
                while col + right < width and (row, col + right) not in owner and draw.random() < 0.25:
                    right += 1
                for place in ((r, c) for r in range(row, row + down) for c in range(col, col + right)):
                    owner[place] = len(cells)
                label = "".join(draw.choices(string.ascii_letters + "绩效", k=draw.randint(1, 3)))
                cells.append((row, col, down, right, label))
        rows_cut = all(any(owner[r, c] != owner[r - 1, c] for c in range(width)) for r in range(1, height))
        columns_cut = all(any(owner[r, c] != owner[r, c - 1] for r in range(height)) for c in range(1, width))
        if rows_cut and columns_cut:
            return cells, owner


def _draw(cells, owner, height: int, width: int) -> str:
    """Return the drawing in + - |, columns 8 wide, rows 2 high, in the metric of a terminal."""
    lines = []
    for row in range(height + 1):
        rule, text = "", ""
        for col in range(width + 1):
            here = owner.get((row, col))
            left, above = owner.get((row, col - 1)), owner.get((row - 1, col))
            corner = owner.get((row - 1, col - 1))
            crosses = len({here, left, above, corner}) > 1
            flat = here != above if col < width else False
            before = left != corner
            rule += ("+" if flat or before else "|") if crosses and (flat or before or here != left) else " "
            text += "|" if here != left else " "
            if col < width:
                rule += ("-" if flat else " ") * 8
                label = cells[here][4] if here is not None and cells[here][:2] == (row, col) else ""
                text += label + " " * (8 - len(label) - sum(char in "绩效" for char in label))
        lines.append(rule)
        if row < height:
            lines.append(text)
    return "\n".join(lines)


# Bounds


def test_a_text_of_too_many_pieces_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(region, "MAX_PIECES", 1000)
    for text in ("\t\n" * 1500, "a\n" * 1500, "|" * 1500 + "\n" + "|" * 1500):
        with pytest.raises(SourceError) as caught:
            read(text)
        assert caught.value.code == "too_large"


LINES = [
    "\t",
    "\ta",
    "",
    "",
    "a | b |",
    "|",
    "a\tb",
    "┌─┬─┐",
    "│a│b│",
    "└─┴─┘",
    "+--+--+",
    "a   b   c",
    '"\tx',
    "--",
    "文",
]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(LINES), max_size=25).map("\n".join)
    | st.text(st.sampled_from('\t\n| a─│┼+-"文　'), max_size=80)
)
def test_any_mixture_keeps_every_character_that_is_text(text: str) -> None:
    document = read(text)
    kept = "".join(cell.text for grid in document.grids for cell in grid.cells)
    kept += "".join(block.text for block in document.blocks)
    for sign in "a文bcx":
        assert kept.count(sign) == text.count(sign)
    for grid in document.grids:
        places = [(cell.row, cell.col) for cell in grid.cells]
        assert places == sorted(set(places))


def test_long_lines_and_many_gaps_take_no_time() -> None:
    for text in (
        "a  " * 60_000,
        "a | " * 60_000,
        "\ta" * 60_000,
        ("a  b  c\n" * 20_000),
        "─┬" * 3_000 + "\n│" * 3_000,
    ):
        read(text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("\t", "\n\t", "\n\t", "\n\n\t", "\n\n\t", "\n\n", "\n", "\n\n\n\t", "\n\n\n", " ", "|"),
                *("甲", "bc", "9.5", "这是一个很长很长很长很长很长很长很长的句子。"),
            ]
        ),
        max_size=40,
    )
)
def test_the_short_way_of_even_tables_gives_what_the_long_one_gives(parts):
    from pipeline.readers.plain import indented, layout

    text = "\t项目\n\t名称" + "".join(parts)
    short = layout.regions(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indented, "_take_even", lambda chunks, at: None)
        assert layout.regions(text) == short


@pytest.mark.parametrize("size", [(2, 255), (2, 256), (2, 300), (255, 2), (256, 2), (300, 3), (5000, 2)])
def test_an_even_table_may_be_wide_or_long(size: tuple[int, int]) -> None:
    height, width = size
    table = [[f"{row}.{col}" for col in range(width)] for row in range(height)]
    found = read(written(table)).grids
    assert [rows(grid) for grid in found] == [table]
    lines = [1 + row * (width + 1) + col for row in range(height) for col in range(width)]
    assert [cell.locator for cell in found[0].cells] == [f"line {line}" for line in lines]
    assert [cell[:2] for cell in found[0].cells] == [(r, c) for r in range(height) for c in range(width)]
