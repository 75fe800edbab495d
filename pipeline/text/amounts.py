"""Amounts, rates, scores: the numbers whose column says what they are."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from pipeline.text.characters import plain
from pipeline.text.numbers import NotAValue, Scanned, plain_figure, run_at, scan_number, times
from pipeline.text.units import (
    CURRENCY_BEFORE,
    PERCENT,
    PERCENT_SIGN,
    SHARE_BEFORE,
    YUAN_BEHIND,
    money_factor,
    spelled_as_figures,
)

_CENT = Decimal("0.01")
_ROUND = Context(prec=60, rounding=ROUND_HALF_EVEN)
# decimal128(20, 2) holds 18 digits before the point.
_MOST_YUAN = Decimal(10) ** 18
_SCORE_BEHIND = re.compile(r"\s*分")
_UNIT_IN_NOTE = re.compile(r"(?<=[0-9])\s*\(([十百千]?[万亿]?元)\)$")


class NoUnit(NotAValue):
    """The amount is a number, but no unit is printed in its cell, and none was given that is known."""


def parse_amount(text: str, unit: str | None) -> Decimal:
    """Return yuan with two decimals: ``13`` in 万元 is 130000.00.

    ``unit`` is what the form prints for the column (``万元``, ``（元）``, ``单位：万元``), or None. A unit in
    the cell goes before it: ``449.8万``, ``13万元``, ``13（万元）``, ``5亿元``, ``20元``. ``￥20`` is 20 yuan,
    but nobody knows what under 万元, where an accountant's format prints the sign; nor what ``5千`` is there.
    Exact; only where an amount has parts of a cent is it rounded, half to even. Raises NoUnit where no known
    unit is printed anywhere, NotAValue for all else.
    """
    figure = plain_figure(text)
    if figure is not None and (factor := money_factor(unit)) is not None:
        return times(figure, factor).quantize(_CENT, context=_ROUND)
    body = _UNIT_IN_NOTE.sub(r"\1", plain(text))
    if body == "一":  # typed for a dash
        raise NotAValue(f"{text!r} is not an amount")
    currency = CURRENCY_BEFORE.match(body)
    found = scan_number(body[currency.end() :] if currency else body)
    yuan = YUAN_BEHIND.fullmatch(found.tail)
    if found.tail and not yuan:
        raise NotAValue(f"{text!r} is not an amount")
    currency_only = currency or found.tail
    if (yuan and yuan[1]) or found.scale >= 10**4 or (currency_only and money_factor(unit) in (None, 1)):
        amount = found.value
    else:
        amount = times(found.value, _factor(text, unit, found))
        if amount != found.value and (currency_only or found.scale != 1):
            raise NotAValue(f"{text!r} under {unit!r} may be yuan or not")
    if abs(amount) >= _MOST_YUAN:
        raise NotAValue(f"{text!r} is out of all bounds")
    return amount.quantize(_CENT, context=_ROUND)


def _factor(text: str, unit: str | None, found: Scanned) -> Decimal:
    if found.chinese and found.value >= 10**4:  # 三百二十万: its 万 is printed in the cell
        return Decimal(1)
    factor = money_factor(unit)
    if factor is None:
        raise NoUnit(f"{text!r}: no unit of money is printed" if unit is None else f"{text!r}: unit {unit!r}")
    return factor


def parse_rate(text: str, percent: bool = False) -> Decimal:
    """Return a fraction: ``100%``, ``98.5％``, ``100百分比``, ``百分之九十五``, ``5‰``; 100 % is 1.

    A bare number from 0 to 1 is a fraction as printed, and one of 2 or more is percent (nobody prints a rate
    of 200 % and more as a fraction). ``percent`` says that the label does, as in 执行率(%): then a bare
    number above 1 is percent. Raises NotAValue where both readings are possible: above 1 and below 2 without,
    above 0 and up to 1 with ``percent``.
    """
    body = spelled_as_figures(plain(text))
    for before, share in SHARE_BEFORE.items():
        if body.startswith(before):
            found = scan_number(body.removeprefix(before))
            if found.tail:
                raise NotAValue(f"{text!r} is not a rate")
            return times(found.value, share)
    if not run_at(body.lstrip("+-−")):
        raise NotAValue(f"{text!r} is not a rate")
    found = scan_number(body)
    if found.scale != 1:
        raise NotAValue(f"{text!r} is not a rate")
    if found.tail:
        sign = PERCENT_SIGN.fullmatch(found.tail)
        if not sign:
            raise NotAValue(f"{text!r} is not a rate")
        return times(found.value, PERCENT[sign[1]])
    return _bare_rate(text, found.value, percent)


def _bare_rate(text: str, number: Decimal, percent: bool) -> Decimal:
    if number == 0:
        return number
    if (percent and number > 1) or number >= 2:
        return times(number, _CENT)
    if not percent and 0 < number <= 1:
        return number
    raise NotAValue(f"{text!r} may be a fraction or percent")


def parse_score(text: str) -> Decimal:
    """Return a score or a weight: ``10``, ``9.5``, ``10分``; NotAValue for ranges, words and the rest."""
    figure = plain_figure(text)
    if figure is not None:
        return figure
    body = plain(text)
    if not run_at(body.lstrip("+-−")):
        raise NotAValue(f"{text!r} is not a score")
    found = scan_number(body)
    if found.scale != 1 or (found.tail and not _SCORE_BEHIND.fullmatch(found.tail)):
        raise NotAValue(f"{text!r} is not a score")
    return found.value
