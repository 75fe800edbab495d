"""The spellings of one kind by their keys, and the screen that no value passes."""

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

from pipeline.model import Spelling
from pipeline.rulebook.needed import Bounds
from pipeline.text.labels import fold, fold_keep

#: A label is short; longer texts are values and are not looked up.
LONGEST_LABEL = 60
MEMO_LIMIT = 200_000
# invisible characters that folding removes included; what is longer is read as a value without being folded
_LONGEST_PRINTED = 4 * LONGEST_LABEL
Owner = TypeVar("Owner")


class Table(Generic[Owner]):
    """Spellings of one kind: a dictionary of keys and the patterns that come after it."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[Spelling, Owner]] = {}
        self.patterns: list[tuple[Spelling, Owner]] = []
        self.bounds = Bounds()
        self._scoped: dict[str, str] = {}

    def add_scoped(self, spellings: Iterable[Spelling], owner: Owner, field: str) -> None:
        """Add spellings before those that count everywhere; a key that two fields claim is neither's."""
        for spelling in spellings:
            self.bounds.add(spelling)
            if self._scoped.setdefault(spelling.key, field) == field:
                self.keys.setdefault(spelling.key, (spelling, owner))
            else:
                self._scoped[spelling.key] = ""
                self.keys.pop(spelling.key, None)

    def add(self, spellings: Iterable[Spelling], owner: Owner) -> None:
        """Add the spellings that count everywhere; the first owner of a key has it."""
        for spelling in spellings:
            if spelling.scope is not None:
                continue
            self.bounds.add(spelling)
            if spelling.pattern is None:
                if self._scoped.get(spelling.key) != "":
                    self.keys.setdefault(spelling.key, (spelling, owner))
            else:
                self.patterns.append((spelling, owner))

    def find(self, kept: str, folded: str) -> tuple[Spelling, Owner] | None:
        """Return the spelling that a text matches: with its notes, without them, then by pattern."""
        found = self.keys.get(kept) or self.keys.get(folded)
        if found is not None:
            return found
        if not self.patterns or not self.bounds.may_search(kept):
            return None
        for spelling, owner in self.patterns:
            if spelling.pattern is not None and spelling.pattern.search(kept):
                return spelling, owner
        return None


class Screen:
    """Tell apart the texts that no rule of any form can mean: nearly all values of an archive, once for all forms."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._patterns: dict[tuple[str, int], re.Pattern[str]] = {}
        self._bounds = Bounds()
        self._idle: dict[str, bool] = {}

    def add(self, spellings: Iterable[Spelling]) -> None:
        """Let texts of these spellings pass."""
        for spelling in spellings:
            self._bounds.add(spelling)
            if spelling.pattern is None:
                self._keys.add(spelling.key)
            else:
                self._patterns[spelling.pattern.pattern, spelling.pattern.flags] = spelling.pattern
        self._idle.clear()

    def idle(self, text: str) -> bool:
        """Return whether no spelling and no pattern of a label matches; memoised by the text as printed."""
        found = self._idle.get(text)
        if found is None:
            if len(self._idle) > MEMO_LIMIT:
                self._idle.clear()
            found = self._idle[text] = self._is_idle(text)
        return found

    def _is_idle(self, text: str) -> bool:
        if self._bounds.beyond_ascii and text.isascii():  # which folds to ASCII
            return True
        if len(text) > _LONGEST_PRINTED and len("".join(text.split())) > _LONGEST_PRINTED:
            return True
        kept = fold_keep(text)
        if not kept or len(kept) > LONGEST_LABEL:
            return True
        if kept in self._keys:
            return False
        noted = "(" in kept or ")" in kept or kept.endswith("分")  # else nothing more is folded
        if noted and fold(text) in self._keys:
            return False
        if not self._bounds.may_search(kept):
            return True
        return not any([pattern.search(kept) for pattern in self._patterns.values()])
