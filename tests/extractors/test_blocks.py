"""What stands beside and under the names of blocks: units, goals, lines that are left empty."""

from decimal import Decimal

import pytest

from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from tests.test_layouts import read, unmatched

TITLE = "2020年度项目支出绩效自评表"


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load_rulebook())


def test_unit_in_the_head_over_the_names_of_the_funds(index: Index) -> None:
    rows = [
        "项目名称|修路|主管部门|交通局",
        "资金来源（万元）|年初预算数|全年预算数|全年执行数",
        "年度资金总额|1|2|3",
    ]
    found = read(index, rows, TITLE)
    assert found["forms"][0]["amount_unit"] == "万元"
    assert found["funding"][0]["full_year_executed"] == Decimal("30000.00")
    assert unmatched(found) == []
    used = [row["cell_id"] for row in found["lineage"] if row["field"] == "amount_unit"]
    assert [cell.split("/", 1)[1] for cell in used] == ["0/1/0"]


def test_the_name_of_the_goals_takes_nothing_from_below_them(index: Index) -> None:
    rows = [
        "项目名称|修路|主管部门|交通局",
        "年度总体目标@2x1|预期目标|@1x2",
        "实际完成情况|@1x2",
        "资金来源|年初预算数|全年预算数|全年执行数",
        "年度资金总额|1|2|3",
    ]
    assert "goal_expected" not in read(index, rows, TITLE)["forms"][0]


@pytest.mark.parametrize("level", ["产出指标", ""])
def test_a_line_without_name_and_value_is_no_row_though_a_name_stands_above_it(
    index: Index, level: str
) -> None:
    rows = [
        "项目名称@1x2|修路|主管部门|交通局",
        "一级指标|二级指标|指标值|完成值|分值",
        "产出指标|道路长度|5公里|5公里|10",
        f"{level}||||",
        "效益指标|通行时间|减少|减少|5",
    ]
    found = read(index, rows, TITLE)
    assert [row["level2"] for row in found["indicators"]] == ["道路长度", "通行时间"]
    assert unmatched(found) == []


@pytest.mark.parametrize("banner", [["二、预算执行情况@1x4"], []])
def test_a_label_left_blank_takes_nothing_from_the_next_part(index: Index, banner: list[str]) -> None:
    rows = [
        "项目名称：修路@1x2|主管部门：交通局@1x2",
        "项目负责人：@1x2|联系电话：123456@1x2",
        *banner,
        "资金来源@1x2|年初预算数|全年预算数",
        "年度资金总额@1x2|1|2",
    ]
    form = read(index, rows, TITLE)["forms"][0]
    assert "project_leader" not in form and form["contact_phone"] == "123456"


def test_goals_stand_below_their_labels_though_wider(index: Index) -> None:
    rows = [
        "项目名称@1x2|修路|主管部门@1x2|交通局",
        "预期目标@1x2|实际完成情况@1x4",
        "修好道路。@1x3|已经修好。@1x3",
        "资金来源@1x3|年初预算数|全年预算数|全年执行数",
        "年度资金总额@1x3|1|2|3",
    ]
    form = read(index, rows, TITLE)["forms"][0]
    assert form["goal_expected"] == "修好道路。"
