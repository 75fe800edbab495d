"""INPUTS -> CONTENTS, as ``Scan``, but no file is opened here: what is in it is remembered or surveyed elsewhere.

The walk is one, in the order of the archive; the opening, hashing and unpacking (``survey``) are whoever's the
caller asks, in lots, many at a time. What they found is taken in the order of the walk all the same.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.sources.limits import Limits
from pipeline.sources.notices import Notices
from pipeline.sources.scan import Found, Refusal, Scan, unread_id
from pipeline.sources.walk import Failure, File, files


class Signature(NamedTuple):
    """What tells without opening it that a file is unchanged: size, times in nanoseconds, inode.

    The change time betrays an edit whose author put the modification time back. A difference means "hash it
    again" and no more.
    """

    size: int
    mtime: int
    ctime: int
    inode: int


class Seen(NamedTuple):
    """One thing that a file is or holds: a content, a refusal (with ``error``) or a notice of that ``kind``."""

    kind: str
    path: str
    document_id: str = ""
    size: int = 0
    media_type: str = ""
    error: tuple[str, str, str] | None = None
    hashed: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """A distinct content at its first path, and the file on disk that it is or lies in; its bytes are not here."""

    file: File
    path: str
    document_id: str
    size: int
    media_type: str


class Memory(Protocol):
    """What was in the files the last time."""

    def recall(self, path: str, signature: Signature) -> Sequence[Seen] | None:
        """Return what an unchanged file holds, None where it must be opened."""

    def remember(self, path: str, signature: Signature, seen: Sequence[Seen]) -> None:
        """Keep what a file holds, after all of it has been taken."""


#: What was asked of whoever opens files: call it for the contents of each file of the lot, in its order.
Answer = Callable[[], Sequence[Sequence[Seen]]]
Surveyor = Callable[[Sequence[File]], Answer]
#: Files in one lot, their bytes, and how many files the walk may be ahead of what is taken.
LOT, LOT_BYTES, AHEAD = 256, 64 << 20, 4096


class _Waiting(NamedTuple):
    """A file that the walk has passed: its contents, or the lot in which they are asked for and its place there."""

    file: File
    signature: Signature | None
    seen: Sequence[Seen] | None
    lot: "_Lot | None"
    place: int


class _Lot:
    """Files to be opened, and the answer once asked for."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.size = 0
        self.answer: Answer | None = None


class Rescan(Scan):
    """A Scan with a memory: the same contents at the same paths in the same order, the same notices.

    Iterate over ``found``. ``opened`` and ``skipped`` count files, ``visited`` holds the path of every file
    on disk that there is.
    """

    def __init__(
        self,
        inputs: Sequence[Path],
        memory: Memory,
        *,
        surveyor: Surveyor | None = None,
        limits: Limits | None = None,
        skip: Sequence[Path] = (),
    ) -> None:
        super().__init__(inputs, limits=limits, skip=skip)
        self._memory = memory
        self._surveyor = surveyor or self._at_once
        self._lot = _Lot()
        self._waiting: deque[_Waiting] = deque()
        self.visited: set[str] = set()
        self.opened = 0
        self.skipped = 0

    def found(self) -> Iterator[Known | Refusal]:
        """Yield each distinct content once, at its first path in the order of the walk."""
        for root in self._roots:
            for item in files(root, skip=self._skip, note=self._notices.add):
                if isinstance(item, Failure):
                    yield from self._refuse_unread(item.path, 0, "inode/directory", item.error)
                else:
                    self.visited.add(item.path)
                    self._pass(item)
                    yield from self._taken(AHEAD)
        self._ask()
        yield from self._taken(0)

    def _pass(self, file: File) -> None:
        """Queue a file: with what it holds if that is known, else in the lot to be opened."""
        signature, seen = None, None
        try:
            status = os.stat(file.place)  # noqa: PTH116 - a Path's own stat costs twice as much
            signature = Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            seen = self._memory.recall(file.path, signature)
        except OSError:
            pass
        if seen is not None:
            self.skipped += 1
            self._waiting.append(_Waiting(file, None, seen, None, 0))
            return
        self.opened += 1
        lot = self._lot
        self._waiting.append(_Waiting(file, signature, None, lot, len(lot.files)))
        lot.files.append(file)
        lot.size += signature.size if signature is not None else 0
        if len(lot.files) >= LOT or lot.size >= LOT_BYTES:
            self._ask()

    def _ask(self) -> None:
        if self._lot.files:
            self._lot.answer = self._surveyor(self._lot.files)
            self._lot = _Lot()

    def _taken(self, ahead: int) -> Iterator[Known | Refusal]:
        """Yield what the first files in the queue hold; wait for answers while it is longer than ``ahead``."""
        while self._waiting:
            file, signature, seen, lot, place = self._waiting[0]
            if lot is not None:
                if len(self._waiting) <= ahead:
                    return
                if lot.answer is None:
                    self._ask()
                assert lot.answer is not None
                seen = lot.answer()[place]
                if signature is not None:
                    self._memory.remember(file.path, signature, seen)
            self._waiting.popleft()
            for one in seen or ():
                yield from self._again(one, file)

    def _again(self, seen: Seen, file: File) -> Iterator[Known | Refusal]:
        kind, path, document_id, size, media_type, error, hashed = seen
        path = file.path if path == file.path else path  # one string, not two: there are as many as files
        if not document_id:
            self._notices.add(kind, path)
        elif self._is_new(bytes.fromhex(document_id), path):
            if error is None:
                yield Known(file, path, document_id, size, media_type)
            else:
                fault = SourceError(error[0], place=error[1], detail=error[2])
                yield Refusal(path, document_id, size, media_type, fault, hashed)

    def _at_once(self, lot: Sequence[File]) -> Answer:
        found = [survey(file, self._limits) for file in lot]
        return lambda: found


def survey(file: File, limits: Limits | None = None) -> tuple[Seen, ...]:
    """Open one file on disk and return what it is or holds, duplicates within it too."""
    return _Survey(limits).seen(file)


def sources(file: File, wanted: frozenset[str], limits: Limits | None = None) -> Iterator[Source]:
    """Yield the contents of one file on disk that stand at these paths, with their bytes."""
    left = set(wanted)
    for found in Scan((), limits=limits).of(file):
        if isinstance(found, Source) and found.paths[0] in left:
            left.discard(found.paths[0])
            yield found
        if not left:
            return


def given_up(file: File, error: SourceError) -> tuple[Seen, ...]:
    """Return what is known of a file that could not be surveyed: its path, and why."""
    digest = unread_id(file.path)
    words = (error.code, error.place, error.detail)
    return (Seen("refusal", file.path, digest.hex(), 0, "application/octet-stream", words, False),)


class _Survey(Scan):
    """A scan of one file that keeps a record of everything it comes by."""

    def __init__(self, limits: Limits | None) -> None:
        super().__init__((), limits=limits)
        self._record: list[Seen] = []
        self._about: tuple[int, str, SourceError | None, bool] = (0, "", None, True)
        self._notices = _Overheard(self._record)

    def seen(self, file: File) -> tuple[Seen, ...]:
        """Return everything that a file is or holds."""
        for _ in self.of(file):
            pass
        return tuple(self._record)

    def _content(self, data: bytes, path: str, media_type: str) -> Iterator[Found]:
        self._about = (len(data), media_type, None, True)
        yield from super()._content(data, path, media_type)

    def _refuse(
        self, digest: bytes, path: str, size: int, media_type: str, error: SourceError
    ) -> Iterator[Refusal]:
        self._about = (size, media_type, error, True)
        yield from super()._refuse(digest, path, size, media_type, error)

    def _refuse_unread(self, path: str, size: int, media_type: str, error: SourceError) -> Iterator[Refusal]:
        self._about = (size, media_type, error, False)
        yield from super()._refuse_unread(path, size, media_type, error)

    def _is_new(self, digest: bytes, path: str) -> bool:
        size, media_type, error, hashed = self._about
        words = (error.code, error.place, error.detail) if error is not None else None
        kind = "content" if error is None else "refusal"
        self._record.append(Seen(kind, path, digest.hex(), size, media_type, words, hashed))
        return super()._is_new(digest, path)


class _Overheard(Notices):
    """Notices that are kept with the file that they are about."""

    def __init__(self, record: list[Seen]) -> None:
        super().__init__()
        self._record = record

    def add(self, kind: str, path: str) -> None:
        self._record.append(Seen(kind, path))
