"""7z archives, through py7zr (extra ``7z``)."""

import io
import lzma
import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeline.errors import SourceError
from pipeline.sources.containers.member import Member, Skipped
from pipeline.sources.limits import Budget

if TYPE_CHECKING:
    import py7zr

MEDIA = ("application/x-7z-compressed",)
_Item = Member | BaseException | None


class _Abandoned(Exception):  # noqa: N818
    """Nobody waits for the members any more."""


def members(file: BinaryIO, name: str, budget: Budget) -> Iterator[Member | Skipped]:
    """Yield the members of a 7z archive in its order, unpacking each block of it once.

    py7zr pushes, a generator pulls: a thread unpacks and hands over one member at a time.
    """
    file.seek(0)
    with _opened(file) as archive:
        packed = file.seek(0, 2)
        entries = archive.files
        sizes = [0 if entry.is_directory else int(entry.uncompressed or 0) for entry in entries]
        budget.declared(packed, sum(sizes))
        links = [str(entry.filename) for entry in entries if entry.is_symlink]
        for link in links:
            yield Skipped(link, "link")
        wanted = [str(entry.filename) for entry in entries if not entry.is_directory and not entry.is_symlink]
        if wanted:
            yield from _unpacked(archive, wanted, budget)


def _opened(file: BinaryIO) -> "py7zr.SevenZipFile":
    try:
        import py7zr
    except ImportError as error:
        raise SourceError("needs_extra", detail="7z: pip install guibiao[7z]") from error
    try:
        archive = py7zr.SevenZipFile(file)
        locked = archive.needs_password()
    except Exception as error:
        raise _fault(error) from error
    if locked:
        raise SourceError("encrypted")
    return archive


def _fault(error: BaseException) -> SourceError:
    """Return the SourceError for what py7zr raised."""
    if isinstance(error, SourceError):
        return error
    kind = type(error).__name__
    detail = f"{kind}: {error}"[:200]
    if kind == "PasswordRequired":
        return SourceError("encrypted")
    if kind.startswith("Unsupported"):
        return SourceError("unsupported", detail=detail)
    if isinstance(error, (EOFError, lzma.LZMAError)) and "end" in str(error).lower():
        return SourceError("truncated", detail=detail)
    return SourceError("corrupt", detail=detail)


def _unpacked(archive: "py7zr.SevenZipFile", wanted: list[str], budget: Budget) -> Iterator[Member]:
    handed: queue.Queue[_Item] = queue.Queue(maxsize=1)
    gone = threading.Event()

    def hand(item: _Item) -> None:
        while not gone.is_set():
            try:
                return handed.put(item, timeout=0.2)
            except queue.Full:
                continue
        raise _Abandoned

    def work() -> None:
        sinks = _factory(hand, budget)
        try:
            archive.extract(targets=wanted, factory=sinks)
            sinks.finish()
            hand(None)
        except _Abandoned:
            pass
        except BaseException as error:
            handed.put(error)

    thread = threading.Thread(target=work, name="unpack 7z", daemon=True)
    thread.start()
    try:
        while (item := handed.get()) is not None:
            if isinstance(item, BaseException):
                raise _fault(item) from item
            yield item
    finally:
        gone.set()
        while thread.is_alive():
            try:
                handed.get_nowait()
            except queue.Empty:
                thread.join(0.05)


def _factory(hand: Any, budget: Budget) -> Any:  # noqa: C901
    """Return a py7zr writer factory that hands over each member when the next one begins."""
    from py7zr.io import Py7zIO, WriterFactory

    limit = budget.limits.file_size

    class Sink(Py7zIO):  # type: ignore[misc, unused-ignore]
        def __init__(self, name: str) -> None:
            self.name = name
            self.held = io.BytesIO()
            self.seen = 0

        def write(self, part: bytes | bytearray) -> int:
            self.seen += len(part)
            budget.charge(len(part))
            if self.seen <= limit:
                self.held.write(part)
            return len(part)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

        def flush(self) -> None:
            pass

        def size(self) -> int:
            return self.seen

        def member(self) -> Member:
            if self.seen > limit:
                error = SourceError("too_large", detail=f"{self.seen} bytes, limit {limit}")
                return Member(self.name, self.seen, error)
            return Member(self.name, self.seen, self.held.getvalue())

    class Sinks(WriterFactory):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            self.open: Sink | None = None

        def create(self, filename: str) -> Sink:
            self.finish()
            budget.member()
            self.open = Sink(filename)
            return self.open

        def finish(self) -> None:
            if self.open is not None:
                hand(self.open.member())
                self.open = None

    return Sinks()
