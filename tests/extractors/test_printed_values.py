"""What a form prints, from its cells to typed rows and to what the checks say: odd but plausible spellings."""

import hashlib
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Source
from pipeline.readers import read
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret
from pipeline.run.one import Extraction
from pipeline.text.values import NotAValue, clean, parse_quantity

PARTS = ("comparator", "value", "upper", "unit")


@cache
def index() -> Index:
    return Index(load_rulebook())


def extracted(*lines: tuple[str, ...]) -> Extraction:
    """Return the rows of a form: one tuple is one row."""
    data = ("\n\n".join("\n".join("\t" + cell for cell in line) for line in lines) + "\n").encode()
    name = hashlib.sha256(data).hexdigest()
    document = read(Source(name, ("a.txt",), len(data), "text/plain", data))
    return interpret(document, index(), "a.txt", len(data))


def form(
    block: str = "项目资金（万元）",
    above: str = "",
    money: tuple[str, str, str, str, str, str] = ("1", "1", "1", "10", "100%", "10"),
    values: tuple[str, ...] = ("1",),
) -> Extraction:
    return extracted(
        ("项目支出绩效自评表",),
        ("（2021年度）",),
        *([(above,)] if above else []),
        ("项目名称", "道路养护"),
        ("主管部门", "甲局", "实施单位", "乙站"),
        (block, "", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"),
        ("", "年度资金总额", *money),
        (
            "绩效指标",
            "一级指标",
            "二级指标",
            "三级指标",
            "年度指标值",
            "实际完成值",
            "分值",
            "得分",
            "偏差原因分析及改进措施",
        ),
        *(
            ("", "产出指标", "数量指标", f"指标甲{n}", value, value, "1", "1", "/")
            for n, value in enumerate(values)
        ),
    )


def problems(found: Extraction) -> list[tuple[object, object, object]]:
    return [(one["field"], one["text"], one["kind"]) for one in found.problems]


# text: what both columns must hold, "-" for nothing, "!" for a value that cannot be read, "?" for several
CELLS = """
２０次: - 20 - 次
９５％: - 0.95 - -
1.2万人次: - 12000 - 人次
24人/次: - 24 - 人/次
≥ 98 %: >= 0.98 - -
＞＝98％: >= 0.98 - -
大于等于90％: >= 0.9 - -
95-98%: ~ 0.95 0.98 -
3－5 天: ~ 3 5 天
不少于12次/年: >= 12 - 次/年
各 1 次: - 1 - 次
完成12次: - 12 - 次
达到95%以上: >= 0.95 - -
100.00 %: - 1 - -
5‰: - 0.005 - -
三百二十万元: - 3200000 - 元
廿五个: - 25 - 个
10~20（万元）: ~ 100000 200000 元
人民币5万元: - 50000 - 元
-0: - 0 - -
0.00: - 0 - -
1e5: - 100000 - -
2020年12月底前: - - - -
1-12月: - - - -
全年: - - - -
2021-12-31: - - - -
1:3: - - - -
》90%: - - - -
（5）: - - - -
±5%: - - - -
100多人: - - - -
1OO%: - - - -
合格: - - - -
95%、98%: ?
5次或6次: ?
100户300人: ?
010-12345678: ?
≥95%且≤100%: ?
7,00.0,77: !
21,516,: !
≥1,23人: !
037001: !
12.3.4: !
1 2 0: !
"""


@pytest.mark.parametrize("line", CELLS.strip().splitlines())
def test_a_cell_becomes_a_typed_row_or_says_why_not(line: str) -> None:
    text, _, wanted = line.rpartition(": ")
    found = form(values=(text,))
    (row,) = found.rows["indicators"]
    parts = ["-"] * 4 if wanted in ("!", "?") else wanted.split()
    typed = [None if part == "-" else part for part in parts]
    numbers = [None if part is None else float(part) for part in typed[1:3]]
    for side in ("target", "actual"):
        assert row[f"{side}_text"] == clean(text)
        assert [row.get(f"{side}_{part}") for part in PARTS] == [typed[0], *numbers, typed[3]]
    kind = {"!": "unread", "?": "several"}.get(wanted)
    assert problems(found) == (
        [(f"{side}_text", clean(text), kind) for side in ("target", "actual")] if kind else []
    )


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.text(
            alphabet="0123456789０９.,:%％‰≥≤<>=＞~-—～至不低于超过少以上内万亿仟元个人次年月日/（）"
            "百分之一十廿各满意度率达完成 *",
            min_size=1,
            max_size=16,
        ),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_a_cell_says_its_row_holds_just_that(values: list[str]) -> None:
    found = form(values=tuple(values))
    rows = {row["level3"]: row for row in found.rows.get("indicators", [])}
    unread = {
        (one["row_index"], one["field"]): one["kind"]
        for one in found.problems
        if one["dataset"] == "indicators"
    }
    for number, text in enumerate(values):
        row = rows.get(f"指标甲{number}")
        printed = clean(text)
        if printed is None or row is None:
            continue
        assert row["target_text"] == printed == row["actual_text"]
        kind: Any = None
        try:
            quantity = parse_quantity(printed)
        except NotAValue:
            kind = "unread"
        else:
            kind = "several" if quantity.kind == "several" else None
            assert (row.get("target_comparator"), row.get("target_unit")) == (
                quantity.comparator,
                quantity.unit,
            )
        value = None if kind or quantity.value is None else float(quantity.value)
        assert row.get("target_value") == row.get("actual_value") == value
        assert unread.get((number, "target_text")) == kind


# block's name, line above, what the three amounts print, what they are in yuan: "!" cannot be read
MONEY = [
    ("项目资金（万元）", "", ("100", "100元", "￥100"), ("1000000", "100", "!")),
    ("项目资金（万元）", "", ("1,234.56", "（100）", "-100"), ("12345600", "!", "-1000000")),
    ("项目资金（万元）", "", ("三百二十万元", "廿万元", "壹佰万元整"), ("3200000", "200000", "1000000")),
    ("项目资金（万元）", "", ("3亿5000万", "3万5000元", "100（元）"), ("350000000", "35000", "100")),
    ("项目资金（万元）", "", ("7,00.0,77", "1 234", "100,"), ("!", "!", "!")),
    ("项目资金（万元）", "", ("约100", "100左右", "100%"), ("!", "!", "!")),
    ("项目资金（万元）", "", ("0.00", "-0", "—"), ("0", "0", None)),
    ("项目资金（万元）", "", ("5千", "100美元", "10-20"), ("!", "!", "!")),
    ("项目资金（元）", "单位：万元", ("100", "100万元", "￥100"), ("100", "1000000", "100")),
    ("项目资金（仟元）", "", ("100", "1.5", "２０"), ("100000", "1500", "20000")),
    ("项目资金（万美元）", "", ("100", "100元", "$100"), ("!", "100", "!")),
    ("项目资金（美元）", "", ("100", "0", "1,000"), ("!", "!", "!")),
    ("项目资金（元、万元）", "", ("100", "100元", "100万元"), ("!", "100", "1000000")),
    ("项目资金", "单位：港元", ("100", "100元", "100万"), ("!", "100", "1000000")),
    ("项目资金", "", ("100", "100元", "￥100"), ("!", "100", "100")),
]


@pytest.mark.parametrize(("block", "above", "printed", "yuan"), MONEY)
def test_an_amount_is_yuan_by_the_unit_that_is_printed_or_nothing(
    block: str, above: str, printed: tuple[str, str, str], yuan: tuple[str | None, str | None, str | None]
) -> None:
    found = form(block, above, (*printed, "10", "100%", "10"))
    (row,) = found.rows["funding"]
    fields = ("initial_budget", "full_year_budget", "full_year_executed")
    for field, text, wanted in zip(fields, printed, yuan, strict=True):
        exact = None if wanted in ("!", None) else Decimal(str(wanted))
        assert row.get(field) == exact, (field, text)
        assert ((field, text, "unread") in problems(found)) == (wanted == "!")


@pytest.mark.parametrize(
    ("rate", "score", "wanted"),
    [
        ("100.00 %", "10分", (1.0, 10.0)),
        ("９８.５％", "９.５", (0.985, 9.5)),
        ("98.5", "10.0", (0.985, 10.0)),
        ("百分之九十五", "０", (0.95, 0.0)),
        ("95%左右", "10/10", (None, None)),
        ("1.5", "满分", (None, None)),
        ("9 5%", "1O", (None, None)),
        ("#DIV/0!", "9，5", (None, None)),
    ],
)
def test_rates_and_scores(rate: str, score: str, wanted: tuple[float | None, float | None]) -> None:
    found = form(money=("1", "1", "1", "10", rate, score))
    (row,) = found.rows["funding"]
    assert (row.get("execution_rate"), row.get("score")) == wanted
    assert (len(found.problems) == 2) == (wanted == (None, None))
