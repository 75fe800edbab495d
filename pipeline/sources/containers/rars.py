"""RAR archives, through rarfile (extra ``rar``) and one of the tools that it drives."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from pipeline.errors import SourceError
from pipeline.sources.containers.member import Member, Skipped
from pipeline.sources.limits import Budget, OverBudget, take

if TYPE_CHECKING:
    import rarfile

MEDIA = ("application/vnd.rar",)
_TOOLS = "RAR: apt install unar libarchive-tools"


def members(file: BinaryIO, name: str, budget: Budget) -> Iterator[Member | Skipped]:
    """Yield the members of a RAR archive; packed ones need unrar, unar, bsdtar or 7z on the machine."""
    file.seek(0)
    with _opened(file) as archive:
        packed = file.seek(0, 2)
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        budget.declared(packed, sum(int(entry.file_size or 0) for entry in entries))
        if entries and all(entry.needs_password() for entry in entries):
            raise SourceError("encrypted", detail=f"all {len(entries)} members")
        for entry in entries:
            budget.member()
            if entry.is_symlink():
                yield Skipped(entry.filename, "link")
            else:
                yield Member(entry.filename, int(entry.file_size or 0), _content(archive, entry, budget))


def _opened(file: BinaryIO) -> "rarfile.RarFile":
    try:
        import rarfile
    except ImportError as error:
        raise SourceError("needs_extra", detail="RAR: pip install guibiao[rar]") from error
    try:
        archive = rarfile.RarFile(file, errors="strict")
        locked = archive.needs_password() and not archive.infolist()
    except rarfile.NeedFirstVolume as error:
        raise SourceError("unsupported", detail="a later part of a split archive") from error
    except Exception as error:
        raise SourceError("corrupt", detail=f"{type(error).__name__}: {error}"[:200]) from error
    if locked:
        raise SourceError("encrypted")
    if not archive.infolist():
        raise SourceError("truncated", detail="no member is left")
    return archive


def _content(archive: "rarfile.RarFile", entry: "rarfile.RarInfo", budget: Budget) -> bytes | SourceError:
    import rarfile

    if entry.needs_password():
        return SourceError("encrypted")
    if int(entry.file_size or 0) > budget.limits.file_size:
        return SourceError("too_large", detail=f"{entry.file_size} bytes, limit {budget.limits.file_size}")
    try:
        with archive.open(entry) as stream:
            content = take(stream.read, budget)
    except rarfile.RarCannotExec as error:
        raise SourceError("needs_extra", detail=_TOOLS) from error
    except OverBudget:
        raise
    except SourceError as error:
        return error
    except Exception as error:
        return SourceError("corrupt", detail=f"{type(error).__name__}: {error}"[:200])
    if len(content) < int(entry.file_size or 0):
        return SourceError("truncated", detail=f"{len(content)} of {entry.file_size} bytes")
    return content
