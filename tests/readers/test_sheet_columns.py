"""The short way from the columns of a sheet to its cells gives what the careful way gives."""

from array import array
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.readers.sheets.columns import ColumnSheet, quick_cells
from pipeline.readers.sheets.layout import Layout, Sheet

Cells = Sequence[tuple[int, int, str]]
Ranges = Sequence[tuple[int, int, int, int]]


def sheet_of(cells: Cells, ranges: Ranges = ()) -> ColumnSheet:
    found = ColumnSheet("甲", 1)
    for cell in cells:
        found.put(*cell)
    for corners in ranges:
        found.corners.extend(corners)
    return found


def ways(found: ColumnSheet) -> tuple[Layout, Layout]:
    short, careful = Layout(), Layout()
    short.add_columns(found)
    sheet = Sheet(found.name, found.number, texts=found.texts)
    sheet.merge(found.merges)
    careful.add(sheet)
    return short, careful


def filled(rows: int, cols: int, top: int = 0, left: int = 0) -> list[tuple[int, int, str]]:
    return [(top + row, left + col, f"{row}.{col}") for row in range(rows) for col in range(cols)]


ROWS, COLS = st.integers(1, 12), st.integers(1, 8)
CELLS = st.lists(st.tuples(ROWS, COLS, st.text("甲乙 x", max_size=2)), max_size=60)
FULL = st.lists(
    st.tuples(ROWS, COLS, st.sampled_from("甲乙丙")), max_size=60, unique_by=lambda cell: cell[:2]
)
RANGES = st.lists(
    st.builds(
        lambda top, left, height, width: (top, top + height, left, left + width),
        ROWS,
        COLS,
        st.integers(-1, 4),
        st.integers(-1, 4),
    ),
    max_size=6,
)


@given(st.one_of(CELLS, FULL), RANGES)
def test_both_ways_give_the_same(cells: Cells, ranges: Ranges) -> None:
    short, careful = ways(sheet_of(cells, ranges))
    assert short == careful


@given(st.data())
def test_texts_beside_ranges_that_do_not_overlap_go_the_short_way(data: st.DataObject) -> None:
    taken: set[tuple[int, int]] = set()
    ranges = []
    for top, bottom, left, right in data.draw(RANGES):
        area = {(row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)}
        if area and not area & taken:
            taken |= area
            ranges.append((top, bottom, left, right))
    firsts = {(top, left) for top, _, left, _ in ranges}
    cells = [cell for cell in filled(18, 14) if cell[:2] in firsts or cell[:2] not in taken]
    found = sheet_of(cells, ranges)
    assert quick_cells(found) is not None
    short, careful = ways(found)
    assert short == careful


def test_a_range_that_begins_with_a_text_reaches_beyond_the_texts() -> None:
    found = sheet_of([(2, 3, "题"), (3, 3, "甲"), (3, 4, "乙")], [(2, 2, 3, 6), (3, 5, 4, 4)])
    short, careful = ways(found)
    assert short == careful and quick_cells(found) is not None
    assert short.grids[0].cells[0][:5] == (0, 0, 1, 4, "题")


def test_what_the_short_way_leaves() -> None:
    square = filled(4, 4)
    for cells, ranges in (
        ([], []),
        ([*square, (9, 9, " ")], []),  # a white text
        ([*square, (100, 0, "x")], []),  # a wide gap
        ([*square, (0, 0, "later")], []),  # a cell twice
        (square, [(0, 0, 0, 1)]),  # a text under a range
        (filled(1, 1), [(0, 1, 0, 1), (1, 2, 1, 2)]),  # ranges that overlap
        (filled(1, 1), [(0, 1, 0, 0), (0, 0, 0, 1)]),
        (filled(1, 1), [(0, 0, 0, 1), (0, 0, 0, 0)]),
        (filled(1, 1) + filled(1, 1, 2, 2), [(1, 0, 0, 1)]),  # a range that ends before it begins
        (filled(1, 1) + filled(1, 1, 2, 2), [(1, 1, 1, 0)]),
        (filled(300, 1)[:1] + filled(300, 1, 0, 1), [(0, 299, 0, 0)]),  # a range too long for a mark
    ):
        found = sheet_of(cells, ranges)
        assert quick_cells(found) is None
        short, careful = ways(found)
        assert short == careful


def test_a_long_sheet_without_wide_gaps_is_one_grid() -> None:
    found = sheet_of(filled(400, 3, 7, 2) + filled(2, 3, 471, 2))
    short, careful = ways(found)
    assert short == careful and quick_cells(found) is not None and len(short.grids[0].cells) == 3 * 466


def test_the_cells_of_a_sheet_are_read_again_where_one_comes_twice() -> None:
    first = sheet_of([(0, 0, "甲"), (0, 0, "乙")])
    first.again = lambda: sheet_of([(0, 0, "乙"), (0, 0, "甲")])
    assert list(first.texts.values()) == ["甲"]
    first.keep_last()
    assert first.twice and len(first.rows) == 1 and quick_cells(first) is None
    assert list(first.texts.values()) == ["甲"]
    assert first.corners == array("H")
