"""Read a regular HTML page straight from its tags, several times faster than through a tree.

Pages that office programs and ministries' systems write nest their tables properly. For them the tree that
the HTML standard's error recovery would build adds nothing, and one pass over the tags gives the same tables
and paragraphs. Whatever could make a difference (a stray ``<``, text between rows, a cell left open, form
controls, hidden or foreign elements) gives None, and the page goes through the tree
(``pipeline.readers.htmlwalk``); the tests compare the two.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape

from pipeline.readers.htmlgrids import Page, RawCell, RawTable, col_span_of, row_span_of

WHITE = " \t\n\r\f"
_RUN = re.compile(r"[ \t\n\r\f]+")
_HIDING = re.compile(r"""display\s*:\s*none|visibility\s*:\s*hidden|mso-hide|[\s"']hidden""")
_ATTRIBUTE = re.compile(r"""([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?""")
_NAME = re.compile(r"/?[a-z][^\s/]*")

_NESTING = (  # noqa: SIM905
    "address article aside blockquote center div dl fieldset figure footer header main menu nav ol "
    "section ul h1 h2 h3 h4 h5 h6"
).split()
_TREE_ONLY = (  # noqa: SIM905
    "input select button option optgroup datalist textarea template noscript noframes noembed iframe "
    "object audio video canvas svg math del rp rt pre listing xmp plaintext frameset frame script style "
    "title image dialog details summary dir hgroup legend figcaption isindex marquee applet search form"
).split()
_OPS = {
    **dict.fromkeys(("p", "/p", "br", "hr"), "flush"),
    **dict.fromkeys(("li", "dd", "dt"), "item"),
    **dict.fromkeys(("/li", "/dd", "/dt"), "close"),
    **dict.fromkeys(_NESTING, "open"),
    **dict.fromkeys((f"/{name}" for name in _NESTING), "close"),
    **dict.fromkeys((*_TREE_ONLY, *(f"/{name}" for name in _TREE_ONLY), "/br", "/hr"), "irregular"),
    **dict.fromkeys(("col", "/col", "colgroup", "/colgroup"), "column"),
    **dict.fromkeys(("script", "style", "title"), "raw"),
    **dict.fromkeys(("tbody", "thead", "tfoot"), "group"),
    **dict.fromkeys(("/tbody", "/thead", "/tfoot"), "end_group"),
    "table": "table",
    "/table": "end_table",
    "tr": "row_",
    "/tr": "end_row",
    "td": "cell_",
    "th": "cell_",
    "/td": "end_cell",
    "/th": "end_cell",
    "caption": "caption",
    "/caption": "end_caption",
}


_NOTHING, _FLUSH, _CALL, _RAW = range(4)
_Action = tuple[int, Callable[[str], None], str]
_Turn = tuple[int, Callable[[str], None], str, bool]


class _IrregularError(Exception):
    """The page needs the standard's error recovery."""


def walk(text: str, name: str = "") -> Page | None:
    """Return the tables and paragraphs of a regular page, None when it must go through the tree."""
    if "\x00" in text or "<?xml" in text[:128]:
        return None
    try:
        return _Pass(Page(name)).run(text)
    except _IrregularError:
        return None


def _after_comment(piece: str, pieces: Iterator[str]) -> str:
    """Return what follows a comment up to the next tag; browsers also end some at ``>`` or ``--!>``."""
    if piece.startswith(("!-->", "!--->")):
        raise _IrregularError
    piece = piece[3:]
    while "-->" not in piece:
        if "--!>" in piece:
            raise _IrregularError
        piece = _next(pieces)
    inside, _, after = piece.partition("-->")
    if "--!>" in inside:
        raise _IrregularError
    return after


def _after_raw(name: str, pieces: Iterator[str]) -> str:
    """Return what follows a script, style or title up to the next tag."""
    commented = False
    while True:
        piece = _next(pieces)
        lower = piece[: len(name) + 1].lower()
        if lower == f"/{name}":
            rest = piece[len(name) + 1 :].lstrip(WHITE)
            if rest.startswith(">"):
                return rest[1:]
            raise _IrregularError
        if commented and lower.startswith(name):
            raise _IrregularError
        commented = commented or piece.startswith("!--")


def _next(pieces: Iterator[str]) -> str:
    piece = next(pieces, None)
    if piece is None:
        raise _IrregularError
    return piece


class _Pass:
    """The state of one pass: the open elements, the open paragraph and the cell that text belongs to."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.open_names: list[str] = []
        self.frames: list[tuple[RawTable, RawCell | None]] = []
        self.cell: RawCell | None = None
        self.rows: list[list[RawCell]] = []
        self.row: list[RawCell] = []
        self.between = False  # between the cells of a table, where no text may stand
        self.in_caption = False
        self.buffer: list[str] = []
        self.spans: dict[str, tuple[int, int]] = {}
        self.seen: dict[str, _Action] = {}

    def run(self, text: str) -> Page:
        """Take in the whole page, a turn per tag: the text behind the tag comes with it."""
        known: dict[str, _Turn] = {}
        buffer = self.buffer
        pieces = iter(text.split("<"))
        self.add(next(pieces))
        for piece in pieces:
            turn = known.get(piece)
            if turn is None:
                turn = self.take(piece, pieces)
                if turn is None:
                    continue
                known[piece] = turn
            kind, method, argument, blank = turn
            if kind == _FLUSH:
                if buffer or self.between:
                    self.flush(argument)
            elif kind == _CALL:
                method(argument)
            if blank and buffer:
                buffer.append(" ")
        if self.frames:
            raise _IrregularError
        self.flush("")
        return self.page

    def take(self, piece: str, pieces: Iterator[str]) -> _Turn | None:
        """Return what a tag without text behind it does; do at once what another one does."""
        content, closed, after = piece.partition(">")
        action = self.seen.get(content)
        if action is None:
            if content.startswith("!--"):
                self.add(_after_comment(piece, pieces))
                return None
            if not closed:
                raise _IrregularError
            action = self.seen[content] = self.action(content)
        kind, method, argument = action
        if kind == _RAW:
            self.add(_after_raw(argument, pieces))
            return None
        if not closed:
            raise _IrregularError
        if not after.strip(WHITE):
            return kind, method, argument, bool(after)
        if kind != _NOTHING:
            method(argument)
        if self.between:
            raise _IrregularError
        self.buffer.append(unescape(after) if "&" in after else after)
        return None

    def action(self, content: str) -> _Action:
        """Return what kind of turn a tag takes, the method that it calls and the method's argument."""
        if content[:1] in ("!", "?"):
            return _NOTHING, self.irregular, ""
        lower = content.lower()
        name = _NAME.match(lower)
        if name is None or content.count('"') % 2 or content.count("'") % 2:
            raise _IrregularError
        if ("none" in lower or "hid" in lower) and _HIDING.search(lower):
            raise _IrregularError
        op = _OPS.get(name.group())
        if op is None:
            return _NOTHING, self.irregular, ""
        method: Callable[[str], None] = getattr(self, op)
        if op == "cell_":
            self.spans[lower] = _spans(lower) if "span" in lower else (1, 1)
            return _CALL, method, lower
        if op == "raw" and lower.endswith("/"):
            raise _IrregularError
        kind = {"raw": _RAW, "flush": _FLUSH}.get(op, _CALL)
        return kind, method, name.group().removeprefix("/")

    def add(self, text: str) -> None:
        """Add the text between two tags to the open paragraph."""
        if not text.strip(WHITE):
            if text and self.buffer:
                self.buffer.append(" ")
            return
        if self.between:
            raise _IrregularError
        self.buffer.append(unescape(text) if "&" in text else text)

    def flush(self, _: str) -> None:
        """End the open paragraph."""
        if self.between:
            raise _IrregularError
        if self.buffer:
            text = "".join(self.buffer)
            self.buffer.clear()
            if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
                text = _RUN.sub(" ", text)
            line = text.strip(" ").replace("\u00a0", " ")
            if line:
                self.page.pieces.append((self.cell, line, len(self.page.tables) - self.in_caption))

    def raw(self, _: str) -> None:
        """Stand for script, style and title, which ``take`` passes over."""

    def irregular(self, _: str) -> None:
        """Give up."""
        raise _IrregularError

    def open(self, name: str) -> None:
        """Begin a block-level element."""
        self.flush(name)
        if name[0] == "h" and len(name) == 2 and self.open_names and self.open_names[-1][:1] == "h":
            raise _IrregularError
        self.open_names.append(name)

    def item(self, name: str) -> None:
        """Begin an item of a list; the one before may have been left open."""
        self.flush(name)
        siblings = ("li",) if name == "li" else ("dd", "dt")
        if self.open_names and self.open_names[-1] in siblings:
            self.open_names.pop()
        elif not self.open_names or self.open_names[-1] not in ("ul", "ol", "menu", "dl"):
            raise _IrregularError  # an item further out may have to end
        self.open_names.append(name)

    def close(self, name: str) -> None:
        """End the innermost block-level element, which must be this one or hold a last item left open."""
        self.flush(name)
        if (
            name in ("ul", "ol", "menu", "dl")
            and self.open_names
            and self.open_names[-1] in ("li", "dd", "dt")
        ):
            self.open_names.pop()
        self.expect(name)

    def expect(self, *names: str) -> None:
        """Take the innermost open element off, which must be one of these."""
        if not self.open_names or self.open_names.pop() not in names:
            raise _IrregularError

    def table(self, name: str) -> None:
        self.flush(name)
        if self.in_caption:
            raise _IrregularError
        table = RawTable(len(self.page.tables) + 1, self.cell)
        if self.cell is not None:
            self.cell.table.has_inner = True
        self.frames.append((table, self.cell))
        self.page.tables.append(table)
        self.open_names.append("table")
        self.between = True

    def end_table(self, _: str) -> None:
        if self.open_names and self.open_names[-1] in ("implied", "tbody", "thead", "tfoot"):
            self.open_names.pop()
        self.expect("table")
        self.cell = self.frames.pop()[1]
        if self.cell is not None:
            self.rows = self.cell.table.groups[-1][1]
            self.row = self.rows[-1]
        self.between = False

    def group(self, name: str) -> None:
        if self.open_names and self.open_names[-1] == "implied":
            self.open_names.pop()
        self.begin_group(name, name)

    def begin_group(self, name: str, kind: str) -> None:
        if not self.open_names or self.open_names[-1] != "table":
            raise _IrregularError
        self.rows = []
        self.frames[-1][0].groups.append((kind, self.rows))
        self.open_names.append(name)

    def end_group(self, name: str) -> None:
        self.expect(name)

    def row_(self, _: str) -> None:
        if self.open_names and self.open_names[-1] == "table":
            self.begin_group("implied", "tbody")
        if not self.open_names or self.open_names[-1] not in ("implied", "tbody", "thead", "tfoot"):
            raise _IrregularError
        self.row = []
        self.rows.append(self.row)
        self.open_names.append("tr")

    def end_row(self, _: str) -> None:
        self.expect("tr")

    def cell_(self, content: str) -> None:
        if not self.open_names or self.open_names[-1] != "tr":
            raise _IrregularError
        self.cell = RawCell(self.frames[-1][0], *self.spans[content])
        self.row.append(self.cell)
        self.open_names.append(content[:2])
        self.between = False

    def end_cell(self, name: str) -> None:
        if self.buffer or self.between:
            self.flush(name)
        if not self.open_names or self.open_names.pop() != name:
            raise _IrregularError
        self.cell = self.frames[-1][1]
        self.between = True

    def column(self, _: str) -> None:
        if self.frames and self.open_names[-1] != "table":
            raise _IrregularError  # it ends the open cell

    def caption(self, name: str) -> None:
        if not self.open_names or self.open_names[-1] != "table" or self.frames[-1][0].groups:
            raise _IrregularError
        self.open_names.append(name)
        self.between = False
        self.in_caption = self.cell is None

    def end_caption(self, name: str) -> None:
        self.flush(name)
        self.expect(name)
        self.between = True
        self.in_caption = False


def _spans(content: str) -> tuple[int, int]:
    """Return the row and column span that a cell's tag states; the first of equal attributes counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(content, 2):
        found.setdefault(match.group(1), match.group(2) or match.group(3) or match.group(4) or "")
    return row_span_of(found.get("rowspan")), col_span_of(found.get("colspan"))
