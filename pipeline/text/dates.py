"""Years, dates and periods as printed.

A date or a period is text in the datasets; the year of a form is the one that becomes a value. The functions
that give dates serve whoever compares deadlines. A bare number is never a date: a workbook's serial (44561)
is told by its cell format, which only the reader knows; it then calls ``excel_date``.
"""

import calendar
import re
from datetime import date, timedelta

from pipeline.text.characters import DASHES, TILDES, plain
from pipeline.text.numbers import NotAValue

_YEAR = r"(?:19[89][0-9]|20[0-9]{2})"
_TO = f"[{re.escape(DASHES + TILDES)}\\-~至到]+"
_CHINESE_YEAR = re.compile(r"[一二][九〇○零Oo0][一二三四五六七八九〇○零Oo0]{2}(?=\)?年)")
_CHINESE_DIGITS = str.maketrans("一二三四五六七八九〇○零Oo", "12345678900000")
# 川财预〔2020〕12号 is the year of a letter, not of a form.
_DOCUMENT_NUMBER = re.compile(rf"[〔\[(【]?{_YEAR}[〕\])】]?第?[0-9]+号")
_NAMED_YEAR = re.compile(rf"(?<![0-9.])({_YEAR})\)?年")
_SPAN_OF_YEARS = re.compile(rf"(?<![0-9.])({_YEAR})年?{_TO}({_YEAR})(?![0-9])")
_BARE_YEAR = re.compile(rf"\(?({_YEAR})\)?")
_FULL_DATE = re.compile(rf"({_YEAR})(?:[-./]|年)([0-9]{{1,2}})(?:[-./]|月)([0-9]{{1,2}})日?")
_COMPACT_DATE = re.compile(rf"({_YEAR})([01][0-9])([0-3][0-9])")
_SURE_TO = re.compile(f"--+|[{re.escape(DASHES + TILDES)}~至到]+")
_YEAR_DASH_MONTH = re.compile(rf"{_YEAR}-(?:0?[1-9]|1[0-2])")
_BEFORE = re.compile(r"(?:底|末)?(?:之?前|以前)?$")
_MONTHS_OF = {
    "全年": (1, 12), "年度": (1, 12), "上半年": (1, 6), "下半年": (7, 12),
    "年底": (12, 12), "年末": (12, 12),
    "第一季度": (1, 3), "一季度": (1, 3), "1季度": (1, 3),
    "第二季度": (4, 6), "二季度": (4, 6), "2季度": (4, 6),
    "第三季度": (7, 9), "三季度": (7, 9), "3季度": (7, 9),
    "第四季度": (10, 12), "四季度": (10, 12), "4季度": (10, 12),
}  # fmt: skip
_OPEN_MONTH = re.compile(r"(?:^|年)[0-9]{1,2}$")
_MONTH = re.compile(r"([0-9]{1,2})月份?")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_FIRST_SOUND = 61  # up to 60 the 1900 system counts a 29 February 1900 that never was
_EXCEL_LAST = 2958465

# What is a date or a period and no quantity, found anywhere in a text without blanks.
_DATE_MARKS = re.compile(
    rf"{_YEAR}(?:年|[-./](?:0?[1-9]|1[0-2])(?:[-./][0-9]{{1,2}})?(?![0-9.%‰]|[^\W0-9]))"
    rf"|(?<![0-9])(?:0?[1-9]|1[0-2])月|(?<![0-9])[0-3]?[0-9][日号](?:之?前|以前)|(?<!个)[1-4一二三四]季度"
)
_DATE_WHOLE = re.compile(
    rf"{_YEAR}{_TO}{_YEAR}|{_YEAR}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])"
    rf"|{_YEAR}(?:0[1-9]|1[0-2]){_TO}{_YEAR}(?:0[1-9]|1[0-2])"
)


def _tight(text: str) -> str:
    return "".join(plain(text).split())


def is_date(text: str) -> bool:
    """Tell whether the text speaks of a date or period: ``2020年12月底前``, ``1-12月``, ``2021.1``, ``全年``.

    A duration (``12个月``, ``3年``, ``30日``) is a quantity and none.
    """
    body = _tight(text)
    return body in _MONTHS_OF or bool(_DATE_MARKS.search(body) or _DATE_WHOLE.fullmatch(body))


def parse_year(text: str) -> int | None:
    """Return the one year that a text names: ``（2020年度）``, ``2020年度)``, ``二〇二〇年``, ``2020-12-31``.

    None where there is none (``20XX``), where two differ (``2022年--2024年``), or where a number only looks
    like one.
    """
    body = _DOCUMENT_NUMBER.sub(" ", _tight(text))
    body = _CHINESE_YEAR.sub(lambda found: found[0].translate(_CHINESE_DIGITS), body)
    years = set(_NAMED_YEAR.findall(body))
    for first, last in _SPAN_OF_YEARS.findall(body):
        years |= {first, last}
    if not years and (bare := _BARE_YEAR.fullmatch(body) or _FULL_DATE.fullmatch(body)):
        years = {bare[1]}
    return int(years.pop()) if len(years) == 1 else None


def parse_date(text: str) -> date:
    """Return a full date: ``2021年12月31日``, ``2021-12-31``, ``20211231``; NotAValue for all else."""
    body = _tight(text)
    found = _FULL_DATE.fullmatch(body) or _COMPACT_DATE.fullmatch(body)
    if not found:
        raise NotAValue(f"{text!r} is not a date")
    return _date(text, int(found[1]), int(found[2]), int(found[3]))


def parse_period(text: str, year: int | None = None) -> tuple[date | None, date]:
    """Return first and last day of a period; the first is None for a deadline (``2020年12月底前``).

    ``2020年``, ``2020年4月``, ``2023年4月-2024年2月``, ``202001-202012``, ``1-12月``, ``全年``, ``一季度``,
    ``2021.1``; where the text names no year, ``year`` is taken. NotAValue for anything else, and where a year
    is needed and nobody gives one.
    """
    body = _tight(text)
    if found := _FULL_DATE.fullmatch(body) or _COMPACT_DATE.fullmatch(body):
        day = _date(text, int(found[1]), int(found[2]), int(found[3]))
        return day, day
    halves = _halves(body.removesuffix("止").replace("起", ""))
    if halves:
        return _between(text, *halves, year)
    cut = _BEFORE.search(body)
    core = body[: cut.start()] if cut else body
    if core.endswith("年") and cut and cut[0]:
        core += "底"
    if cut and cut[0].endswith("前"):
        deadline = _FULL_DATE.fullmatch(core)
        if deadline:
            return None, _date(text, int(deadline[1]), int(deadline[2]), int(deadline[3]))
        return None, _days(text, core, year)[1]
    return _days(text, core, year)


def excel_date(serial: int) -> date:
    """Return the day of a workbook's serial (1900 system): 44561 is 2021-12-31; NotAValue out of range."""
    if not _EXCEL_FIRST_SOUND <= serial <= _EXCEL_LAST:
        raise NotAValue(f"{serial} is not the serial of a day")
    return _EXCEL_EPOCH + timedelta(days=serial)


def _date(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as err:
        raise NotAValue(f"{text!r}: {err}") from None


def _halves(body: str) -> tuple[str, str] | None:
    """Return what stands before and behind the sign of a span; the hyphens of ``2020-12-31`` are none."""
    parts = _SURE_TO.split(body)
    if len(parts) == 1 and body.count("-") == 1 and not _YEAR_DASH_MONTH.fullmatch(body):
        parts = body.split("-")
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None


def _between(text: str, first: str, last: str, year: int | None) -> tuple[date, date]:
    if _OPEN_MONTH.search(first) and last.endswith(("月", "月份")):  # 3-5月
        first += "月"
    try:
        end = _days(text, last, year)
    except NotAValue:
        # 2020年1月-11月: the second half leaves out the year that the first half names
        end = _days(text, last, parse_year(first))
    start = _days(text, first, end[1].year)
    if found := re.match(_YEAR, first):
        end = _days(text, last, int(found[0]))
    if start[0] > end[1]:
        raise NotAValue(f"{text!r} ends before it begins")
    return start[0], end[1]


def _days(text: str, part: str, year: int | None) -> tuple[date, date]:
    """Return first and last day of one moment: a year, a month, a quarter, a day."""
    if found := _FULL_DATE.fullmatch(part):
        day = _date(text, int(found[1]), int(found[2]), int(found[3]))
        return day, day
    found = re.match(rf"({_YEAR})(?:年|[-./]|(?=[01][0-9]$)|$)", part)
    rest = part
    if found:
        year, rest = int(found[1]), part[found.end() :]
    if year is None:
        raise NotAValue(f"{text!r} names no year")
    months = _months(rest, named=found is not None)
    if months is None:
        raise NotAValue(f"{text!r} is not a period")
    first, last = months
    return _date(text, year, first, 1), _date(text, year, last, calendar.monthrange(year, last)[1])


def _months(rest: str, named: bool) -> tuple[int, int] | None:
    if named and rest in ("", "度", "全年"):
        return 1, 12
    if named and rest in ("底", "末"):
        return 12, 12
    if rest in _MONTHS_OF:
        return _MONTHS_OF[rest]
    found = _MONTH.fullmatch(rest) or (re.fullmatch("([0-9]{1,2})", rest) if named else None)
    if found and 1 <= int(found[1]) <= 12:
        return int(found[1]), int(found[1])
    return None
