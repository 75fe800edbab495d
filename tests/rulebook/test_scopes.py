"""Spellings that count for some years or regions only: what a form prints decides, and contradictions are faults."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.cli import rules
from pipeline.errors import RuleError
from pipeline.extractors import extract
from pipeline.matcher import match
from pipeline.model import Form, Scope, Yield
from pipeline.rulebook.drawing import read_drawing as draw
from pipeline.rulebook.index import Index
from pipeline.rulebook.lint import lint
from pipeline.rulebook.load import load_rulebook, shipped_rules
from tests.rulebook.test_schema import schema

MINE = """
form: mine
extends: project_self_evaluation
sections:
  indicators:
    labels:
      target_text:
        - {{text: 考核要求, {one}}}
      scoring_standard:
        - {{text: 考核要求, {other}}}
"""
FORM = """
{title}
{year}

| 项目名称 | 养护 | 主管部门 | {body} |
| 一级指标 | 三级指标 | 考核要求 | 实际完成值 | 得分 |
| 产出指标 | 养护里程 | ≥100公里 | 102公里 | 50 |
"""


def overlay(folder: Path, one: str, other: str, template: str = MINE) -> Path:
    (folder / "forms").mkdir(parents=True)
    (folder / "forms" / "mine.yaml").write_text(template.format(one=one, other=other), encoding="utf-8")
    return folder


def read(index: Index, title: str = "", year: str = "", body: str = "交通局") -> tuple[Form, Yield]:
    text = FORM.format(title=title or "项目支出绩效自评表", year=year, body=body)
    (form,) = match(draw(text.strip("\n").replace("\n\n\n", "\n\n")), index)
    return form, extract(form, index)


def given(found: tuple[Form, Yield]) -> str | None:
    """Return which of the two fields the contradictory label gave."""
    (row,) = found[1].rows["indicators"]
    names = [name for name in ("target_text", "scoring_standard") if row.get(name) is not None]
    assert len(names) < 2
    return names[0] if names else None


@pytest.mark.parametrize(
    ("year", "field"),
    [
        ("（2016年度）", "target_text"),
        ("（2019年度）", "target_text"),
        ("（2020年度）", "scoring_standard"),
        ("（二〇二三年度）", "scoring_standard"),
        ("（2015年度）", None),
        ("（20XX年度）", None),
        ("", None),
    ],
)
def test_the_year_that_a_form_prints_chooses_the_field(tmp_path: Path, year: str, field: str | None) -> None:
    index = Index(load_rulebook(overlay(tmp_path, "years: 2016-2019", "years: [2020, 2021-]")))
    form, out = read(index, year=year)
    assert given((form, out)) == field
    assert bool(form.scopes) == (field is not None)
    if field is None:  # in the ledger the label is one that nobody knows
        assert out.claims.get((0, 1, 2)) is None
    else:
        claim = out.claims[0, 1, 2]
        assert claim.rule == f"forms/mine.yaml:{8 if field == 'target_text' else 10}"


@pytest.mark.parametrize(
    ("title", "body", "field"),
    [
        ("新疆维吾尔自治区项目支出绩效自评表", "交通局", "target_text"),
        ("2021年度四川省项目支出绩效自评表", "交通局", "scoring_standard"),
        ("", "四川省交通厅", "scoring_standard"),
        ("", "219001-新疆昌吉州交通局", "target_text"),
        ("新疆项目支出绩效自评表", "四川省交通厅", None),
        ("", "上海市四川北路街道", None),
        ("", "对口支援四川办公室", None),
        ("", "交通局", None),
    ],
)
def test_the_region_that_a_form_names_chooses_the_field(
    tmp_path: Path, title: str, body: str, field: str | None
) -> None:
    index = Index(load_rulebook(overlay(tmp_path, "regions: [新疆, 西藏]", "regions: 四川")))
    assert given(read(index, title, body=body)) == field


def test_a_scope_of_both_asks_for_both(tmp_path: Path) -> None:
    index = Index(load_rulebook(overlay(tmp_path, "years: 2020, regions: [新疆]", "years: 2021")))
    assert given(read(index, year="（2020年度）")) is None
    assert given(read(index, body="新疆交通厅")) is None
    assert given(read(index, year="（2020年度）", body="新疆交通厅")) == "target_text"
    assert given(read(index, year="（2021年度）", body="新疆交通厅")) == "scoring_standard"


def test_a_scoped_meaning_goes_before_one_without_a_scope(tmp_path: Path) -> None:
    mine = overlay(tmp_path, "years: 2019", "years: 2020").joinpath("forms", "mine.yaml")
    text = mine.read_text(encoding="utf-8").replace("{text: 考核要求, years: 2020}", "考核要求")
    mine.write_text(text, encoding="utf-8")
    index = Index(load_rulebook(tmp_path))
    assert given(read(index, year="（2019年度）")) == "target_text"
    assert given(read(index, year="（2020年度）")) == "scoring_standard"
    assert given(read(index)) == "scoring_standard"


def test_forms_of_one_document_have_each_their_year(tmp_path: Path) -> None:
    index = Index(load_rulebook(overlay(tmp_path, "years: 2019", "years: 2020")))
    pages = [
        FORM.format(title="项目支出绩效自评表", year=f"（{year}年度）", body="局")
        for year in (2019, 2020, 2018)
    ]
    found = [(form, extract(form, index)) for form in match(draw("\n\n".join(pages)), index)]
    assert [given(one) for one in found] == ["target_text", "scoring_standard", None]


def test_a_label_in_a_pair_is_scoped_too(tmp_path: Path) -> None:
    template = (
        "form: mine\nextends: project_self_evaluation\nsections:\n  basics:\n    kind: fields\n    labels:\n"
        "      project_leader: [{{text: 经手, {one}}}]\n      implementing_unit: [{{text: 经手, {other}}}]\n"
    )
    index = Index(load_rulebook(overlay(tmp_path, "years: 2019", "years: 2020-", template)))
    for year, wanted in ((2019, ("王某", None)), (2022, (None, "王某")), (2018, (None, None))):
        text = FORM.format(title="项目支出绩效自评表", year=f"（{year}年度）", body="局 | 经手 | 王某")
        (form,) = match(draw(text.strip("\n")), index)
        row = extract(form, index).forms
        assert (row.get("project_leader"), row.get("implementing_unit")) == wanted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("years: 2016-2019", "years: [2019, 2021]"),
        ("years: 2016-", "years: 2030"),
        ("regions: [新疆]", "regions: [新疆生产建设兵团]"),
        ("years: 2016", "regions: [四川]"),
        ("years: 2016, regions: [四川]", "regions: [四川, 西藏]"),
    ],
)
def test_scopes_that_overlap_are_a_fault_with_both_places(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_rulebook(overlay(tmp_path, one, other))
    (fault,) = caught.value.faults
    assert (fault.path, fault.line, fault.column) == ("forms/mine.yaml", 10, 11)
    assert "ambiguous" in fault.message
    assert "forms/mine.yaml:8" in fault.message


def test_scopes_that_overlap_across_files_are_a_fault(tmp_path: Path) -> None:
    overlay(tmp_path, "years: 2016", "years: 2017")
    text = MINE.format(one="years: 2018", other="years: [2016, 2019]").replace("form: mine", "form: more")
    (tmp_path / "forms" / "more.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_rulebook(tmp_path)
    (fault,) = caught.value.faults
    assert (fault.path, fault.line) == ("forms/more.yaml", 10)
    assert "forms/mine.yaml:8" in fault.message


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ("years: 二〇二〇", "is no year"),
        ("years: 2020-2016", "ends before it begins"),
        ("years: '-'", "is no year"),
        ("regions: 川", "too short"),
        ("year: 2020", "did you mean years"),
        ("years: [{a: 1}]", "expected"),
    ],
)
def test_a_scope_that_is_none_is_a_fault(tmp_path: Path, one: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_rulebook(overlay(tmp_path, one, "years: 2010"))
    assert any(words in fault.message and fault.line == 8 for fault in caught.value.faults)


@pytest.mark.parametrize(
    "part",
    [
        "titles: [{text: 某表, years: 2020}]\nsections: {}\n",
        "ignores: [{text: 某表, years: 2020}]\nsections: {}\n",
        "sections:\n  heading:\n    kind: heading\n    labels: {grade: [{text: 等级, years: 2020}]}\n",
        "sections:\n  heading:\n    labels: {fiscal_year: [{text: 年, years: 2020}]}\n",
        "sections:\n  goals:\n    kind: fields\n    starts: [{text: 总目标, years: 2020}]\n",
    ],
)
def test_only_the_spellings_of_a_field_have_a_scope(tmp_path: Path, part: str) -> None:
    with pytest.raises(RuleError, match="scope"):
        load_rulebook(
            overlay(
                tmp_path,
                "",
                "",
                "form: mine\nextends: project_self_evaluation\n" + part.replace("{", "{{").replace("}", "}}"),
            )
        )


def test_the_lint_warns_of_a_scope_that_changes_nothing(tmp_path: Path) -> None:
    same = MINE.replace("      scoring_standard:\n", "")
    rulebook = load_rulebook(overlay(tmp_path, "years: 2016", "years: 2016-2018", same))
    (warning,) = [one for one in lint(rulebook) if one.path == "forms/mine.yaml"]
    assert warning.line == 9
    assert "redundant" in warning.message


def test_disjoint_scopes_are_no_warning(tmp_path: Path) -> None:
    rulebook = load_rulebook(overlay(tmp_path, "years: -2019", "years: 2020-"))
    assert [one for one in lint(rulebook) if one.path == "forms/mine.yaml"] == []


def test_explain_says_in_which_forms_a_spelling_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = overlay(tmp_path, "years: 2016-2019", "regions: [四川, 西藏], years: 2020-")
    assert rules.explain("考核要求", None, folder) == 0
    shown = capsys.readouterr().out
    assert "indicators.target_text: alias 考核要求  forms/mine.yaml:8  只在 only in 2016-2019" in shown
    assert "forms/mine.yaml:10  只在 only in 2020-, 四川 西藏" in shown
    assert "does not count" in shown


def test_a_text_with_a_scope_is_not_taken_for_what_it_resembles(tmp_path: Path) -> None:
    """年度指标数值 alone resembles 年度指标值 enough; with a scope it counts where the scope fits and nowhere else."""
    text = "年度指标数值"
    plain = Index(load_rulebook())
    assert plain.forms["project_self_evaluation"].loose("indicators", text) is not None
    folder = overlay(tmp_path, "years: 2016", "years: 2017", MINE.replace("考核要求", text))
    assert Index(load_rulebook(folder)).forms["project_self_evaluation"].loose("indicators", text) is None


def test_the_readme_of_the_rules_shows_scopes_that_load(tmp_path: Path) -> None:
    page = (shipped_rules() / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```scoped\n(.*?)^```$", page, re.M | re.S)
    overlay(tmp_path, "", "", shown.replace("{", "{{").replace("}", "}}"))
    index = Index(load_rulebook(tmp_path))
    assert given(read(index, year="（2018年度）")) == "target_text"
    assert given(read(index, year="（2021年度）")) is None
    assert given(read(index, year="（2030年度）")) == "scoring_standard"
    assert lint(index.rulebook) == lint(load_rulebook())


def test_the_schema_knows_scopes() -> None:
    good = yaml.safe_load(
        (shipped_rules() / "forms" / "project_self_evaluation.yaml").read_text(encoding="utf-8")
    )
    labels = good["sections"]["indicators"]["labels"]
    labels["note"] = [{"text": "备注", "years": [2016, "2018-2019"], "regions": "四川"}, "说明"]
    jsonschema.validate(good, schema("form"))
    labels["note"] = [{"text": "备注", "year": 2016}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good, schema("form"))


def test_scopes_overlap_as_their_forms_do() -> None:
    assert Scope(((2016, 2019),)).overlaps(Scope(((2019, 2020),)))
    assert not Scope(((2016, 2019),)).overlaps(Scope(((2020, 9999),)))
    assert not Scope(((2016, 2019),), ("四川",)).overlaps(Scope(((2016, 2019),), ("西藏",)))
    assert Scope((), ("四川",)).overlaps(Scope(((2016, 2016),)))
