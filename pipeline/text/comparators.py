"""Signs and words of comparison, as they stand before or behind a number.

以上, 以下 and 以内 include the number itself, 不满 and 超过 do not: Civil Code of the PRC (民法典), article
1259.
"""

import re
from typing import NamedTuple

_SIGNS = {
    ">=": "≥ ≧ ⩾ ≮ ≥= >= => ≧=",
    "<=": "≤ ≦ ⩽ ≯ ≤= <= =< ≦=",
    "=": "= == ═ ⩵ ﹦ ﹦﹦",
    ">": ">",
    "<": "<",
}
_WORDS_BEFORE = {
    ">=": "不低于 不少于 不小于 不得低于 不得少于 不得小于 不能低于 不能少于 不应低于 不应少于 应不低于 "
    "应不少于 至少 最少 大于等于 大于或等于 大于、等于 高于或等于 大等于 不低於 不少於 不小於",
    "<=": "不超过 不高于 不大于 不多于 不得超过 不得高于 不得大于 不得多于 不能超过 不能高于 不应超过 "
    "不应高于 应不超过 不超 未超过 未超 最多 至多 小于等于 小于或等于 小于、等于 低于或等于 小等于 "
    "不超過 不高於 不大於 不多於",
    "=": "等于 等於",
    ">": "大于 高于 超过 多于 大於 高於 超過 多於",
    "<": "小于 低于 少于 不足 不到 小於 低於 少於",
}
_WORDS_BEHIND = {
    ">=": "以上 及以上 或以上 和以上 及其以上",
    "<=": "以下 及以下 或以下 和以下 以内 之内 以內 之內",
}


def _codes(words: dict[str, str]) -> dict[str, str]:
    return {word: code for code, spellings in words.items() for word in spellings.split()}


def _any_of(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_SIGN = _codes(_SIGNS)
_BEFORE = _codes(_WORDS_BEFORE)
_BEHIND = _codes(_WORDS_BEHIND)
_LEADING = re.compile(f"{_any_of(_SIGN)}|{_any_of(_BEFORE)}")
_INCLUDED = r"(?:\((?:含|包含|含本数)\)|含)?"
_TRAILING = re.compile(rf"{_INCLUDED}({_any_of(_BEHIND)}){_INCLUDED}$")
_INSIDE = re.compile(rf"{_INCLUDED}({_any_of(_BEHIND)}){_INCLUDED}(?=/)")
# 3天内, 5个工作日内: 内 alone bounds a time; behind other words it is part of a name (市内, 院内).
_WITHIN_TIME = re.compile(r"(?<=[0-9日天月年时周秒钟度])内$")
_NAME_OF_MEASURE = re.compile(r"[㐀-鿿A-Za-z()]{1,14}:?")
# Behind a denial (未, 不应) a word of comparison says the opposite; with 每 and 各 the number is one of
# several.
_NOT_IN_NAME = re.compile("[每各]|分别|[不未勿否无非莫][应得能宜会可要]?$")
_IN_FRONT_OF_NUMBER = re.compile(f"(?:{_LEADING.pattern})(?=[-+−]?[0-9.一二两三四五六七八九十百千¥￥])")
_NAME_OF_RATE = re.compile(r"[㐀-鿿]{1,14}(?<![年季月])(?:率|度|比例|比重|占比)(?:达到|达|为|:)?(?=[0-9.])")


class Compared(NamedTuple):
    """A text without its sign or word of comparison, and the code of that (``>=``), or None."""

    comparator: str | None
    rest: str


def parse_comparator(text: str) -> str | None:
    """Return the code of a sign or word alone in its cell: ``≥``, ``＞＝``, ``不少于``; else None."""
    body = "".join(text.split()).translate(_NARROW)
    return _SIGN.get(body) or _BEFORE.get(body) or _BEHIND.get(body)


_NARROW = str.maketrans("＞＜＝﹥﹤", "><=><")


def take_leading(text: str) -> Compared:
    """Return the sign or word with which the text begins; blanks are out of the text already."""
    found = _LEADING.match(text)
    if not found:
        return Compared(None, text)
    return Compared(_SIGN.get(found[0]) or _BEFORE[found[0]], text[found.end() :])


def take_behind_name(text: str) -> Compared:
    """Return the first sign or word behind a name: ``满意度≥95%``, ``人数不少于5人``."""
    found = _IN_FRONT_OF_NUMBER.search(text)
    name = text[: found.start()] if found else ""
    if not found or not _NAME_OF_MEASURE.fullmatch(name) or _NOT_IN_NAME.search(name):
        return Compared(None, text)
    return Compared(_SIGN.get(found[0]) or _BEFORE[found[0]], text[found.end() :])


def drop_name_of_rate(text: str) -> str:
    """Return the text without the name of a rate: ``合格率100%`` says ``100%``.

    The caller makes sure that percent follow: ``满意度95分`` may be out of any total.
    """
    found = _NAME_OF_RATE.match(text)
    return text[found.end() :] if found and not _NOT_IN_NAME.search(found[0]) else text


def take_trailing(text: str) -> Compared:
    """Return the word with which the text ends, or before its ``/``: ``95%以上``, ``10次以上/年``."""
    if found := _TRAILING.search(text):
        return Compared(_BEHIND[found[1]], text[: found.start()])
    if found := _WITHIN_TIME.search(text):
        return Compared("<=", text[: found.start()])
    if found := _INSIDE.search(text):
        return Compared(_BEHIND[found[1]], text[: found.start()] + text[found.end() :])
    return Compared(None, text)
