"""Full-width brackets where Chinese print has them: a recogniser gives either width, and is sure of few.

At the edge of a line it cannot see how wide a bracket is; within the line it can, and is believed where it is sure.
"""

import re
from collections.abc import Sequence

from pipeline.readers.pages.lines import is_cjk

_PAIR = re.compile(r"[(（]([^()（）]*)[)）]")
_MARKS = {",": "，", ":": "：", ";": "；"}
_SURE = 0.9


def chinese_widths(text: str, sure: Sequence[float] = (), before: str = "") -> str:
    """Return a text whose doubtful brackets are full-width where they hold Chinese or stand beside it.

    ``sure`` is the confidence of each character; ``before`` is what stands before the text, on the line above.
    Marks between two ideographs are full-width, too.
    """

    def bracketed(found: re.Match[str]) -> str:
        start, inside = found.start(), found[1]
        if start > 0 and start < len(sure) and sure[start] >= _SURE:
            wide = text[start] == "（"
        else:
            around = ((text[:start] or before)[-1:], text[found.end() :][:1], *inside)
            wide = any(is_cjk(char) for char in around if char)
        return f"（{inside}）" if wide else f"({inside})"

    chars = list(_PAIR.sub(bracketed, text))
    for i, char in enumerate(chars[1:-1], start=1):
        if char in _MARKS and is_cjk(chars[i - 1]) and is_cjk(chars[i + 1]):
            chars[i] = _MARKS[char]
    return "".join(chars)
