"""ZIP archives, whose names are in whatever encoding the writer's Windows had."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from pipeline.errors import SourceError
from pipeline.sources.containers.member import Member, Skipped
from pipeline.sources.limits import Budget, OverBudget, take
from pipeline.sources.names import decode_names, unicode_path

MEDIA = ("application/zip",)
_ENCRYPTED, _UTF8 = 0x1, 0x800
_LINK = 0o120000


def members(file: BinaryIO, name: str, budget: Budget) -> Iterator[Member | Skipped]:
    """Yield the members of a ZIP archive in the order of its directory."""
    with _opened(file) as archive:
        entries = archive.infolist()
        if len(entries) > budget.limits.members:
            raise SourceError("too_large", detail=f"{len(entries)} members, limit {budget.limits.members}")
        packed = file.seek(0, 2)
        # Members may share their packed bytes, so that only the sum of what they declare tells.
        budget.declared(packed, sum(entry.file_size for entry in entries))
        files = [
            (entry, title)
            for entry, title in zip(entries, member_names(entries), strict=True)
            if not title.endswith(("/", "\\"))
        ]
        if files and all(entry.flag_bits & _ENCRYPTED for entry, _ in files):
            raise SourceError("encrypted", detail=f"all {len(files)} members")
        for entry, title in files:
            budget.member()
            if (entry.external_attr >> 16) & 0o170000 == _LINK:
                yield Skipped(title, "link")
            else:
                yield Member(title, entry.file_size, _content(archive, entry, budget))


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, UnicodeDecodeError, OSError, ValueError, EOFError, OverflowError) as error:
        if "multiple disks" in str(error):
            raise SourceError("unsupported", detail="one part of a split archive") from error
        file.seek(0)
        whole = b"PK\x05\x06" in _tail(file)
        raise SourceError("corrupt" if whole else "truncated", detail=str(error)) from error
    except (NotImplementedError, zlib.error) as error:
        raise SourceError("unsupported", detail=str(error)) from error


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    return file.read()


def member_names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Return the names of members: as flagged or told by an extra field, the others recognised together."""
    names: list[str | None] = []
    raw: list[bytes] = []
    for entry in entries:
        if entry.flag_bits & _UTF8:
            names.append(entry.orig_filename)
            continue
        try:
            octets = entry.orig_filename.encode("cp437")
        except UnicodeEncodeError:
            names.append(entry.orig_filename)
            continue
        told = unicode_path(entry.extra, octets)
        names.append(told)
        if told is None:
            raw.append(octets)
    guessed = iter(decode_names(raw))
    return [name if name is not None else next(guessed) for name in names]


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> bytes | SourceError:
    """Return the bytes of a member, or why it has none."""
    if entry.flag_bits & _ENCRYPTED:
        return SourceError("encrypted")
    if entry.file_size > budget.limits.file_size:
        return SourceError("too_large", detail=f"{entry.file_size} bytes, limit {budget.limits.file_size}")
    try:
        with archive.open(entry) as stream:
            return take(stream.read, budget)
    except OverBudget:
        raise
    except SourceError as error:
        return error
    except NotImplementedError as error:
        return SourceError("unsupported", detail=str(error))
    except EOFError as error:
        return SourceError("truncated", detail=str(error) or "the packed bytes end too early")
    except Exception as error:
        # zipfile lets struct.error, zlib.error, LZMAError, RuntimeError, IndexError and others through.
        return SourceError("corrupt", detail=f"{type(error).__name__}: {error}"[:200])
