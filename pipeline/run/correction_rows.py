"""Corrections over the rows of an archive: which documents they concern, and their rows in place of the uncorrected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.model import Rulebook
from pipeline.run.correction_lines import PREFIX, load
from pipeline.run.corrections import (
    STALE,
    Corrections,
    Entry,
    Outcome,
    entries,
    from_entries,
    lines_of,
)
from pipeline.run.previous import Previous, Row, rows_of, without
from pipeline.run.rows import OpenRows, RowsFile, write_rows
from pipeline.run.work import rows_path
from pipeline.writers.layout import flag

if TYPE_CHECKING:
    import pyarrow as pa

_UNREAD = frozenset({"failed", "quarantined"})


@dataclass(slots=True)
class Layer:
    """The corrections of one publication beside those of the snapshot before.

    ``now`` are the lines of the file, ``kept`` what the manifest before says of its own, ``outcomes`` what
    became of the lines whose documents were interpreted.
    """

    now: Corrections
    kept: list[Entry] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    before: Corrections = field(init=False)

    def __post_init__(self) -> None:
        """Read what the manifest keeps."""
        self.before = from_entries(self.kept)

    def __bool__(self) -> bool:
        """Say whether any document may be concerned."""
        return bool(self.now) or bool(self.before)

    @property
    def named(self) -> frozenset[str]:
        """Return the first digits of the documents that are or were corrected, and paths not resolved."""
        return self.now.documents | self.before.documents

    def resolve(self, at: Mapping[str, str]) -> None:
        """Say which document lies at a path, and take over where the lines were attached before."""
        self.now = self.now.at(at).remembering(self.kept)

    def keep_unread(self, names: Iterable[str]) -> None:
        """Note that the lines of some documents cannot be applied: there is nothing to correct in them."""
        for name in names:
            self.outcomes += [
                Outcome(one, STALE, "文件未能读取 | the document could not be read", one.anchors)
                for one in self.now.of(name)
            ]

    def entries(self, present: Collection[str]) -> list[Entry]:
        """Return what the manifest keeps; ``present`` are the first digits of the documents of the snapshot."""
        kept = [
            entry
            for entry, one in zip(self.kept, self.before.items, strict=True)
            if self.now.ids.get(one.document, one.document) in present
        ]
        return entries(self.now, self.outcomes, kept)

    def lines(self, found: Iterable[Entry]) -> tuple[str, ...]:
        """Return what a person should know: how many are applied, and every line that is not."""
        return lines_of(found, self.now)


def layer_of(workspace: Path, rulebook: Rulebook, before: Previous | None) -> Layer:
    """Return the corrections of a workspace; RuleError where the file is wrong."""
    items = load(workspace, rulebook.fields)
    return Layer(Corrections(items), list(before.manifest.get("corrections", [])) if before else [])


def at_paths(before: Previous, corrections: Corrections) -> dict[str, str]:
    """Return path -> document id of the paths that lines name, in a snapshot."""
    import pyarrow as pa
    import pyarrow.compute as pc

    named = pa.array(sorted(corrections.paths), pa.string())
    found: dict[str, str] = {}
    for table in before.scan("documents", ["document_id", "paths"]) if len(named) else ():
        lists: Any = table.column("paths").combine_chunks()
        hit = pc.is_in(lists.flatten(), value_set=named)
        owners = table.column("document_id").take(pc.list_parent_indices(lists).filter(hit))
        found |= dict(zip(lists.flatten().filter(hit).to_pylist(), owners.to_pylist(), strict=True))
    return found


def concerned(layer: Layer, names: Iterable[str]) -> set[str]:
    """Return those of some documents that are or were corrected."""
    named = layer.named
    return {name for name in names if name[:PREFIX] in named}


def find(files: Iterable[RowsFile], names: Collection[str]) -> dict[str, Row]:
    """Return the documents rows of some documents in rows files."""
    found: dict[str, Row] = {}
    for file in files:
        if _may_hold(file, names):
            for table in OpenRows(file.path).tables("documents"):
                found |= {str(row["document_id"]): row for row in rows_of(table, names).to_pylist()}
    return found


def excluding(files: Iterable[RowsFile], names: Collection[str], root: Path) -> list[RowsFile]:
    """Return rows files without the rows of some documents; those that hold one are written anew."""
    kept: list[RowsFile] = []
    for file in files:
        if not _may_hold(file, names):
            kept.append(file)
            continue
        opened = OpenRows(file.path)
        tables: dict[str, pa.Table] = {}
        for dataset in file.rows:
            import pyarrow as pa

            tables[dataset] = without(pa.concat_tables(opened.tables(dataset)), names)
        kept.append(write_rows(rows_path(root), tables))
    return kept


def _may_hold(file: RowsFile, names: Collection[str]) -> bool:
    held = 0
    for bits in file.flags.get("documents", {}).values():
        held |= bits
    return any(held & flag(name) for name in names)


def settle(
    layer: Layer,
    done: list[RowsFile],
    kept: set[bytes],
    before: Previous | None,
    present: Iterable[str],
    root: Path,
    redo: Callable[[list[Row]], None],
) -> None:
    """Bring the rows of a run up to its corrections: ``redo`` interprets documents again, given their rows.

    ``present`` are the documents of the snapshot to be, ``kept`` those whose old rows stay; a document whose
    corrections are the old ones stays so.
    """
    names = concerned(layer, present)
    stay = {name for name in names if bytes.fromhex(name) in kept}
    same = {name for name in stay if layer.now.digest(name) == layer.before.digest(name)}
    rows: dict[str, Row] = {}
    if before is not None:
        rows |= {str(row["document_id"]): row for row in before.document_rows((stay - same).__contains__)}
    rows |= find(done, {name for name in names - stay if layer.now.of(name)})
    unread = {name for name, row in rows.items() if row["status"] in _UNREAD}
    layer.keep_unread(unread)
    again = rows.keys() - unread
    done[:] = excluding(done, again - stay, root)
    kept -= {bytes.fromhex(name) for name in again}
    redo([rows[name] for name in sorted(again)])
