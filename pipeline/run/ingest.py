"""Inputs to contents: what is new is named once, what is known is not opened, what is gone is noticed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pipeline.run.pool import Pool
from pipeline.run.previous import Previous
from pipeline.run.reading import PASSING, key_of
from pipeline.run.work import Compact, Survey
from pipeline.sources import Refusal
from pipeline.sources.rescan import Known, Rescan, Seen, Signature
from pipeline.sources.scan import unread_id
from pipeline.sources.walk import File
from pipeline.store.catalogue import Catalogue
from pipeline.store.grids import GridStore, Key

_EXAMPLES = 5
_MANY_SHARDS = 32
#: So many files are remembered before the catalogue is written.
_REMEMBERED = 2000


@dataclass(slots=True)
class Changes:
    """How the archive differs from the one before, in paths."""

    changed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    vanished: dict[str, list[str]] = field(default_factory=dict)

    def lines(self, pruned: bool) -> tuple[str, ...]:
        """Return one line per kind of change that a person should know of, in Chinese and English."""
        gone = [path for paths in self.vanished.values() for path in paths]
        zh, en = ("已移除", "removed") if pruned else ("其数据保留", "their data are kept")
        cure = "" if pruned else "; --prune-missing"
        kinds = (
            (self.changed, "个文件内容已变", "files have new content"),
            (
                self.moved,
                "个路径已移动或删除，内容仍在别处",
                "paths moved or gone, their content is elsewhere",
            ),
            (gone, f"个文件已不在档案中，{zh}", f"files are gone from the archive, {en}{cure}"),
        )
        return tuple(
            f"{len(paths)} {zh} | {len(paths)} {en}: {', '.join(sorted(paths)[:_EXAMPLES])}"
            + (", …" if len(paths) > _EXAMPLES else "")
            for paths, zh, en in kinds
            if paths
        )


class Ingest:
    """One walk over the inputs against the grid store; iterate once, then ask for ``paths`` and ``changes``.

    SourceError ``not_found`` on creation for an input that does not exist. Memory: what names a path and a
    content, for each; no bytes of documents.
    """

    def __init__(self, inputs: Sequence[Path], workspace: Path) -> None:
        self._scan = Rescan(inputs, self, surveyor=self._survey, skip=(workspace,))
        self.grids = GridStore(workspace)
        self._workspace = workspace
        self._catalogue: Catalogue | None = None
        self._pool: Pool | None = None
        self._limits: tuple[float | None, int | None] = (None, None)
        self._remembered = 0
        self.again: frozenset[str] = frozenset()

    def found(self, pool: Pool, seconds: float | None, memory: int | None) -> Iterator[Known | Refusal]:
        """Yield each distinct content, in archive order; under the workspace's lock."""
        self._pool, self._limits = pool, (seconds, memory)
        with Catalogue(self._workspace) as catalogue:
            self._catalogue = catalogue
            yield from self._scan.found()
            catalogue.commit()
        self._catalogue = None

    def settle(self, changes: Changes) -> None:
        """Tidy up after a publication: forget files that are gone, merge small shards."""
        with Catalogue(self._workspace) as catalogue:
            gone = [path for paths in changes.vanished.values() for path in paths]
            catalogue.forget([*gone, *changes.moved])
        if len(self.grids.shards()) > _MANY_SHARDS and self._pool is not None:
            self._pool.submit(Compact(str(self._workspace))).result()

    def paths_of(self, document_id: str) -> tuple[str, ...]:
        """Return all paths of a content, sorted; none where it was not found."""
        return self._scan.paths_of(document_id)

    def by_path(self) -> dict[str, bytes]:
        """Return path -> the bytes of the id of the content found there."""
        return self._scan.by_path()

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what the scan left out."""
        return self._scan.notices

    @property
    def skipped(self) -> int:
        """Return how many files were not opened."""
        return self._scan.skipped

    def changes(self, before: Previous | None, repathed: Callable[[str], None]) -> Changes:
        """Return what became of the paths of the snapshot before; name documents whose paths are others now."""
        found = Changes()
        now = self._scan.by_path()
        for row in before.document_rows() if before is not None else ():
            name, paths = str(row["document_id"]), cast(Sequence[str], row["paths"])
            if list(self.paths_of(name)) != list(paths):
                repathed(name)
            for path in paths:
                if now.get(path) == bytes.fromhex(name):
                    continue
                if path in now:
                    found.changed.append(path)
                elif self.paths_of(name):
                    found.moved.append(path)
                elif not self._stands(path) and unread_id(path).hex() != name:
                    found.vanished.setdefault(name, []).append(path)
        return found

    def has(self, key: Key) -> bool:
        """Say whether the store holds what came of reading a content, for good."""
        entry = self.grids.index.get(key)
        return entry is not None and entry.error_code not in PASSING and key.document_id not in self.again

    def _survey(self, files: Sequence[File]) -> Callable[[], Sequence[Sequence[Seen]]]:
        assert self._pool is not None
        future = self._pool.submit(Survey(tuple(files), *self._limits))
        return lambda: cast(Sequence[Sequence[Seen]], future.result())

    def _stands(self, path: str) -> bool:
        """Say whether the file on disk that a path lies in is still there."""
        visited = self._scan.visited
        places = [place for place, char in enumerate(path) if char == "!"]
        return path in visited or any(path[:place] in visited for place in places)

    # -- the memory of the scan --------------------------------------------------------------------------

    def recall(self, path: str, signature: Signature) -> Sequence[Seen] | None:
        """Return what an unchanged file holds, if all of it can be had from the store."""
        held = self._catalogue.held(path, signature) if self._catalogue is not None else None
        if held is None:
            return None
        if held and isinstance(held[0], str):
            name, media = str(held[0]), str(held[1])
            return (Seen("content", path, name, signature.size, media),)
        found = [_seen(one) for one in held if not isinstance(one, str)]
        for one in found:
            if one.error is not None and (one.error[0] in PASSING or not one.hashed):
                return None
        return found

    def remember(self, path: str, signature: Signature, seen: Sequence[Seen]) -> None:
        """Keep what a file held."""
        if self._catalogue is None:
            return
        first = seen[0] if seen else None
        plain = (
            len(seen) == 1
            and first is not None
            and first == Seen("content", path, first.document_id, signature.size, first.media_type)
        )
        if plain and first is not None:
            self._catalogue.keep(path, signature, (first.document_id, first.media_type))
        else:
            self._catalogue.keep(path, signature, [tuple(one) for one in seen])
        self._remembered += 1
        if self._remembered % _REMEMBERED == 0:
            self._catalogue.commit()

    def key(self, item: Known) -> Key:
        """Return the key of a content's reading."""
        return key_of(item.document_id, item.media_type, item.path)


def _seen(held: Sequence[object]) -> Seen:
    kind, path, name, size, media, error, hashed = held
    words = tuple(str(word) for word in error) if isinstance(error, list) else None
    return Seen(
        str(kind),
        str(path),
        str(name),
        int(str(size)),
        str(media),
        cast(tuple[str, str, str] | None, words),
        bool(hashed),
    )
