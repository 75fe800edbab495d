"""The thorough way through a part: an lxml tree walk that knows what Word shows and what it hides.

Shown: insertions, moved-to text, content controls, hyperlinks, results of fields, form check boxes, formulas
(their characters), symbols. Hidden: deletions, moved-from text, deleted rows, field codes, hidden runs,
placeholders of unfilled content controls, phonetic guides, the Fallback beside a Choice that was read.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.readers.symbols import FONTS, glyph
from pipeline.readers.wordml.builder import GridBuilder
from pipeline.readers.wordml.parsing import W, body_children, names, parse

if TYPE_CHECKING:
    from lxml.etree import _Element

MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
SYMBOL_FONTS = {name.title() for name in FONTS}  # as Office writes them
OFF = {"0", "false", "off"}


RUN_CONTENT = names("tab", "br", "cr", "noBreakHyphen")
# What a paragraph may hold and still be read in one flat pass, and what makes it take the careful one.
PLAIN = names("t", "tab", "br", "cr", "noBreakHyphen")
CAREFUL = (
    *names(
        "p", "tbl", "tr", "tc", "del", "moveFrom", "sym", "ptab", "fldChar", "vanish", "ruby", "txbxContent"
    ),
    *names("showingPlcHdr", "footnoteReference", "endnoteReference", "altChunk", "subDoc"),
    MATH_TEXT,
    COMPATIBILITY + "AlternateContent",
)


class TreeWalk:
    """One walk over one or more parts; ``notes`` and ``problems`` say what else the caller should know."""

    def __init__(self, builder: GridBuilder) -> None:
        self.builder = builder
        self.notes: set[str] = set()
        self.problems: list[str] = []
        self._part = ""
        self._symbols = False
        self._mute = 0
        self._font = ""
        self._codes: list[bool] = []  # one for each open field: still in its code, or in its result
        self._boxes: list[_Element] | None = None
        self._visits = self._table_of_visits()

    def _table_of_visits(self) -> "dict[str, Callable[[_Element], None]]":
        visits: dict[str, Callable[[_Element], None]] = {}
        for name, visit in {
            "p": self._paragraph,
            "tbl": self._tbl,
            "tr": self._tr,
            "tc": self._tc,
            "r": self._run,
            "t": self._text,
            "sym": self._sym,
            "ptab": self._tab,
            "sdt": self._sdt,
            "fldChar": self._field_mark,
            "txbxContent": self._box,
            "ruby": self._ruby,
            "footnoteReference": self._note,
            "endnoteReference": self._note,
            "altChunk": self._elsewhere,
            "subDoc": self._elsewhere,
        }.items():
            visits[W + name] = visit
        hidden = (
            "del",
            "moveFrom",
            "pPr",
            "rPr",
            "tblPr",
            "tblGrid",
            "trPr",
            "tcPr",
            "sdtPr",
            "sectPr",
            "instrText",
        )
        visits.update(dict.fromkeys(names(*hidden), _nothing))
        visits[MATH_TEXT] = self._text
        visits[COMPATIBILITY + "AlternateContent"] = self._alternate
        return visits

    def body(self, data: bytes, part: str) -> None:
        """Walk a main part."""
        self._begin(data, part)
        for element in body_children(data, part):
            self._visit(element)
        self.builder.end_block()

    def footnotes(self, data: bytes, part: str) -> None:
        """Walk a part of footnotes or endnotes, separators left out."""
        self._begin(data, part)
        for note in parse(data, part):
            if note.get(W + "type", "normal") == "normal":
                self._children(note)
        self.builder.end_block()

    def _begin(self, data: bytes, part: str) -> None:
        self.builder.begin_part(part)
        self._part = part
        self._codes = []
        self._symbols = any(font.encode() in data for font in SYMBOL_FONTS)

    # --- structure ---

    def _visit(self, element: "_Element") -> None:
        visit = self._visits.get(element.tag)
        if visit is not None:
            visit(element)
        elif element.tag in RUN_CONTENT:
            self._character(element)
        else:
            self._children(element)

    def _children(self, element: "_Element") -> None:
        for child in element:
            self._visit(child)

    def _paragraph(self, paragraph: "_Element") -> None:
        self.builder.paragraph()
        if self._mute or self._codes or self._symbols or self._boxes is not None or not self._flat(paragraph):
            self._careful(paragraph)

    def _flat(self, paragraph: "_Element") -> bool:
        """Read a paragraph of plain runs in one pass; False, and nothing read, where it holds more."""
        pieces: list[str] = []
        for element in paragraph.iter(*PLAIN, *CAREFUL):
            tag = element.tag
            if tag in CAREFUL:
                if element is paragraph:
                    continue
                return False
            pieces.append(element.text or "" if tag.endswith("}t") else _written(element))
        self.builder.text += pieces
        return True

    def _careful(self, paragraph: "_Element") -> None:
        outer, self._boxes = self._boxes, []
        self._children(paragraph)
        boxes, self._boxes = self._boxes, outer
        for properties in paragraph.iterchildren(W + "pPr"):
            for mark in properties.iterchildren(W + "rPr"):
                if next(mark.iterchildren(W + "del", W + "moveFrom"), None) is not None:
                    self.builder.joined = True
        # A field whose code never ends is damage: what follows its paragraph is shown.
        self._codes = [False] * len(self._codes)
        joined, self.builder.joined = self.builder.joined, False
        for box in boxes:
            codes, self._codes = self._codes, []
            self.builder.open_box()
            self._children(box)
            self.builder.close_box()
            self._codes = codes
        self.builder.joined = joined

    def _tbl(self, table: "_Element") -> None:
        self.builder.open_table()
        self._children(table)
        self.builder.close_table()

    def _tr(self, row: "_Element") -> None:
        before = 0
        for properties in row.iterchildren(W + "trPr"):
            for item in properties:
                if item.tag == W + "gridBefore":
                    before = _integer(_value(item), 0)
                elif item.tag == W + "del":
                    return
        self.builder.open_row()
        self.builder.skip_columns(before)
        self._children(row)

    def _tc(self, cell: "_Element") -> None:
        builder = self.builder
        builder.open_cell()
        for properties in cell.iterchildren(W + "tcPr"):
            for item in properties:
                if item.tag == W + "gridSpan":
                    builder.set_span(_integer(_value(item), 1))
                elif item.tag == W + "vMerge":
                    builder.merge = "restart" if _value(item) == "restart" else "continue"
                elif item.tag == W + "hMerge":
                    builder.beside = _value(item) != "restart"
        self._children(cell)
        builder.close_cell()

    def _sdt(self, control: "_Element") -> None:
        """A control that still shows its placeholder is empty; its paragraphs and cells stay."""
        placeholder = any(
            _is_on(item)
            for properties in control.iterchildren(W + "sdtPr")
            for item in properties.iterchildren(W + "showingPlcHdr")
        )
        self._mute += placeholder
        self._children(control)
        self._mute -= placeholder

    def _box(self, box: "_Element") -> None:
        if self._boxes is not None:
            self._boxes.append(box)

    def _alternate(self, alternatives: "_Element") -> None:
        chosen = next(alternatives.iterchildren(COMPATIBILITY + "Choice"), None)
        if chosen is None:
            chosen = next(alternatives.iterchildren(COMPATIBILITY + "Fallback"), None)
        if chosen is not None:
            self._children(chosen)

    def _note(self, reference: "_Element") -> None:
        self.notes.add("footnotes" if reference.tag.endswith("}footnoteReference") else "endnotes")

    def _elsewhere(self, link: "_Element") -> None:
        kind = link.tag.rpartition("}")[2]
        self.problems.append(f"{self._part}: w:{kind}: text kept in another file is not read")

    # --- text ---

    def _run(self, run: "_Element") -> None:
        font, hidden = "", False
        for properties in run.iterchildren(W + "rPr"):
            for item in properties:
                if item.tag == W + "vanish":
                    hidden = _is_on(item)
                elif item.tag == W + "rFonts":
                    font = item.get(W + "ascii") or item.get(W + "hAnsi") or ""
        self._font, outer = font if font in SYMBOL_FONTS else "", self._font
        self._mute += hidden
        self._children(run)
        self._mute -= hidden
        self._font = outer

    def _say(self, text: str) -> None:
        if not self._mute and True not in self._codes:
            self.builder.text.append(text)

    def _text(self, element: "_Element") -> None:
        text = element.text or ""
        if self._font:
            text = "".join([_in_font(self._font, character) for character in text])
        self._say(text)

    def _character(self, element: "_Element") -> None:
        self._say(_written(element))

    def _tab(self, _: "_Element") -> None:
        self._say("\t")

    def _sym(self, symbol: "_Element") -> None:
        try:
            self._say(glyph(symbol.get(W + "font", ""), int(symbol.get(W + "char", ""), 16)))
        except ValueError:
            self._say("\ufffd")

    def _ruby(self, ruby: "_Element") -> None:
        for base in ruby.iterchildren(W + "rubyBase"):
            self._children(base)

    def _field_mark(self, mark: "_Element") -> None:
        kind = mark.get(W + "fldCharType")
        if kind == "begin":
            for data in mark.iterchildren(W + "ffData"):
                self._say(_form_field(data))
            self._codes.append(True)
        elif self._codes and kind == "separate":
            self._codes[-1] = False
        elif self._codes and kind == "end":
            self._codes.pop()


def _nothing(_: "_Element") -> None:
    """Leave out an element with all that it holds."""


def _written(element: "_Element") -> str:
    """Return what a tab, break or hyphen writes; a tab stop, a page or column break write nothing."""
    name = element.tag.rpartition("}")[2]
    if name == "tab":
        return "" if element.attrib else "\t"  # a tab stop always has a kind and a place
    if name == "br":
        return "" if element.get(W + "type") in ("page", "column") else "\n"
    return {"cr": "\n", "noBreakHyphen": "-"}[name]


def _in_font(font: str, character: str) -> str:
    code = ord(character)
    return glyph(font, code) if 0x20 < code <= 0xFF or 0xF020 <= code <= 0xF0FF else character


def _form_field(data: "_Element") -> str:
    """Return what a legacy form field shows: a check box its tick, a list its chosen entry (17.16.7)."""
    for box in data.iterchildren(W + "checkBox"):
        state = next(box.iterchildren(W + "checked"), None)
        if state is None:
            state = next(box.iterchildren(W + "default"), None)
        return "☑" if state is not None and _is_on(state) else "☐"
    for entries in data.iterchildren(W + "ddList"):
        chosen = next(entries.iterchildren(W + "result"), None)
        if chosen is None:
            chosen = next(entries.iterchildren(W + "default"), None)
        number = _integer(_value(chosen), 0) if chosen is not None else 0
        items = [_value(entry) or "" for entry in entries.iterchildren(W + "listEntry")]
        return items[number] if 0 <= number < len(items) else ""
    return ""


def _value(element: "_Element") -> str | None:
    return element.get(W + "val")


def _is_on(element: "_Element") -> bool:
    return _value(element) not in OFF


def _integer(value: str | None, default: int) -> int:
    try:
        return int(value or "")
    except ValueError:
        return default
