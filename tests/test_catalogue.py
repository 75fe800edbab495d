"""The catalogue's layouts read back: each form type, each region, and nothing on pages without a form."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalogue import LAYOUTS, NEGATIVES, found, render
from tests.synthetic import DATASETS, FOLDER, columns

TYPES = {
    "project_self_evaluation",
    "department_self_evaluation",
    "transfer_self_evaluation",
    "project_target",
    "department_target",
    "transfer_target",
    "performance_monitoring",
}
#: Lines of the catalogue without a page of their own are those of its list that other lines repeat.
SEEN = {
    f"P{number:02d}"
    for number in (
        *(1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 32),
        *(34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 50, 51, 52, 53, 54, 57, 59, 60, 61, 62, 63),
        *(65, 66, 67, 68, 69, 70, 72),
    )
}  # fmt: skip


def test_every_line_of_the_catalogue_and_every_form_type_has_a_template() -> None:
    templates = LAYOUTS + NEGATIVES
    assert len({one.name for one in templates}) == len(templates)
    assert {one.catalogue for one in templates} >= SEEN
    assert {one.form_type for one in LAYOUTS} == TYPES
    assert all(2010 < one.year < 2030 and one.region for one in templates)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.name)
def test_a_template_gives_the_same_page_again_and_names_known_columns(layout: object) -> None:
    page, again, other = render(layout, 3), render(layout, 3), render(layout, 4)
    assert (page.html, page.forms) == (again.html, again.forms)
    assert page.html != other.html
    for form in page.forms:
        assert set(form) == set(DATASETS) and len(form["forms"]) == 1 and form["indicators"]
        for dataset in DATASETS:
            assert all(set(row) <= set(columns(dataset)) for row in form[dataset])
    assert page.labels


def test_the_templates_ask_nothing_of_the_pipeline() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import catalogue; "
        "print([name for name in sys.modules if name.startswith('pipeline')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(FOLDER)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert not [
        path.name
        for path in Path(FOLDER).glob("catalogue*.py")
        if "import pipeline" in path.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("layout", NEGATIVES, ids=lambda one: one.name)
def test_no_form_on_pages_without_one(layout: object) -> None:
    for seed in range(2):
        assert found(render(layout, seed)) == []
