"""A rule author's round: an unseen form, ``labels``, one accept, ``rules test``, run again, the rows are there."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.cli import rules
from pipeline.cli.labels import labels
from pipeline.errors import StoreError
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import run
from pipeline.run.labels import Cluster, guesses, suggest, suggestions
from tests.published import rows


def form(*lines: str) -> str:
    """Return tab-indented text: one argument is one row, its cells parted by |."""
    return "\n\n".join("\n".join("\t" + cell for cell in line.split("|")) for line in lines) + "\n"


def unseen(project: str, department: str, label: str = "牵头主管部门") -> str:
    return form(
        "项目支出绩效自评表",
        "（2021年度）",
        f"项目名称|{project}",
        f"{label}|{department}|实施单位|某站",
        "项目资金（万元）||年初预算数|全年预算数|全年执行数|分值|执行率|得分",
        "|年度资金总额|1|1|1|10|100%|10",
        "绩效指标|一级指标|二级指标|三级指标|年度指标值|年度完成水平|分值|得分|偏差原因分析及改进措施",
        "|产出指标|数量指标|养护里程|≥100公里|102公里|50|50|/",
        "|产出指标|数量指标|养护座数|≥10座|12座|40|40|/",
        "总分|100|100|",
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number, (project, department) in enumerate([("道路养护", "交通局"), ("桥梁检测", "水利局")]):
        (tmp_path / "in" / f"{number}.txt").write_text(unseen(project, department), encoding="utf-8")
    (tmp_path / "in" / "2.txt").write_text(unseen("绿化", "林业局", "牵头的主管部门"), encoding="utf-8")
    run([tmp_path / "in"], tmp_path / "out")
    return tmp_path / "out"


def found(workspace: Path, overlay: Path | None = None) -> list[Cluster]:
    return suggestions((workspace / "current").resolve(), load_rulebook(overlay))


def test_unmatched_labels_are_clustered_ranked_and_guessed(workspace: Path) -> None:
    column, label, *rest = found(workspace)
    assert (column.text, column.column, column.gain, len(column.documents)) == ("年度完成水平", True, 6, 3)
    assert column.guesses[0].target == "indicators.actual_text"
    assert (label.text, label.column, label.gain) == ("牵头主管部门", False, 3)
    assert dict(label.texts) == {"牵头主管部门": 2, "牵头的主管部门": 1}
    assert label.guesses[0].target == "basics.supervising_department"
    assert set(label.values) == {"交通局", "水利局", "林业局"}
    assert sorted(place.split()[0] for place in label.places) == ["0.txt", "1.txt", "2.txt"]
    assert rest == []


@pytest.mark.parametrize(
    ("beside", "target"),
    [
        (["execution_rate", "initial_budget"], "funding.reason"),
        (["target_text", "level1"], "indicators.deviation_reason"),
    ],
)
def test_the_columns_beside_a_label_tell_its_section(beside: list[str], target: str) -> None:
    label = Cluster("project_self_evaluation", "偏差的原因", True, beside=Counter(beside))
    assert guesses(label, Index(load_rulebook()), Counter())[0].target == target


def test_collisions_name_values_that_read_the_same(workspace: Path) -> None:
    (workspace.parent / "in" / "3.txt").write_text(unseen("牵头主管部门", "甲局"), encoding="utf-8")
    run([workspace.parent / "in"], workspace)
    label = next(one for one in found(workspace) if not one.column)
    assert label.collisions == ("1 处作为值读出 | read as a value in 1 cells",)


def test_the_authors_round(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows(workspace, "indicators")
    assert {row["actual_text"] for row in before} == {None}
    own = workspace.parent / "my"
    assert labels(workspace, None, [], 20) == 0
    shown = capsys.readouterr().out
    assert "1. 年度完成水平" in shown and "indicators.actual_text" in shown and not own.exists()
    assert labels(workspace, own, ["1", "牵头主管部门"], 20) == 0
    text = (own / "forms" / "project_self_evaluation.labels.yaml").read_text(encoding="utf-8")
    assert "- 年度完成水平  # 见于 3 份文件" in text
    assert rules.test(own) == 0
    run([workspace.parent / "in"], workspace, rules=own)
    assert {row["actual_text"] for row in rows(workspace, "indicators")} == {"102公里", "12座"}
    departments = {row["supervising_department"] for row in rows(workspace, "forms")}
    assert departments == {"交通局", "水利局", "林业局"}
    assert found(workspace, own) == []


def test_a_second_accept_keeps_the_first_and_the_author_may_choose(workspace: Path) -> None:
    own = workspace.parent / "my"
    assert labels(workspace, own, ["2"], 20) == 0
    assert labels(workspace, own, ["年度完成水平=indicators.note"], 20) == 0
    text = (own / "forms" / "project_self_evaluation.labels.yaml").read_text(encoding="utf-8")
    assert [word in text for word in ("牵头的主管部门", "note:", "年度完成水平")] == [True] * 3
    assert found(workspace, own) == []


@pytest.mark.parametrize("wanted", ["99", "不存在", "0"])
def test_no_such_suggestion(workspace: Path, wanted: str) -> None:
    own = workspace.parent / "my"
    assert labels(workspace, own, [wanted], 20) == 2
    assert labels(workspace, None, ["1"], 20) == 2
    assert not own.exists()


def test_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        labels(tmp_path, None, [], 20)


def ledger(*lines: str) -> list[dict[str, object]]:
    """Return a ledger: one argument is one row, cells parted by |, ``role:text`` or ``role:field:text``."""
    cells: list[dict[str, object]] = []
    for row, line in enumerate(lines):
        for col, cell in enumerate(line.split("|")):
            role, *field, text = cell.split(":")
            place = {"document_id": "d", "form_id": "f", "grid": 0, "row": row, "col": col}
            span = {"row_span": 1, "col_span": 1, "match": None, "field": field[0] if field else None}
            cells.append({**place, **span, "role": role, "text": text})
    return cells


def guessed(*lines: str) -> dict[str, str]:
    """Return label -> the likeliest field."""
    clusters = suggest(ledger(*lines), {"f": "project_self_evaluation"}, {}, Index(load_rulebook()))
    return {one.text: one.guesses[0].target if one.guesses else "" for one in clusters}


def test_heads_without_a_known_neighbour_are_heads_and_not_labels_with_values() -> None:
    found = guessed(
        "unmatched:年初设立的目标|unmatched:全年目标的实际完成",
        "unmatched:"
        + "按时足额拨付资金保障各项工作正常开展" * 2
        + "|unmatched:"
        + "各项工作均已按照年初的计划开展完毕" * 2,
    )
    assert found == {"年初设立的目标": "goals.goal_expected", "全年目标的实际完成": "goals.goal_actual"}


def test_what_stands_below_a_head_tells_its_column() -> None:
    found = guessed(
        "label:level1:一级指标|label:level3:三级指标|unmatched:比较符号列|unmatched:应达水平|label:weight:分值",
        "value:产出指标|value:甲|unmatched:≥|unmatched:≥98%|value:1",
        "value:产出指标|value:乙|unmatched:≤|unmatched:≤3天|value:1",
        "value:产出指标|value:丙|unmatched:＝|unmatched:不少于5次|value:1",
    )
    assert found == {"比较符号列": "indicators.sign", "应达水平": "indicators.target_text"}
