"""Two sets of rules, none of which need be published: what differs in them, and in the rows that they give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.batch import datasets
from pipeline.run.correction_rows import Layer, concerned
from pipeline.run.corrections import Corrections, corrected, from_entries
from pipeline.run.difference import Difference, compare_tables
from pipeline.run.footprint import RuleChange, compare, touched
from pipeline.run.previous import KEPT, Previous, open_snapshot, stored_key
from pipeline.run.rerun import is_read
from pipeline.run.rows import interpreted
from pipeline.run.rulebooks import rulebook_of
from pipeline.store import Workspace
from pipeline.store.grids import GridStore, Key

if TYPE_CHECKING:
    import pyarrow as pa

#: What stands for the rules that come with the program.
SHIPPED = ("shipped", "内置")


@dataclass(frozen=True, slots=True)
class RuleSets:
    """How two sets of rules differ; ``differences`` are those of the rows of a workspace's documents.

    ``documents`` counts those of the current snapshot (0 without one), ``touched`` those that were interpreted
    by both sets, ``everything`` says why that had to be all.
    """

    changes: tuple[RuleChange, ...]
    differences: tuple[Difference, ...]
    documents: int
    touched: int
    everything: str


def is_snapshot(name: str) -> bool:
    """Say whether one side of a comparison is the number of a snapshot."""
    return name.isascii() and name.isdigit()


def between_rules(workspace: Path, one: str, other: str) -> RuleSets:
    """Return how two sets of rules differ, each a folder, ``shipped`` or the number of a snapshot.

    The rows are those that each set gives for the documents of the current snapshot, from the store alone;
    without a snapshot only the rules are compared. RuleError where rules are wrong, StoreError where a
    snapshot or its rules are gone.
    """
    store = Workspace(workspace)
    old, new = (_rulebook(store, name) for name in (one, other))
    found = compare(old, new)
    current = store.current()
    if current is None:
        return RuleSets(found.changes, (), 0, 0, found.everything)
    before = open_snapshot(store, current, new)
    grids = GridStore(store.root)
    layer = Layer(from_entries(before.manifest.get("corrections", [])))
    names = {name.hex() for name, brief in before.documents.items() if is_read(brief)}
    why = found.everything or _other_checks(old, new)
    if not why:
        names &= touched(grids, found.keys, found.joined) | concerned(layer, names)
    tables = [_tables(before, grids, names, rulebook, layer.now) for rulebook in (old, new)]
    differences = compare_tables(tables[0], tables[1])
    return RuleSets(found.changes, tuple(differences), len(before.documents), len(names), why)


def _rulebook(store: Workspace, name: str) -> Rulebook:
    if is_snapshot(name):
        path = store.snapshots_dir / f"{int(name):06d}"
        if not path.is_dir():
            known = ", ".join(map(str, store.snapshots())) or "-"
            raise StoreError(f"{path}: 没有这个快照（现有：{known}） | no such snapshot (there are: {known})")
        return rulebook_of(store, str(store.manifest(path)["rulebook"]))
    return load_rulebook(None if name in SHIPPED else Path(name))


def _other_checks(old: Rulebook, new: Rulebook) -> str:
    """Return why all documents count: a check is free to look at several forms at once."""
    names = {name for name in old.files.keys() | new.files.keys() if name.startswith("checks/")}
    return next((name for name in sorted(names) if old.files.get(name) != new.files.get(name)), "")


def _tables(
    before: Previous, grids: GridStore, names: set[str], rulebook: Rulebook, corrections: Corrections
) -> dict[str, pa.Table]:
    """Return the rows that some documents give under some rules, corrected as in the snapshot."""
    index = Index(rulebook)
    rows = {str(row["document_id"]): row for row in before.document_rows(names.__contains__)}
    waiting: dict[Key, str] = dict(stored_key(grids, name, row) for name, row in rows.items())
    paths: dict[str, Any] = {name: row["paths"] for name, row in rows.items()}
    found = (
        corrected(interpreted(reading, index, waiting[reading.key]), corrections, index)[0]
        for reading in grids.get(waiting)
    )
    return {name: table for name, table in datasets(found, paths, index).items() if name in KEPT}
