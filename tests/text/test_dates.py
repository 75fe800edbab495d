"""Years, dates, periods."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.dates import excel_date, is_date, parse_date, parse_period, parse_year
from pipeline.text.numbers import NotAValue


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2020年度", 2020), ("（2020年度）", 2020), ("( 2022 年度)", 2022), ("(2020)年度", 2020),
        ("2020年度)", 2020), ("（2 0 2 1 年度）", 2021),
        ("二〇二〇年", 2020), ("二○二一年度", 2021), ("二零一九年", 2019), ("２０２１", 2021),
        ("2023年部门预算项目支出绩效自评表", 2023),
        ("某州2020年项目支出绩效自评表（2020年度）", 2020), ("2020-12-31", 2020), ("2020年12月31日", 2020),
        ("(2021)", 2021),
        ("川财预〔2019〕12号 2020年度", 2020),
    ],
)  # fmt: skip
def test_the_year_that_a_text_names(text: str, year: int) -> None:
    assert parse_year(text) == year


@pytest.mark.parametrize(
    "text",
    ["", "—", "（年度）", "20XX年度", "2022年--2024年", "2021-2023年", "2019年度 2020年度",
     "川财预〔2020〕12号",
     "项目2020", "1999元",
     "2020 2021", "20年度", "12020年", "3020年", "20201", "第2020号", "2020.5%"],
)  # fmt: skip
def test_no_year_or_two_are_none(text: str) -> None:
    assert parse_year(text) is None


def test_dates() -> None:
    for text in (
        "2021年12月31日",
        "2021-12-31",
        "2021.12.31",
        "2021/12/31",
        "20211231",
        "２０２１年１２月３１日",
        "2021 年 12 月 31日",
    ):
        assert parse_date(text) == date(2021, 12, 31)
    for text in ("2021年2月30日", "2021年12月", "", "44561", "20211332", "—"):
        with pytest.raises(NotAValue):
            parse_date(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020年", "2020-01-01", "2020-12-31"), ("2020年度", "2020-01-01", "2020-12-31"),
        ("2020年2月", "2020-02-01", "2020-02-29"),
        ("2021.1", "2021-01-01", "2021-01-31"), ("2020-12", "2020-12-01", "2020-12-31"),
        ("2020年上半年", "2020-01-01", "2020-06-30"),
        ("2023年4月-2024年2月", "2023-04-01", "2024-02-29"), ("2023.07-2024.01", "2023-07-01", "2024-01-31"),
        ("202001-202012", "2020-01-01", "2020-12-31"), ("2020年1月--2020年11月", "2020-01-01", "2020-11-30"),
        ("2020年1月—11月", "2020-01-01", "2020-11-30"), ("2020年3-5月", "2020-03-01", "2020-05-31"),
        ("2016年1月起至2016年12 月止", "2016-01-01", "2016-12-31"), ("2021-2023", "2021-01-01", "2023-12-31"),
        ("2020年1月1日至2020年12月31日", "2020-01-01", "2020-12-31"),
        ("2020-12-31", "2020-12-31", "2020-12-31"),
        ("1-12月", "2019-01-01", "2019-12-31"), ("1-7月", "2019-01-01", "2019-07-31"),
        ("12月", "2019-12-01", "2019-12-31"),
        ("全年", "2019-01-01", "2019-12-31"), ("第一季度", "2019-01-01", "2019-03-31"),
        ("2020年12月底前", None, "2020-12-31"), ("2018年10月底", "2018-10-01", "2018-10-31"),
        ("2020年12月31日前", None, "2020-12-31"),
        ("12月底前", None, "2019-12-31"), ("2023年底", "2023-12-01", "2023-12-31"),
    ],
)  # fmt: skip
def test_periods(text: str, first: str | None, last: str) -> None:
    period = parse_period(text, 2019)
    assert period == (first and date.fromisoformat(first), date.fromisoformat(last))
    assert is_date(text) or text in ("2020-12", "202001")


def test_a_period_without_a_year_needs_one() -> None:
    for text in ("1-12月", "全年", "12月底前", "一季度"):
        with pytest.raises(NotAValue):
            parse_period(text)
    for text in ("", "长期", "2020-13", "12个月", "2020年12月-2020年1月", "5月-3月"):
        with pytest.raises(NotAValue):
            parse_period(text, 2020)


@pytest.mark.parametrize(
    "text",
    [
        "12个月",
        "1年",
        "3年",
        "30日",
        "24小时",
        "1个季度",
        "2021.1万元",
        "2021.13",
        "2021-2023人",
        "202001",
        "长期",
        "104家",
    ],
)
def test_durations_and_numbers_are_no_dates(text: str) -> None:
    assert not is_date(text)


def test_excel_serials() -> None:
    assert excel_date(44561) == date(2021, 12, 31)
    assert excel_date(61) == date(1900, 3, 1)
    for serial in (-1, 0, 60, 2958466):
        with pytest.raises(NotAValue):
            excel_date(serial)


@given(st.dates(date(1980, 1, 1), date(2099, 12, 31)))
def test_a_printed_date_reads_back(day: date) -> None:
    for text in (f"{day.year}年{day.month}月{day.day}日", day.isoformat(), f"{day:%Y.%m.%d}"):
        assert parse_date(text) == day
        assert parse_period(text) == (day, day)
        assert parse_year(text) == day.year
        assert is_date(text)


@given(
    st.text() | st.text(alphabet="0123456789年月日-—~至到.起止底前度一季上半全()（）", max_size=20),
    st.integers(1980, 2099) | st.none(),
)
def test_nothing_but_not_a_value_is_ever_raised(text: str, year: int | None) -> None:
    is_date(text)
    found = parse_year(text)
    assert found is None or 1980 <= found <= 2099
    with contextlib.suppress(NotAValue):
        parse_date(text)
    try:
        first, last = parse_period(text, year)
        assert first is None or first <= last
    except NotAValue:
        pass
