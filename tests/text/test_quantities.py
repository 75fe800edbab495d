"""Comparator, number or range, unit: what indicators print."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.comparators import parse_comparator
from pipeline.text.numbers import NotAValue
from pipeline.text.quantities import Quantity, parse_quantity

# text: comparator value upper unit, "-" for None
READ = """
≥98%: >= 0.98 - -
≥50个: >= 50 - 个
≥1场: >= 1 - 场
≥400平方米: >= 400 - 平方米
=100%: = 1 - -
≧735人次: >= 735 - 人次
≤30万元: <= 300000 - 元
≤20万元: <= 200000 - 元
=8个: = 8 - 个
═100%: = 1 - -
＝１００％: = 1 - -
＞＝98％: >= 0.98 - -
>=95%: >= 0.95 - -
=>3: >= 3 - -
≥=90%: >= 0.9 - -
⩾3次: >= 3 - 次
≮5: >= 5 - -
<=5: <= 5 - -
=<5: <= 5 - -
≦5: <= 5 - -
≯5: <= 5 - -
>95%: > 0.95 - -
<5分钟: < 5 - 分钟
≥ 98 %: >= 0.98 - -
100%: - 1 - -
100.00 %: - 1 - -
100百分比: - 1 - -
≥98百分比: >= 0.98 - -
5‰: - 0.005 - -
100: - 100 - -
0: - 0 - -
9.5: - 9.5 - -
65: - 65 - -
50,000.00: - 50000 - -
3,286,618,082.20: - 3286618082.20 - -
104家: - 104 - 家
12次: - 12 - 次
3000份: - 3000 - 份
102人次: - 102 - 人次
12个月: - 12 - 个月
1年: - 1 - 年
30日: - 30 - 日
7县市: - 7 - 县市
25人天: - 25 - 人天
1次/月: - 1 - 次/月
24 人/次: - 24 - 人/次
100元/人天: - 100 - 元/人天
30元/人·月: - 30 - 元/人·月
7.5万元/集: - 75000 - 元/集
13万元: - 130000 - 元
20万: - 200000 - -
449.8万: - 4498000 - -
4623 万: - 46230000 - -
5亿元: - 500000000 - 元
3亿5000万元: - 350000000 - 元
￥500: - 500 - 元
人民币5万元: - 50000 - 元
500元整: - 500 - 元
5千人: - 5000 - 人
10千米: - 10 - 千米
2012.5%: - 20.125 - -
5km: - 5 - km
30㎡: - 30 - ㎡
100m2: - 100 - m2
-5℃: - -5 - ℃
-5%: - -0.05 - -
5个百分点: - 5 - 个百分点
3500(米): - 3500 - 米
100（%）: - 1 - -
3000份（册）: - 3000 - 份
≥2次（全年）: >= 2 - 次
≥98%。: >= 0.98 - -
≥98%；: >= 0.98 - -
不少于12次/年: >= 12 - 次/年
不低于98%: >= 0.98 - -
不得低于95%: >= 0.95 - -
至少3次: >= 3 - 次
大于等于10: >= 10 - -
95%以上: >= 0.95 - -
95%（含）以上: >= 0.95 - -
95%以上（含）: >= 0.95 - -
5人及以上: >= 5 - 人
10次以上/年: >= 10 - 次/年
达到95%以上: >= 0.95 - -
不低于95%以上: >= 0.95 - -
不超过30万元: <= 300000 - 元
20万元以内: <= 200000 - 元
控制在20万元以内: <= 200000 - 元
控制在5%以下: <= 0.05 - -
3天内: <= 3 - 天
5个工作日内: <= 5 - 个工作日
小于等于5%: <= 0.05 - -
低于5%: < 0.05 - -
小于5: < 5 - -
大于95%: > 0.95 - -
超过95%: > 0.95 - -
等于3个: = 3 - 个
达到100%: - 1 - -
已完成100%: - 1 - -
100%完成: - 1 - -
完成104家: - 104 - 家
约100人: - 100 - 人
100人左右: - 100 - 人
满意度≥95%: >= 0.95 - -
满意度：≥95%: >= 0.95 - -
新增就业人数不少于500人: >= 500 - 人
资金不到位率≤5%: <= 0.05 - -
不满意率≤5%: <= 0.05 - -
合格率100%: - 1 - -
满意度达95%以上: >= 0.95 - -
三百二十万元: - 3200000 - 元
十个: - 10 - 个
两次: - 2 - 次
百分之九十五: - 0.95 - -
百分之95以上: >= 0.95 - -
百分之百: - 1 - -
3-5天: ~ 3 5 天
3天-5天: ~ 3 5 天
3～5: ~ 3 5 -
3至5: ~ 3 5 -
3--5天: ~ 3 5 天
80%-90%: ~ 0.8 0.9 -
80%—90%: ~ 0.8 0.9 -
80-90%: ~ 0.8 0.9 -
1-2次/月: ~ 1 2 次/月
10-20万元: ~ 100000 200000 元
1万-2万元: ~ 10000 20000 元
三至五天: ~ 3 5 天
0.97比例: - 0.97 - 比例
各1次: - 1 - 次
各 1 次: - 1 - 次
各三场: - 3 - 场
三百二十万: - 3200000 - -
一百二十: - 120 - -
十: - 10 - -
廿个: - 20 - 个
卅五天: - 35 - 天
壹佰万元整: - 1000000 - 元
贰拾万元: - 200000 - 元
100万元人民币: - 1000000 - 元
3仟万元: - 30000000 - 元
3万5000元: - 35000 - 元
10~20（万元）: ~ 100000 200000 元
13（万元）: - 130000 - 元
95-98(%): ~ 0.95 0.98 -
90（优）: - 90 - -
0（无）: - 0 - -
-0: - 0 - -
0.00: - 0 - -
1e5: - 100000 - -
"""
TEXT = """
合规 | 达成预期指标 | 有效 | 显著提高 | 进一步提高 | 基本建立 | 不超预算 | 不超过预算
| 参照政府采购成本控制 | 专款专用 | 完成 | 是 | 长期
每年1次 | 春秋各1次 | 每户不超过500元 | 每月≥2次 | 分别≥3次 | 培训100人 | 提高5% | 满意度95分 | 未低于95%
| 100余人 | 100多户 | 1个半月 | 3A级
5G | 1号 | 第1名 | 一次性 | 一般 | 一致 | 一流 | 三公经费 | 十分满意 | 一 | =二 | 二 | 九 | 1次性
| 》90% | ≥≥95% | ±5% | ≈100 | ~100 | 100+
| ≥100+ | 1OO% | l00%
| $100 | （5） | (100)万元 | 100%% | ½ | 5½% | XX个 | ≥**%
| **元/人·月 | ①10人②5人 | ≥ | % | —
超过100%以上 | 5%/年 | 1.完成方案编制 | 根据要求，2020名群众参加培训 | 按照1.2.3.4条款执行 | 90分及格 | 百货
"""
SEVERAL = """010-12345678 | 100%（目标95%） | 8:30-17:30 | 95%≤x≤100% | ≥95%≤100% | 5万5元 | 98%、95% | 5家,6家
| ≥80%且≤90% | 3天-5个月 | 5-3天 | 1000-2万元 | 2/3 | 7×24小时"""
DATES = """2020年12月底前 | 2021年12月31日 | 2018年10月底 | 2023年底 | 1-12月 | 12月 | 全年
| 2023年4月-2024年2月 | 2023.07-2024.01 | 202001-202012
| 2020年1月--2020年11月 | 2021.1 | 2021-2023 | 30日前 | 一季度 | 不晚于12月 | ≥2020年水平"""
MALFORMED = """7,00.0,77 | 968.191 8 | 12.3.4 | 1,23 | .32 | ≥.32% | ≥1,23人 | 98. | ≤12.3.4万元 | 1 2
| 9999999999999999999999999999999999 | 21,516, | 7, | 95.％ | ≥ 1 0 0 % | 007 | ≥037001 | 7,00.0,77元"""


def _listed(text: str) -> list[str]:
    return [part.strip() for line in text.strip().splitlines() for part in line.split("|") if part.strip()]


@pytest.mark.parametrize("line", READ.strip().splitlines())
def test_quantities(line: str) -> None:
    text, _, wanted = line.rpartition(": ")
    comparator, value, upper, unit = (None if part == "-" else part for part in wanted.split())
    assert value is not None
    found = parse_quantity(text)
    assert (found.comparator, found.value, found.upper, found.unit) == (
        comparator,
        Decimal(value),
        upper and Decimal(upper),
        unit,
    )
    assert found.kind == ("range" if upper else "number")


@pytest.mark.parametrize(
    ("text", "kind"),
    [(text, "text") for text in _listed(TEXT)]
    + [(text, "several") for text in _listed(SEVERAL)]
    + [(text, "date") for text in _listed(DATES)]
    + [
        ("1:3", "ratio"),
        ("1：3", "ratio"),
        ("1比3", "ratio"),
        ("12:00", "ratio"),
        ("", "text"),
        ("2020" * 40, "text"),
    ],
)
def test_what_is_no_quantity_is_no_error(text: str, kind: str) -> None:
    assert parse_quantity(text) == Quantity(None, None, None, None, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", _listed(MALFORMED))
def test_a_malformed_number_is_never_text(text: str) -> None:
    with pytest.raises(NotAValue):
        parse_quantity(text)


SPELLINGS = {
    ">=": [
        "≥",
        "≧",
        "⩾",
        ">=",
        "＞＝",
        "=>",
        "≥=",
        "不低于",
        "不少于",
        "不小于",
        "至少",
        "大于等于",
        "大于或等于",
        "不得少于",
    ],
    "<=": [
        "≤",
        "≦",
        "⩽",
        "<=",
        "＜＝",
        "=<",
        "不超过",
        "不高于",
        "不大于",
        "不多于",
        "小于等于",
        "最多",
        "不得超过",
    ],
    "=": ["=", "＝", "═", "等于"],
    ">": [">", "＞", "﹥", "大于", "高于", "超过", "多于"],
    "<": ["<", "＜", "﹤", "小于", "低于", "少于"],
}
BEHIND = {
    ">=": ["以上", "及以上", "（含）以上", "以上（含）"],
    "<=": ["以下", "以内", "之内", "及以下", "（含）以内"],
}
UNITS = ["", "个", "家", "人次", "个月", "场次", "次/年", "元", "元/人·月", "平方米", "县市", "分", "km"]
NUMBERS = st.decimals(min_value=0, max_value=10**9, places=2) | st.integers(0, 10**6).map(Decimal)
NOT_A_YEAR = NUMBERS.filter(lambda number: not 1980 <= number < 2100)


@given(
    st.sampled_from(sorted(SPELLINGS)),
    st.data(),
    NOT_A_YEAR,
    st.sampled_from(UNITS),
    st.sampled_from(["", " ", "\u3000"]),
)
def test_a_comparator_spelled_any_way_is_the_same(
    code: str, data: st.DataObject, number: Decimal, unit: str, blank: str
) -> None:
    sign = data.draw(st.sampled_from(SPELLINGS[code]))
    assert parse_comparator(sign) == code
    for figure in (f"{number:f}", f"{number:,f}"):
        text = f"{sign}{blank}{figure}{blank}{unit}"
        assert parse_quantity(text) == Quantity(code, number, None, unit or None, "number"), text


@given(st.sampled_from(sorted(BEHIND)), st.data(), NOT_A_YEAR, st.sampled_from(UNITS), st.booleans())
def test_a_word_behind_the_number_is_the_same(
    code: str, data: st.DataObject, number: Decimal, unit: str, also_before: bool
) -> None:
    word = data.draw(st.sampled_from(BEHIND[code]))
    sign = data.draw(st.sampled_from(SPELLINGS[code])) if also_before else ""
    text = f"{sign}{number:f}{unit}{word}"
    assert parse_quantity(text) == Quantity(code, number, None, unit or None, "number"), text


@given(
    NOT_A_YEAR,
    NOT_A_YEAR,
    st.sampled_from(["-", "~", "～", "—", "至", "到", "--", "－"]),
    st.sampled_from(UNITS),
)
def test_ranges(one: Decimal, other: Decimal, sign: str, unit: str) -> None:
    low, high = sorted((one, other))
    found = parse_quantity(f"{low:f}{sign}{high:f}{unit}")
    assert found == Quantity("~", low, high, unit or None, "range")
    assert parse_quantity(f"{low:f}%{sign}{high:f}%") == parse_quantity(f"{low:f}{sign}{high:f}%")
    if low != high:
        assert parse_quantity(f"{high:f}{sign}{low:f}{unit}").kind == "several"


@given(NOT_A_YEAR, st.sampled_from(UNITS))
def test_the_law_of_scales(number: Decimal, unit: str) -> None:
    value = parse_quantity(f"{number:f}").value
    assert value is not None
    for scale, factor in (("万", 10**4), ("亿", 10**8), ("百万", 10**6)):
        assert parse_quantity(f"≥{number:f}{scale}{unit}") == Quantity(
            ">=", value * factor, None, unit or None, "number"
        )
    assert (
        parse_quantity(f"{number:f}%").value
        == value / 100
        == (parse_quantity(f"{number:f}‰").value or 0) * 10
    )


@given(
    st.text()
    | st.text(
        alphabet="0123456789.,:%‰≥≤<>=~-—至不低于超过少以上内万亿元个人次年月日/（）百分之一十满意度率 \n各*",
        max_size=24,
    )
)
def test_nothing_but_not_a_value_is_ever_raised(text: str) -> None:
    try:
        found = parse_quantity(text)
    except NotAValue as err:
        assert str(err)
        return
    assert (found.value is not None) == (found.kind in ("number", "range"))
    assert (found.upper is not None) == (found.kind == "range") == (found.comparator == "~")
    if found.value is None:
        assert found.comparator is found.unit is None
    if found.upper is not None and found.value is not None:
        assert found.value <= found.upper
    if found.unit is not None:
        assert 0 < len(found.unit) <= 14


def test_a_column_of_signs() -> None:
    assert parse_comparator(" ≧ ") == ">="
    assert parse_comparator("定性") is None
    assert parse_comparator("") is None
