"""Columns and heads that no rule knows: what they hold is not taken for something else."""

import pytest

from tests.extractors.test_printed_values import extracted

TITLE = [
    ("项目支出绩效自评表",),
    ("（2021年度）",),
    ("项目名称", "道路养护"),
    ("主管部门", "甲局", "实施单位", "乙站"),
]
DONE = "道路全部养护完毕，桥梁检测完毕，资金按时足额拨付到位，群众满意"
GOAL = "养护全部道路并检测桥梁，资金按时足额拨付到位，保障各项工作开展"


def heads(sign: str) -> tuple[str, ...]:
    return ("一级指标", "二级指标", "三级指标", sign, "年度指标值", "实际完成值", "分值", "得分")


@pytest.mark.parametrize("head", ["某种符号列", "天干地支", "指标性质"])
def test_a_column_of_signs_says_itself_what_it_is(head: str) -> None:
    signs = {"甲": "≥", "乙": "≤", "丙": "＝"}
    rows = [("产出指标", "数量指标", name, sign, "5个", "6个", "1", "1") for name, sign in signs.items()]
    found = extracted(*TITLE, heads(head), *rows).rows["indicators"]
    assert [row["target_text"] for row in found] == ["≥5个", "≤5个", "＝5个"]
    assert [row["target_comparator"] for row in found] == [">=", "<=", "="]
    assert {row["actual_text"] for row in found} == {"6个"}


@pytest.mark.parametrize("odd", ["A", "3", "≥3"])
def test_a_column_that_holds_anything_else_is_none(odd: str) -> None:
    rows = [
        ("产出指标", "数量指标", name, sign, "5个", "6个", "1", "1")
        for name, sign in (("甲", "≥"), ("乙", "≤"), ("丙", odd))
    ]
    found = extracted(*TITLE, heads("天干地支"), *rows).rows["indicators"]
    assert [row["target_text"] for row in found] == ["5个"] * 3
    assert {row.get("target_comparator") for row in found} == {None}


def test_an_unknown_head_beside_a_goal_is_no_goal() -> None:
    rows = [("产出指标", "数量指标", name, "=", "5个", "6个", "1", "1") for name in ("甲", "乙")]
    goals = [("年度总体目标", "天干地支情形"), (GOAL, DONE)]
    (form,) = extracted(*TITLE, *goals, heads("天干地支"), *rows).rows["forms"]
    assert form["goal_expected"] == GOAL
    beside = [("年度总体目标", "养护道路"), ("联系电话", "123")]
    (form,) = extracted(*TITLE, *beside, heads("天干地支"), *rows).rows["forms"]
    assert form["goal_expected"] == "养护道路"
