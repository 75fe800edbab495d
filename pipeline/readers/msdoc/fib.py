"""Read the file information block: versions, flags, story lengths and where each table lies."""

from dataclasses import dataclass
from struct import unpack_from

from pipeline.errors import SourceError
from pipeline.readers.msdoc.container import Streams

# Indices into FibRgFcLcb97 (section 2.5.6); each entry is an offset and a length in the table stream.
STYLES, CHAR_PAGES, PARA_PAGES, FONTS, PIECES = 1, 12, 13, 15, 33
SHAPE_ANCHORS, DRAWINGS, TEXT_BOXES = 40, 50, 56
# Positions in Fib.lengths.
MAIN, FOOTNOTES, ENDNOTES, BOXES = 0, 1, 5, 6
_WORD97 = 0x00C0
_IDENT = 0xA5EC
_OLD_IDENTS = frozenset({0xA5DC, 0xA59B, 0xA59C, 0xA5DB, 0xA697, 0xA698, 0xA699})
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200


@dataclass(frozen=True, slots=True)
class Fib:
    """Where things lie. ``lengths`` counts the characters of the stories in file order.

    They are: main text, footnotes, headers, macros (always 0), comments, endnotes, text boxes, text boxes
    in headers.
    ``table`` is the table stream that the flags choose; ``tables`` are (offset, length) pairs within it.
    """

    lengths: tuple[int, ...]
    table: bytes
    tables: tuple[tuple[int, int], ...]

    def part(self, index: int) -> bytes:
        """Return the bytes of one structure of the table stream; empty where the document has none."""
        if index >= len(self.tables):
            return b""
        offset, length = self.tables[index]
        return self.table[offset : offset + length]


def read_fib(streams: Streams) -> Fib:
    """Return the file information block (section 2.5.1).

    SourceError: ``old_format`` for Word 6/95, ``encrypted`` for a password, ``truncated`` or ``corrupt``.
    """
    word = streams.word
    if len(word) < 32:
        raise SourceError("truncated", place="WordDocument", detail=f"the header has {len(word)} bytes")
    ident, version = unpack_from("<HH", word, 0)
    if ident in _OLD_IDENTS or (ident == _IDENT and version < _WORD97 - 1):
        raise SourceError(
            "old_format", place="WordDocument", detail=f"Word 6/95 or older (version {version})"
        )
    if ident != _IDENT:
        raise SourceError("corrupt", place="WordDocument", detail=f"signature {ident:#06x}")
    flags = unpack_from("<H", word, 10)[0]
    if flags & _ENCRYPTED:
        raise SourceError("encrypted", place="WordDocument")
    if len(word) < 154:
        raise SourceError("truncated", place="WordDocument", detail=f"the header has {len(word)} bytes")
    words = unpack_from("<H", word, 32)[0]
    longs_at = 36 + 2 * words
    longs = unpack_from("<H", word, longs_at - 2)[0]
    pairs_at = longs_at + 4 * longs + 2
    if longs < 11 or pairs_at > len(word):
        raise SourceError("corrupt", place="WordDocument", detail="the header's parts do not fit")
    lengths = unpack_from("<8i", word, longs_at + 12)
    count = min(unpack_from("<H", word, pairs_at - 2)[0], (len(word) - pairs_at) // 8)
    numbers = unpack_from(f"<{2 * count}I", word, pairs_at)
    if count <= PIECES:
        raise SourceError("corrupt", place="WordDocument", detail=f"{count} table entries")
    if min(lengths) < 0 or sum(lengths) > len(word):
        raise SourceError(streams.damage, place="WordDocument", detail=f"{sum(lengths)} characters stated")
    return Fib(lengths, _table(streams, flags), tuple(zip(numbers[::2], numbers[1::2], strict=True)))


def _table(streams: Streams, flags: int) -> bytes:
    name = "1Table" if flags & _TABLE_1 else "0Table"
    table = streams.tables.get(name)
    if table is None:
        raise SourceError(streams.damage, place=name, detail="no such stream")
    return table
