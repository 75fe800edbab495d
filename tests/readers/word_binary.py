"""Build small binary Word documents byte by byte, with structures that no office program would write on request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import pack

from pipeline.model import Document, Source

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
TEXT_AT = 0x800


@dataclass
class Part:
    """A run of text: its bytes (one or two per character), its paragraphs' properties, its characters' properties."""

    text: str
    para: bytes = b""  # sprms of the paragraph that ends here
    char: bytes = b""
    compressed: bool = False
    modifier: int = 0  # the piece's Prm
    order: int = 0  # place in the file; pieces may lie in any order there
    style: int = 0


@dataclass
class Doc:
    """What goes into a document; stories: main text, footnotes, headers, macros, comments, endnotes, boxes, header boxes."""

    parts: list[Part]
    lengths: Sequence[int] | None = None
    property_lists: list[bytes] = field(default_factory=list)
    tables: dict[int, bytes] = field(default_factory=dict)
    data: bytes = b""
    version: int = 0x00C1
    flags: int = 0x0200
    ident: int = 0xA5EC


def source(data: bytes) -> Source:
    """Return bytes as a source."""
    return Source("0" * 64, ("a.doc",), len(data), "application/msword", data)


def cells(document: Document, grid: int = 0) -> list[tuple[int, int, int, int, str]]:
    """Return the cells of a grid without what a .doc does not know."""
    return [cell[:5] for cell in document.grids[grid].cells]


def sprm(operation: int, operand: bytes) -> bytes:
    """Return one property modifier."""
    return pack("<H", operation) + operand


IN_TABLE = sprm(0x2416, b"\x01")
ROW_END = IN_TABLE + sprm(0x2417, b"\x01")
DEPTH_1 = sprm(0x6649, b"\x01\x00\x00\x00")  # Word 2000 and later state the depth, Word 97 does not


def define(edges: Sequence[int], flags: Sequence[int] | None = None) -> bytes:
    """Return sprmTDefTable; flags are the first word of each cell's TC80."""
    flags = flags or [0] * (len(edges) - 1)
    body = (
        bytes([len(flags)])
        + pack(f"<{len(edges)}h", *edges)
        + b"".join(pack("<H18x", flag) for flag in flags)
    )
    return sprm(0xD608, pack("<H", len(body) + 1) + body)


def row(texts: Sequence[str], properties: bytes, depth: int = 1) -> list[Part]:
    """Return the cells of a row and its end."""
    if depth == 1:
        marks = [Part(f"{text}\x07", IN_TABLE + DEPTH_1) for text in texts]
        return [*marks, Part("\x07", ROW_END + DEPTH_1 + properties)]
    level = IN_TABLE + sprm(0x6649, pack("<I", depth))
    marks = [Part(f"{text}\r", level + sprm(0x244B, b"\x01")) for text in texts]
    return [*marks, Part("\r", level + sprm(0x244B, b"\x01") + sprm(0x244C, b"\x01") + properties)]


def build(doc: Doc) -> bytes:
    """Return the bytes of a .doc file."""
    word = bytearray(TEXT_AT)
    places: list[tuple[int, int]] = [(0, 0)] * len(doc.parts)
    for index in sorted(range(len(doc.parts)), key=lambda k: (doc.parts[k].order, k)):
        part = doc.parts[index]
        raw = part.text.encode("cp1252" if part.compressed else "utf-16-le")
        places[index] = (len(word), len(word) + len(raw))
        word += raw + b"\x00" * (len(raw) % 2)
    in_file = sorted(range(len(doc.parts)), key=lambda k: places[k])
    word += b"\x00" * (-len(word) % SECTOR)
    para_pages = _pages(word, [(*places[k], _papx(doc.parts[k])) for k in in_file], 13)
    char_pages = _pages(word, [(*places[k], _chpx(doc.parts[k].char)) for k in in_file], 1)
    table = bytearray(b"\x00" * 4)
    tables = dict(doc.tables)
    tables |= {12: char_pages, 13: para_pages, 33: _clx(doc, places)}
    pairs = [(0, 0)] * 93
    for number, content in tables.items():
        pairs[number] = (len(table), len(content))
        table += content
    total = sum(_units(part) for part in doc.parts)
    lengths = list(doc.lengths or [total]) + [0] * 8
    head = (
        pack("<HH6xH", doc.ident, doc.version, doc.flags).ljust(32, b"\x00") + pack("<H", 14) + b"\x00" * 28
    )
    head += (
        pack("<H", 22)
        + pack("<3I8I", len(word), 0, 0, *lengths[:8]).ljust(88, b"\x00")
        + pack("<H", len(pairs))
    )
    head += b"".join(pack("<II", *pair) for pair in pairs)
    word[: len(head)] = head
    return container({"WordDocument": bytes(word), "1Table": bytes(table), "Data": doc.data})


def _units(part: Part) -> int:
    return len(part.text) if part.compressed else len(part.text.encode("utf-16-le")) // 2


def _papx(part: Part) -> bytes:
    body = pack("<H", part.style) + part.para
    if len(body) % 2:
        return bytes([(len(body) + 1) // 2]) + body
    return bytes([0, len(body) // 2]) + body


def _chpx(grpprl: bytes) -> bytes:
    return bytes([len(grpprl)]) + grpprl if grpprl else b""


def _pages(word: bytearray, runs: list[tuple[int, int, bytes]], entry: int) -> bytes:
    """Append formatted disk pages, one run each, and return their bin table."""
    starts, numbers = [], []
    for start, end, content in runs:
        page = bytearray(SECTOR)
        page[:8] = pack("<II", start, end)
        at = (SECTOR - 2 - len(content)) // 2 if content else 0
        page[8] = at
        page[2 * at : 2 * at + len(content)] = content if at else page[:0]
        page[511] = 1
        starts.append(start)
        numbers.append(len(word) // SECTOR)
        word += page
    return pack(f"<{len(starts) + 1}I", *starts, runs[-1][1]) + pack(f"<{len(numbers)}I", *numbers)


def _clx(doc: Doc, places: list[tuple[int, int]]) -> bytes:
    lists = b"".join(b"\x01" + pack("<H", len(one)) + one for one in doc.property_lists)
    positions, described = [0], b""
    for part, (start, _) in zip(doc.parts, places, strict=True):
        positions.append(positions[-1] + _units(part))
        described += pack("<HIH", 0, start << 1 | 0x40000000 if part.compressed else start, part.modifier)
    plc = pack(f"<{len(positions)}I", *positions) + described
    return lists + b"\x02" + pack("<I", len(plc)) + plc


def container(streams: dict[str, bytes]) -> bytes:
    """Return a compound file; every stream is padded to 4096 bytes or more, so that there is no mini stream."""
    content: list[bytes] = []
    fat: list[int] = []
    entries: list[tuple[str, int, int]] = []
    for name, stream in streams.items():
        data = stream.ljust(4096, b"\x00")
        first, count = len(content), -(-len(data) // SECTOR)
        content += [data[k * SECTOR : (k + 1) * SECTOR].ljust(SECTOR, b"\x00") for k in range(count)]
        fat += [*range(first + 1, first + count), END]
        entries.append((name, first, len(data)))
    directory = _entry("Root Entry", 5, 1, END, 0)
    for index, (name, first, size) in enumerate(entries):
        right = index + 2 if index + 1 < len(entries) else FREE
        directory += _entry(name, 2, FREE, first, size, right)
    directory = directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\x00")
    directory_at, count = len(content), len(directory) // SECTOR
    content += [directory[k * SECTOR : (k + 1) * SECTOR] for k in range(count)]
    fat += [*range(directory_at + 1, directory_at + count), END]
    tables = -(-(len(fat) + 2) // 127)
    fat_at = len(content)
    fat += [FAT] * tables
    fat += [FREE] * (tables * 128 - len(fat))
    raw = pack(f"<{len(fat)}I", *fat)
    content += [raw[k * SECTOR : (k + 1) * SECTOR] for k in range(tables)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16 + pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += pack("<IIIIIIIIII", 0, tables, directory_at, 0, 4096, END, 0, END, 0, fat_at)
    head += pack(f"<{tables - 1}I", *range(fat_at + 1, fat_at + tables))
    return head.ljust(SECTOR, b"\xff") + b"".join(content)


def _entry(name: str, kind: int, child: int, first: int, size: int, right: int = FREE) -> bytes:
    raw = name.encode("utf-16-le") + b"\x00\x00"
    links = pack("<III", FREE, right, child)
    return (
        raw.ljust(64, b"\x00")
        + pack("<HBB", len(raw), kind, 1)
        + links
        + b"\x00" * 36
        + pack("<IQ", first, size)
    )
