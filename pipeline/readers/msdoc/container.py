"""Take the streams of a Word document out of its OLE compound file, within the bounds of the bytes."""

from array import array
from dataclasses import dataclass
from struct import unpack_from
from typing import TYPE_CHECKING

from pipeline.errors import SourceError

if TYPE_CHECKING:
    import olefile

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# First bytes of Word documents from before OLE: Word 1, 2 and 6 for DOS and Windows, Word for Macintosh.
OLD_WORD = (
    b"\xdb\xa5",
    b"\xdc\xa5",
    b"\x9b\xa5",
    b"\x99\xa5",
    b"\x31\xbe",
    b"\x32\xbe",
    b"\xfe\x37",
    b"\xfe\x32",
)
_HEADER = 512
_LAST_SECTOR = 0xFFFFFFFA


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams that hold text and formatting.

    ``short`` names those that end before their stated size; ``file`` is the whole compound file.
    """

    word: bytes
    tables: dict[str, bytes]
    data: bytes
    short: tuple[str, ...]
    file: bytes

    @property
    def damage(self) -> str:
        """Return the error that something missing is put down to: ``truncated`` or ``corrupt``."""
        return "truncated" if self.short else _damage(self.file)


def open_streams(data: bytes) -> Streams:
    """Return the Word streams of a compound file.

    Only streams of the root storage are taken: an embedded Word object has streams of the same names.
    SourceError: ``truncated``, ``corrupt``, ``encrypted`` (an encrypted OOXML package) or ``old_format``.
    """
    _check_header(data)
    import olefile

    try:
        with olefile.OleFileIO(data) as ole:
            return _take(ole, data)
    except SourceError:
        raise
    except Exception as error:  # olefile has no one exception; RecursionError and struct.error occur too
        raise SourceError(
            _damage(data), place="OLE container", detail=str(error) or type(error).__name__
        ) from error


def _take(ole: "olefile.OleFileIO", data: bytes) -> Streams:
    short: list[str] = []
    found: dict[str, bytes] = {}
    if ole.root.size > len(data):
        raise SourceError(
            _damage(data), place="OLE container", detail="the mini stream is longer than the file"
        )
    # Names are compared without case (MS-CFB, section 2.6.4); some programs write them in capitals.
    present = {entry.name.lower(): entry for entry in ole.root.kids if entry.entry_type == 2}
    if "encryptedpackage" in present:
        raise SourceError("encrypted", place="EncryptedPackage")
    for name in ("WordDocument", "0Table", "1Table", "Data"):
        entry = present.get(name.lower())
        if entry is None:
            continue
        size = entry.size
        if size > len(data):
            raise SourceError(
                _damage(data), place=name, detail=f"{size} bytes stated, the file has {len(data)}"
            )
        found[name] = _content(ole, entry, data)
        if len(found[name]) < size:
            short.append(name)
    if "WordDocument" not in found:
        names = ", ".join(sorted(entry.name for entry in present.values())[:8]) or "none"
        code = "old_format" if "mn0" in present else _damage(data)  # MN0 is Microsoft Works
        raise SourceError(code, place="WordDocument", detail=f"no such stream; the streams are: {names}")
    tables = {name: stream for name, stream in found.items() if name.endswith("Table")}
    return Streams(found["WordDocument"], tables, found.get("Data", b""), tuple(short), data)


def _content(ole: "olefile.OleFileIO", entry: "olefile.olefile.OleDirectoryEntry", data: bytes) -> bytes:
    """Return a stream's bytes, as many as there are.

    Large streams are cut out of the file run by run along olefile's allocation table: its own stream object
    takes one step a sector, which is a third of the time for the whole document.
    """
    if not entry.size:
        return b""
    if entry.size < ole.minisectorcutoff:
        return bytes(ole.openstream(entry.name).read())
    fat, shift, wanted = ole.fat, ole.sector_shift, entry.size
    parts: list[bytes] = []
    sector, got = entry.isectStart, 0
    while sector < len(fat) and got < wanted:
        first = sector
        while (following := fat[sector]) == sector + 1 and following < len(fat):
            sector = following
        part = data[(first + 1) << shift : (sector + 2) << shift]
        if not part:
            break
        parts.append(part)
        got += len(part)
        sector = following
    return b"".join(parts)[:wanted]


def _check_header(data: bytes) -> None:
    if data[:2] in OLD_WORD:
        raise SourceError(
            "old_format", place="byte 0", detail="a Word document from before Word 97, without OLE"
        )
    if data[:8] != MAGIC[: len(data)]:
        raise SourceError("corrupt", place="byte 0", detail="not an OLE compound file")
    if len(data) < _HEADER * 3:
        raise SourceError("truncated", place=f"byte {len(data)}", detail="shorter than the smallest OLE file")
    sectors = len(data) >> 9 if data[30] == 9 else (len(data) >> 12) + 1
    fat, mini_fat, more_fat = unpack_from("<I", data, 44)[0], *unpack_from("<I4xI", data, 64)
    # olefile reads as many allocation sectors as the header claims: claims beyond the file are not for it.
    if max(fat, mini_fat, more_fat) > sectors:
        raise SourceError(
            _damage(data), place="OLE header", detail=f"{fat} allocation sectors stated in {sectors}"
        )


def _damage(data: bytes) -> str:
    """Return ``truncated`` when allocated sectors lie behind the end of the file, else ``corrupt``."""
    shift = data[30] if data[30] in (9, 12) else 9
    size, sectors = 1 << shift, (len(data) >> shift) - 1
    for sector in unpack_from("<109I", data, 76):
        if sector >= _LAST_SECTOR:
            break
        if sector >= sectors:
            return "truncated"
    table = array("I")
    for sector in unpack_from("<109I", data, 76):
        if sector >= _LAST_SECTOR:
            break
        block = data[(sector + 1) << shift : (sector + 2) << shift]
        table.frombytes(block[: len(block) // 4 * 4].ljust(size, b"\xff"))
    used = next((n for n in range(len(table) - 1, -1, -1) if table[n] != 0xFFFFFFFF), 0)
    return "truncated" if used >= sectors else "corrupt"
