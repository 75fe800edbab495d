"""Indicator targets and results: comparator, number or range, unit.

What a cell says goes three ways. A quantity is parsed; text, dates, ratios and several values at once are no
error and give no number; a number that stands alone and is malformed (``7,00.0,77``) raises NotAValue, so
that nobody takes it for text.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from pipeline.text.characters import DASHES, TILDES, plain
from pipeline.text.comparators import (
    Compared,
    drop_name_of_rate,
    take_behind_name,
    take_leading,
    take_trailing,
)
from pipeline.text.dates import is_date
from pipeline.text.numbers import NotAValue, Scanned, run_at, scan_number, times
from pipeline.text.units import (
    CURRENCY_BEFORE,
    PERCENT,
    PERCENT_SIGN,
    SHARE_BEFORE,
    YUAN_BEHIND,
    is_known_unit,
    is_measure_word,
    is_unit,
    spelled_as_figures,
)

Kind = Literal["number", "range", "date", "ratio", "several", "text"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A comparator, a value (a range's lower one), a range's upper value, a unit; ``kind`` is what was seen.

    ``comparator`` is ``>=``, ``<=``, ``=``, ``>``, ``<``, ``~`` (a range) or None (none is printed). 万 and
    亿 are multiplied out; %, 百分比 and ‰ are fractions without a unit. All four are None unless ``kind`` is
    ``number`` or ``range``.
    """

    comparator: str | None
    value: Decimal | None
    upper: Decimal | None
    unit: str | None
    kind: Kind = "text"


class _Measure(NamedTuple):
    """One number with its unit; ``share`` is what one of its percent signs stands for."""

    mantissa: Decimal
    scale: Decimal
    share: Decimal | None
    unit: str
    rest: str
    chinese: bool

    @property
    def value(self) -> Decimal:
        return times(times(self.mantissa, self.scale), self.share or Decimal(1))


# A cell that says more is a sentence, whatever numbers are in it.
_LONGEST = 60
_BLANK = re.compile(r"\s+")
_TORN = re.compile(r"(?<=[0-9.,])\s+(?=[0-9.,])")
_COUNTED = re.compile("[0-9０-９一二两三四五六七八九十百千廿卅壹贰叁肆伍陆柒捌玖拾佰仟]")
# Said of a number without changing it. 达到 is no comparator: it says that the value is reached.
_REACHED = re.compile(
    r"(?:已|全部|全年|实际|计划|预计|预期|累计|共计|合计|总计|共|约为|约|大约|大概|完成了?|达成|达到|达|实现|为|是|"
    r"控制在|保持在|维持在|稳定在|确保|保持|[:])+"
)
_ABOUT = re.compile(r"(?:左右|上下)$")
_DONE = re.compile(r"(?:已?完成|达标|到位)?")
# 21,516, lost its last digits
_STOP = re.compile(r"(?:[;。、!]|(?<![0-9])[.,])+$")
# 各1次: each of several things, the number itself is printed
_EACH = re.compile("各(?=[0-9一二两三四五六七八九十])")
_NOTE = re.compile(r"\(([^()0-9一二三四五六七八九十]*)\)$")
_SCALED = re.compile("^(?:[十百千]?[万亿])?")
_RATIO = re.compile(r"[0-9.]+(?:[:∶比][0-9.]+)+")
_TO = f"[{re.escape(DASHES + TILDES)}\\-~至到]"
_RANGE = re.compile(rf"(?P<unit>[^0-9]*?)(?:{_TO}{{1,2}})(?P<rest>[0-9一二两三四五六七八九十百千￥¥].*)")
_UNIT = re.compile(rf"(?:(?<![A-Za-z])[kch]?m[23](?![0-9])|(?!{_TO})[^0-9()])*")


def parse_quantity(text: str) -> Quantity:
    """Return what a target or result says: ``≥98%`` is >= 0.98, ``13万元`` 130000 元, ``3-5天`` ~ 3 to 5 天.

    Raises NotAValue only for a malformed number, for no text whatever anything else.
    """
    body = _squeezed(text)
    if len(body) > _LONGEST:
        return Quantity(None, None, None, None)
    if is_date(body):
        return Quantity(None, None, None, None, "date")
    if not _COUNTED.search(body):
        return Quantity(None, None, None, None)
    if _RATIO.fullmatch(body):
        return Quantity(None, None, None, None, "ratio")
    compared = _compare(body)
    if compared is None:
        return _unread(body)
    return _measured(compared.comparator, compared.rest) or _rate(compared) or _unread(body)


def _squeezed(text: str) -> str:
    """Return the text without blanks, but for those inside a torn number, and without a stop at its end."""
    body = _TORN.sub("\0", plain(text))
    return spelled_as_figures(_STOP.sub("", _BLANK.sub("", body).replace("\0", " ")))


def _compare(body: str) -> Compared | None:
    """Return the comparator and what is left to be a number, or None where two contradict each other."""
    core = _EACH.sub("", body, count=1) if _EACH.match(body) else body
    core = _REACHED.sub("", core, count=1) if _REACHED.match(core) else core
    before = take_leading(core)
    if before.comparator is None and not _begins_number(core):
        before = take_behind_name(core)
    rest = _REACHED.sub("", before.rest, count=1) if _REACHED.match(before.rest) else before.rest
    behind = take_trailing(_ABOUT.sub("", rest))
    if before.comparator and behind.comparator and before.comparator != behind.comparator:
        return None
    return Compared(before.comparator or behind.comparator, behind.rest)


def _begins_number(body: str) -> bool:
    return bool(run_at(body.lstrip("+-−")) or _COUNTED.match(body) or CURRENCY_BEFORE.match(body))


def _measured(comparator: str | None, body: str) -> Quantity | None:
    """Return the quantity that the whole body is, or None; NotAValue where only its digits are wrong."""
    first = _measure(_without_note(body))
    if first is None:
        return None
    if first.rest:
        return _range(comparator, first) if comparator in (None, "=") else None
    if first.chinese and not first.share and not _counted(first, comparator):
        return None
    return Quantity(comparator, first.value, None, first.unit or None, "number")


def _counted(first: _Measure, comparator: str | None) -> bool:
    """Tell whether a Chinese numeral counts: with a measure word, or alone from ten on (一 and 二 may be drawn)."""
    return is_measure_word(first.unit) or (not first.unit and comparator is None and abs(first.value) >= 10)


def _rate(compared: Compared) -> Quantity | None:
    """Return the percentage behind the name of a rate: 合格率100%, 满意度达95%以上."""
    rest = drop_name_of_rate(compared.rest)
    if rest == compared.rest:
        return None
    found = _measure(rest)
    if found is None or found.rest or found.share is None:
        return None
    return Quantity(compared.comparator, found.value, None, None, "number")


def _without_note(body: str) -> str:
    """Return the body without a note at its end; a note that is the only unit goes on: 3500(米), 10-20(万元)."""
    found = _NOTE.search(body)
    if not found:
        return body
    core, inner = body[: found.start()], found[1]
    unit = core[-1:].isdigit() and (is_known_unit(_SCALED.sub("", inner)) or PERCENT_SIGN.fullmatch(inner))
    return core + inner if unit else core


def _measure(body: str) -> _Measure | None:
    """Return the number with which the body begins and its unit; ``rest`` may hold a range's second half."""
    currency = CURRENCY_BEFORE.match(body)
    if currency:
        body = body[currency.end() :]
    share = next((part for sign, part in SHARE_BEFORE.items() if body.startswith(sign)), None)
    if share is not None:
        body = body[3:]
    try:
        found = scan_number(body)
    except NotAValue:
        if _stands_alone(body):
            raise
        return None
    return _with_unit(found, share, "元" if currency else "")


def _stands_alone(body: str) -> bool:
    """Tell whether a malformed number makes up the cell: nothing but a unit follows, so it is no sentence."""
    run = run_at(body.lstrip("+-−"))
    tail = body.lstrip("+-−")[len(run) :]
    return bool(run.strip(".,")) and (not tail or is_unit(tail) or PERCENT_SIGN.fullmatch(tail) is not None)


def _with_unit(found: Scanned, share: Decimal | None, currency: str) -> _Measure | None:
    tail, unit = found.tail, ""
    sign = PERCENT_SIGN.match(tail)
    if sign and share is None:
        share, tail = PERCENT[sign[1]], tail[sign.end() :]
        if _DONE.fullmatch(tail):
            tail = ""
    elif not sign and (printed := _UNIT.match(tail)) and printed[0]:
        unit, tail = printed[0], tail[printed.end() :]
        if not is_unit(unit):
            return None
    if YUAN_BEHIND.fullmatch(unit):
        unit = "元"
    if currency and unit != currency and unit:
        return None
    return _Measure(found.mantissa, found.scale, share, unit or currency, tail, found.chinese)


def _range(comparator: str | None, first: _Measure) -> Quantity | None:
    found = _RANGE.fullmatch(first.rest)
    if not found or found["unit"]:
        return None
    second = _measure(found["rest"])
    if second is None or second.rest:
        return None
    if first.unit and second.unit and first.unit != second.unit:
        return None
    if (first.chinese or second.chinese) and not is_measure_word(second.unit or first.unit):
        return None
    bare = not first.unit and first.share is None and first.scale == 1
    if bare:  # 10-20万元, 80-90%: what stands behind the second number holds for both
        first = first._replace(scale=second.scale, share=second.share)
    if (first.share is None) != (second.share is None) or first.value > second.value:
        return None
    return Quantity("~", first.value, second.value, second.unit or first.unit or None, "range")


_HAS_TWO = re.compile(r"[0-9][^0-9]*[^0-9.,\s][^0-9]*[0-9]")


def _unread(body: str) -> Quantity:
    """Return text, or ``several`` where more than one number stands in a short cell."""
    several = len(body) <= 30 and _begins_number(take_leading(body).rest) and _HAS_TWO.search(body)
    return Quantity(None, None, None, None, "several" if several else "text")
