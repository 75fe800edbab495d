"""Characters that print the same, or nothing, whatever their code."""

import re
import unicodedata

# The CJK radicals supplement as PDFs print it, with the character meant; NFKC maps the
# Kangxi block, but only two of these.
# Source: Unicode Character Database, EquivalentUnifiedIdeograph.txt.
_RADICALS = """
2E81厂 2E84乙 2E85亻 2E86冂 2E88刀 2E89刂 2E8A卜 2E8C小 2E8D小 2E8E兀 2E8F尣 2E90尢 2E92巳 2E93幺
2E94彑 2E96忄 2E98扌 2E99攵 2E9B旡 2E9C日 2E9D月 2E9E歺 2E9F母 2EA0民 2EA1氵 2EA2氺 2EA3灬 2EA4爫
2EA5爫 2EA6丬 2EA7牛 2EA8犭 2EA9王 2EAA疋 2EAB目 2EAC示 2EAD礻 2EAE竹 2EAF糹 2EB0纟 2EB1罓 2EB2罒
2EB6羊 2EB9耂 2EBA肀 2EBB聿 2EBC肉 2EBD臼 2EBE艹 2EBF艹 2EC0艹 2EC1虎 2EC2衤 2EC3覀 2EC4西 2EC5见
2EC6角 2EC8讠 2EC9贝 2ECB车 2ECC辶 2ECD辶 2ECE辶 2ED0钅 2ED1長 2ED2镸 2ED3长 2ED4门 2ED6阝 2ED7雨
2ED8青 2ED9韦 2EDA页 2EDB风 2EDC飞 2EDD食 2EDF飠 2EE0饣 2EE2马 2EE3骨 2EE4鬼 2EE5鱼 2EE6鸟 2EE7卤
2EE8麦 2EE9黄 2EEA黾 2EEB斉 2EEC齐 2EED歯 2EEE齿 2EEF竜 2EF0龙 2EF1龜 2EF2亀 2EF3龟
"""
RADICALS: dict[int, str] = {int(pair[:4], 16): pair[4:] for pair in _RADICALS.split()}

# Soft hyphen, joiners, direction marks, byte-order mark, variation selectors and controls print nothing.
INVISIBLE: str = (
    "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\ufeff"
    + "".join(map(chr, [*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)]))
    + "".join(map(chr, range(0xFE00, 0xFE10)))
)

DASHES: str = "‐‑‒–—―─━−﹣－"
TILDES: str = "～〜∼˜"
DOUBLE_QUOTES: str = "“”„‟〝〞＂「」『』"
SINGLE_QUOTES: str = "‘’‚‛′`"

# Full-width and small forms of ASCII; the compatibility characters that carry a meaning of their own (㎡ ① ½)
# stay.
_WIDE = {0xFF01 + place: chr(0x21 + place) for place in range(0x5E)}
_SMALL = dict(zip(map(ord, "﹪﹥﹤﹦﹢﹣﹒﹐﹕﹔﹙﹚﹡﹨﹩﹠﹟﹫"), "%><=+-.,:;()*\\$&#@", strict=True))
_KANGXI = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
_PLAIN: dict[int, str] = {**RADICALS, **_KANGXI, **_WIDE, **_SMALL, **dict.fromkeys(map(ord, INVISIBLE), "")}
_ODD = re.compile("[" + re.escape("".join(map(chr, _PLAIN))) + "]")


def plain(text: str) -> str:
    """Return the text with full-width ASCII narrowed, radicals as characters and nothing invisible, trimmed.

    Less than NFKC on purpose: ``㎡`` stays one character and ``①`` does not become the number 1.
    """
    if _ODD.search(text):  # a look costs a tenth of the translation
        text = text.translate(_PLAIN)
    return text.strip()
