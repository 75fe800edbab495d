"""How files and members are called: raw bytes to readable names, and which names are system litter."""

import struct
import zlib
from collections.abc import Sequence

from pipeline.text.encoding import UndecodableText, recognise

_LITTER = frozenset(
    (
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        ".ds_store",
        "__macosx",
        "@eadir",
        "$recycle.bin",
        "system volume information",
        ".trashes",
        ".spotlight-v100",
        ".fseventsd",
        ".temporaryitems",
        ".git",
        ".svn",
    )
)
# AppleDouble files, lock files of Word and WPS, of LibreOffice, work files of Word
_LITTER_STARTS = ("._", "~$", ".~", "~wrl", "~wrd")
_UNICODE_PATH = 0x7075


def is_litter(path: str) -> bool:
    """Say whether a path is what an operating or office system left behind, such as Thumbs.db."""
    parts = path.lower().split("/")
    return parts[-1].startswith(_LITTER_STARTS) or not _LITTER.isdisjoint(parts)


def printable(name: str) -> str:
    """Return a name with ``/`` between folders and U+FFFD for what cannot be shown or stored."""
    name = name.replace("\\", "/")
    if name.isprintable():
        return name
    return "".join("\ufffd" if _is_unfit(char) else char for char in name)


def _is_unfit(char: str) -> bool:
    return char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff"


def decode_names(raw: Sequence[bytes]) -> list[str]:
    """Return the names of one archive or folder that came without an encoding.

    They are recognised together, since one program wrote them: 学校 alone is as well two letters of UTF-8,
    beside other names it is not. Where they do not agree, each is recognised alone.
    """
    if all(name.isascii() for name in raw):
        return [name.decode("ascii") for name in raw]
    clean = [name.replace(b"\n", b"_") for name in raw]
    try:
        together = recognise(b"\n".join(clean))
    except UndecodableText:
        together = None
    if together is not None and not together.replaced and together.encoding != "utf-16":
        names = together.text.split("\n")
        if len(names) == len(raw):
            return names
    return [_decode_name(name) for name in clean]


def _decode_name(raw: bytes) -> str:
    try:
        found = recognise(raw)
    except UndecodableText:
        return raw.decode("gb18030", errors="replace")
    return found.text if not found.replaced else raw.decode("gb18030", errors="replace")


def unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name in a Unicode Path field (APPNOTE 4.6.9) that fits the raw name, None without one."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        at += 4 + size
        if (
            kind == _UNICODE_PATH
            and len(body) > 5
            and struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw)
        ):
            try:
                return body[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None
