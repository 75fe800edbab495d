"""A number that was recognised with little confidence is null, its text kept and a problem noted."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.extractors import extract, typed
from pipeline.matcher import match
from pipeline.model import Document, Source, Yield
from pipeline.readers import pdf
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook

FORM = Path(__file__).parents[2] / "fixtures/project_self_evaluation/changji_2020/source/form_1.pdf"


@pytest.fixture(scope="module")
def read() -> Document:
    data = FORM.read_bytes()
    return pdf.read(Source("0" * 64, ("a.pdf",), len(data), "application/pdf", data))


def extracted(document: Document, sure: float) -> Yield:
    """Return what the form gives when every cell of digits was recognised with a confidence."""
    grids = tuple(
        replace(
            grid,
            cells=tuple(
                cell._replace(confidence=sure if any(map(str.isdigit, cell.text)) else 0.1)
                for cell in grid.cells
            ),
        )
        for grid in document.grids
    )
    index = Index(load_rulebook())
    (form,) = match(replace(document, grids=grids), index)
    return extract(form, index)


def numbers(found: Yield) -> list[object]:
    rows = [found.forms, *(row for rows in found.rows.values() for row in rows)]
    return [value for row in rows for value in row.values() if typed._is_number(value)]


def test_doubtful_numbers_are_problems_and_texts_stay(read):
    sure, doubtful = extracted(read, typed.SURE), extracted(read, typed.SURE - 0.01)
    assert len(numbers(sure)) > 50 and not sure.problems
    # what is left is no number of a grid's cell: the year stands in the title above
    assert [value for value in numbers(doubtful) if value != 2020] == []
    assert len(doubtful.problems) > 30
    assert all("confidence 0.89" in problem.message for problem in doubtful.problems)
    texts = [[row["target_text"] for row in found.rows["indicators"]] for found in (sure, doubtful)]
    assert texts[0] == texts[1] and "≥98%" in texts[0]
    assert {row.get("target_comparator") for row in doubtful.rows["indicators"]} == {None}
    assert sure.forms["project_name"] == doubtful.forms["project_name"]
