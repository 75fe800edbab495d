"""What an OLE compound file holds, told by its stream names."""

import struct
from typing import BinaryIO

from pipeline.sources import media

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# stream in the root storage, lower case -> media type; the first that is there decides
_STREAMS = {
    "encryptedpackage": media.ENCRYPTED,
    "worddocument": media.DOC,
    "workbook": media.XLS,
    "book": media.XLS,
    "powerpoint document": media.PPT,
    "pp40": media.PPT,
    "__properties_version1.0": media.MSG,
    "mn0": media.WORKS,
    "contents": media.WORKS,
}
_EXTENSIONS = {
    "doc": media.DOC,
    "dot": media.DOC,
    "wps": media.DOC,
    "wpt": media.DOC,
    "xls": media.XLS,
    "xlt": media.XLS,
    "et": media.XLS,
    "ett": media.XLS,
    "ppt": media.PPT,
    "dps": media.PPT,
    "msg": media.MSG,
}
_ENTRY = 128
_SECTOR = 512


def kind(file: BinaryIO, extension: str) -> str:
    """Return the media type of a compound file; of a damaged one by what is left, then by its extension."""
    names = _root_streams(file) or _entries_left(file)
    for stream, media_type in _STREAMS.items():
        if stream in names:
            return media_type
    if any(name.startswith("__substg1.0_") for name in names):
        return media.MSG
    return _by_first_sector(file) or (media.OLE if names else _EXTENSIONS.get(extension, media.OLE))


def _root_streams(file: BinaryIO) -> set[str]:
    """Return the names of the root's children, lower case; empty where the directory cannot be read."""
    import olefile

    try:
        file.seek(0)
        with olefile.OleFileIO(file) as compound:
            root = compound.root
            return {child.name.lower() for child in root.kids} if root is not None else set()
    except Exception:
        # olefile raises OSError, IndexError, struct.error and others on damaged files.
        return set()


def _entries_left(file: BinaryIO) -> set[str]:
    """Return the stream names in directory entries of a file whose sector chain is broken or cut.

    An entry is 128 bytes: the name in UTF-16, its length in bytes with the final zero at 64, the kind of
    object at 66 ([MS-CFB] 2.6.1).
    """
    size = file.seek(0, 2)
    file.seek(0)
    sector = file.read(_SECTOR)
    found: set[str] = set()
    while at := file.tell():
        sector = file.read(_SECTOR)
        if at >= size or not sector:
            break
        for start in range(0, len(sector) - 67, _ENTRY):
            length, object_kind = struct.unpack_from("<HB", sector, start + 64)
            if object_kind not in (1, 2, 5) or not 4 <= length <= 64 or length % 2:
                continue
            name = sector[start : start + length - 2].decode("utf-16-le", errors="replace")
            if name.isprintable() or name[1:].isprintable():
                found.add(name.lower())
    return found & set(_STREAMS)


def _by_first_sector(file: BinaryIO) -> str | None:
    """Return the type by what often stands right behind the header: a Word FIB or an Excel BOF record."""
    file.seek(_SECTOR)
    head = file.read(8)
    if head[:2] in (b"\xec\xa5", b"\xdc\xa5"):
        return media.DOC
    if head[:4] in (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00"):
        return media.XLS
    return None
