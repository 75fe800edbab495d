"""What the snapshots of a workspace are, how two differ, and whether one is what it says it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.load import load_rulebook
from pipeline.run.batch import Limits
from pipeline.run.correction_rows import Layer
from pipeline.run.corrections import from_entries
from pipeline.run.difference import Difference, compare_tables
from pipeline.run.footprint import RuleChange, compare
from pipeline.run.pool import Pool
from pipeline.run.previous import KEPT, Previous, open_snapshot
from pipeline.run.publish import Changed, assemble
from pipeline.run.rerun import compare_rows, interpret_stored, is_read, setting_of, stored_items
from pipeline.run.rulebooks import kept_rulebook, rulebook_of
from pipeline.store import Workspace
from pipeline.store.grids import GridStore
from pipeline.writers.layout import bound

#: So many documents are recomputed by ``verify`` unless all are.
SAMPLE = 50
#: Documents whose rows are held at once.
_COMPARED = 2048
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Listed:
    """One snapshot in a list."""

    number: int
    current: bool
    parent: int | None
    rulebook: str
    rows: dict[str, int]


def listing(workspace: Path) -> list[Listed]:
    """Return all snapshots, ascending."""
    store = Workspace(workspace)
    current = store.current()
    found = []
    for number in store.snapshots():
        path = _folder(store, number)
        manifest = store.manifest(path)
        found.append(
            Listed(number, path == current, manifest["parent"], str(manifest["rulebook"]), manifest["rows"])
        )
    return found


def between(workspace: Path, one: int, other: int) -> tuple[tuple[RuleChange, ...], list[Difference]]:
    """Return how two snapshots differ: their rules, where both were kept, and their rows."""
    store = Workspace(workspace)
    shipped = load_rulebook()
    folders = [_folder(store, number) for number in (one, other)]
    old, new = (kept_rulebook(store, str(store.manifest(folder)["rulebook"])) for folder in folders)
    sides = [
        open_snapshot(store, folder, books or shipped)
        for folder, books in zip(folders, (old, new), strict=True)
    ]
    changes = compare(old, new).changes if old is not None and new is not None else ()
    count = 1
    while max(len(side.documents) for side in sides) > _COMPARED * count and count < 1024:
        count *= 2
    found: list[Difference] = []
    for number in range(count):
        low, high = bound(number, count), bound(number + 1, count)
        tables = [{name: side.table(name, low, high) for name in KEPT} for side in sides]
        found += compare_tables(tables[0], tables[1])
    return changes, sorted(found)


def _folder(store: Workspace, number: int) -> Path:
    path = store.snapshots_dir / f"{number:06d}"
    if not path.is_dir():
        known = ", ".join(map(str, store.snapshots())) or "-"
        raise StoreError(f"{path}: 没有这个快照（现有：{known}） | no such snapshot (there are: {known})")
    return path


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` looked at, and every fault it found, in words."""

    snapshot: int
    files: int
    recomputed: int
    cells: int
    faults: tuple[str, ...]


def verify(workspace: Path, number: int | None = None, *, everything: bool = False) -> Verdict:
    """Check a snapshot (the current one): files against the manifest, rows against the store, cells of values.

    ``everything`` recomputes all documents and the files' bytes, otherwise a sample that is the same for the
    same documents. StoreError where there is no such snapshot.
    """
    store = Workspace(workspace)
    current = store.current()
    if number is None and current is None:
        raise StoreError(f"{workspace}: 还没有数据 | nothing published here yet")
    folder = _folder(store, number if number is not None else int(current.name if current is not None else 0))
    manifest = store.manifest(folder)
    faults = list(_file_faults(folder, manifest))
    if faults:
        return Verdict(int(folder.name), len(manifest["files"]), 0, 0, tuple(faults))
    rulebook = rulebook_of(store, str(manifest["rulebook"]))
    before = open_snapshot(store, folder, rulebook)
    cells, lost = _lineage_faults(before)
    faults += lost
    names, more = _row_faults(before, rulebook, everything)
    return Verdict(int(folder.name), len(manifest["files"]), names, cells, (*faults, *more))


def _file_faults(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    listed = {file["path"]: file for file in manifest["files"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    for path in sorted(there - listed.keys()):
        yield f"{folder / path}: 清单中没有 | not in the manifest"
    for path, file in sorted(listed.items()):
        if path not in there:
            yield f"{folder / path}: 缺失 | missing"
        elif _sha256(folder / path) != file["sha256"]:
            yield f"{folder / path}: 内容与清单不符 | differs from the manifest"


def _sha256(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PIECE):
            sha.update(part)
    return sha.hexdigest()


def _lineage_faults(before: Previous) -> tuple[int, list[str]]:
    """Return how many cells values were taken from, and those that are not in the ledger; a range at a time."""
    import pyarrow.compute as pc

    count, used, faults = 1, 0, []
    while len(before.documents) > _COMPARED * count and count < 1024:
        count *= 2
    for number in range(count):
        low, high = bound(number, count), bound(number + 1, count)
        names: Any = before.table("lineage", low, high).column("cell_id").unique()
        there = before.table("cells", low, high).column("cell_id").combine_chunks()
        lost: Any = names.filter(pc.invert(pc.is_in(names, value_set=there)))
        used += len(names)
        faults += [f"{name}: 来源单元格不存在 | a value's cell does not exist" for name in lost.to_pylist()]
    return used, faults


def _row_faults(before: Previous, rulebook: Rulebook, everything: bool) -> tuple[int, list[str]]:
    """Return how many documents were recomputed and every difference from what is published."""
    store = before.workspace
    read = sorted(name.hex() for name, brief in before.documents.items() if is_read(brief))
    if not everything:
        read = sorted(read, key=lambda name: hashlib.sha256(name.encode()).digest())[:SAMPLE]
    with store.lock(), Pool(Limits().processes if everything else 1) as pool:
        setting = setting_of(store, rulebook, Limits())
        layer = Layer(from_entries(before.manifest.get("corrections", [])))
        rows = interpret_stored(pool, setting, stored_items(before, GridStore(store.root), read), layer)
        if not everything:
            found = compare_rows(pool, setting, Changed(rows, before, set(read)))
            return len(read), [
                f"{one.dataset} {'/'.join(one.key)} {one.column}: 已发布 {one.old!r}，重算 {one.new!r} | "
                f"published {one.old!r}, recomputed {one.new!r}"
                for one in found
            ]
        changed = Changed(rows, before, set(read))
        changed.paths = before.paths(read)
        files = assemble(pool, setting, rulebook, changed, store.staging(), every=True)
        made = {(file.path, file.sha256) for file in files}
    listed = {(file["path"], file["sha256"]) for file in before.manifest["files"]}
    different = sorted({path for path, _sha in made ^ listed})
    return len(read), [f"{path}: 重算结果不同 | recomputed otherwise" for path in different]
