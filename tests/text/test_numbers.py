"""Numbers, amounts, rates, scores."""

import contextlib
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.amounts import NoUnit, parse_amount, parse_rate, parse_score
from pipeline.text.numbers import NotAValue, parse_number, written
from pipeline.text.units import money_factor

NUMBERS = {
    "0": "0", "13": "13", "1,234.5": "1234.5", "1，234．5": "1234.5", "１２３": "123",
    "3,286,618,082.20": "3286618082.20",
    "3,286,618,\n082.20": "3286618082.20", "50,000.00": "50000", "-3": "-3", "−3": "-3", "－3": "-3",
    "+3": "3", " 13 ": "13",
    "153.5184": "153.5184", "449.8万": "4498000", "4623 万": "46230000", "5亿": "500000000",
    "3亿5000万": "350000000",
    "1.5万亿": "1500000000000", "3百": "300", "3千": "3000", "5百万": "5000000", "1.5E+07": "15000000",
    "05": "5", "0.05": "0.05", "3万5000": "35000", "2仟": "2000", "3佰万": "3000000", "2億": "200000000",
    "2e-3": "0.002",
    "十": "10", "十二": "12", "廿": "20", "廿五": "25", "卅": "30", "两": "2", "两百": "200",
    "一百零五": "105", "三百二十万": "3200000",
    "一千零二十": "1020", "一亿零五千": "100005000", "叁佰贰拾万": "3200000", "三点五": "3.5",
    "三点五万": "35000", "负三十": "-30",
}  # fmt: skip
NO_NUMBERS = [
    "", " ", "—", "abc", "7,00.0,77", "968.191 8", "12.3.4", "1,23", "1,2345", "0,123", ".32", "5.", "5,",
    "1 2", "1\n2", "--5", "—5",
    "037001", "010", "007.5", "000", "5万5", "3万50000", "3.5万5000", "(5", "1,234,", "1..2", "1e5e5",
    "5%", "5元", "5-6", "(5)", "1e99", "1e", "一百二", "三万五", "二〇二〇", "一", "八十万左右", "五五", "百",
    "٣", "²", "9" * 31, "①", "½",
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_numbers(text: str, value: str) -> None:
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_never_guessed(text: str) -> None:
    with pytest.raises(NotAValue):
        parse_number(text)


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)


@given(DECIMALS)
def test_a_printed_number_reads_back(number: Decimal) -> None:
    for text in (f"{number:f}", f"{number:,f}", f" {number:,f}\u3000"):
        assert parse_number(text) == number
    assert parse_number(f"{number:,f}".translate({ord("0") + i: 0xFF10 + i for i in range(10)})) == number


@given(st.integers(0, 10**16 - 1))
def test_a_number_in_chinese_writing_reads_back(number: int) -> None:
    if number != 1:
        assert parse_number(written(number)) == number
        assert parse_number("负" + written(number)) == -number


@given(st.integers(0, 10**12), st.integers(1, 3), st.sampled_from("0123456789"))
def test_a_separator_in_the_wrong_place_is_never_read(number: int, groups: int, digit: str) -> None:
    with pytest.raises(NotAValue):
        parse_number(f"{number}" + f",{digit}{digit}" * groups)


@given(st.decimals(min_value=0, max_value=10**8, places=6))
def test_the_law_of_scales(number: Decimal) -> None:
    plain = f"{number:f}"
    assert parse_number(plain + "万") == parse_number(plain) * 10**4
    assert parse_number(plain + "亿") == parse_number(plain + "万") * 10**4
    assert (
        parse_amount(plain, "亿元")
        == parse_amount(plain + "亿", "元")
        == parse_amount(plain + "亿元", "万元")
    )
    assert parse_amount(plain + "万元", None) == parse_amount(plain, "万元")


@pytest.mark.parametrize(
    ("text", "unit", "yuan"),
    [
        ("13", "万元", "130000.00"),
        ("13", "（万元）", "130000.00"),
        ("13", "金额单位：人民币万元", "130000.00"),
        ("13", "万", "130000.00"),
        ("13", "千元", "13000.00"),
        ("13", "百万元", "13000000.00"),
        ("13", "亿元", "1300000000.00"),
        ("1681680", "元", "1681680.00"),
        ("3,286,618,082.20", "元", "3286618082.20"),
        ("9265.353442万元", None, "92653534.42"),
        ("449.8万", "万元", "4498000.00"),
        ("449.8万", "元", "4498000.00"),
        ("20元", "万元", "20.00"),
        ("￥20", "元", "20.00"),
        ("￥20", None, "20.00"),
        ("￥20万", "万元", "200000.00"),
        ("￥20元", "万元", "20.00"),
        ("20人民币", "元", "20.00"),
        ("100万元人民币", "元", "1000000.00"),
        ("贰拾万元正", None, "200000.00"),
        ("13（万元）", "元", "130000.00"),
        ("13(元)", "万元", "13.00"),
        ("3仟万元", None, "30000000.00"),
        ("5佰元", None, "500.00"),
        ("3亿5000万", "万元", "350000000.00"),
        ("3万5000元", None, "35000.00"),
        ("2萬", "元", "20000.00"),
        ("5千", "元", "5000.00"),
        ("¥ 1,000.50元", None, "1000.50"),
        ("5亿元", "万元", "500000000.00"),
        ("5千元", None, "5000.00"),
        ("三百二十万元", None, "3200000.00"),
        ("三百二十万", "元", "3200000.00"),
        ("三百", "万元", "3000000.00"),
        ("叁佰元整", None, "300.00"),
        ("0", "万元", "0.00"),
        ("-3", "万元", "-30000.00"),
        ("0.125", "元", "0.12"),
        ("0.135", "元", "0.14"),
    ],
)
def test_amounts_are_yuan(text: str, unit: str | None, yuan: str) -> None:
    amount = parse_amount(text, unit)
    assert amount == Decimal(yuan)
    assert amount.as_tuple().exponent == -2


@pytest.mark.parametrize("text", ["￥20", "¥1,234.00", "RMB 20", "20人民币", "5千", "3佰"])
@pytest.mark.parametrize("unit", ["万元", "千元", "亿元"])
def test_a_sign_of_yuan_under_a_head_of_ten_thousands_is_no_guess(text: str, unit: str) -> None:
    with pytest.raises(NotAValue):
        parse_amount(text, unit)
    if text.startswith(("￥", "¥", "RMB")) or text.endswith("人民币"):
        assert parse_amount(text, None) == parse_amount(text, "元") > 0


def test_no_unit_anywhere_is_no_amount() -> None:
    for unit in (None, "", "美元", "%", "人"):
        with pytest.raises(NoUnit):
            parse_amount("13", unit)
        assert parse_amount("13元", unit) == 13


@pytest.mark.parametrize(
    "text", ["", "—", "12美元", "13%", "13人", "约13", "13-14", "7,00.0,77", "一", "1e30", "13万元左右"]
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(NotAValue) as raised:
        parse_amount(text, "万元")
    assert not isinstance(raised.value, NoUnit)


def test_units_of_money() -> None:
    assert money_factor("单位:元") == 1
    assert money_factor("万元") == 10**4
    assert money_factor("單位：萬元") == 10**4
    for text in ("万元（人民币）", "单位：万元人民币", "单位：万", "單位：萬", "人民币万元"):
        assert money_factor(text) == 10**4, text
    assert (money_factor("仟元"), money_factor("佰万元")) == (1000, 10**6)
    for text in ("家", "美元", "万美元", "港元", "元/人", "万元/元", "元、万元", "单位", "RMB", "%", ""):
        assert money_factor(text) is None, text
    assert money_factor(None) is None


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("100%", "1"), ("100.00 %", "1"), ("98.5％", "0.985"), ("100百分比", "1"), ("5‰", "0.005"),
        ("百分之九十五", "0.95"),
        ("百分之95.5", "0.955"), ("百分之百", "1"), ("百分百", "1"), ("0.97", "0.97"), ("0", "0"), ("1", "1"),
        ("1.00", "1"),
        ("2", "0.02"), ("85", "0.85"), ("100", "1"), ("120.5", "1.205"), ("-5%", "-0.05"), ("0%", "0"),
    ],
)  # fmt: skip
def test_rates_are_fractions(text: str, fraction: str) -> None:
    assert parse_rate(text) == Decimal(fraction)


@pytest.mark.parametrize(
    "text", ["", "—", "1.2", "1.99", "-0.5", "-50", "98%以上", "5万%", "优", "1:3", "九十五", ".97", "1.2.3%"]
)
def test_what_is_no_rate_or_may_be_two(text: str) -> None:
    with pytest.raises(NotAValue):
        parse_rate(text)


def test_a_label_with_a_percent_sign_makes_bare_numbers_percent() -> None:
    assert parse_rate("97.5", percent=True) == Decimal("0.975")
    assert parse_rate("1.5", percent=True) == Decimal("0.015")
    assert parse_rate("97.5%", percent=True) == Decimal("0.975")
    assert parse_rate("0", percent=True) == 0
    for text in ("1", "0.97"):
        with pytest.raises(NotAValue):
            parse_rate(text, percent=True)


@given(st.decimals(min_value=0, max_value=1000, places=3))
def test_percent_is_a_hundredth_and_per_mille_a_tenth_of_it(number: Decimal) -> None:
    assert parse_rate(f"{number}%") == number / 100
    assert parse_rate(f"{number}‰") * 10 == parse_rate(f"{number} ％")


def test_scores() -> None:
    assert [parse_score(text) for text in ("10", "10分", "9.5 分", "１０", "0", "-2")] == [
        10,
        10,
        Decimal("9.5"),
        10,
        0,
        -2,
    ]
    for text in ("", "—", "5-10", "优", "十分", "10%", "10/10", "10万", "97.93.1", "一"):
        with pytest.raises(NotAValue):
            parse_score(text)


@given(
    st.text() | st.text(alphabet="0123456789.,，．%‰万亿元十百千一二零点分之-−+ \n￥eE（）", max_size=16),
    st.text(max_size=6),
)
def test_nothing_but_not_a_value_is_ever_raised(text: str, unit: str) -> None:
    for parse in (parse_number, parse_rate, parse_score):
        try:
            assert isinstance(parse(text), Decimal)
        except NotAValue as err:
            assert str(err)
    with contextlib.suppress(NotAValue):
        assert parse_amount(text, unit).as_tuple().exponent == -2


@given(st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,4})?", fullmatch=True))
def test_a_plain_figure_is_what_it_is_with_its_unit_printed_behind(text: str) -> None:
    def outcome(parse: Callable[[], Decimal]) -> object:
        try:
            return parse()
        except NotAValue:
            return None

    assert outcome(lambda: parse_amount(text, "万元")) == outcome(lambda: parse_amount(f"{text}万元", None))
    assert outcome(lambda: parse_score(text)) == outcome(lambda: parse_score(f"{text}分"))
