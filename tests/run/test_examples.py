"""Examples of the rules: they run, their failures name the place, and every shipped rule has one that needs it."""

from pathlib import Path

import pytest

from pipeline.errors import RuleError
from pipeline.model import Rulebook
from pipeline.rulebook.assertions import write_assertions
from pipeline.rulebook.examples import Examples, load_examples
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook, shipped_rules
from pipeline.run.examples import Bench
from pipeline.run.mutation import Trial, missing_assertions, read_fixtures

GOOD = """\
form: project_self_evaluation
examples:
  - name: 小表
    text: |-
      项目支出绩效自评表
      | 项目名称 | 道路养护 |
      | 三级指标 | 年度指标值 | 实际完成值 | 分值 |
      | 养护里程 | ≥100公里 | 102公里 | 50 |
    rows:
      forms: {project_name: 道路养护}
      indicators: [{level3: 养护里程, target_value: 100, weight: 50, score: ~}]
"""
AT = GOOD.splitlines()[10].index("50") + 1


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load_rulebook()


@pytest.fixture(scope="module")
def shipped(rulebook: Rulebook) -> Bench:
    return Bench(load_examples(rulebook, shipped_rules()), Index(rulebook))


def bench(tmp_path: Path, rulebook: Rulebook, text: str) -> Bench:
    (tmp_path / "examples").mkdir(exist_ok=True)
    (tmp_path / "examples" / "a.yaml").write_text(text, encoding="utf-8")
    return Bench(load_examples(rulebook, tmp_path), Index(rulebook))


def test_shipped_examples_pass(shipped: Bench) -> None:
    assert {example.form for example in shipped.examples} == set(shipped.index.forms)
    assert shipped.failures() == []


def test_every_shipped_rule_is_missed_by_an_example(shipped: Bench, rulebook: Rulebook) -> None:
    survivors = Trial(shipped, rulebook).survivors()
    assert [f"{one.mutation.place}: {one.mutation.what}" for one in survivors] == []


def test_a_wrong_value_is_shown_with_its_place(tmp_path: Path, rulebook: Rulebook) -> None:
    found = bench(tmp_path, rulebook, GOOD.replace("weight: 50", "weight: 51")).failures()
    assert [(fault.path, fault.line, fault.column) for fault in found] == [("examples/a.yaml", 11, AT)]
    assert (
        "indicators[0].weight" in found[0].message and "51" in found[0].message and "50" in found[0].message
    )


def test_a_missing_row_is_a_failure(tmp_path: Path, rulebook: Rulebook) -> None:
    text = GOOD.replace("score: ~}]", "score: ~}, {level3: 桥梁}]")
    assert ["indicators" in fault.message for fault in bench(tmp_path, rulebook, text).failures()] == [True]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("form: project_self_evaluation", "form: project_self", (1, 7)),
        ("project_name: 道路养护}", "projekt_name: 道路养护}", (10, 15)),
        ("indicators: [", "indicator: [", (11, 7)),
        ("weight: 50", "weight: 五十", (11, AT)),
        ("| 养护里程 |", "| ^ | < |", (7, 1)),
    ],
)
def test_faults_of_an_example_name_the_place(
    tmp_path: Path, rulebook: Rulebook, old: str, new: str, place: tuple[int, int]
) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        bench(tmp_path, rulebook, GOOD.replace(old, new))
    assert place in {(fault.line, fault.column) for fault in caught.value.faults}


def test_spellings_are_printed_in_place_of_a_label(tmp_path: Path, rulebook: Rulebook) -> None:
    text = GOOD + "spellings:\n  basics.project_name: [项目支出名称, 主管部门, 不是标签]\n"
    found = bench(tmp_path, rulebook, text).failures()
    assert [fault.line for fault in found] == [13, 13]
    assert ["主管部门" in found[0].message, "不是标签" in found[1].message] == [True, True]


def test_a_note_or_a_pattern_is_a_text_and_no_spelling(tmp_path: Path, rulebook: Rulebook) -> None:
    title = "某县2021年项目支出绩效自评表"
    assert bench(tmp_path, rulebook, GOOD + f"texts:\n  titles: [{title}]\n").failures() == []
    assert len(bench(tmp_path, rulebook, GOOD + f"spellings:\n  titles: [{title}]\n").failures()) == 1


def test_losses_are_noticed_once_their_spellings_are_written(tmp_path: Path, rulebook: Rulebook) -> None:
    own = bench(tmp_path, rulebook, GOOD)
    survivors = Trial(own, rulebook).survivors()
    names = {text: targets for targets, text in missing_assertions(survivors)}
    assert "项目支出名称" in names and "项目名称" not in names
    target = next(one for one in names["项目支出名称"] if one[0] == "project_self_evaluation")
    write_assertions(tmp_path, target[0], False, [(target[2], "项目支出名称")])
    again = Bench(load_examples(rulebook, tmp_path), Index(rulebook))
    assert again.failures() == []
    assert "项目支出名称" not in {text for _, text in missing_assertions(Trial(again, rulebook).survivors())}


def test_a_fixture_notices_what_it_prints(rulebook: Rulebook, seed_folder: Path) -> None:
    index = Index(rulebook)
    trial = Trial(Bench(Examples((), ()), index), rulebook, read_fixtures(seed_folder / "form_1.docx"))
    losses = {(one.place.partition(":")[0], one.what): one for one in trial.losses}

    def noticed(what: str) -> bool:
        loss = losses["forms/project_self_evaluation.yaml", what]
        return trial.noticed(loss, index.changed(loss.forms.values()))

    assert noticed("项目名称") and not noticed("项目支出名称")


def test_written_spellings_stay_and_are_quoted_where_they_must(tmp_path: Path, rulebook: Rulebook) -> None:
    for texts in (
        [("basics.project_name", "项目名称")],
        [("basics.project_name", "指标: #1'"), ("titles", "no")],
    ):
        path = write_assertions(tmp_path, "project_self_evaluation", False, texts)
    found = load_examples(rulebook, tmp_path).assertions
    assert [one.text for one in found] == ["项目名称", "指标: #1'", "no"]
    assert path.read_text(encoding="utf-8").startswith("# 由 guibiao rules mutate")
