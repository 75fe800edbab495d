"""Forms drawn in text: rows, merged cells, paragraphs."""

import pytest

from pipeline.rulebook.drawing import DrawingError, read_drawing


def cells(text: str) -> list[tuple[int, int, int, int, str]]:
    return [tuple(cell[:5]) for cell in read_drawing(text).grids[0].cells]  # type: ignore[misc]


def test_merged_cells_and_short_rows() -> None:
    assert cells("| 资金 | 年初数 | 执行数 |\n| ^ | 90 | 80 |\n| 说明 | 无 |\n| 总分 | < | 100 |") == [
        (0, 0, 2, 1, "资金"),
        (0, 1, 1, 1, "年初数"),
        (0, 2, 1, 1, "执行数"),
        (1, 1, 1, 1, "90"),
        (1, 2, 1, 1, "80"),
        (2, 0, 1, 1, "说明"),
        (2, 1, 1, 2, "无"),
        (3, 0, 1, 2, "总分"),
        (3, 2, 1, 1, "100"),
    ]


def test_paragraphs_and_two_tables_in_reading_order() -> None:
    found = read_drawing("标题\n\n| a | b |\n\n中间\n| c |\n")
    assert [(block.text, block.before_grid) for block in found.blocks] == [("标题", 0), ("中间", 1)]
    assert [grid.cells[0].text for grid in found.grids] == ["a", "c"]


def test_marks_taken_as_they_are() -> None:
    assert [cell[4] for cell in cells(r"| a\|b | \^ | \< | x\ny |")] == ["a|b", "^", "<", "x\ny"]


@pytest.mark.parametrize("text", ["| ^ | a |", "| a | < |\n| ^ | b |"])
def test_what_cannot_be_drawn_names_its_line(text: str) -> None:
    with pytest.raises(DrawingError) as caught:
        read_drawing("标题\n" + text)
    assert caught.value.line == 1
