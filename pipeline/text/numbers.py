"""Printed numbers to exact decimals.

Nothing is mended: a number whose separators do not stand where they must (``7,00.0,77``, ``1,23``), whose
digits are torn apart (``968.191 8``) or whose first digits are lost (``.32``) is no value, and neither is a
code or an extension (``037001``, ``010``).
"""

import re
from decimal import Context, Decimal
from typing import NamedTuple

from pipeline.text.characters import DASHES, plain


class NotAValue(ValueError):  # noqa: N818  it is no fault of the program, and reads so: raise NotAValue
    """The one declared error of this package: the text is not a value of the type asked for."""


# Longer than any money amount times any scale; products below stay exact.
_EXACT = Context(prec=80)
_MOST_CHARACTERS = 30

_NUMBER = re.compile(
    r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|0?[0-9]|[1-9][0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?"
)
_FIGURE = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,9})?", re.ASCII)
# All that looks like one number, well formed or not.
_RUN = re.compile(r"[0-9.,](?:[0-9.,]|\s+(?=[0-9.,])|[eE][+-]?(?=[0-9]))*")
# A figure wrapped behind a thousands comma goes on in the next line.
_WRAPPED = re.compile(r"(?<=[0-9],)[ \t]*\n[ \t]*(?=[0-9]{3}(?![0-9]))")
_SCALE = re.compile(
    r"\s*(万亿|千亿|百亿|十亿|[千仟][万萬]|[百佰][万萬]|[十拾][万萬]|[亿億]|[万萬]|[千仟](?![米克瓦伏卡焦赫帕分])|[百佰](?!分))"
)
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_SCALES |= {"拾": 10, "佰": 100, "仟": 1000, "萬": 10**4, "億": 10**8}
_AFTER_HUNDRED_MILLION = re.compile(r"([0-9]{1,4})[万萬]")
# 3万5000元 says all its digits; 5万5 is 55 thousand to some
_AFTER_TEN_THOUSAND = re.compile(r"([0-9]{4})(?![0-9.,])")
_MINUS = "负" + "".join(dash for dash in DASHES + "-" if dash not in "—―─━")

_DIGITS = "零一二三四五六七八九"
_CHINESE_RUN = re.compile(
    "[零〇○一二两三四五六七八九十百千万亿廿卅壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億]+(?:点[零〇一二三四五六七八九]+)?"
)
_WRITTEN_OTHERWISE = str.maketrans(
    "〇○两壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億", "零零二一二二三三四五六六七八九十百千万亿"
)


class Scanned(NamedTuple):
    """A number at the beginning of a text: ``13万元`` gives 13, 10000 and ``元``."""

    mantissa: Decimal
    scale: Decimal
    tail: str
    chinese: bool

    @property
    def value(self) -> Decimal:
        """Return the number with 万 and 亿 multiplied out."""
        return times(self.mantissa, self.scale)


def plain_figure(text: str) -> Decimal | None:
    """Return the number of a text that is nothing but figures and a point, as most are; None for any other."""
    return Decimal(text) if _FIGURE.fullmatch(text) else None


def times(one: Decimal, other: Decimal) -> Decimal:
    """Return the exact product."""
    return _EXACT.multiply(one, other)


def parse_number(text: str) -> Decimal:
    """Return the number that the whole text is: ``1,234.5``, ``１２``, ``-3``, ``449.8万``, ``三百二十万``.

    Raises NotAValue for anything else, signs of percent and units included, and for a lone ``一``, which many
    type for a dash.
    """
    found = scan_number(plain(text))
    if found.tail or text.strip() == "一":
        raise NotAValue(f"{text!r} is not a number")
    return found.value


def scan_number(text: str) -> Scanned:
    """Return the number with which the text begins, and what follows it; the text has gone through ``plain``.

    Raises NotAValue where no number stands there or where it is malformed.
    """
    body = text.lstrip("+").lstrip() if text[:1] == "+" else text
    negative = body[:1] != "" and body[0] in _MINUS
    if negative:
        body = body[1:].lstrip()
    run = run_at(body)
    if not run:
        mantissa, scale, tail, chinese = _scan_chinese(body, text)
    else:
        mantissa, scale, tail = _scan_arabic(body, run, text)
        chinese = False
    return Scanned(-mantissa if negative else mantissa, scale, tail, chinese)


def run_at(text: str) -> str:
    """Return the digits, points, commas and blanks between them with which the text begins."""
    found = _RUN.match(text)
    return found[0] if found else ""


def _scan_arabic(body: str, run: str, text: str) -> tuple[Decimal, Decimal, str]:
    digits = _WRAPPED.sub("", run)
    if len(digits) > _MOST_CHARACTERS or not _NUMBER.fullmatch(digits):
        raise NotAValue(f"{text!r}: malformed number {run!r}")
    mantissa, scale, tail = Decimal(digits.replace(",", "")), 1, body[len(run) :]
    if abs(mantissa.adjusted()) > _MOST_CHARACTERS:
        raise NotAValue(f"{text!r}: {run!r} is out of all bounds")
    if found := _SCALE.match(tail):
        for sign in found[1]:
            scale *= _SCALES[sign]
        tail = tail[found.end() :]
        after = {10**8: _AFTER_HUNDRED_MILLION, 10**4: _AFTER_TEN_THOUSAND}.get(scale)
        if after and digits.isdigit() and (more := after.match(tail)):  # 3亿5000万, 3万5000
            mantissa = _EXACT.add(mantissa, Decimal(more[1]).scaleb(-4))
            tail = tail[more.end() :]
    return mantissa, Decimal(scale), tail.lstrip()


def _scan_chinese(body: str, text: str) -> tuple[Decimal, Decimal, str, bool]:
    found = _CHINESE_RUN.match(body)
    if not found:
        raise NotAValue(f"{text!r} does not begin with a number")
    whole, _, fraction = found[0].partition("点")
    whole = whole.translate(_WRITTEN_OTHERWISE).replace("廿", "二十").replace("卅", "三十")
    if whole.startswith("十"):
        whole = "一" + whole
    value = _read_chinese(whole)
    # 一百二 is 102 by its signs and 120 by its speaker: only the full form is taken.
    if written(value) != whole:
        raise NotAValue(f"{text!r}: {found[0]!r} is not a number written in full")
    number = Decimal(value)
    if fraction:
        digits = "".join(str(_DIGITS.index(sign)) for sign in fraction.translate(_WRITTEN_OTHERWISE))
        number = Decimal(f"{value}.{digits}")
    tail = body[found.end() :]
    scale = 1
    if fraction and (more := _SCALE.match(tail)):  # 三点五万
        for sign in more[1]:
            scale *= _SCALES[sign]
        tail = tail[more.end() :]
    return number, Decimal(scale), tail.lstrip(), True


def _read_chinese(text: str) -> int:
    total, section, digit = 0, 0, 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS.index(sign)
        elif sign == "亿":
            total, section, digit = (total + section + digit) * _SCALES["亿"], 0, 0
        elif sign == "万":
            total, section, digit = total + (section + digit) * _SCALES["万"], 0, 0
        else:
            section, digit = section + digit * _SCALES[sign], 0
        if total > 10**24:
            return -1
    return total + section + digit


def written(number: int) -> str:
    """Return a whole number from 0 in full Chinese writing: 1020 gives ``一千零二十``."""
    if number < 0:
        return ""
    for sign, scale in (("亿", 10**8), ("万", 10**4), ("千", 1000), ("百", 100), ("十", 10)):
        if number >= scale:
            head, rest = divmod(number, scale)
            gap = "零" if rest and rest < scale // 10 else ""
            return written(head) + sign + (gap + written(rest) if rest else "")
    return _DIGITS[number]
