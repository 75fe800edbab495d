"""Rows of .doc tables whose inner edges miss one another by less than a line's width are one table of the same columns."""

import random

import pytest

from pipeline.readers.msdoc import layout, stories
from pipeline.readers.msdoc.layout import Row
from tests.synthetic import FOLDER, LAYOUTS, differences, read, truth

# each way, so that the edges of two rows lie at most 14 twips (0.25 mm) apart, as seen in real files
_DRIFT = 7


def drifted(monkeypatch: pytest.MonkeyPatch, tolerance: int) -> int:
    """Return in how many layouts the forms differ from the truth when every inner edge of every row is moved."""
    chance = random.Random(0)
    lay_out = layout.lay_out

    def moved(rows: list[Row]) -> tuple[object, ...]:
        shaken = []
        for texts, shape in rows:
            first, *inner, last = shape.edges
            inner = [edge + chance.randint(-_DRIFT, _DRIFT) for edge in inner]
            shaken.append((texts, shape._replace(edges=(first, *inner, last))))
        return lay_out(shaken)

    monkeypatch.setattr(layout, "TOLERANCE", tolerance)
    monkeypatch.setattr(stories, "lay_out", moved)
    return sum(bool(differences(truth(name), read(FOLDER / "doc" / f"{name}.doc"))) for name in LAYOUTS)


def test_edges_that_drift_from_row_to_row_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drifted(monkeypatch, layout.TOLERANCE) == 0


def test_taking_every_edge_for_a_column_of_its_own_loses_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drifted(monkeypatch, 0) > len(LAYOUTS) // 2
