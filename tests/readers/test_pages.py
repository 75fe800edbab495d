"""The page machinery that knows no file format: rules to cells, characters to text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.readers.pages.furniture import _NUMBER
from pipeline.readers.pages.glyphs import private, replacements, symbol
from pipeline.readers.pages.ink import Rule, turned, written
from pipeline.readers.pages.lattice import from_boxes
from pipeline.readers.pages.lines import line_of, lines_of
from pipeline.readers.pages.ruling import find_lattices, merge
from pipeline.readers.pages.wrapping import Measure, text_of


@st.composite
def partitions(draw):
    """Draw a table: rows, columns and a partition of it into rectangles (row, col, row_span, col_span)."""
    rows, cols = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    free = [[True] * cols for _ in range(rows)]
    cells = []
    for row in range(rows):
        for col in range(cols):
            if not free[row][col]:
                continue
            wide = 1
            limit = draw(st.integers(1, 4))
            while wide < limit and col + wide < cols and free[row][col + wide]:
                wide += 1
            high = 1
            limit = draw(st.integers(1, 3))
            while high < limit and row + high < rows and all(free[row + high][col : col + wide]):
                high += 1
            for r in range(row, row + high):
                free[r][col : col + wide] = [False] * wide
            cells.append((row, col, high, wide))
    return rows, cols, cells


def compact(cells):
    """Return cells with the edges that no cell has left out: a lattice cannot know them."""
    ys = sorted({r for r, _, h, _ in cells} | {r + h for r, _, h, _ in cells})
    xs = sorted({c for _, c, _, _ in cells} | {c + w for _, c, _, w in cells})
    return [
        (ys.index(r), xs.index(c), ys.index(r + h) - ys.index(r), xs.index(c + w) - xs.index(c))
        for r, c, h, w in cells
    ]


def places(lattice):
    return [tuple(box[:4]) for box in lattice.boxes]


@settings(max_examples=150, deadline=None)
@given(partitions(), st.randoms(use_true_random=False), st.floats(0, 0.6), st.floats(0, 2.0))
def test_any_partition_is_found_from_its_rules(partition, random, jitter, gap):
    _, _, cells = partition
    horizontals, verticals = [], []

    def draw(rules, at, start, end):
        at += random.uniform(-jitter, jitter)
        middle = random.uniform(start + 5, end - 5)
        rules.append(Rule(at, start, middle - gap / 2))
        rules.append(Rule(at, middle + gap / 2, end))

    for row, col, high, wide in cells:
        x0, x1, y0, y1 = 50 + 40 * col, 50 + 40 * (col + wide), 60 + 20 * row, 60 + 20 * (row + high)
        for y in (y0, y1):
            draw(horizontals, y, x0, x1)
        for x in (x0, x1):
            draw(verticals, x, y0, y1)
    lattices = find_lattices(horizontals, verticals)
    assert [places(lattice) for lattice in lattices] == [compact(cells)]


@settings(max_examples=80, deadline=None)
@given(partitions())
def test_boxes_give_the_same_lattice(partition):
    _, _, cells = partition
    boxes = [(40.0 * c, 20.0 * r, 40.0 * (c + w), 20.0 * (r + h)) for r, c, h, w in cells]
    lattice = from_boxes(boxes)
    assert lattice is not None
    assert places(lattice) == compact(cells)
    for number, (x0, top, x1, bottom) in enumerate(boxes):
        assert lattice.at((x0 + x1) / 2, (top + bottom) / 2) == number


@given(
    st.lists(
        st.tuples(*[st.floats(0, 500)] * 3).map(lambda t: Rule(t[0], min(t[1:]), max(t[1:]))), max_size=40
    )
)
def test_merging_twice_changes_nothing_more_than_once(rules):
    for rule in merge(rules):
        assert rule.end - rule.start >= 3.0


def test_tables_that_do_not_touch_are_two():
    def box(x, y):
        return [Rule(y, x, x + 50), Rule(y + 20, x, x + 50)], [Rule(x, y, y + 20), Rule(x + 50, y, y + 20)]

    (h1, v1), (h2, v2) = box(50, 50), box(50, 90)
    assert [places(one) for one in find_lattices(h1 + h2, v1 + v2)] == [[(0, 0, 1, 1)]] * 2


def test_verticals_that_run_on_leave_an_open_row():
    across = [Rule(50, 50, 150), Rule(80, 50, 150)]
    down = [Rule(50, 50, 110), Rule(100, 50, 110), Rule(150, 50, 110)]
    (lattice,) = find_lattices(across, down)
    assert (lattice.open_top, lattice.open_bottom) == (False, True)
    assert places(lattice) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_two_lines_without_verticals_are_no_table():
    assert find_lattices([Rule(50, 50, 150), Rule(80, 50, 150)], []) == []


def put(text, x=0.0, top=0.0, size=10.0, wide=None):
    """Set a text in one line: ideographs one em wide, others half."""
    chars = []
    for char in text:
        step = wide or (size if ord(char) > 0x2E7F else size / 2)
        chars.append((char, x, top, x + step, top + size))
        x += step
    return chars


def test_characters_out_of_order_are_set_in_order():
    chars = put("预算数", top=20) + put("年初", top=5)
    assert [line.text for line in lines_of(chars[::-1])] == ["年初", "预算数"]


def test_raised_figures_stay_on_their_line():
    line = [*put("面积"), ("2", 20.0, -3.0, 23.0, 3.0), *put("内", x=23)]
    assert [one.text for one in lines_of(line)] == ["面积2内"]


@pytest.mark.parametrize(("gap", "blank"), [(0.0, ""), (2.5, ""), (5.0, " "), (60.0, " ")])
def test_gap_between_ideographs(gap, blank):
    assert line_of(put("填报单位") + put("金额单位", x=40 + gap)).text == f"填报单位{blank}金额单位"


def test_justified_line_has_no_blanks():
    row = [*put("预"), *put("算", x=16), *put("1,234.5", x=32), *put("万", x=73), *put("元", x=89)]
    assert line_of(row).text == "预算1,234.5万元"


def test_spaced_out_label_is_one_word():
    row = [char for i, text in enumerate("项目名称") for char in put(text, x=20.0 * i)]
    assert line_of(row).text == "项目名称"


def lay(*lines, left=2.0, size=10.0):
    return [line_of(put(text, x=left, top=13.0 * i, size=size)) for i, text in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("一二三四五六七八", "九十"), "一二三四五六七八九十"),
        (("一二三四五六", "七八"), "一二三四五六\n七八"),
        (("一二三四五六七", "八，九"), "一二三四五六七八，九"),
        (("一二三四五六七", "（八）"), "一二三四五六七（八）"),
        (("一二三四五六七（", "八）"), "一二三四五六七（八）"),
        (("1234567890123456", "78.5"), "123456789012345678.5"),
        (("完成率达到", "100.0000%"), "完成率达到100.0000%"),
        (("完成率", "100%"), "完成率\n100%"),
        (("12345678901.51.6", "%"), "12345678901.51.6%"),
        (("一二三四五六七八", "—"), "一二三四五六七八—"),
        (("10", "—"), "10\n—"),
        (("31,218,734.0100", "31,557,697.0200"), "31,218,734.0100\n31,557,697.0200"),
        (("1234567890123456", "6543210987654321"), "1234567890123456\n6543210987654321"),
        (("123,456,789,012", ",345.10"), "123,456,789,012,345.10"),
        (("2020年预算123456", "7.5万元"), "2020年预算1234567.5万元"),
        (("1234567", "7654321"), "1234567\n7654321"),
        (("资金拨付完成率≥", "98.5%"), "资金拨付完成率≥98.5%"),
        (("按时完成工作", "上。PM2.5"), "按时完成工作上。PM2.5"),
        (("improve living", "standards"), "improve living standards"),
        (("improve", "it"), "improve\nit"),
        (("2020-01-01", "2020-12-31"), "2020-01-01\n2020-12-31"),
    ],
)
def test_wraps(lines, text):
    assert text_of(lay(*lines), Measure(2.0, 82.0)) == text


def test_centred_line_is_judged_by_its_width():
    first, second = line_of(put("年度总", x=27)), line_of(put("体目标", x=27, top=13))
    assert text_of([first, second], Measure(2.0, 82.0)) == "年度总\n体目标"
    assert text_of([first, second], Measure(24.0, 60.0)) == "年度总体目标"


def test_upright_writing_is_one_word():
    assert text_of(lay("绩", "效", "指", "标"), Measure(2.0, 82.0)) == "绩效指标"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", True), ("- 12 -", True), ("— 3 —", True), ("第 3 页", True), ("第3页 共12页", True), ("3/12", True),
        ("Page 3 of 12", True), ("第三页", True), ("iv", True),
        ("2020年度", False), ("项目支出绩效自评表", False), ("附件1", False), ("（2020年度）", False), ("单位：万元", False),
    ],
)  # fmt: skip
def test_page_numbers(text, number):
    assert (_NUMBER.fullmatch(text) is not None) is number


def test_radicals_become_characters():
    text = "部⻔⽂⻅⼾⻓"
    shown = replacements(map(ord, text))
    assert "".join(shown.get(ord(char), char) for char in text) == "部门文见户长"
    assert replacements(map(ord, "部门一二ABC，、①㎡")) == {}


def test_private_characters_are_read_by_their_font_only():
    assert symbol(0xF0B3, "ABCDEF+SymbolMT") == "≥"
    assert symbol(0xF0B3, "Wingdings") is None
    assert private(0xF0B3)
    assert not private(ord("≥"))


@given(st.tuples(*[st.floats(0, 400)] * 4), st.integers(0, 3))
def test_turning_back_gives_the_box_again(box, quarters):
    wide, high = 595.0, 842.0
    there = turned(box, quarters, wide, high)
    back = turned(there, -quarters, *((high, wide) if quarters % 2 else (wide, high)))
    assert back == pytest.approx(box)


@given(st.text(alphabet="abc 甲乙\n", min_size=1, max_size=60), st.floats(20, 300), st.floats(8, 60))
def test_value_stays_in_its_box(value, width, height):
    for _, x0, top, x1, bottom in written(value, (10.0, 20.0, 10.0 + width, 20.0 + height)):
        assert x0 >= 10.0 - 1e-6
        assert x1 <= 10.0 + width + 1e-6
        assert top >= 20.0 - 1e-6
        assert bottom <= 20.0 + height + 1e-6
