"""The catalogue's layouts read back: each form type, each region, and nothing on pages without a form."""

import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest

from pipeline.run import interpret
from pipeline.run.public import extract, frames, match, rules
from tests.benchmarks.accuracy import paired
from tests.catalogue import LAYOUTS, NEGATIVES, Template, document, found, render
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
def test_a_template_gives_the_same_page_again_and_names_known_columns(layout: Template) -> None:
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
def test_no_form_on_pages_without_one(layout: Template) -> None:
    for seed in range(2):
        assert found(render(layout, seed)) == []


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.name)
def test_every_column_of_a_layout_equals_its_truth(layout: Template) -> None:
    page = render(layout, 11)
    wrong = [
        (at, dataset, one.get("level3") or one.get("fund_source_label"), name, one.get(name), other.get(name))
        for at, (true, seen) in enumerate(zip_longest(page.forms, found(page), fillvalue={}))
        for dataset in DATASETS
        for one, other in paired(true.get(dataset, []), seen.get(dataset, []))
        for name in columns(dataset)
        if one.get(name) != other.get(name)
    ]
    assert wrong == []


def test_a_hint_left_in_a_value_is_reported_and_not_taken() -> None:
    (layout,) = [one for one in LAYOUTS if one.name == "sichuan_qingshen_unfilled"]
    page = render(layout, 1)
    rows = interpret(document(page), rules(), "a.html", len(page.html)).rows
    (hint,) = [cell for cell in rows["cells"] if "100字以内）" in cell["text"] and "完成情况" in cell["text"]]
    assert (hint["role"], hint["reason"]) == ("ignored", "instruction")
    (form,) = match(document(page))
    said = [problem for problem in extract(form).problems if problem.field == "goal_actual"]
    assert [problem.text for problem in said] == [hint["text"]]


def test_a_form_type_is_added_by_one_file(tmp_path: Path) -> None:
    """A new type of form is one YAML file: titles, what is taken over, its own labels."""
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "policy_evaluation.yaml").write_text(
        """form: policy_evaluation
zh: 政策绩效评价表
en: Policy evaluation
titles: [财政政策绩效评价表]
sections:
  heading: {like: project_self_evaluation.heading}
  basics:
    kind: fields
    labels: {project_name: [政策名称], supervising_department: [政策牵头部门]}
  indicators:
    like: project_self_evaluation.indicators
    labels: {actual_text: [政策成效]}
""",
        encoding="utf-8",
    )
    page = (
        "<p>财政政策绩效评价表</p><p>（2024年度）</p><table border=1>"
        "<tr><td>政策名称</td><td>以旧换新补贴</td><td>政策牵头部门</td>"
        "<td>商务局</td></tr><tr><td>一级指标</td><td>三级指标</td><td>指标值</td><td>政策成效</td></tr>"
        "<tr><td>产出指标</td><td>补贴台数</td><td>≥500台</td><td>620台</td></tr></table>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    shown = frames(tmp_path / "a.html", str(tmp_path))
    form, row = shown["forms"].iloc[0], shown["indicators"].iloc[0]
    assert (form.form_type, form.project_name, form.fiscal_year) == (
        "policy_evaluation",
        "以旧换新补贴",
        2024,
    )
    assert (form.supervising_department, row.level1_code, row.level3) == ("商务局", "output", "补贴台数")
    assert (row.target_value, row.actual_value) == (500, 620)
    assert len(frames(tmp_path / "a.html")["forms"]) == 0
