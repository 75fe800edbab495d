"""The parts of an Office Open XML package, each read whole within a limit, and how they refer to each other."""

import io
import posixpath
import zipfile
import zlib

from pipeline.errors import SourceError
from pipeline.readers.sheets.markup import InMemory

MAX_UNPACKED = 512 << 20  # all parts that are read, together

_SMALL = 1 << 20  # bytes of a member that is inflated at once
_END_RECORD = b"PK\x05\x06"


class Package:
    """A zip archive in memory; ``stream`` and ``part`` count what they unpack."""

    def __init__(self, data: bytes) -> None:
        self._left = MAX_UNPACKED
        self._data = data
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as fault:
            cut = data[:2] == b"PK" and _END_RECORD not in data[-66_000:]
            raise SourceError("truncated" if cut else "corrupt", place="zip", detail=str(fault)) from fault
        self._names = self._zip.NameToInfo
        self._folded: dict[str, str] | None = None

    def find(self, name: str) -> str | None:
        """Return the member's name as stored: leading slash, case and backslashes may differ; None where there is none."""
        name = name.lstrip("/")
        if name in self._names:
            return name
        if self._folded is None:
            self._folded = {found.replace("\\", "/").lstrip("/").lower(): found for found in self._names}
        return self._folded.get(name.lower())

    def size(self, name: str) -> int:
        """Return the unpacked size that the archive declares; reading never gives more."""
        return self._names[name].file_size

    def part(self, name: str) -> bytes:
        """Return the bytes of a member; SourceError too_large, encrypted or corrupt."""
        return self.stream(name).read()

    def stream(self, name: str) -> "Part | InMemory":
        """Open a member for reading piece by piece."""
        info = self._names[name]
        self._left -= info.file_size
        if self._left < 0:
            detail = f"unpacks to more than {MAX_UNPACKED >> 20} MiB"
            raise SourceError("too_large", place=name, detail=detail)
        if info.flag_bits & 1:
            raise SourceError("encrypted", place=name)
        found = _inflated(self._data, info) if info.file_size <= _SMALL else None
        return InMemory(found) if found is not None else Part(self._zip, name)


def _inflated(data: bytes, info: zipfile.ZipInfo) -> bytes | None:
    """Return the bytes of a member that is in every way as it should be; None leaves the fault to zipfile.

    Taking a member through zipfile costs more than inflating it when it is as small as those of a form.
    """
    name = info.orig_filename.encode("utf-8")
    start = info.header_offset + 30 + len(name)
    head = data[info.header_offset : start]
    if head[:4] != b"PK\3\4" or head[30:] != name or head[6] & 1 or info.compress_type not in (0, 8):
        return None
    start += int.from_bytes(head[28:30], "little")
    packed = data[start : start + info.compress_size]
    if info.compress_type == 0:
        found = packed
    else:
        inflating = zlib.decompressobj(-15)
        try:
            found = inflating.decompress(packed, info.file_size + 1)
        except zlib.error:
            return None
        if not inflating.eof:
            return None
    return found if len(found) == info.file_size and zlib.crc32(found) == info.CRC else None


class Part:
    """One open member whose faults are SourceErrors."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._name = name
        try:
            self._file = archive.open(name)
        except _FAULTS as fault:
            raise self._error(fault) from fault

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, all of the rest by default; empty at the end."""
        try:
            return self._file.read(size)
        except _FAULTS as fault:
            raise self._error(fault) from fault

    def _error(self, fault: BaseException) -> SourceError:
        return SourceError("corrupt", place=self._name, detail=f"{type(fault).__name__}: {fault}"[:200])


_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
)


def target(base: str, reference: str) -> str:
    """Return the name of the part that a reference within ``base`` points to."""
    if reference.startswith("/"):
        return reference.lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))


def relations(name: str) -> str:
    """Return the name of the part that lists the references of a part."""
    folder, file = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{file}.rels")
