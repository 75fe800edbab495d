"""What the snapshots of a workspace are, how two differ, and whether one is what it says it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.batch import Batch
from pipeline.run.difference import Difference, compare_tables
from pipeline.run.footprint import RuleChange, compare
from pipeline.run.previous import KEPT, OWN, Previous, open_snapshot
from pipeline.run.rerun import rows_of, stored_key
from pipeline.run.rulebooks import kept_rulebook, rulebook_of
from pipeline.store import Workspace
from pipeline.store.grids import GridStore

if TYPE_CHECKING:
    import pyarrow as pa

#: So many documents are recomputed by ``verify`` unless all are.
SAMPLE = 50
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
    rulebook = load_rulebook()
    sides = [open_snapshot(store, _folder(store, number), rulebook) for number in (one, other)]
    old, new = (kept_rulebook(store, side.rulebook) for side in sides)
    changes = compare(old, new).changes if old is not None and new is not None else ()
    tables = [
        side.tables((books or rulebook).fields, KEPT) for side, books in zip(sides, (old, new), strict=True)
    ]
    return changes, compare_tables(tables[0], tables[1])


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
    tables = before.tables(rulebook.fields, KEPT)
    cells, lost = _lineage_faults(tables)
    faults += lost
    names, more = _row_faults(before, rulebook, tables, everything)
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


def _lineage_faults(tables: dict[str, pa.Table]) -> tuple[int, list[str]]:
    import pyarrow.compute as pc

    used: Any = tables["lineage"].column("cell_id").unique()
    there = tables["cells"].column("cell_id").combine_chunks()
    lost: Any = used.filter(pc.invert(pc.is_in(used, value_set=there)))
    return len(used), [
        f"{name}: 来源单元格不存在 | a value's cell does not exist" for name in lost.to_pylist()
    ]


def _row_faults(
    before: Previous, rulebook: Rulebook, tables: dict[str, pa.Table], everything: bool
) -> tuple[int, list[str]]:
    """Return how many documents were recomputed and every difference from what is published."""
    grids = GridStore(before.workspace.root)
    read = sorted(name for name, row in before.documents.items() if row["status"] != "failed")
    if not everything:
        read = sorted(read, key=lambda name: hashlib.sha256(name.encode()).digest())[:SAMPLE]
    batch = Batch(Index(rulebook), None)
    for name in read:
        key, path = stored_key(grids, name, before.documents[name])
        batch.waiting[key] = path
    batch.interpret_stored(grids)
    if everything:
        batch.kept = {name: row for name, row in before.documents.items() if row["status"] == "failed"}
    paths: dict[str, Any] = {name: row["paths"] for name, row in before.documents.items()}
    made, _problems = batch.tables(paths)
    names = set(read)
    if everything:
        return len(read), _byte_faults(before, rulebook, made)
    old = {name: rows_of(tables[name], names) for name in ("documents", *OWN)}
    faults = compare_tables(old, {name: made[name] for name in old})
    return len(read), [
        f"{one.dataset} {'/'.join(one.key)} {one.column}: 已发布 {one.old!r}，重算 {one.new!r} | "
        f"published {one.old!r}, recomputed {one.new!r}"
        for one in faults
    ]


def _byte_faults(before: Previous, rulebook: Rulebook, made: dict[str, pa.Table]) -> list[str]:
    import tempfile

    from pipeline.writers.parquet import write_tables

    with tempfile.TemporaryDirectory() as folder:
        files = {(file.path, file.sha256) for file in write_tables(made, rulebook.fields, Path(folder))}
    listed = {(file["path"], file["sha256"]) for file in before.manifest["files"]}
    different = sorted({path for path, _sha in files ^ listed})
    return [f"{path}: 重算结果不同 | recomputed otherwise" for path in different]
