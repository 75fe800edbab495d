"""tar archives and files packed with gzip, bzip2 or xz, alone or around a tar archive."""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Self, cast

from pipeline.errors import SourceError
from pipeline.sources.containers.member import Member, Skipped
from pipeline.sources.limits import MEGABYTE, Budget, OverBudget, take
from pipeline.sources.names import decode_names

GZIP, BZIP2, XZ, TAR = "application/gzip", "application/x-bzip2", "application/x-xz", "application/x-tar"
MEDIA = (GZIP, BZIP2, XZ, TAR)
_BLOCK = 512
_PIECE = 1 << 16
_LARGEST_NAME = MEGABYTE
_NAME_TYPES = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
_ENDINGS = {".tgz": ".tar", ".taz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar"}
_DAMAGE = (zlib.error, lzma.LZMAError, gzip.BadGzipFile, tarfile.TarError, OSError, ValueError, MemoryError)


class _Metered(io.RawIOBase):
    """A stream that counts what it unfolds and stops a bomb by the packed bytes that it has used so far."""

    def __init__(self, stream: BinaryIO, packed: BinaryIO | None, budget: Budget) -> None:
        self._stream = stream
        self._packed = packed
        self._budget = budget
        self._unpacked = 0
        self._ahead = b""

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """Return the next bytes without taking them."""
        if len(self._ahead) < size:
            self._ahead += self._stream.read(size - len(self._ahead))
        return self._ahead

    def read(self, size: int = _PIECE) -> bytes:
        part = self._ahead[:size]
        self._ahead = self._ahead[size:]
        while len(part) < size and (more := self._stream.read(size - len(part))):
            part += more
        self._unpacked += len(part)
        if self._packed is not None:
            used = self._packed.tell()
            if self._budget.is_bomb(used, self._unpacked):
                raise SourceError("too_large", detail=self._budget.bomb(used, self._unpacked))
        return part


def members(file: BinaryIO, name: str, budget: Budget) -> Iterator[Member | Skipped]:
    """Yield the members of a tar archive, packed or not, or the one file that was packed."""
    file.seek(0)
    head = file.read(6)
    file.seek(0)
    stream = _unpacking(file, head)
    metered = _Metered(stream or file, file if stream else None, budget)
    try:
        if stream is None or is_tar(metered.peek(_BLOCK)):
            yield from _tar_members(metered, budget)
        else:
            budget.member()
            content = take(metered.read, budget)
            yield Member(_inner_name(name), len(content), content)
    except EOFError as error:
        raise SourceError("truncated", detail=str(error)) from error
    except tarfile.ReadError as error:
        raise SourceError(
            "truncated" if "unexpected end" in str(error) else "corrupt", detail=str(error)
        ) from error
    except _DAMAGE as error:
        raise SourceError("corrupt", detail=f"{type(error).__name__}: {error}"[:200]) from error


def is_tar(block: bytes) -> bool:
    """Say whether a block is a tar header: its magic, or for the oldest tars a checksum that holds."""
    if block[257:262] == b"ustar":
        return True
    if len(block) < _BLOCK or not block[0]:
        return False
    try:
        stated = int(block[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        return False
    return stated == sum(block[:148]) + sum(block[156:_BLOCK]) + 8 * 0x20


def _unpacking(file: BinaryIO, head: bytes) -> BinaryIO | None:
    if head[:2] == b"\x1f\x8b":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if head[:3] == b"BZh":
        return cast(BinaryIO, bz2.BZ2File(file))
    if head == b"\xfd7zXZ\0":
        return cast(BinaryIO, lzma.LZMAFile(file))
    return None


def _inner_name(name: str) -> str:
    """Return what the packed file was called: x.txt.gz held x.txt, x.tgz held x.tar."""
    path = PurePosixPath(name.rsplit("!", 1)[-1])
    return path.stem + _ENDINGS.get(path.suffix.lower(), "") if path.suffix else path.name


class _Entry(tarfile.TarInfo):
    """A tar header that is not believed: tarfile reads the long name behind it as a whole, however long."""

    ended = False

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if len(buf) == _BLOCK and not any(buf):
            cls.ended = True
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in _NAME_TYPES and entry.size > _LARGEST_NAME:
            raise SourceError("too_large", detail=f"a name of {entry.size} bytes")
        return entry


def _tar_members(stream: _Metered, budget: Budget) -> Iterator[Member | Skipped]:
    """Yield the members of a tar archive; an end without its block of zeros means that something is missing.

    tarfile takes the first header that is cut or damaged for the end.
    """

    class Entries(_Entry):
        """Headers of this archive, with their own mark of its end."""

    with tarfile.open(
        fileobj=cast(BinaryIO, stream), mode="r|", errors="surrogateescape", tarinfo=Entries
    ) as archive:
        for entry in archive:
            # archive.members grows with every entry and a stream never goes back.
            archive.members = []  # type: ignore[attr-defined]
            if entry.isdir():
                continue
            budget.member()
            name = _member_name(entry.name)
            if not entry.isreg():
                yield Skipped(name, "link" if entry.issym() or entry.islnk() else "special")
                continue
            yield Member(name, entry.size, _content(archive, entry, budget))
        if not Entries.ended:
            raise SourceError("truncated", detail="no end of archive behind the last member")
    while stream.read(_PIECE):
        # What follows the end is read for its checksum.
        pass


def _member_name(name: str) -> str:
    if name.isascii():
        return name
    return decode_names([name.encode("utf-8", errors="surrogateescape")])[0]


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo, budget: Budget) -> bytes | SourceError:
    if entry.size > budget.limits.file_size:
        budget.charge(entry.size)
        return SourceError("too_large", detail=f"{entry.size} bytes, limit {budget.limits.file_size}")
    stream = archive.extractfile(entry)
    if stream is None:
        return SourceError("corrupt", detail="a member without content")
    try:
        content = take(stream.read, budget)
    except OverBudget:
        raise
    if len(content) < entry.size:
        raise SourceError("truncated", place=entry.name, detail=f"{len(content)} of {entry.size} bytes")
    return content
