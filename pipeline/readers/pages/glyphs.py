"""Characters that a PDF's text layer puts in place of the ones it shows."""

import unicodedata
from collections.abc import Iterable

# CJK Radicals Supplement has no compatibility decomposition. These are the radicals whose shape is that of
# one character (Unicode Character Database, EquivalentUnifiedIdeograph); a font that draws both code points
# with one glyph makes PDF writers emit the radical.
_SUPPLEMENT = {
    0x2E81: "厂", 0x2E85: "亻", 0x2E88: "刀", 0x2E89: "刂", 0x2E8B: "卩", 0x2E8E: "兀",
    0x2E90: "尢", 0x2E93: "幺", 0x2E96: "忄", 0x2E98: "扌", 0x2E9B: "旡", 0x2E9F: "母",
    0x2EA0: "民", 0x2EA1: "氵", 0x2EA3: "灬", 0x2EA6: "丬", 0x2EA8: "犭", 0x2EA9: "王",
    0x2EAA: "疋", 0x2EAB: "目", 0x2EAD: "礻", 0x2EAF: "糹", 0x2EB0: "纟", 0x2EB6: "羊",
    0x2EBB: "聿", 0x2EBC: "肉", 0x2EBE: "艹", 0x2EC1: "虎", 0x2EC2: "衤", 0x2EC4: "西",
    0x2EC5: "见", 0x2EC6: "角", 0x2EC8: "讠", 0x2EC9: "贝", 0x2ECA: "足", 0x2ECB: "车",
    0x2ECC: "辶", 0x2ECF: "阝", 0x2ED0: "钅", 0x2ED3: "长", 0x2ED4: "门", 0x2ED6: "阝",
    0x2ED7: "雨", 0x2ED8: "青", 0x2ED9: "韦", 0x2EDA: "页", 0x2EDB: "风", 0x2EDC: "飞",
    0x2EDD: "食", 0x2EDF: "飠", 0x2EE0: "饣", 0x2EE2: "马", 0x2EE3: "骨", 0x2EE4: "鬼",
    0x2EE5: "鱼", 0x2EE6: "鸟", 0x2EE7: "卤", 0x2EE8: "麦", 0x2EE9: "黄", 0x2EEA: "黾",
    0x2EEB: "斉", 0x2EEC: "齐", 0x2EED: "歯", 0x2EEE: "齿", 0x2EEF: "竜", 0x2EF0: "龙",
    0x2EF1: "龜", 0x2EF2: "亀", 0x2EF3: "龟",
}  # fmt: skip

# Kangxi radicals decompose to the traditional shape; here the simplified one has no radical of its own.
_KANGXI = {0x2F3E: "户"}

# Adobe's Symbol encoding in the private-use area, for fonts named Symbol only.
_SYMBOL = {
    0xF0A3: "≤", 0xF0B3: "≥", 0xF0B1: "±", 0xF0B4: "×", 0xF0B8: "÷", 0xF0B9: "≠",
    0xF0BB: "≈", 0xF0B0: "°", 0xF0B7: "•", 0xF0A5: "∞", 0xF0BE: "—", 0xF02D: "−",
}  # fmt: skip


def replacements(codes: Iterable[int]) -> dict[int, str]:
    """Return code point -> text for those of the given code points that stand in for another character."""
    found: dict[int, str] = {}
    for code in codes:
        if code < 0x2E80:
            continue
        if code <= 0x2EFF:
            if code in _SUPPLEMENT:
                found[code] = _SUPPLEMENT[code]
        elif code <= 0x2FDF:
            found[code] = _KANGXI.get(code) or unicodedata.normalize("NFKC", chr(code))
        elif 0xFB00 <= code <= 0xFB06 or 0xF900 <= code <= 0xFAFF:
            found[code] = unicodedata.normalize("NFKC", chr(code))
    return found


def symbol(code: int, font: str) -> str | None:
    """Return what a private-use code point of the named font shows, None where that is not known."""
    if 0xF000 <= code <= 0xF0FF and "symbol" in font.lower():
        known = _SYMBOL.get(code)
        if known is not None:
            return known
        return chr(code - 0xF000) if 0xF020 <= code <= 0xF03F else None
    return None


def private(code: int) -> bool:
    """Say whether a code point is of a private-use area."""
    return 0xE000 <= code <= 0xF8FF or code >= 0xF0000
