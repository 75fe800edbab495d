"""INPUTS -> SOURCES: each distinct content once, with its bytes; a refusal for what cannot be opened."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.sources.containers import OPENERS, Member
from pipeline.sources.limits import Budget, Limits, OverBudget
from pipeline.sources.names import is_litter, printable
from pipeline.sources.notices import Notices
from pipeline.sources.sniffing import sniff, sniff_file
from pipeline.sources.walk import Failure, File, files, roots

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file, archive or member that cannot be opened.

    ``document_id`` is the sha256 of its bytes; where these could not be read as a whole (no permission,
    too large, encrypted in its archive) it is the sha256 of ``path:`` and the path, and ``hashed`` is False.
    """

    path: str
    document_id: str
    size: int
    media_type: str
    error: SourceError
    hashed: bool = True


Found = Source | Refusal


class Scan:
    """Walk inputs, open archives and give each distinct content once, at its first path.

    Iterate once; ``paths`` and ``notices`` are complete after that. Raise SourceError ``not_found`` on
    creation for an input that does not exist, before anything is read. Memory: one document at a time, the
    archives around it, and some 300 bytes for each path found.
    """

    def __init__(
        self, inputs: Sequence[Path], *, limits: Limits | None = None, skip: Sequence[Path] = ()
    ) -> None:
        self._roots = roots([Path(path) for path in inputs])
        self._limits = limits or Limits()
        self._skip = tuple(Path(path) for path in skip)
        self._seen: dict[bytes, str | list[str]] = {}
        self._notices = Notices()

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Return document id -> all paths of that content, sorted."""
        return {
            digest.hex(): (places,) if isinstance(places, str) else tuple(sorted(places))
            for digest, places in self._seen.items()
        }

    def paths_of(self, document_id: str) -> tuple[str, ...]:
        """Return all paths of a content, sorted; none where it was not found."""
        places = self._seen.get(bytes.fromhex(document_id), ())
        return (places,) if isinstance(places, str) else tuple(sorted(places))

    def by_path(self) -> dict[str, bytes]:
        """Return path -> digest of its content."""
        return {
            path: digest
            for digest, places in self._seen.items()
            for path in ((places,) if isinstance(places, str) else places)
        }

    @property
    def notices(self) -> tuple[str, ...]:
        """Return a line for each kind of thing that was left out, with its count and first examples."""
        return self._notices.lines()

    def __iter__(self) -> Iterator[Found]:
        for root in self._roots:
            for found in files(root, skip=self._skip, note=self._notices.add):
                if isinstance(found, Failure):
                    yield from self._refuse_unread(found.path, 0, "inode/directory", found.error)
                else:
                    yield from self.of(found)

    def of(self, found: File) -> Iterator[Found]:
        """Yield what one file on disk is or holds."""
        try:
            with found.place.open("rb") as file:
                size = file.seek(0, 2)
                media_type = sniff_file(file, found.path)
                if media_type in OPENERS:
                    budget = Budget(self._limits, size)
                    yield from self._archive(file, found.path, media_type, size, budget, 1)
                elif size > self._limits.file_size:
                    error = SourceError("too_large", detail=f"{size} bytes, limit {self._limits.file_size}")
                    yield from self._refuse(_digest(file), found.path, size, media_type, error)
                else:
                    file.seek(0)
                    yield from self._content(file.read(), found.path, media_type)
        except OSError as error:
            refusal = SourceError("unreadable", detail=error.strerror or str(error))
            yield from self._refuse_unread(found.path, 0, "application/octet-stream", refusal)

    def _content(self, data: bytes, path: str, media_type: str) -> Iterator[Found]:
        """Yield a document unless the same bytes were found before."""
        digest = hashlib.sha256(data).digest()
        if self._is_new(digest, path):
            yield Source(digest.hex(), (path,), len(data), media_type, data)

    def _archive(
        self, file: BinaryIO, path: str, media_type: str, size: int, budget: Budget, depth: int
    ) -> Iterator[Found]:
        """Yield what an archive holds; a refusal where it cannot be opened or goes wrong midway."""
        taken: dict[str, int] = {}
        try:
            if depth > self._limits.depth:
                raise SourceError("too_large", detail=f"archives nested more than {self._limits.depth} deep")
            for member in OPENERS[media_type](file, path, budget):
                name = printable(member.name) or "_"
                taken[name] = count = taken.get(name, 0) + 1
                inner = f"{path}!{name}" if count == 1 else f"{path}!{name}#{count}"
                if not isinstance(member, Member):
                    self._notices.add(member.kind, inner)
                elif is_litter(name):
                    self._notices.add("litter", inner)
                else:
                    yield from self._member(member, inner, budget, depth)
        except OverBudget as error:
            if depth > 1:
                raise
            yield from self._refuse(_digest(file), path, size, media_type, error)
        except SourceError as error:
            yield from self._refuse(_digest(file), path, size, media_type, error)
        except Exception as error:
            # The libraries are not ours and the bytes may be hostile: one archive never stops the others.
            fault = SourceError("internal", detail=f"{type(error).__name__}: {error}"[:200])
            yield from self._refuse(_digest(file), path, size, media_type, fault)

    def _member(self, member: Member, path: str, budget: Budget, depth: int) -> Iterator[Found]:
        """Yield what a member of an archive is or holds."""
        content = member.content
        if isinstance(content, SourceError):
            if content.code == "encrypted":
                self._notices.add("encrypted", path)
            yield from self._refuse_unread(path, member.size, "application/octet-stream", content)
            return
        media_type = sniff(content, path)
        if media_type in OPENERS:
            file = io.BytesIO(content)
            yield from self._archive(file, path, media_type, len(content), budget, depth + 1)
        else:
            yield from self._content(content, path, media_type)

    def _refuse(
        self, digest: bytes, path: str, size: int, media_type: str, error: SourceError
    ) -> Iterator[Refusal]:
        if self._is_new(digest, path):
            yield Refusal(path, digest.hex(), size, media_type, error)

    def _refuse_unread(self, path: str, size: int, media_type: str, error: SourceError) -> Iterator[Refusal]:
        digest = unread_id(path)
        if self._is_new(digest, path):
            yield Refusal(path, digest.hex(), size, media_type, error, hashed=False)

    def _is_new(self, digest: bytes, path: str) -> bool:
        """Keep a path with its content; say whether the content was not seen before."""
        before = self._seen.get(digest)
        if before is None:
            self._seen[digest] = path
            return True
        if isinstance(before, str):
            self._seen[digest] = [before, path]
        else:
            before.append(path)
        return False


def unread_id(path: str) -> bytes:
    """Return what stands for the digest of bytes that could not be had: one of the path."""
    return hashlib.sha256(b"path:" + path.encode("utf-8", errors="replace")).digest()


def _digest(file: BinaryIO) -> bytes:
    """Return the sha256 of a file, read in pieces."""
    sha = hashlib.sha256()
    file.seek(0)
    while part := file.read(_PIECE):
        sha.update(part)
    return sha.digest()
