"""Inputs to readings: what is new is read once, what is known is not opened, what is gone is noticed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pipeline.run.previous import Previous, is_path_id
from pipeline.run.reading import PASSING, key_of
from pipeline.run.sandbox import Sandbox
from pipeline.sources import Refusal
from pipeline.sources.rescan import Known, Rescan, Seen, Signature
from pipeline.store.catalogue import Catalogue
from pipeline.store.grids import GridStore, Key, Reading

_EXAMPLES = 5
_MANY_SHARDS = 32


#: A new reading, what could not be opened, or the key of a reading that lies in the store.
Item = Reading | Refusal | Key


@dataclass(slots=True)
class Changes:
    """How the archive differs from the one before, in paths."""

    new: list[str] = field(default_factory=list)
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

    SourceError ``not_found`` on creation for an input that does not exist. Memory: one document at a time.
    """

    def __init__(self, inputs: Sequence[Path], workspace: Path) -> None:
        self._scan = Rescan(inputs, self, skip=(workspace,))
        self.grids = GridStore(workspace)
        self._workspace = workspace
        self._catalogue: Catalogue | None = None
        self.read = 0

    def items(self) -> Iterator[tuple[str, Item]]:
        """Yield (first path, item) of each distinct content, in archive order; under the workspace's lock."""
        with Catalogue(self._workspace) as catalogue, Sandbox() as sandbox:
            self._catalogue = catalogue
            for found in self._scan.found():
                if isinstance(found, Refusal):
                    yield found.path, found
                    continue
                path = found.path if isinstance(found, Known) else found.paths[0]
                key = key_of(found.document_id, found.media_type, path)
                if isinstance(found, Known) or self._has(key):
                    yield path, key
                    continue
                reading = sandbox.read(found)
                self.read += 1
                self.grids.add(reading)
                yield path, reading
            self.grids.flush()
            catalogue.commit()

    def settle(self, changes: Changes) -> None:
        """Tidy up after a publication: forget files that are gone, merge small shards."""
        with Catalogue(self._workspace) as catalogue:
            gone = [path for paths in changes.vanished.values() for path in paths]
            catalogue.forget([*gone, *changes.moved])
        if len(self.grids.shards()) > _MANY_SHARDS:
            self.grids.compact()

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Return document id -> all paths of that content, sorted."""
        return self._scan.paths

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what the scan left out."""
        return self._scan.notices

    @property
    def skipped(self) -> int:
        """Return how many files were not opened."""
        return self._scan.skipped

    def changes(self, before: Previous | None) -> Changes:
        """Return what became of the paths of the snapshot before."""
        found = Changes()
        now = self.paths
        at = {path: name for name, paths in now.items() for path in paths}
        old: set[str] = set()
        for name, row in before.documents.items() if before is not None else ():
            for path in cast(Sequence[str], row["paths"]):
                old.add(path)
                if at.get(path) == name:
                    continue
                if path in at:
                    found.changed.append(path)
                elif name in now:
                    found.moved.append(path)
                elif not self._stands(path) and not is_path_id(name, path):
                    found.vanished.setdefault(name, []).append(path)
        found.new.extend(path for path in at if path not in old)
        return found

    def _stands(self, path: str) -> bool:
        """Say whether the file on disk that a path lies in is still there."""
        visited = self._scan.visited
        places = [place for place, char in enumerate(path) if char == "!"]
        return path in visited or any(path[:place] in visited for place in places)

    def _has(self, key: Key) -> bool:
        entry = self.grids.index.get(key)
        return entry is not None and entry.error_code not in PASSING

    # -- the memory of the scan --------------------------------------------------------------------------

    def recall(self, path: str, signature: Signature) -> Sequence[Seen] | None:
        """Return what an unchanged file holds, if all of it can be had from the store."""
        held = self._catalogue.held(path, signature) if self._catalogue is not None else None
        if held is None:
            return None
        if held and isinstance(held[0], str):
            name, media = str(held[0]), str(held[1])
            there = self._has(key_of(name, media, path))
            return (Seen("content", path, name, signature.size, media),) if there else None
        found = [_seen(one) for one in held if not isinstance(one, str)]
        for one in found:
            if one.error is not None:
                if one.error[0] in PASSING or not one.hashed:
                    return None
            elif one.document_id and not self._has(key_of(one.document_id, one.media_type, one.path)):
                return None
        return found

    def remember(self, path: str, signature: Signature, seen: Sequence[Seen]) -> None:
        """Keep what a file held; it counts once its documents are in the store."""
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
