"""INPUTS -> SOURCES, as ``Scan``, but files that are known and unchanged are not opened again."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.errors import SourceError
from pipeline.sources.limits import Limits
from pipeline.sources.notices import Notices
from pipeline.sources.scan import Found, Refusal, Scan
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
    """A distinct content in an unchanged file, at its first path; its bytes were not read."""

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
        limits: Limits | None = None,
        skip: Sequence[Path] = (),
    ) -> None:
        super().__init__(inputs, limits=limits, skip=skip)
        self._memory = memory
        self._record: list[Seen] = []
        self._about: tuple[int, str, SourceError | None, bool] = (0, "", None, True)
        self._notices = _Overheard(self._record)
        self.visited: set[str] = set()
        self.opened = 0
        self.skipped = 0

    def found(self) -> Iterator[Found | Known]:
        """Yield each distinct content once: Known where its file is unchanged, else Source or Refusal."""
        for root in self._roots:
            for item in files(root, skip=self._skip, note=self._notices.add):
                if isinstance(item, Failure):
                    yield from self._refuse_unread(item.path, 0, "inode/directory", item.error)
                else:
                    self.visited.add(item.path)
                    yield from self._recalled(item)

    def _recalled(self, file: File) -> Iterator[Found | Known]:
        try:
            status = os.stat(file.place)  # noqa: PTH116 - a Path's own stat costs twice as much
        except OSError:
            yield from self._file(file)
            return
        signature = Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        seen = self._memory.recall(file.path, signature)
        if seen is not None:
            self.skipped += 1
            for one in seen:
                yield from self._again(one)
            return
        self.opened += 1
        self._record.clear()
        yield from self._file(file)
        self._memory.remember(file.path, signature, tuple(self._record))

    def _again(self, seen: Seen) -> Iterator[Found | Known]:
        kind, path, document_id, size, media_type, error, hashed = seen
        if not document_id:
            Notices.add(self._notices, kind, path)  # recorded when the file was opened
        elif super()._is_new(bytes.fromhex(document_id), path):
            if error is None:
                yield Known(path, document_id, size, media_type)
            else:
                fault = SourceError(error[0], place=error[1], detail=error[2])
                yield Refusal(path, document_id, size, media_type, fault, hashed)

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
    """Notices that are also kept with the file that they are about."""

    def __init__(self, record: list[Seen]) -> None:
        super().__init__()
        self._record = record

    def add(self, kind: str, path: str) -> None:
        self._record.append(Seen(kind, path))
        super().add(kind, path)
