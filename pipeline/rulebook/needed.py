"""Regular expression -> characters without one of which no text can match it; so most texts are never searched."""

import re
from functools import cache

from pipeline.model import Spelling

_NONE: frozenset[str] = frozenset()
# groups that take part in the match as they stand, and looks around that do not; all others are left alone
_PLAIN = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")
_LOOK = re.compile(r"\(\?<?[=!]")
_OPTIONAL = re.compile(r"[?*]|\{0*[,}]")
_REPEATED = re.compile(r"(?:[?*+]|\{\d*,?\d*\})[?+]?")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_FIRST = "⺀"  # U+2E80, where what is written in Chinese begins


class Bounds:
    """What can be said of the texts that some spellings match, without folding or searching.

    ``beyond_ascii`` says that no text of ASCII alone matches; such a text stays one when it is folded.
    """

    def __init__(self) -> None:
        self._characters: set[str] | None = set()  # None: some pattern may match without any that we know
        self.beyond_ascii = True

    def add(self, spelling: Spelling) -> None:
        """Count a spelling in."""
        if spelling.pattern is None:
            self.beyond_ascii = self.beyond_ascii and not spelling.key.isascii()
            return
        wanted = needed(spelling.pattern)
        if not wanted:
            self._characters, self.beyond_ascii = None, False
        elif self._characters is not None:
            self._characters |= wanted

    def may_search(self, kept: str) -> bool:
        """Return whether a folded text may match some pattern: it holds a character that one of them needs."""
        return self._characters is None or not self._characters.isdisjoint(kept)


@cache
def needed(pattern: re.Pattern[str]) -> frozenset[str]:
    """Return characters of which every match holds at least one, as few as are easily seen; empty where none are.

    Only characters from U+2E80 on count, so that a text of ASCII alone matches no pattern that needs some. Of
    patterns with flags, comments, conditions or atomic groups nothing is known.
    """
    if pattern.flags & ~re.UNICODE:
        return _NONE
    found = _alternatives(pattern.pattern, 0)
    return found[0] if found is not None and found[1] == len(pattern.pattern) else _NONE


def _alternatives(text: str, at: int) -> tuple[frozenset[str], int] | None:
    """Return what the alternatives from a place on need, and where they end; None where they are not understood."""
    each: list[frozenset[str]] = []
    best = _NONE
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            each.append(best)
            best, at = _NONE, at + 1
            continue
        item = _item(text, at)
        if item is None:
            return None
        wanted, at = item
        if _OPTIONAL.match(text, at):
            wanted = _NONE
        if repeated := _REPEATED.match(text, at):
            at = repeated.end()
        if wanted and (not best or len(wanted) <= len(best)):
            best = wanted
    each.append(best)
    return (frozenset().union(*each) if all(each) else _NONE), at


def _item(text: str, at: int) -> tuple[frozenset[str], int] | None:
    """Return what one character, class or group needs, and where it ends."""
    char = text[at]
    if char == "(":
        look = _LOOK.match(text, at)
        opened = look or _PLAIN.match(text, at)
        inner = _alternatives(text, opened.end()) if opened else None
        if inner is None or text[inner[1] : inner[1] + 1] != ")":
            return None
        return (_NONE if look else inner[0]), inner[1] + 1
    if char == "[":
        held = _CLASS.match(text, at)
        return (_NONE, held.end()) if held else None
    if char == "\\":
        return _NONE, at + 2
    return (frozenset(char) if char >= _FIRST else _NONE), at + 1
