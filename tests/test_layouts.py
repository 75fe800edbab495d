"""Layouts of the family as they are really printed: halves side by side, funds without a header, ticks, codes.

A form is written as rows of cells parted by ``|``; ``text@2x3`` spans two rows and three columns.
"""

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from pipeline.model import Source
from pipeline.readers import html
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load_rulebook())


def page(rows: list[str], *paragraphs: str) -> bytes:
    parts = [f"<p>{text}</p>" for text in paragraphs] + ["<table border=1>"]
    for row in rows:
        parts.append("<tr>")
        for cell in row.split("|"):
            text, _, spans = cell.partition("@")
            down, _, across = spans.partition("x")
            parts.append(f"<td rowspan={down or 1} colspan={across or 1}>{text}</td>")
        parts.append("</tr>")
    return ("".join(parts) + "</table>").encode()


def read(index: Index, rows: list[str], *paragraphs: str) -> Rows:
    data = page(rows, *paragraphs)
    source = Source(hashlib.sha256(data).hexdigest(), ("a.html",), len(data), "text/html", data)
    return interpret(html.read(source), index, "a.html", len(data)).rows


def unmatched(found: Rows) -> list[str]:
    return [cell["text"] for cell in found["cells"] if cell["role"] == "unmatched"]


def test_target_form_with_two_halves_side_by_side(index: Index) -> None:
    found = read(
        index,
        [
            "项目名称@1x2|安全生产@1x6",
            "主管部门及代码@1x2|[105]应急局@1x3|实施单位|应急中心@1x2",
            "项目资金（万元）@3x2|中期资金总额：@1x2|300|年度资金总额：@1x2|100",
            "其中：财政拨款@1x2|300|其中：财政拨款@1x2|100",
            "其他资金@1x2|0|其他资金@1x2|0",
            "总体目标@2x1|中期目标（2023年—2025年）@1x4|年度目标@1x3",
            "目标1：中期做好@1x4|目标1：今年做好@1x3",
            "绩效指标@3x1|一级指标|二级指标|三级指标|指标值|二级指标|三级指标|指标值",
            "产出指标@2x1|数量指标|检查次数|≥30次|数量指标|检查次数|≥10次",
            "质量指标|合格率|≥95%|质量指标|合格率|≥96%",
        ],
        "项目支出绩效目标表",
        "（2023年度）",
    )
    form = found["forms"][0]
    assert (form["form_type"], form["fiscal_year"]) == ("project_target", 2023)
    assert (form["supervising_department"], form["supervising_department_code"]) == ("应急局", "105")
    assert (form["goal_mid_term"], form["goal_expected"]) == ("目标1：中期做好", "目标1：今年做好")
    money = [(row["horizon"], row["fund_source"], row["initial_budget"]) for row in found["funding"]]
    assert money == [
        ("mid_term", "total", Decimal(3000000)),
        ("annual", "total", Decimal(1000000)),
        ("mid_term", "fiscal", Decimal(3000000)),
        ("annual", "fiscal", Decimal(1000000)),
        ("mid_term", "other", Decimal(0)),
        ("annual", "other", Decimal(0)),
    ]
    targets = [(row["horizon"], row["level1"], row["target_text"]) for row in found["indicators"]]
    assert targets == [
        ("mid_term", "产出指标", "≥30次"),
        ("mid_term", "产出指标", "≥95%"),
        ("annual", "产出指标", "≥10次"),
        ("annual", "产出指标", "≥96%"),
    ]
    assert unmatched(found) == []


def test_sign_number_and_unit_in_three_columns(index: Index) -> None:
    found = read(
        index,
        [
            "部门预算项目支出绩效自评表（2023年度）@1x10",
            "项目名称@1x2|51000021R000000019951-工资性支出@1x8",
            "预算执行情况（10分）@3x1|年度预算数（万元）|年初预算|调整后预算数|预算执行数|预算执行率|权重|得分|原因@1x2",
            "总额|238.93|251.89|251.89|100.00%|10|10|@1x2",
            "其中：财政资金|238.93|251.89|251.89|100.00%|/|/|@1x2",
            "绩效指标（90分）@3x1|一级指标|二级指标|三级指标|指标性质|指标值|度量单位|完成值|权重|得分",
            "产出指标|数量指标|发放人数|≥|735|人次|735|60|60",
            "效益指标|社会效益|影响|定性|好|其他|好|30|30",
            "合计@1x8|100|100",
        ],
    )
    form = found["forms"][0]
    assert (form["project_code"], form["project_name"]) == ("51000021R000000019951", "工资性支出")
    assert (form["total_weight"], form["total_score"]) == (100, 100)
    assert found["funding"][0]["initial_budget"] == Decimal("2389300.00")
    first, second = found["indicators"]
    assert (first["target_text"], first["target_comparator"], first["target_value"]) == (
        "≥735人次",
        ">=",
        735,
    )
    assert (first["actual_text"], first["actual_unit"]) == ("735人次", "人次")
    assert (second["nature"], second["target_text"]) == ("定性", "好")
    assert unmatched(found) == []


def test_transfer_payment(index: Index) -> None:
    found = read(
        index,
        [
            "转移支付绩效目标自评表@1x8",
            "（2021年度）@1x8",
            "转移支付（项目）名称|中央引导地方科技发展资金@1x7",
            "中央主管部门|科技部@1x7",
            "地方主管部门|科技厅@1x3|资金使用单位|科技局@1x3",
            "资金情况（万元）@4x1||全年预算数（A）@1x2|全年执行数（B）@1x2|预算执行率（B/A）@1x2",
            "年度资金总额：|100@1x2|90@1x2|90%@1x2",
            "其中：中央财政资金|80@1x2|70@1x2|87.5%@1x2",
            "地方资金|20@1x2|20@1x2|100%@1x2",
            "总体目标完成情况@2x1|年初设定目标@1x3|全年实际完成情况@1x4",
            "支持科技@1x3|已完成@1x4",
            "绩效指标@3x1|一级指标|二级指标|三级指标|年度指标值|全年完成值|未完成原因和改进措施@1x2",
            "产出指标|数量指标|平台数|≥5个|4个|疫情影响@1x2",
            "满意度指标|服务对象满意度指标|满意度|≥90%|95%|@1x2",
        ],
    )
    form = found["forms"][0]
    assert (form["form_type"], form["supervising_department"]) == ("transfer_self_evaluation", "科技厅")
    assert (form["goal_expected"], form["goal_actual"]) == ("支持科技", "已完成")
    money = [(row["fund_source"], row["full_year_budget"], row["execution_rate"]) for row in found["funding"]]
    assert money == [
        ("total", Decimal(1000000), 0.9),
        ("central", Decimal(800000), 0.875),
        ("local", Decimal(200000), 1.0),
    ]
    assert [row.get("deviation_reason") for row in found["indicators"]] == ["疫情影响", None]


def test_monitoring_with_ticks(index: Index) -> None:
    found = read(
        index,
        [
            "项目支出绩效目标执行监控表@1x10",
            "（2020年度）@1x10",
            "项目名称@1x2|道路@1x8",
            "主管部门及代码@1x2|015交通局@1x3|实施单位|公路段@1x4",
            "项目资金（万元）@2x2||年初预算数|1-7月执行数|1-7月执行率|全年预计执行数@1x4",
            "年度资金总额|100|60|60%|100@1x4",
            "年度总体目标@1x2|修好路@1x8",
            "绩效指标@3x1|一级指标@2x1|二级指标@2x1|三级指标@2x1|年度指标值@2x1|1-7月执行情况@2x1"
            "|全年预计完成情况@2x1|完成目标可能性@1x3",
            "确定能|有可能|完全不可能",
            "产出指标|数量指标|里程|≥100公里|60公里|100公里||✔|",
        ],
    )
    form = found["forms"][0]
    assert (form["form_type"], form["period"]) == ("performance_monitoring", "1-7月")
    assert (form["supervising_department"], form["supervising_department_code"]) == ("交通局", "015")
    money = found["funding"][0]
    assert (money["period_executed"], money["period_execution_rate"]) == (Decimal(600000), 0.6)
    assert money["projected_executed"] == Decimal(1000000)
    row = found["indicators"][0]
    assert (row["period_actual_text"], row["attainability"]) == ("60公里", "有可能")
    assert unmatched(found) == []


def test_an_unknown_header_is_matched_loosely_and_says_so(index: Index) -> None:
    found = read(
        index,
        [
            "项目支出绩效自评表@1x8",
            "项目名称@1x2|道路@1x6",
            "绩效指标@2x1|一级指标|二级指标|三级指标|年度指标值|全年实际完成的值|分值|得分",
            "产出指标|数量指标|里程|≥100公里|90公里|10|9",
        ],
    )
    assert found["indicators"][0]["actual_text"] == "90公里"
    assert {cell["match"] for cell in found["cells"] if cell["text"] == "全年实际完成的值"} == {"loose"}


def test_an_indicator_called_after_the_money_block_does_not_end_its_table(index: Index) -> None:
    found = read(
        index,
        [
            "项目支出绩效自评表@1x8",
            "项目名称@1x2|道路@1x4|单位：万元@1x2",
            "绩效指标@3x1|一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分",
            "预算执行情况|预算执行率|执行率|≥95%|96%|10|10",
            "产出指标|数量指标|里程|≥100公里|90公里|10|9",
        ],
    )
    assert [row["level1"] for row in found["indicators"]] == ["预算执行情况", "产出指标"]
    assert found["forms"][0]["amount_unit"] == "万元"


def test_a_title_without_a_table_is_no_form(index: Index) -> None:
    found = read(index, ["收入|支出|结余", "1|2|3"], "附件：项目支出绩效自评表", "（2020年度）")
    assert "forms" not in found and found["documents"][0]["status"] == "no_form"


def test_two_forms_in_one_table_without_a_second_title(index: Index) -> None:
    one = [
        "项目名称@1x2|{}@1x6",
        "绩效指标@2x1|一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分",
        "产出指标|数量指标|里程|≥100公里|100公里|10|10",
        "总分@1x6|10|10",
    ]
    rows = [row.format("甲") for row in one] + [row.format("乙") for row in one]
    found = read(index, rows, "项目支出绩效自评表", "（2020年度）")
    assert [form["project_name"] for form in found["forms"]] == ["甲", "乙"]
    assert [row["form_id"][-3:] for row in found["indicators"]] == ["000", "001"]


def test_header_row_of_goals_with_an_unknown_label_between(index: Index) -> None:
    found = read(
        index,
        [
            "项目支出绩效自评表@1x9",
            "年初绩效目标@1x3|全年(调整)绩效目标@1x3|全年目标实际完成情况@1x3",
            "植树@1x3|多植树@1x3|完成@1x3",
            "指标名称|计量单位|指标性质|指标值|指标权重(分)|全年完成值|指标得分(分)|说明@1x2",
            "植树面积|亩|≥|1000|20|1100|20|@1x2",
        ],
    )
    form = found["forms"][0]
    assert (form["goal_expected"], form["goal_actual"]) == ("植树", "完成")
    row = found["indicators"][0]
    assert (row["level3"], row["target_text"], row["actual_text"]) == ("植树面积", "≥1000亩", "1100亩")


def test_funds_in_one_row_without_a_block(index: Index) -> None:
    found = read(
        index,
        [
            "项目名称|法院办案@1x5",
            "预算数|100|其中：财政资金|100|其他资金|0",
            "绩效指标@2x1|一级指标|二级指标|三级指标|绩效指标描述|指标值",
            "产出|数量指标|办案数|办理案件|≥100件",
        ],
        "项目支出绩效目标表（2023年）",
        "单位：万元",
    )
    money = [(row["fund_source"], row["initial_budget"]) for row in found["funding"]]
    assert money == [("total", Decimal(1000000)), ("fiscal", Decimal(1000000)), ("other", Decimal(0))]
    assert [row["scoring_standard"] for row in found["indicators"]] == ["办理案件"]
    assert found["forms"][0]["fiscal_year"] == 2023


def test_a_labels_own_value_goes_before_the_heading(index: Index) -> None:
    found = read(
        index,
        [
            "2021年度财政项目绩效自评表@1x7",
            "单位名称：市中心医院@1x4|填报日期：2022年3月1日@1x3",
            "项目名称|学生资助@1x6",
            "主管部门|卫健委@1x3|项目实施单位|中心医院@1x2",
            "预算执行情况（万元）（20分）@2x1||预算数(A)|执行数(B)|执行率(B/A)|得分（20分*执行率）@1x2",
            "年度财政资金总额|100|90|90%|18@1x2",
            "一级指标|二级指标|三级指标|年初目标值（A）|实际完成值（B）|得分@1x2",
            "产出指标（40分）|数量指标|资助人数|100人|100人|20@1x2",
            "总分@1x5|98@1x2",
        ],
    )
    form = found["forms"][0]
    assert (form["implementing_unit"], form["fiscal_year"], form["total_score"]) == ("中心医院", 2021, 98)
    assert found["funding"][0]["full_year_executed"] == Decimal(900000)


def test_one_value_column_per_recipient(index: Index) -> None:
    found = read(
        index,
        [
            "2022年省级水利专项资金绩效目标表@1x7",
            "专项名称@1x2|水利专项@1x5",
            "资金情况（万元）@2x2|资金总额|100@1x4",
            "其中：财政拨款|100@1x4",
            "绩效指标@4x1|一级指标@2x1|二级指标@2x1|三级指标@2x1|指标值@1x3",
            "吾培村|尧山村|合计",
            "产出指标|数量指标|渠道（米）|≥100|≥200|≥300",
            "效益指标|社会效益|受益人口|10人||10人",
        ],
    )
    got = [(row["recipient"], row["level3"], row["target_text"]) for row in found["indicators"]]
    assert got == [
        ("吾培村", "渠道（米）", "≥100"),
        ("吾培村", "受益人口", "10人"),
        ("尧山村", "渠道（米）", "≥200"),
        ("合计", "渠道（米）", "≥300"),
        ("合计", "受益人口", "10人"),
    ]
    assert unmatched(found) == []


def test_two_amounts_without_a_header_are_not_guessed(index: Index) -> None:
    found = read(
        index,
        [
            "项目支出绩效目标表@1x4",
            "项目名称|路@1x3",
            "项目资金（万元）@2x1|资金总额|100|90",
            "其中：财政拨款|100|90",
            "一级指标|二级指标|三级指标|指标值",
            "产出指标|数量指标|里程|≥1公里",
        ],
    )
    assert "funding" not in found
    assert {"资金总额", "100", "90"} <= set(unmatched(found))


def tables(index: Index, *parts: str | list[str]) -> Rows:
    data = b"".join(page(part) if isinstance(part, list) else f"<p>{part}</p>".encode() for part in parts)
    source = Source(hashlib.sha256(data).hexdigest(), ("a.html",), len(data), "text/html", data)
    return interpret(html.read(source), index, "a.html", len(data)).rows


HEADED = [
    "一级指标|二级指标|三级指标|年度指标值|实际完成值|分值",
    "产出指标|数量指标|里程|≥100公里|100公里|10",
]


def test_a_table_that_goes_on_behind_a_page_break_without_its_header(index: Index) -> None:
    found = tables(
        index,
        "项目支出绩效自评表",
        "（2020年度）",
        ["项目名称|路", *HEADED],
        "— 1 —",
        ["|质量指标|合格率|≥98%|98%|10"],
    )
    assert [row["level3"] for row in found["indicators"]] == ["里程", "合格率"]
    assert found["indicators"][1]["level1"] == "产出指标"


def test_another_table_behind_a_form_gives_it_no_rows(index: Index) -> None:
    other = ["基本支出|人员|工资|12|13|14", "项目支出|设备|电脑|15|16|17"]
    for between in (["表一：部门收支总表", other], [[f"{row}|18" for row in other]]):
        found = tables(index, "项目支出绩效自评表", ["项目名称|路", *HEADED], *between)
        assert [row["level3"] for row in found["indicators"]] == ["里程"]
        assert "电脑" in unmatched(found)


def test_a_form_in_three_tables(index: Index) -> None:
    found = tables(
        index,
        "项目支出绩效自评表",
        "（2020年度）",
        ["项目名称|路", "主管部门|交通局"],
        "一、资金情况（单位：元）",
        ["资金来源|年初预算数|全年执行数|执行率", "年度资金总额|100|90|90%"],
        "二、绩效指标",
        HEADED,
    )
    assert found["forms"][0]["supervising_department"] == "交通局"
    assert (found["funding"][0]["initial_budget"], found["forms"][0]["amount_unit"]) == (Decimal(100), "元")
    assert len(found["indicators"]) == 1


@pytest.mark.parametrize(
    ("rows", "form_type"),
    [
        (
            [
                "项目名称@1x2|路@1x6",
                "主管部门@1x2|交通局@1x2|实施单位@1x2|公路段@1x2",
                "项目资金（万元）@2x2||年初预算数|全年预算数|全年执行数|分值|得分",
                "年度资金总额|1|1|1|10|10",
                "绩效指标@2x1|一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分",
                "产出指标|数量指标|里程|≥1公里|1公里|90|90",
            ],
            "project_self_evaluation",
        ),
        (
            [
                "项目名称@1x2|路@1x3",
                "主管部门@1x2|交通局@1x3",
                "绩效指标@2x1|一级指标|二级指标|三级指标|指标值",
                "产出指标|数量指标|里程|≥1公里",
            ],
            "project_target",
        ),
        (
            [
                "部门名称@1x2|交通局@1x6",
                "预算执行情况（万元）@2x2||年初预算数|全年预算数|全年执行数|分值|得分",
                "年度资金总额|1|1|1|10|10",
                "绩效指标@2x1|一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分",
                "产出指标|数量指标|里程|≥1公里|1公里|90|90",
            ],
            "department_self_evaluation",
        ),
    ],
)
def test_a_form_without_a_title_is_known_by_its_evidence(
    index: Index, rows: list[str], form_type: str
) -> None:
    found = read(index, rows)
    assert [form["form_type"] for form in found["forms"]] == [form_type]
    assert len(found["indicators"]) == 1
