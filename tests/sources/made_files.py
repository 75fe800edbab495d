"""Makes small files of the kinds that archives hold, true ones and lies."""

import io
import struct
import zipfile
import zlib


def compound(*streams: tuple[str, bytes]) -> bytes:
    """Return an OLE compound file ([MS-CFB]) with the given streams in its root, each padded to 4096 bytes."""
    sector = 512
    body, starts, sizes = b"", [], []
    chain: list[int] = []
    for _, data in streams:
        data = data.ljust(4096, b"\0")
        data += b"\0" * (-len(data) % sector)
        starts.append(len(body) // sector)
        sizes.append(len(data))
        count = len(data) // sector
        first = len(chain)
        chain += [first + i + 1 for i in range(count - 1)] + [0xFFFFFFFE]
        body += data

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le") + b"\0\0"
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, right, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    entries = [entry("Root Entry", 5, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0)]
    for i, (name, _) in enumerate(streams):
        right = i + 2 if i + 1 < len(streams) else 0xFFFFFFFF
        entries.append(entry(name, 2, 0xFFFFFFFF, right, starts[i], sizes[i]))
    directory = b"".join(entries)
    directory += b"\0" * (-len(directory) % sector)
    directory_at = len(chain)
    count = len(directory) // sector
    chain += [directory_at + i + 1 for i in range(count - 1)] + [0xFFFFFFFE]
    fat_at = len(chain)
    chain.append(0xFFFFFFFD)
    assert len(chain) <= 128
    fat = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIIIIIII", 0, 1, directory_at, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
        + struct.pack("<109I", fat_at, *[0xFFFFFFFF] * 108)
    )
    return header + body + directory + fat


def word() -> bytes:
    return compound(("WordDocument", b"\xec\xa5\xc1\x00" + bytes(5000)), ("1Table", b""))


def excel() -> bytes:
    return compound(("Workbook", b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(5000)))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def ooxml(main_part: str, content_type: str) -> bytes:
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{main_part}" ContentType="{content_type}.main+xml"/></Types>'
    )
    return zipped({"[Content_Types].xml": types.encode(), "_rels/.rels": b"<R/>", main_part: b"<x/>" * 900})


def docx() -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return ooxml("word/document.xml", kind)


def xlsx() -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return ooxml("xl/workbook.xml", kind)


def raw_zip(
    members: list[tuple[bytes, bytes]],
    *,
    flags: int = 0,
    declared: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """Return a deflated ZIP whose names are the given bytes; ``declared`` lies about the unpacked sizes."""
    body, directory = b"", b""
    for name, data in members:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush()
        size = len(data) if declared is None else declared
        common = struct.pack(
            "<HHHHHIIIHH", 20, flags, 8, 0, 0x21, zlib.crc32(data), len(packed), size, len(name), len(extra)
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name + extra
        body += b"PK\x03\x04" + common + name + extra + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def stored_rar(members: list[tuple[str, bytes]]) -> bytes:
    """Return a RAR 4 archive of stored members: marker, archive header, one file header each (technote)."""

    def block(kind: int, flags: int, fields: bytes) -> bytes:
        head = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head

    out = b"Rar!\x1a\x07\x00" + block(0x73, 0, bytes(6))
    for name, data in members:
        raw = name.encode("utf-8")
        fields = struct.pack(
            "<IIBIIBBHI", len(data), len(data), 3, zlib.crc32(data), 0x21 << 16, 29, 0x30, len(raw), 0o100644
        )
        out += block(0x74, 0x8000, fields + raw) + data
    return out + block(0x7B, 0x4000, b"")
