"""Units as printed: of money, of a share, and the measure words behind a number.

Only what holds everywhere stands here (yuan, percent, the grammar of a unit); fund sources and the like are
the rules' business.
"""

import re
from decimal import Decimal
from functools import lru_cache

from pipeline.text.characters import plain
from pipeline.text.labels import fold_keep

PERCENT: dict[str, Decimal] = {
    "%": Decimal("0.01"),
    "百分比": Decimal("0.01"),
    "‰": Decimal("0.001"),
    "千分比": Decimal("0.001"),
    "‱": Decimal("0.0001"),
}
SHARE_BEFORE: dict[str, Decimal] = {
    "百分之": Decimal("0.01"),
    "千分之": Decimal("0.001"),
    "万分之": Decimal("0.0001"),
}
PERCENT_SIGN = re.compile(r"\s*(%|百分比|‰|千分比|‱)\s*")

_SCALES = {
    "": 1,
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "萬": 10**4,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
}
_SCALES |= {"亿": 10**8, "億": 10**8, "拾": 10, "佰": 100, "仟": 1000, "佰万": 10**6, "仟万": 10**7}
_YUAN = r"(?:元|圆|圓)[整正]?"
_MONEY_UNIT = re.compile(
    r"(?:金额|金額|计量|货币)?(?:单位|單位)?(?:[:为]|均为)?(?:人民币|RMB|CNY)?"
    r"(?P<scale>十万|百万|千万|佰万|仟万|十|拾|百|佰|千|仟|万|萬|亿|億)?(?:元|圆|圓)(?:人民币)?"
)
# 万 alone is printed for 万元 in money cells and money heads.
_BARE_MONEY_UNIT = re.compile(r"(?:(?:金额|计量)?(?:单位|單位):)?(?P<scale>万|萬|亿|億)")
CURRENCY_BEFORE = re.compile(r"\s*(?:人民币|RMB|CNY|[¥￥])+\s*", re.IGNORECASE)
#: Group 1 is the yuan; a name of the currency alone says nothing of 万.
YUAN_BEHIND = re.compile(rf"\s*(?:(?:人民币)?({_YUAN})(?:人民币)?|人民币|RMB|CNY)\s*")

# Latin letters are a unit only when they are one: 3A级 and 5G are names.
_LATIN_UNIT = re.compile(
    r"(?:(?:k|c|d|m|n|h|K|C|M)?[mM][23²³]?|k?g|K[gG]|mg|t|T|m?[lL]|h|s|min"
    r"|k?V|kVA|[kMG]?W|k[wW]h|KWH|[KMGT]B|dB|Hz|ha|[KMG]bps)"
    r"(?=$|[/·])"
)
# What a sentence holds and no unit does: particles, verbs, and words that make the number inexact or an
# ordinal.
_NO_UNIT = re.compile(
    r"[的了和及或与與并並已未不在为為是于余餘多几半号號级級第各均性：:，,。；;、!！?？<>=≥≤~《》“”\"'\s]"
)
_UNIT_PART = re.compile(r"[㐀-鿿A-Za-z°℃㎡㎥㎏㎞㎝㎜²³%‰Ω]{1,4}")

# Behind a Chinese numeral only these make a quantity: 一般, 一致, 一次性 and 三公经费 begin with one too.
_MEASURE_WORDS = """
个 家 次 人 人次 人天 户 户次 名 位 天 年 个月 月次 周 小时 分钟 个工作日 工作日 元 亩 公里 千米 米 平方米
立方米 吨 公斤 千克 台 套 件 份 项 条 座 处 间 栋 场 场次 批 批次 辆 艘 架 篇 本 册 张 幅 块 棵 株 头 只 匹
支 所 村 镇 县 县市 乡镇 社区 学校 班 门 课时 学时 人·月 次/年 次/月 个/年 人次/年 部 片 笔 例 宗 起 盏 口
眼 对 组 队 点 轮 届 集
"""
_SIGNS_OF_UNITS = frozenset("℃㎡㎥㎏㎞㎝㎜")
MEASURE_WORDS: frozenset[str] = frozenset(_MEASURE_WORDS.split())


def spelled_as_figures(text: str) -> str:
    """Return the text with 百分之百 and 百分百 as 100%, the one share written without a numeral."""
    return text.replace("百分之百", "100%").replace("百分百", "100%") if "百分" in text else text


@lru_cache(maxsize=1 << 10)
def money_factor(unit: str | None) -> Decimal | None:
    """Return how many yuan one of the unit is, or None: ``万元``, ``（万元）``, ``金额单位:元``."""
    if unit is None:
        return None
    key = fold_keep(unit).strip("()").replace("(", "").replace(")", "")
    found = _MONEY_UNIT.fullmatch(key) or _BARE_MONEY_UNIT.fullmatch(key)
    return Decimal(_SCALES[found["scale"] or ""]) if found else None


def is_unit(text: str) -> bool:
    """Tell whether the text can be the unit behind a number: ``家``, ``人次/年``, ``元/人·月``."""
    if not 0 < len(text) <= 14 or _NO_UNIT.search(text):
        return False
    parts = re.split(r"[/·•每]", text)
    if text[0].isascii() and text[0].isalpha():
        return _LATIN_UNIT.match(text) is not None and all(map(_UNIT_PART.fullmatch, map(_flat, parts)))
    return text in MEASURE_WORDS or all(map(_UNIT_PART.fullmatch, parts))


def is_known_unit(text: str) -> bool:
    """Tell whether the text is a unit by itself, whatever stands before it: 优 and 无 are none, 米 and km are."""
    return is_measure_word(text) or (text[:1].isascii() and is_unit(text)) or text in _SIGNS_OF_UNITS


def _flat(part: str) -> str:
    return part.replace("2", "²").replace("3", "³")


def is_measure_word(text: str) -> bool:
    """Tell whether the text is one of the words that may stand behind a Chinese numeral."""
    return plain(text) in MEASURE_WORDS
