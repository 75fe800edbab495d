"""Parts of an Office package (ECMA-376 part 2), opened with limits and without trusting its sizes."""

import posixpath
import zipfile
from io import BytesIO

from pipeline.errors import SourceError

MAX_PART = 256 << 20  # bytes of one unpacked part; 700 forms in one document are about 250 MB of XML
MAX_TAGS = 8_000_000  # in one part: a tree takes about 130 bytes a node, a grid about as much a cell
PIECE = 64 << 10
OLE = b"\xd0\xcf\x11\xe0"
LOCAL_HEADER = b"PK\x03\x04"
END_RECORD = b"PK\x05\x06"
OFFICE_DOCUMENT = "/relationships/officeDocument"


class Package:
    """An open package; part names compare as the standard says, whatever their case and slashes."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(BytesIO(data))
            members = self._archive.infolist()
        except Exception as error:  # zipfile also lets struct, Unicode and value errors through
            raise _not_a_package(data, error) from error
        self._members = {_folded(member.filename): member for member in members}

    def __contains__(self, name: str) -> bool:
        return _folded(name) in self._members

    def part(self, name: str) -> bytes:
        """Return the bytes of a part; SourceError where it is missing, damaged, encrypted or too large."""
        member = self._members.get(_folded(name))
        if member is None:
            raise SourceError("corrupt", place=name, detail="the package has no such part")
        if member.flag_bits & 1:
            raise SourceError("encrypted", place=name)
        if member.file_size > MAX_PART:
            detail = f"unpacks to {member.file_size} bytes, the limit is {MAX_PART}"
            raise SourceError("too_large", place=name, detail=detail)
        unpacked = BytesIO()
        try:
            # In pieces: zipfile stops at the declared size, so a size that lies costs one piece, not its truth.
            with self._archive.open(member) as stream:
                while piece := stream.read(PIECE):
                    unpacked.write(piece)
        except Exception as error:  # BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error ...
            raise SourceError("corrupt", place=name, detail=f"{type(error).__name__}: {error}") from error
        data = unpacked.getvalue()
        if len(data) > MAX_TAGS and (tags := data.count(b"<")) > MAX_TAGS:
            raise SourceError("too_large", place=name, detail=f"{tags} XML tags, the limit is {MAX_TAGS}")
        return data

    def main_part(self) -> str:
        """Return the name of the main part: word/document.xml, or what the package's relationships name."""
        if "word/document.xml" in self:
            return "word/document.xml"
        from lxml import etree

        rels = "_rels/.rels"
        try:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            root = etree.fromstring(self.part(rels), parser)
        except etree.XMLSyntaxError as error:
            raise SourceError("corrupt", place=rels, detail=str(error)) from error
        for relation in root:
            if relation.get("Type", "").endswith(OFFICE_DOCUMENT):
                return posixpath.normpath(relation.get("Target", "").replace("\\", "/")).lstrip("/")
        raise SourceError("corrupt", place=rels, detail="the package names no main document")


def _folded(name: str) -> str:
    return name.replace("\\", "/").lower()


def _not_a_package(data: bytes, error: Exception) -> SourceError:
    """Tell a package whose end is missing from bytes that never were one."""
    magic = data[: len(LOCAL_HEADER)]
    if magic and LOCAL_HEADER.startswith(magic) and END_RECORD not in data:
        start = data.rfind(LOCAL_HEADER)
        length = int.from_bytes(data[start + 26 : start + 28], "little")
        name = data[start + 30 : start + 30 + length].decode("utf-8", "replace") if start >= 0 else ""
        place = f"{name} byte {len(data)}".strip()
        return SourceError("truncated", place=place, detail="the zip directory at the end is missing")
    if data.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in data:
        return SourceError("encrypted")
    return SourceError("corrupt", detail=f"not a readable zip package: {error}")
