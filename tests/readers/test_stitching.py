"""Where a table goes on over a page break: odd pages that damage makes."""

from types import SimpleNamespace

from pipeline.readers.pages.stitching import _begins_anew


def table(*rows):
    """Return a table of rows of texts, as far as looking at texts goes."""
    boxes = [SimpleNamespace(row=r, col=c) for r, row in enumerate(rows) for c in range(len(row))]
    return SimpleNamespace(lattice=SimpleNamespace(boxes=boxes), texts=[text for row in rows for text in row])


def test_a_table_without_cells_in_its_first_row_does_not_begin_anew():
    whole = table(["项目名称", "甲"], ["得分", "96"])
    assert not _begins_anew(whole, table([], ["得分", "96"]))
    assert not _begins_anew(table([], ["得分", "96"]), whole)
    assert _begins_anew(whole, table(["项目名称", "乙"]))
