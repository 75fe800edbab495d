"""Write character properties into the text: deletions and hidden text out, symbol characters in."""

import re
from bisect import bisect_left
from struct import unpack_from
from typing import NamedTuple

from pipeline.readers.msdoc import sprms
from pipeline.readers.msdoc.fib import FONTS, Fib
from pipeline.readers.msdoc.fields import field_edits
from pipeline.readers.msdoc.fkp import character_runs
from pipeline.readers.msdoc.forms import form_field_text
from pipeline.readers.msdoc.paragraphs import Paragraphs
from pipeline.readers.msdoc.pieces import Pieces
from pipeline.readers.msdoc.styles import hidden_styles
from pipeline.readers.symbols import glyph

GONE = "\x00"  # stands where a character is not shown, so that positions stay what they are
ELSEWHERE = "\x1a"  # stands where a longer text is printed, kept in Shown.printed

_STRUCTURE = frozenset("\x07\r\x0c")
_PRIVATE = re.compile("[\uf000-\uf0ff]")
_FORM_FIELD = re.compile("FORM(?:CHECKBOX|DROPDOWN)", re.IGNORECASE)


def _pattern(*operations: int) -> re.Pattern[bytes]:
    return re.compile(
        b"|".join(re.escape(operation.to_bytes(2, "little")) for operation in operations), re.DOTALL
    )


_ALWAYS = (sprms.C_DELETED, sprms.C_HIDDEN, sprms.C_SYMBOL)
_USUAL = _pattern(*_ALWAYS)


class Shown:
    """The text as a reader of the paper sees it, position by position.

    ``text`` has the length of the pieces' text. ``printed`` holds texts longer than one character;
    ``gone`` are the positions of paragraph, cell and row marks that are deleted or hidden.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.printed: dict[int, str] = {}
        self.gone: set[int] = set()


class _Look(NamedTuple):
    """What one property list says; None where it is silent."""

    hide: bool | None
    toggle: bool
    symbol: str
    fonts: tuple[int, ...]
    picture: int | None


class _Editor:
    """The text under change, taken apart into characters only when something changes."""

    def __init__(self, fib: Fib, data: bytes, pieces: Pieces, hidden: frozenset[int]) -> None:
        self.fib, self.data, self.pieces, self.hidden = fib, data, pieces, hidden
        self.chars: list[str] | None = None
        self.shown = Shown(pieces.text)
        self.pictures: dict[int, int] = {}
        self._looks: dict[bytes, _Look] = {}
        self._fonts: list[str] | None = None

    def hide(self, first: int, last: int) -> None:
        chars = self.letters()
        for at in range(first, min(last, len(chars))):
            if chars[at] in _STRUCTURE:
                self.shown.gone.add(at)
            else:
                chars[at] = GONE

    def show(self, first: int, last: int) -> None:
        """Bring back what a paragraph style had hidden."""
        if self.chars is not None:
            for at in range(first, last):
                self.shown.gone.discard(at)
                if self.chars[at] == GONE:
                    self.chars[at] = self.pieces.text[at]

    def toggle(self, first: int, last: int) -> None:
        """Hide what the paragraph style shows and show what it hides."""
        chars, gone = self.letters(), self.shown.gone
        for at in range(first, min(last, len(chars))):
            (self.show if chars[at] == GONE or at in gone else self.hide)(at, at + 1)

    def write(self, at: int, printed: str) -> None:
        chars = self.letters()
        if at >= len(chars) or chars[at] in _STRUCTURE or not printed:
            return
        if len(printed) == 1 and printed <= "\uffff":
            chars[at] = printed
        else:
            chars[at] = ELSEWHERE
            self.shown.printed[at] = printed

    def letters(self) -> list[str]:
        if self.chars is None:
            self.chars = list(self.shown.text)
        return self.chars

    def font(self, index: int) -> str:
        if self._fonts is None:
            self._fonts = font_names(self.fib)
        return self._fonts[index] if index < len(self._fonts) else ""

    def look(self, grpprl: bytes) -> _Look:
        found = self._looks.get(grpprl)
        if found is None:
            found = self._looks[grpprl] = _read_look(grpprl, self)
        return found

    def apply(self, first: int, last: int, grpprl: bytes) -> None:
        """Write what a property list says into a range of positions."""
        look = self.look(grpprl)
        if look.picture is not None:
            self.pictures[first] = look.picture
        if look.toggle:
            self.toggle(first, last)
        elif look.hide is not None:
            (self.hide if look.hide else self.show)(first, last)
        if look.hide:
            return
        if look.symbol:
            for at in range(first, last):
                self.write(at, look.symbol)
        elif look.fonts:
            for match in _PRIVATE.finditer(self.pieces.text, first, last):
                self.write(match.start(), self.private(match[0], look.fonts))

    def private(self, char: str, fonts: tuple[int, ...]) -> str:
        """Return what a private-use character shows in the first of the run's fonts that knows it."""
        return next((got for font in fonts if (got := glyph(self.font(font), ord(char))) != char), char)

    def finish(self) -> Shown:
        if self.chars is not None:
            self.shown.text = "".join(self.chars)
        return self.shown


def shown_text(fib: Fib, word: bytes, data: bytes, pieces: Pieces, paragraphs: Paragraphs) -> Shown:
    """Return the text with tracked deletions, hidden text and field codes gone and symbols as Unicode.

    Hidden text is left out because it is on no print and on no screen. Paragraph, cell and row marks stay
    in the text; those that are deleted or hidden are listed for the caller.
    """
    hidden = hidden_styles(fib)
    editor = _Editor(fib, data, pieces, hidden)
    text = pieces.text
    private = _PRIVATE.search(text) is not None
    form_fields = "\x13" in text and _FORM_FIELD.search(text) is not None
    extra = (sprms.C_STYLE,) * bool(hidden) + sprms.C_FONTS * private + (sprms.C_PICTURE,) * form_fields
    if hidden:
        for first, last, _ in pieces.overlaps(paragraphs.styled(hidden)):
            editor.hide(first, last)
    for first, last, grpprl in pieces.overlaps(
        character_runs(fib, word, _pattern(*_ALWAYS, *extra) if extra else _USUAL)
    ):
        editor.apply(first, last, grpprl)
    for piece, modifier in enumerate(pieces.modifiers):
        if modifier:
            editor.apply(pieces.starts[piece], pieces.starts[piece + 1], modifier)
    if "\x13" in text:
        _fields(editor)
    return editor.finish()


def _read_look(grpprl: bytes, editor: _Editor) -> _Look:
    hide: bool | None = None
    deleted = style_hides = toggle = False
    symbol = ""
    fonts: list[int] = []
    picture: int | None = None
    for operation, at, length in sprms.split(grpprl):
        if operation == sprms.C_DELETED:
            deleted = grpprl[at] & 1 == 1
        elif operation == sprms.C_HIDDEN:
            value = grpprl[at]
            toggle = value == 0x81 and not style_hides
            hide = None if value >= 0x80 else value == 1
            if style_hides:
                hide = value in (0x80, 1)
        elif operation == sprms.C_SYMBOL and length == 4:
            font, code = unpack_from("<HH", grpprl, at)
            symbol = glyph(editor.font(font), code)
        elif operation == sprms.C_STYLE:
            style_hides = unpack_from("<H", grpprl, at)[0] in editor.hidden
            hide = True if style_hides else hide
        elif operation in sprms.C_FONTS:
            fonts.append(unpack_from("<H", grpprl, at)[0])
        elif operation == sprms.C_PICTURE:
            picture = unpack_from("<I", grpprl, at)[0]
    return _Look(True if deleted else hide, toggle and not deleted, symbol, tuple(fonts), picture)


def _fields(editor: _Editor) -> None:
    text = "".join(editor.chars) if editor.chars is not None else editor.pieces.text
    places = sorted(editor.pictures)

    def form_field(at: int) -> str:
        """Return the text of the form field whose data the run at or next behind a position points to."""
        index = bisect_left(places, at)
        near = [places[k] for k in (index, index - 1) if 0 <= k < len(places) and abs(places[k] - at) <= 2]
        return form_field_text(editor.data, editor.pictures[near[0]]) if near else ""

    edits: list[tuple[int, int, str]] = []
    start = 0
    for length in editor.fib.lengths:
        edits += field_edits(text, start, start + length, form_field)
        start += length
    for first, last, _ in edits:
        editor.hide(first, last)
    for first, _, printed in edits:
        editor.write(first, printed)


def font_names(fib: Fib) -> list[str]:
    """Return the document's font names by index (structures SttbfFfn and FFN)."""
    table = fib.part(FONTS)
    if len(table) < 4:
        return []
    count = unpack_from("<H", table, 0)[0]
    names: list[str] = []
    at = 4
    for _ in range(count):
        if at >= len(table):
            break
        size = table[at]
        entry = table[at + 1 : at + 1 + size]
        name = entry[39 : len(entry) - len(entry[39:]) % 2].decode("utf-16-le", "replace")
        names.append(name.partition("\x00")[0])
        at += 1 + size
    return names
