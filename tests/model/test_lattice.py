"""Which cell covers a position, whatever lies over what."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Cell, Grid, Lattice

CELLS = st.lists(
    st.builds(
        Cell,
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["", " \u3000", "甲", "乙 丙"]),
    ),
    max_size=9,
).map(lambda cells: sorted(cells, key=lambda cell: (cell.row, cell.col)))


@given(CELLS)
def test_the_last_cell_over_a_position_covers_it(cells: list[Cell]) -> None:
    lattice = Lattice(Grid(0, tuple(cells)))
    for row in range(9):
        for col in range(9):
            over = [
                cell
                for cell in cells
                if cell.row <= row < cell.row + cell.row_span and cell.col <= col < cell.col + cell.col_span
            ]
            assert lattice.at(row, col) == (over[-1] if over else None)
        full = tuple(cell for cell in cells if cell.row == row and cell.text.strip())
        assert lattice.printed(row) == full
    assert lattice.width == max((cell.col + cell.col_span for cell in cells), default=0)
    assert lattice.height == max((cell.row + cell.row_span for cell in cells), default=0)
