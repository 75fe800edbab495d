"""The number formats of a book's cell styles."""

from collections.abc import Callable, Sequence

from pipeline.readers.sheets.formats import BUILTIN, Display, display, text_display

_MAX_SHOWN = 4096


class Styles:
    """Shows numbers and texts by the number of a cell's style; a style that does not exist is General."""

    def __init__(self, numbers: Sequence[int], formats: dict[int, str], date1904: bool = False) -> None:
        """``numbers`` are the format numbers by style, ``formats`` the codes that the file itself defines."""
        self._numbers, self._formats, self._date1904 = numbers, formats, date1904
        self._displays: dict[int, Display] = {}
        self._shown: dict[int, dict[str, str]] = {}
        self._room = _MAX_SHOWN

    def code(self, style: int) -> str:
        """Return the format code of a style."""
        number = self._numbers[style] if 0 <= style < len(self._numbers) else 0
        return self._formats.get(number) or BUILTIN.get(number, "General")

    def display(self, style: int) -> Display:
        """Return the function number -> shown text of a style."""
        found = self._displays.get(style)
        if found is None:
            found = self._displays[style] = display(self.code(style), self._date1904)
        return found

    def shown(self, style: int) -> dict[str, str]:
        """Return what is known of numbers of a style: as the file has them -> shown; ``keep`` adds to it."""
        found = self._shown.get(style)
        if found is None:
            found = self._shown[style] = {}
        return found

    def keep(self, known: dict[str, str], value: str, text: str) -> None:
        """Add to what is known; when that is much, of all styles together, it begins anew."""
        if self._room == 0:
            for one in self._shown.values():
                one.clear()
            self._room = _MAX_SHOWN
        self._room -= 1
        known[value] = text

    def text_styles(self) -> dict[int, Callable[[str], str]]:
        """Return the styles that add something to texts; almost always none."""
        shown = {number: text_display(code) for number, code in self._formats.items() if "@" in code}
        if not any(shown.values()):
            return {}
        return {
            style: found
            for style, number in enumerate(self._numbers)
            if (found := shown.get(number)) is not None
        }
