"""Header rows: groups of heads, fields that look like heads, text that has no spans."""

import pytest

from pipeline.matcher.headers import Header, find_header
from pipeline.model import Cell, Grid, Lattice
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load_rulebook())


def lattice(rows: list[str], *, spans: bool = True) -> Lattice:
    """Return a grid from rows of ``text@rows x cols`` parted by bars, placed past the cells from above."""
    cells: list[Cell] = []
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        col = 0
        for part in row.split("|"):
            text, _, size = part.partition("@")
            down, across = (int(one) for one in size.split("x")) if size else (1, 1)
            while (number, col) in taken:
                col += 1
            cells.append(Cell(number, col, down, across, text))
            taken |= {(number + i, col + j) for i in range(down) for j in range(across)}
            col += across
    return Lattice(Grid(0, tuple(cells), spans=spans))


def header(index: Index, rows: list[str], *, spans: bool = True) -> Header | None:
    return find_header(lattice(rows, spans=spans), 0, index.forms["project_self_evaluation"], index)


def places(found: Header | None) -> list[tuple[str, int, int]]:
    assert found is not None
    return [(column.rule.field, column.start, column.end) for column in found.columns]


LEVELS = [("level1", 1, 2), ("level2", 2, 3), ("level3", 3, 4), ("target_text", 4, 5), ("actual_text", 5, 6)]


def test_the_block_name_over_the_levels_is_their_group_and_no_level(index: Index) -> None:
    found = header(
        index,
        ["绩效指标@5x1|绩效指标@1x3|指标值@2x1|完成值@2x1", "一级指标|二级指标|三级指标", "产出|数量|甲|1|1"],
    )
    assert places(found) == LEVELS


def test_text_shows_a_group_by_the_blanks_below_the_other_heads(index: Index) -> None:
    rows = ["绩效指标|绩效指标|指标值|完成值", "|一级指标|二级指标|三级指标||", "|产出|数量|甲|1|1"]
    assert places(header(index, rows, spans=False)) == LEVELS


def test_text_whose_rows_do_not_fit_is_no_group(index: Index) -> None:
    rows = ["一级指标|二级指标|三级指标|指标值|完成值", "产出|数量|甲|1|1||"]
    assert places(header(index, rows, spans=False)) == [(name, at - 1, to - 1) for name, at, to in LEVELS]


def test_fields_beside_their_values_are_no_heads(index: Index) -> None:
    heads = "一级指标|二级指标|三级指标|指标值|完成值"
    assert header(index, ["预期目标|做好工作|实际完成情况|已做好|", heads]) is None
    assert header(index, ["预期目标|实际完成情况|分值|得分|三级指标", heads]) is not None
