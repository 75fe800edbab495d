"""Full-width brackets and marks where Chinese print has them: the recogniser gives either width for both."""

import re

from pipeline.readers.pages.lines import is_cjk

_PAIR = re.compile(r"[(（]([^()（）]*)[)）]")
_MARKS = {",": "，", ":": "：", ";": "；"}


def chinese_widths(text: str) -> str:
    """Return a text whose brackets are full-width where they hold or follow Chinese, marks where they stand in it."""
    text = _PAIR.sub(lambda found: _bracketed(found, text), text)
    chars = list(text)
    for i, char in enumerate(chars[1:-1], start=1):
        if char in _MARKS and is_cjk(chars[i - 1]) and is_cjk(chars[i + 1]):
            chars[i] = _MARKS[char]
    return "".join(chars)


def _bracketed(found: re.Match[str], text: str) -> str:
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    inside = found[1]
    chinese = any(map(is_cjk, inside)) or (before and is_cjk(before)) or (after and is_cjk(after))
    return f"（{inside}）" if chinese else f"({inside})"
