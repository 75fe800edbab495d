"""Printed text to the string that a column holds."""

import re
from functools import lru_cache

from pipeline.text.characters import DASHES, INVISIBLE, plain

# Contract, promise 2. A vocabulary may give more words; what consists of dashes, slashes, dots and masks
# alone is nothing in any vocabulary.
NULL_TOKENS: frozenset[str] = frozenset({"无"})

_NOTHING = re.compile(r"[" + re.escape(DASHES + "-_/\\*.…·•。⋯‥∕⁄") + r"\s]*")
_HIDDEN = re.compile("[" + re.escape(INVISIBLE) + "]+")
# 13.00, 98%, 2020-01-01: nothing in it to take away, and no word
_FIGURE = re.compile(r"[0-9]+(?:[-.,/][0-9]+)*%?")
_SHORT = 40
_BLANKS = re.compile(r"\s+")
# Han, radicals, CJK and full-width punctuation: no script that parts its words with blanks.
_CJK = (
    "\u2e80-\u303f\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f"
    "\U00020000-\U0003ffff"
)
_BLANK_BY_CJK = re.compile(rf"(?<=[{_CJK}]) | (?=[{_CJK}])")


def clean(text: str, null_tokens: frozenset[str] = NULL_TOKENS) -> str | None:
    """Return what a cell says as one line, or None where it says nothing.

    Line breaks and blanks beside a Chinese character or Chinese punctuation disappear (they come from
    wrapping and from spreading a label over its cell); between two other words one blank remains. All other
    characters stay as printed. ``null_tokens`` are the words that mean nothing (``无``); dashes, slashes,
    dots and masks always do.
    """
    return _clean_once(text, null_tokens) if len(text) <= _SHORT else _clean(text, null_tokens)


def _clean(text: str, null_tokens: frozenset[str]) -> str | None:
    if _FIGURE.fullmatch(text) and text not in null_tokens:
        return text
    text = _BLANKS.sub(" ", _HIDDEN.sub("", text)).strip()
    if not text or text in null_tokens or _worded(text) in null_tokens:
        return None
    if not text[0].isalnum() and _NOTHING.fullmatch(plain(text)):  # a letter or a figure is something
        return None
    return _BLANK_BY_CJK.sub("", text) if " " in text else text


# 100%, 5, / and 数量指标 stand in most cells of an archive
_clean_once = lru_cache(maxsize=1 << 15)(_clean)


def _worded(text: str) -> str:
    """Return a null token's spelling without what people put around it: ``无。``, ``无 ``."""
    return plain(text).replace(" ", "").rstrip("。.;；,，") if len(text) <= 12 else text
