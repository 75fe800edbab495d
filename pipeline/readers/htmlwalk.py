"""Walk the tree of an HTML page once, in document order, noting tables, cells and paragraphs."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.readers.htmlgrids import Page, RawCell, RawTable, col_span_of, row_span_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_WHITE = " \t\n\r\f"
_RUN = re.compile(r"[ \t\n\r\f]+")
_NO_BREAK = "\u00a0"

_BLOCK, _TABLE, _GROUP, _ROW, _CELL, _BREAK, _CONTROL, _SKIPPED = range(8)
_BLOCKS = (  # noqa: SIM905
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol "
    "optgroup p plaintext pre section summary ul xmp"
).split()
_NOT_SHOWN = (  # noqa: SIM905
    "head title script style template noscript noframes noembed iframe object audio video canvas svg button "
    "option datalist del rp rt"
).split()
_KINDS: dict[str, int] = dict.fromkeys(_BLOCKS, _BLOCK) | dict.fromkeys(_NOT_SHOWN, _SKIPPED)
_KINDS |= {"table": _TABLE, "tr": _ROW, "td": _CELL, "th": _CELL, "br": _BREAK}
_KINDS |= {"tbody": _GROUP, "thead": _GROUP, "tfoot": _GROUP, "input": _CONTROL, "select": _CONTROL}
_PREFORMATTED = frozenset(("pre", "listing", "xmp", "plaintext"))
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.I)
_HIDDEN_NODES = '[hidden],[style*="none" i],[style*="hid" i]'
_TEXT_INPUTS = frozenset(
    ("", "text", "number", "date", "month", "datetime-local", "tel", "email", "url", "search")
)

# Formatting elements that are left open are opened again in every later block (HTML standard, 13.2.4.3):
# n of them before n paragraphs make n * n nodes, gigabytes out of a page of some kilobytes.
_NAMES = r"(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s>/])"
_FORMATTING = re.compile(rf"<{_NAMES}[^<>]*", re.I)
_FORMATTING_TAG = re.compile(rf"</?{_NAMES}[^<>]*>", re.I)
_FORMATTING_OR_OTHER = re.compile(rf"<(?:(/?){_NAMES}|/?[a-z])", re.I)
_MAX_REOPENED = 1_000_000
# The parser's time grows with the square of the options in a select.
_OPTION = re.compile(r"<option(?=[\s>/])[^<>]*>[^<]*", re.I)
_MAX_OPTIONS = 5000
_SELF_CLOSING = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)"
    r"([a-z][a-z0-9:]*)((?:\s[^<>]*)?)/>",
    re.I,
)


@dataclass(slots=True, eq=False)
class _Place:
    """Where text goes: the nearest block-level element, by the cell it stands in."""

    cell: RawCell | None = None
    preformatted: bool = False
    caption: bool = False
    skipped: bool = False
    hidden: bool = False
    uncounted: bool = False


_OUT = _Place(skipped=True)
_HIDDEN = _Place(skipped=True, hidden=True)


def walk(text: str, name: str = "") -> Page:
    """Return the tables and paragraphs of a page's text; never fails on what a browser would show."""
    from selectolax.lexbor import LexborHTMLParser

    parser = LexborHTMLParser(_tamed(text))
    walker = _Walker(Page(name), _hidden(parser))
    root = parser.root
    if root is not None:
        for node in root.traverse(include_text=True):
            walker.meet(node)
    walker.flush()
    return walker.page


def _tamed(text: str) -> str:
    """Return the text without what would make the tree explode, and with XHTML's short tags closed."""
    if text.lstrip("\ufeff" + _WHITE)[:5] == "<?xml":
        text = _SELF_CLOSING.sub(r"<\1\2></\1>", text)
    text = text.replace("\x00", "")
    tags = text.count("<")
    if tags * tags <= 4 * _MAX_REOPENED:  # n of n + m tags reopened in m blocks
        return text
    if text.count("ption") > _MAX_OPTIONS or text.count("PTION") > _MAX_OPTIONS:
        text = _OPTION.sub("", text)
    # At most three equal ones are opened again ("Noah's Ark clause").
    most_open = 3 * len(set(_FORMATTING.findall(text)))
    if most_open * tags <= _MAX_REOPENED:
        return text
    still_open = reopened = 0
    for match in _FORMATTING_OR_OTHER.finditer(text):
        closing = match.group(1)
        if closing is None:
            reopened += still_open
        else:
            still_open = max(0, still_open - 1) if closing else min(still_open + 1, most_open)
    return _FORMATTING_TAG.sub("", text) if reopened > _MAX_REOPENED else text


def _hidden(parser: "LexborHTMLParser") -> frozenset[int]:
    """Return the ids of the elements that say of themselves that they are not shown."""
    found = []
    for node in parser.css(_HIDDEN_NODES):
        attributes = node.attributes
        if "hidden" in attributes or _HIDING.search(attributes.get("style") or ""):
            found.append(node.mem_id)
    return frozenset(found)


class _Walker:
    """The state of one walk: open paragraph, known places by node id, tables and rows by node id."""

    def __init__(self, page: Page, hidden: frozenset[int]) -> None:
        self.page = page
        self.hidden = hidden
        self.places: dict[int, _Place] = {}
        self.tables: dict[int, RawTable] = {}
        self.groups: dict[int, tuple[RawTable, list[list[RawCell]]]] = {}
        self.rows: dict[int, tuple[RawTable, list[RawCell]]] = {}
        self.here = _Place()
        self.buffer: list[str] = []
        self.number = 0

    def meet(self, node: "LexborNode") -> None:
        """Take in the next node of the document order."""
        tag = node.tag or ""
        if tag == "-text":
            self.add_text(node, node.text_content or "")
            return
        kind = _KINDS.get(tag)
        if kind is None or kind == _SKIPPED:
            return
        if kind == _CONTROL:
            self.add_text(node, _shown(node, tag))
            return
        self.flush()
        if kind > _BLOCK and kind < _BREAK and not (self.hidden and node.mem_id in self.hidden):
            self.open(node, tag, kind)

    def open(self, node: "LexborNode", tag: str, kind: int) -> None:
        """Note the start of a table, row group, row or cell."""
        if kind == _TABLE:
            self.open_table(node)
            return
        parent = node.parent
        above = parent.mem_id if parent is not None else 0
        if kind == _CELL:
            if (row := self.rows.get(above)) is not None:
                attributes = node.attributes
                cell = RawCell(
                    row[0], row_span_of(attributes.get("rowspan")), col_span_of(attributes.get("colspan"))
                )
                row[1].append(cell)
                self.places[node.mem_id] = _Place(cell)
        elif kind == _ROW:
            if (group := self.groups.get(above)) is not None:
                row_cells: list[RawCell] = []
                group[1].append(row_cells)
                self.rows[node.mem_id] = (group[0], row_cells)
        elif (table := self.tables.get(above)) is not None:
            group_rows: list[list[RawCell]] = []
            table.groups.append((tag, group_rows))
            self.groups[node.mem_id] = (table, group_rows)

    def open_table(self, node: "LexborNode") -> None:
        self.number += 1
        place = self.place_of(node.parent)
        if place.skipped:
            return
        table = RawTable(self.number, place.cell)
        if place.cell is not None:
            place.cell.table.has_inner = True
        self.page.tables.append(table)
        self.tables[node.mem_id] = table

    def add_text(self, node: "LexborNode", text: str) -> None:
        """Add text to the paragraph that it belongs to; a new block-level element begins a new one."""
        if not text.strip(_WHITE) and not self.here.preformatted:
            if self.buffer:
                self.buffer.append(" ")
            return
        place = self.place_of(node.parent)
        if place.skipped:
            if place.uncounted:
                self.page.hidden_cells += 1
                place.uncounted = False
            return
        if place is not self.here:
            self.flush()
            self.here = place
        self.buffer.append(text)

    def flush(self) -> None:
        """End the open paragraph."""
        if not self.buffer:
            return
        text = "".join(self.buffer)
        self.buffer.clear()
        here = self.here
        begun = len(self.page.tables) - here.caption
        lines = text.splitlines() if here.preformatted else [_RUN.sub(" ", text).strip(" ")]
        for line in lines:
            if line.strip(_WHITE):
                line = line.rstrip(_WHITE)
                self.page.pieces.append((here.cell, line.replace(_NO_BREAK, " "), begun))

    def place_of(self, node: "LexborNode | None") -> _Place:
        """Return where the text of an element goes; what was climbed is kept, so that depth costs nothing."""
        path: list[tuple[int, str]] = []
        place = _Place()
        while node is not None:
            key = node.mem_id
            known = self.places.get(key)
            if known is not None:
                place = known
                break
            path.append((key, node.tag or ""))
            node = node.parent
        for key, tag in reversed(path):
            place = self.places[key] = self.place_below(place, key, tag)
        return place

    def place_below(self, place: _Place, key: int, tag: str) -> _Place:
        """Return where the text of an element goes whose parent's text goes to ``place``."""
        kind = _KINDS.get(tag)
        if place.skipped:
            if place.hidden and kind == _CELL:
                return _Place(skipped=True, hidden=True, uncounted=True)
            return place
        if kind == _SKIPPED:
            return _OUT
        if key in self.hidden:
            return _HIDDEN if kind != _CELL else _Place(skipped=True, hidden=True, uncounted=True)
        if kind is None or kind >= _BREAK:
            return place
        keeps = place.preformatted or tag in _PREFORMATTED
        return _Place(place.cell, keeps, caption=place.cell is None and (place.caption or tag == "caption"))


def _shown(node: "LexborNode", tag: str) -> str:
    """Return what a form control shows: a field's value, a box, the chosen option."""
    if tag == "select":
        options = node.css("option")
        chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return " ".join(option.text() for option in chosen)
    attributes = node.attributes
    kind = (attributes.get("type") or "").strip().lower()
    if kind in ("checkbox", "radio"):
        return "☑" if "checked" in attributes else "☐"
    return (attributes.get("value") or "") if kind in _TEXT_INPUTS else ""
