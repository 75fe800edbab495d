"""Fold the spellings of a label to one key.

The same label is printed as ``项 目 名 称``, ``项目名称：``, ``★项目名称`` or, by a PDF, with radicals in
place of characters; ``fold`` gives one key for all of them. A rule's spellings go through the same functions,
so rule and document always meet on the same key.

Where a bracket note tells two fields apart (``指标值(年度)`` and ``指标值(长期)``), look up ``fold_keep``
first and ``fold`` second.
"""

import re
import unicodedata
from functools import lru_cache

from pipeline.text.characters import DASHES, DOUBLE_QUOTES, INVISIBLE, RADICALS, SINGLE_QUOTES, TILDES
from pipeline.text.traditional import TRADITIONAL

# Distinct labels are few (hundreds) but every cell of an archive comes by: an LRU keeps them, however many
# values pass through.
_MEMO = 1 << 15

_OPENING = "[{【〔〖"
_CLOSING = "]}】〕〗"

#: Characters that a label may be written with in another way: radicals, traditional ones, dashes, quotes, brackets.
ONE_FOR_ONE = {
    **RADICALS,
    **TRADITIONAL,
    **{ord(char): "-" for char in DASHES},
    **{ord(char): "~" for char in TILDES},
    **{ord(char): '"' for char in DOUBLE_QUOTES},
    **{ord(char): "'" for char in SINGLE_QUOTES},
    **{ord(char): "(" for char in _OPENING},
    **{ord(char): ")" for char in _CLOSING},
    **{ord(char): "" for char in INVISIBLE},
}
_ODD = re.compile("[" + re.escape("".join(map(chr, ONE_FOR_ONE))) + "]")
# 13.00, 98%, 2020-01-01: as it stands; so is every text of letters and figures alone
_SETTLED = re.compile(r"[0-9A-Za-z]+(?:[-./][0-9A-Za-z]+)*%?")

# 績效目標(biāo): pinyin that a converter left behind a character; only with a tone mark, so that (B) stays.
_PINYIN = re.compile(r"\([a-zü]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]*\)")
_AMONG = re.compile(r"其中[:,、]+")
_LEADING = "★*☆●○◎·•▲△◆◇※"
_TRAILING = ":;,。、.★*☆※"
# 产出指标40分: a weight without brackets, behind two characters or more so that a value such as 10分 stays.
_BARE_SCORE = re.compile(
    r"^(?P<base>.*[㐀-鿿]{2})(?P<note>\d+(?:\.\d+)?(?:[-~]\d+(?:\.\d+)?)?分)$", re.DOTALL
)


def fold_keep(text: str) -> str:
    """Return the key of a label with its bracket notes kept: ``资金 （万元）：`` gives ``资金(万元)``.

    NFKC; no white space or invisible characters; radicals as characters; quotes, dashes, tildes and brackets
    of one kind each; leading marks (★ * ●) and trailing colons and stops removed; ``其中：`` without its
    colon; traditional characters simplified. A text of nothing but marks stays.
    """
    return _fold_keep(text)


@lru_cache(maxsize=_MEMO)
def fold(text: str) -> str:
    """Return the canonical key of a label: ``★ 产 出 指 标（50 分）：`` gives ``产出指标``.

    As ``fold_keep``, and trailing bracket notes, bare trailing scores (``产出指标40分``) and brackets that
    lost their other half are removed. A text that is only a bracket note keeps it. Idempotent; memoised.
    """
    return _split(text)[0]


@lru_cache(maxsize=_MEMO)
def notes(text: str) -> tuple[str, ...]:
    """Return the notes that ``fold`` removes, in printed order, without brackets: ``万元`` and ``20分``."""
    return _split(text)[1]


def note(text: str) -> str | None:
    """Return the note that ``fold`` removes without its brackets (several joined by ``;``), or None."""
    return ";".join(notes(text)) or None


@lru_cache(maxsize=_MEMO)
def _fold_keep(text: str) -> str:
    if _SETTLED.fullmatch(text):
        return text
    if text.isalnum() and unicodedata.is_normalized("NFKC", text) and not _ODD.search(text):
        return text
    while True:
        folded = _fold_once(text)
        if folded == text:
            return folded
        text = folded


def _fold_once(text: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", text).split())
    if _ODD.search(text):
        text = text.translate(ONE_FOR_ONE)
    if not text:
        return text
    if "(" in text:
        text = _PINYIN.sub("", text) or text
    if "其中" in text:
        text = _AMONG.sub("其中", text)
    return _strip_marks(text)


def _strip_marks(text: str) -> str:
    if text[0] in _LEADING or text[-1] in _TRAILING:
        return text.lstrip(_LEADING).rstrip(_TRAILING) or text
    return text


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    base = _fold_keep(text)
    removed: list[str] = []
    while True:
        shorter, found = _cut_note(base)
        if shorter == base:
            return base, tuple(reversed(removed))
        if found:
            removed.append(found)
        base = _fold_keep(shorter)


def _cut_note(text: str) -> tuple[str, str]:
    """Return the text without its last note, and the note; unchanged where there is none to cut."""
    if "(" not in text and ")" not in text:
        if text.endswith("分") and (score := _BARE_SCORE.match(text)):
            return score["base"], score["note"]
        return text, ""
    start = _unpaired(text)
    if start is not None:
        if text[start] == ")":  # 2020年度): the opening bracket was lost
            return (text[:start] + text[start + 1 :]) or text, ""
        if start == 0:  # (其中上级财政资金: the closing bracket was lost
            return text[1:] or text, ""
        return text[:start], text[start + 1 :]
    if text.endswith((")", ")分")):
        opened = _opening_of_last(text)
        if opened > 0:
            inner = text[opened + 1 : text.rindex(")")]
            return text[:opened], inner + ("分" if text.endswith("分") else "")
        return text, ""
    if text.endswith("分") and (score := _BARE_SCORE.match(text)):
        return score["base"], score["note"]
    return text, ""


def _unpaired(text: str) -> int | None:
    """Return where the first bracket without its other half stands; a lone closing one goes first."""
    opened: list[int] = []
    for place, char in enumerate(text):
        if char == "(":
            opened.append(place)
        elif char == ")":
            if not opened:
                return place
            opened.pop()
    return opened[0] if opened else None


def _opening_of_last(text: str) -> int:
    """Return where the bracket that closes last was opened; the brackets of the text are balanced."""
    depth = 0
    for place in range(text.rindex(")"), -1, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            return place
    return -1
