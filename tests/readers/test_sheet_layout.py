from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Cell, Grid, place
from pipeline.readers.sheets.layout import COLUMN_BITS, MAX_CELLS, Box, Layout, Sheet, address


def laid(texts: dict[tuple[int, int], str], merges: list[tuple[int, int, int, int]] = []) -> Layout:  # noqa: B006
    sheet = Sheet("甲", 1)
    sheet.texts = {row << COLUMN_BITS | col: text for (row, col), text in texts.items()}
    sheet.merges = [Box(*merge) for merge in merges]
    layout = Layout()
    layout.add(sheet)
    return layout


def geometry(grid: Grid) -> list[tuple[int, int, int, int, str]]:
    return [tuple(cell[:5]) for cell in grid.cells]  # type: ignore[misc]


def test_addresses_are_those_of_a_sheet() -> None:
    assert [address(*at) for at in ((0, 0), (6, 1), (0, 26), (1048575, 16383))] == [
        "A1",
        "B7",
        "AA1",
        "XFD1048576",
    ]


def test_a_grid_is_trimmed_and_keeps_empty_cells_inside() -> None:
    (grid,) = laid({(5, 2): "甲", (8, 4): "乙", (20, 9): " ", (2, 0): ""}).grids
    assert len(grid.cells) == 4 * 3
    assert grid.cells[0] == Cell(0, 0, 1, 1, "甲", 1)
    assert grid.cells[-1] == Cell(3, 2, 1, 1, "乙", 1)
    assert [place(grid, grid.cells[at]) for at in (0, 1, -1)] == ["甲!C6", "甲!D6", "甲!E9"]


def test_merged_ranges_are_spans_and_repeated_texts_are_one_cell() -> None:
    layout = laid({(0, 0): "题", (0, 1): "题", (1, 0): "甲", (1, 1): "乙"}, [(0, 0, 0, 1), (1, 2, 5, 5)])
    assert geometry(layout.grids[0]) == [(0, 0, 1, 2, "题"), (1, 0, 1, 1, "甲"), (1, 1, 1, 1, "乙")]
    assert not layout.blocks


def test_another_text_under_a_merged_range_is_kept_as_a_block() -> None:
    layout = laid({(0, 0): "题", (0, 1): "旧"}, [(0, 0, 0, 1)])
    assert geometry(layout.grids[0]) == [(0, 0, 1, 2, "题")]
    assert [(block.text, block.locator) for block in layout.blocks] == [("旧", "甲!B1 (under a merged cell)")]


def test_a_merged_range_with_text_belongs_to_the_used_area_and_an_empty_one_does_not() -> None:
    layout = laid({(0, 0): "甲", (1, 0): "乙"}, [(1, 3, 0, 2), (8, 9, 0, 5)])
    assert geometry(layout.grids[0]) == [
        (0, 0, 1, 1, "甲"),
        (0, 1, 1, 1, ""),
        (0, 2, 1, 1, ""),
        (1, 0, 3, 3, "乙"),
    ]


def test_a_title_merged_over_the_whole_row_ends_where_the_form_ends() -> None:
    layout = laid({(0, 0): "题", (1, 0): "甲", (1, 1): "乙"}, [(0, 0, 0, 16383)])
    assert geometry(layout.grids[0])[0] == (0, 0, 1, 2, "题")


def test_of_overlapping_ranges_the_one_that_hides_nothing_counts() -> None:
    # as a program of a finance office writes it: rows merged first, then the block with its label
    texts = {(0, 0): "项目资金", (0, 3): "a", (1, 3): "b", (2, 3): "c"}
    layout = laid(texts, [(1, 1, 0, 2), (2, 2, 0, 2), (0, 2, 0, 2)])
    assert geometry(layout.grids[0])[0] == (0, 0, 3, 3, "项目资金")
    assert len(layout.grids[0].cells) == 4 and not layout.problems


def test_a_wide_gap_sets_grids_apart_and_a_narrow_one_does_not() -> None:
    near = laid({(0, 0): "甲", (64, 0): "乙"}).grids
    far = laid({(0, 0): "甲", (100, 0): "乙", (100, 300): "丙"}).grids
    assert [len(grid.cells) for grid in near] == [65]
    assert [grid.locator for grid in far] == ["甲!A1:A1", "甲!A101:A101", "甲!KO101:KO101"]
    assert [geometry(grid) for grid in far] == [[(0, 0, 1, 1, text)] for text in "甲乙丙"]


def test_marks_all_over_a_sheet_cost_what_they_hold() -> None:
    texts = {(row * 60, row * 60): "x" for row in range(270)}
    layout = laid(texts)
    assert sum(len(grid.cells) for grid in layout.grids) == 270


def test_many_huge_merged_ranges_do_no_harm() -> None:
    layout = laid(
        {(0, 0): "x", (1000, 200): "y"},
        [(0, 1048575, 0, 16383)] * 50 + [(i, i + 9, 0, 99) for i in range(900)],
    )
    assert sum(len(grid.cells) for grid in layout.grids) < MAX_CELLS


POSITIONS = st.tuples(st.integers(0, 12), st.integers(0, 8))
MERGES = st.builds(
    lambda top, left, height, width: (top, top + height, left, left + width),
    st.integers(0, 12),
    st.integers(0, 8),
    st.integers(0, 6),
    st.integers(0, 6),
)


@given(st.dictionaries(POSITIONS, st.text("甲乙 x", max_size=2), max_size=40), st.lists(MERGES, max_size=8))
def test_every_position_is_covered_once_and_no_text_is_lost(
    texts: dict[tuple[int, int], str], merges: list[tuple[int, int, int, int]]
) -> None:
    layout = laid(texts, merges)
    full = {at: text for at, text in texts.items() if text.strip()}
    assert len(layout.grids) == bool(full)
    for grid in layout.grids:
        taken: set[tuple[int, int]] = set()
        for cell in grid.cells:
            area = {(cell.row + r, cell.col + c) for r in range(cell.row_span) for c in range(cell.col_span)}
            assert not area & taken
            taken |= area
        rows, cols = {row for row, _ in taken}, {col for _, col in taken}
        assert len(taken) == len(rows) * len(cols) and min(rows) == min(cols) == 0
        assert list(grid.cells) == sorted(grid.cells, key=lambda cell: cell[:2])
    kept = {place(grid, cell): cell.text for grid in layout.grids for cell in grid.cells}
    lost = {f"甲!{address(*at)}": text for at, text in full.items() if kept.get(f"甲!{address(*at)}") != text}
    strays = [block.text for block in layout.blocks]
    shown = set(kept.values())
    assert all(text in strays or text in shown for text in lost.values())
