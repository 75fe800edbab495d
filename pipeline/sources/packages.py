"""What a ZIP file is: an Office, OpenDocument or OFD document by its parts, else an archive."""

import re
import zipfile
from typing import BinaryIO

from pipeline.sources import media

_MAIN = re.compile(rb'ContentType\s*=\s*["\']([^"\']{1,200}?)\.main\+xml["\']', re.I)
_BINARY_SHEET = b"application/vnd.ms-excel.sheet.binary.macroEnabled.main"
_LOCAL = re.compile(rb"PK\x03\x04.{22}(..)..", re.S)
_FOLDERS = {"word/": media.DOCX, "xl/": media.XLSX, "ppt/": media.PPTX}
_EXTENSIONS = {
    "docx": media.DOCX,
    "docm": media.DOCX,
    "wps": media.DOCX,
    "xlsx": media.XLSX,
    "xlsm": media.XLSX,
    "et": media.XLSX,
    "pptx": media.PPTX,
    "ofd": media.OFD,
}
_PART = 1 << 20


def kind(file: BinaryIO, extension: str) -> str:
    """Return the media type of a ZIP file; where its directory is lost, by the members that are left."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            names = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
            return _by_parts(archive, names)
    except Exception:
        # zipfile lets struct.error, zlib.error, NotImplementedError and others through.
        return _by_remains(file, extension)


def _by_parts(archive: zipfile.ZipFile, names: dict[str, str]) -> str:
    if "ofd.xml" in names:
        return media.OFD
    if "[content_types].xml" in names:
        return _by_content_types(_start(archive, names["[content_types].xml"]), set(names))
    if "mimetype" in names:
        declared = _start(archive, names["mimetype"])[:100].decode("ascii", errors="ignore").strip()
        if re.fullmatch(r"application/[\w.+-]+", declared):
            return declared
    return _by_folder(set(names)) or media.ZIP


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the first megabyte of a member, empty where it is damaged."""
    try:
        with archive.open(name) as stream:
            return stream.read(_PART)
    except Exception:
        return b""


def _by_content_types(types: bytes, names: set[str]) -> str:
    """Return the type of the main part without ``.main+xml``: that of the whole (ISO/IEC 29500-2)."""
    if _BINARY_SHEET in types:
        return "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
    for found in _MAIN.finditer(types):
        told = found.group(1).decode("ascii", errors="replace")
        return told + ".12" if told.endswith("macroEnabled") else told
    return _by_folder(names) or media.ZIP


def _by_folder(names: set[str]) -> str | None:
    """Return the type by the folder of the main part: of a document that lost its list of types, say."""
    for folder, media_type in _FOLDERS.items():
        if any(name.startswith(folder) and name.endswith((".xml", ".bin")) for name in names):
            return media_type
    return None


def _by_remains(file: BinaryIO, extension: str) -> str:
    """Return the type by the local headers, in front of each member, of a file whose end is missing."""
    file.seek(0)
    data = file.read(16 * _PART)
    names: set[str] = set()
    for found in _LOCAL.finditer(data):
        size = int.from_bytes(found.group(1), "little")
        raw = data[found.end() : found.end() + size]
        names.add(raw.decode("utf-8", errors="replace").replace("\\", "/").lower())
    if "ofd.xml" in names:
        return media.OFD
    told = _by_folder(names)
    if told is None and names <= {"[content_types].xml", "_rels/.rels", ""} | _half(names):
        told = _EXTENSIONS.get(extension)
    return told or media.ZIP


def _half(names: set[str]) -> set[str]:
    """Return the names that are cut off themselves."""
    return {
        name
        for name in names
        if any(part.startswith(name) for part in ("[content_types].xml", "_rels/.rels"))
    }
