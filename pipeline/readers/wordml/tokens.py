"""The quick way through a main part: one regular expression, guarded.

It reads what Word writes for plain tables and paragraphs. Whatever could mean something else (tracked
changes, fields, text boxes, symbol fonts, an unusual prefix, comments, CDATA) raises GuardError, and the tree
walk takes over; on every well-formed part that passes, both give the same grids and blocks. (That a part is
well-formed is not proved here: the zip's checksum says that it is what was written.)
"""

import re

from pipeline.readers.wordml.builder import GridBuilder

MAIN = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
# The prefixes under which the tokens below know a namespace (ve is what Word 2007 wrote for mc).
PREFIXES: dict[bytes, tuple[bytes, ...]] = {
    MAIN: (b"w",),
    MAIN_STRICT: (b"w",),
    b"http://schemas.openxmlformats.org/officeDocument/2006/math": (b"m",),
    b"http://purl.oclc.org/ooxml/officeDocument/math": (b"m",),
    b"http://schemas.openxmlformats.org/markup-compatibility/2006": (b"mc", b"ve"),
}
ATTRIBUTES = rb"(?:\s+[\w:.-]+=\"[^\"<>]*\")*"
ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml([^<>]*)\?>)?\s*<w:document(" + ATTRIBUTES + rb")\s*>")
ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)")
NAMESPACE = re.compile(rb"xmlns(?::([\w.-]+))?\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
BODY = re.compile(rb"<w:body" + ATTRIBUTES + rb"\s*>")
# What costs is the tags that are no token: few alternatives, each told by its first letters (so some match
# names that do not exist). Empty groups tell what matched; a match without a group is not for this way.
# Attributes of w:p and w:tr do not matter, those of w:tc and w:tbl do not occur.
TOKEN = re.compile(
    rb"<(?:w:(?:"
    rb"t(?:(?: xml:space=\"(?:preserve|default)\")?>([^<]*)</w:t>"  # 1 text
    rb"|c()>|r()[ \t\r\n/>]|bl()>|ab()/>"  # 2 cell, 3 row, 4 table, 5 tab
    rb"|/()>"  # 6 nothing: empty text
    rb"|(?:|c|bl|xbxContent|cPrChange|rPrChange)[ \t\r\n/>]|ab[ \t\r\n]*/?>)"
    rb"|p(?:()[ \t\r\n/>]|tab[ \t\r\n/>])"  # 7 paragraph
    rb"|grid(?:Span w:val=\"(\d{1,9})\"/>|Before w:val=\"(\d{1,9})\"/>|(?:Span|Before)[ \t\r\n/>])"  # 8, 9
    rb"|vMerge(?:(?: w:val=\"continue\")?/>()| w:val=\"restart\"/>()|[ \t\r\n/>])"  # 10, 11
    rb"|[bcn](?=[ro])(?:r(?: w:type=\"textWrapping\")?/>()"  # 12 br and cr
    rb"|oBreakHyphen/>()"  # 13
    rb"|r w:type=\"(?:page|column)\"()/>"  # 14 nothing
    rb"|(?:r|ody|oBreakHyphen)[ \t\r\n/>])"
    rb"|rFonts[^<>WS]*+(?:[WS](?!ingdings|ebdings|ymbol[\"'])[^<>WS]*+)*+[WS]"  # a symbol font
    rb"|[adefhmrsv](?=[Maefhlnouy])(?:ltChunk|el|ocument|ndnoteReference|ldChar|fData|ootnoteReference|Merge"
    rb"|oveFrom|uby|ym|ubDoc|howingPlcHdr|anish)[ \t\r\n/>]"
    rb")"
    rb"|/w:t(?:c>()|bl>()|(?:c|bl)[ \t\r\n])"  # 15, 16 closes
    rb"|m:|mc:|ve:|!|\?)"
)
TEXT, CELL, ROW, TABLE, PARAGRAPH, SPAN, BEFORE, CONTINUE, RESTART = 1, 2, 3, 4, 7, 8, 9, 10, 11
END_CELL, END_TABLE = 15, 16
WRITTEN = {5: "\t", 6: "", 12: "\n", 13: "-", 14: ""}
REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));|(&)")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class GuardError(Exception):
    """The part holds something that the quick way does not read."""


def feed(data: bytes, builder: GridBuilder) -> None:
    """Feed the body of a main part to a fresh builder, or raise GuardError (the builder is then spoilt)."""
    inside: list[int] = [0]  # the tables and cells that are open
    for token in TOKEN.finditer(data, *_body(data)):
        kind = token.lastindex
        if kind == TEXT:
            text = token[1]
            builder.text.append(text.decode() if b"&" not in text and b"\r" not in text else _plain(text))
        elif kind == PARAGRAPH:
            builder.paragraph()
        elif kind == CELL:
            if inside[-1] != TABLE:
                raise GuardError("w:tc out of place")
            inside.append(CELL)
            builder.open_cell()
        elif kind == END_CELL:
            if inside.pop() != CELL:
                raise GuardError("/w:tc out of place")
            builder.close_cell()
        elif kind == SPAN:
            builder.set_span(int(token[8]))
        elif kind == CONTINUE:
            builder.merge = "continue"
        elif kind == RESTART:
            builder.merge = "restart"
        else:
            _feed_rare(kind, token, builder, inside)
    if len(inside) != 1:
        raise GuardError("a table is not closed")
    builder.end_block()


def _feed_rare(kind: int | None, token: re.Match[bytes], builder: GridBuilder, inside: list[int]) -> None:
    if kind == ROW:
        if inside[-1] != TABLE:
            raise GuardError("w:tr out of place")
        builder.open_row()
    elif kind == BEFORE:
        if inside[-1] != TABLE or builder.col:
            raise GuardError("w:gridBefore out of place")
        builder.skip_columns(int(token[9]))
    elif kind == TABLE:
        if inside[-1] == TABLE:
            raise GuardError("w:tbl out of place")
        inside.append(TABLE)
        builder.open_table()
    elif kind == END_TABLE:
        if inside.pop() != TABLE:
            raise GuardError("/w:tbl out of place")
        builder.close_table()
    elif kind in WRITTEN:
        builder.text.append(WRITTEN[kind])
    else:
        raise GuardError(token[0].decode("ascii", "replace"))


def _body(data: bytes) -> tuple[int, int]:
    """Return where the body's content begins and ends, after checking prefixes and encoding."""
    root = ROOT.match(data)
    if root is None or not data.rstrip().endswith(b"</w:document>"):
        raise GuardError("root")
    encoding = ENCODING.search(root[1] or b"")
    if encoding is not None and encoding[1].lower() != b"utf-8":
        raise GuardError("encoding")
    bound = NAMESPACE.findall(root[2])
    if data.find(b"xmlns", root.end()) >= 0:
        bound += NAMESPACE.findall(data, root.end())
    for prefix, double, single in bound:
        known = PREFIXES.get(double or single)
        if (prefix not in known) if known else (prefix == b"w"):
            raise GuardError(f"prefix {prefix.decode()}")
    if b"w" not in {prefix for prefix, _, _ in bound}:
        raise GuardError("prefix")
    body = BODY.search(data, root.end())
    end = data.rfind(b"</w:body>")
    if body is None or end < body.end():
        raise GuardError("body")
    return body.end(), end


def _plain(text: bytes) -> str:
    """Return text with line ends and the five predefined entities as XML reads them."""
    plain = text.decode().replace("\r\n", "\n").replace("\r", "\n")
    return REFERENCE.sub(_character, plain)


def _character(reference: re.Match[str]) -> str:
    if reference[3]:
        return NAMED[reference[3]]
    code = int(reference[1]) if reference[1] else int(reference[2] or "0", 16)
    legal = (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
    if not legal:
        raise GuardError("character reference")
    return chr(code)
