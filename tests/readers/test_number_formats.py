from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.readers.sheets.formats import BUILTIN, display, parse, text_display
from pipeline.readers.sheets.general import general

LONG_DATE = "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy"

SHOWN = [
    ("0%", 0.98, "98%"),
    ("0.00%", 1, "100.00%"),
    ("0.00", 9.7, "9.70"),
    ("#,##0.00", 1234567.891, "1,234,567.89"),
    ("0.00", 0.285, "0.29"),
    ("0.00", 1.005, "1.01"),
    ("0", 2.5, "3"),
    ("0%", 0.005, "1%"),
    ("0.00_ ", 9.7, "9.70"),
    ("0.00_);[Red]\\(0.00\\)", -9.7, "(9.70)"),
    ("0;-0;;@", 0, ""),
    (";;;", 3, ""),
    ("000000", 219, "000219"),
    ("000-0000", 1234567, "123-4567"),
    ("0.##", 5, "5."),
    ("#.00", 0.5, ".50"),
    ("$#,##0.00", -5, "-$5.00"),
    ("[$¥-804]#,##0.00", 5, "¥5.00"),
    ("0\\.0,", 12345, "1.2"),
    ("#,##0,", 1234567, "1,235"),
    ('0.0,,"M"', 1234567, "1.2M"),
    ('"第"0"号"', -7, "-第7号"),
    ('G/通用格式"万元"', 1.5, "1.5万元"),
    ("0.00", 123456789012345678.0, "123456789012346000.00"),
    ("0.00000", 100000000.11657453, "100000000.11658"),
    ("# ?/?", 1.5, "1 1/2"),
    ("# ??/16", 0.5, "8/16"),
    ("0.00E+00", 12345, "1.23E+04"),
    ("##0.0E+0", 12345, "12.3E+3"),
    ('[>=100]0"大";[<0]0"负";0"小"', -5, "5负"),
    ('[>=100]0"大";0"小"', -5, "-5小"),
    ("[>999999]#,,M;[>999]#,K;#", 1021, "1K"),
    (BUILTIN[43], -1234.5, "-1,234.50"),
    (BUILTIN[43], 0, "-"),
    (BUILTIN[31], 44561, "2021年12月31日"),
    (BUILTIN[14], 44561, "2021/12/31"),
    (LONG_DATE, 44561, "2021年12月31日"),
    ('[DBNum1][$-804]yyyy"年"m"月"d"日";@', 44561, "二〇二一年十二月三十一日"),
    ("[DBNum2][$-804]General", 1234, "壹仟贰佰叁拾肆"),
    ("[DBNum1]General", 10203, "一万〇二百〇三"),
    ("[DBNum1]General", 120000000, "一亿二千万"),
    ("yyyy-mm-dd hh:mm:ss", 44561.999999999, "2022-01-01 00:00:00"),
    ("yyyy-m-d", 60, "1900-2-29"),
    ("yyyy-m-d", 1, "1900-1-1"),
    ("yyyy-m-d", -1, "-1"),
    ("[h]:mm:ss", 1.5, "36:00:00"),
    ("h:mm AM/PM", 0.75, "6:00 PM"),
    ("上午/下午h时mm分", 0.25, "上午6时00分"),
    ("mm:ss.0", 0.5 / 86400, "00:00.5"),
    ("aaaa", 44561, "星期五"),
    ("yyyy.m", 44561, "2021.12"),
    ("General", 5.0, "5"),
    ("General", 1 / 3, "0.333333333"),
    ("General", 1234567.891234, "1234567.891"),
    ("General", 1.5e20, "1.5E+20"),
    ("General", 1e-10, "1E-10"),
    ("General", 13812345678901, "13812345678901"),
    ("General", 123456789.12, "123456789.12"),
    ("General", -0.0, "0"),
]


@pytest.mark.parametrize(("code", "value", "shown"), SHOWN)
def test_a_number_is_shown_as_excel_shows_it(code: str, value: float, shown: str) -> None:
    assert display(code)(value) == shown


def test_days_count_from_1904_where_the_book_says_so() -> None:
    assert display("yyyy-m-d", True)(0) == "1904-1-1"
    assert display("yyyy-m-d", True)(43099) == display("yyyy-m-d")(44561)


def test_a_format_adds_to_texts_only_where_it_says_so() -> None:
    dressed = text_display('0"元";;;@"元"')
    assert dressed is not None and dressed("甲") == "甲元"
    for plain in ("@", "General", "0.00_ ;@", "_ @_ ", BUILTIN[43]):
        assert text_display(plain) is None


@pytest.mark.parametrize("code", sorted(set(BUILTIN.values())))
def test_every_built_in_format_shows_something(code: str) -> None:
    assert display(code)(44561.5)


ORDINARY = st.floats(-1e9, 1e9, allow_nan=False)


@given(ORDINARY, st.integers(0, 6), st.booleans(), st.booleans())
def test_fixed_formats_round_as_decimals_of_15_digits(
    value: float, places: int, comma: bool, percent: bool
) -> None:
    code = ("#,##0" if comma else "0") + ("." + "0" * places if places else "") + ("%" if percent else "")
    exact = Decimal(f"{value:.15g}") * (100 if percent else 1)
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    expected = f"{rounded:{',' if comma else ''}f}" + ("%" if percent else "")
    got = display(code)(value)
    assert got.lstrip("-") == expected.lstrip("-")
    assert got.startswith("-") == (value < 0) or rounded == 0


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_general_is_short_and_near(value: float) -> None:
    text = general(value)
    if value != value or value in (float("inf"), float("-inf")):
        assert text == "#NUM!"
        return
    assert len(text) <= 17
    assert float(text) == pytest.approx(value, rel=1e-5, abs=1e-11)


@given(st.integers(-(10**14), 10**14))
def test_general_keeps_every_integer_of_15_digits(value: int) -> None:
    assert general(float(value)) == str(value)


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=2))
def test_general_keeps_every_amount_of_two_decimals(value: Decimal) -> None:
    assert Decimal(general(float(value))) == value


@given(st.dates(date(1900, 3, 1), date(9999, 12, 31)))
def test_a_serial_shown_as_a_date_is_that_date(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert display("yyyy-mm-dd")(serial) == day.isoformat()
    assert display('yyyy"年"m"月"d"日"')(serial) == f"{day.year}年{day.month}月{day.day}日"
    assert display("aaa")(serial) == "一二三四五六日"[day.weekday()]
    assert display("dddd")(serial)[:3] == day.strftime("%a")


@given(st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1)))
def test_a_time_survives_the_way_through_a_serial(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    serial = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    assert display("yyyy-mm-dd hh:mm:ss")(serial) == moment.strftime("%Y-%m-%d %H:%M:%S")


CODES = st.text(st.sampled_from('0#?.,%;"\\_*[]<>=-+ EeyYmdhsaAPM/@$年月日元GeneralDBNum1h804'), max_size=40)


@given(CODES, st.floats(), st.booleans())
def test_no_code_and_no_number_raise(code: str, value: float, date1904: bool) -> None:
    shown = display(code, date1904)(value)
    assert isinstance(shown, str) and len(shown) < 2000
    assert len(parse(code)) <= 4
    text_display(code)
