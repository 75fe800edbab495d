"""Other rules over the documents of a workspace: say what they would change, then publish exactly that."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.batch import Batch, publish
from pipeline.run.difference import Difference, compare_tables, digest
from pipeline.run.footprint import RuleChange, RuleDifference, compare, touched
from pipeline.run.previous import OWN, Previous, open_snapshot
from pipeline.run.rulebooks import keep_rulebook, kept_rulebook
from pipeline.store import Workspace
from pipeline.store.disk import make_folder, store_error, write
from pipeline.store.grids import GridStore, Key

if TYPE_CHECKING:
    import pyarrow as pa

PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What other rules would change in a workspace, and the state of both on which that rests.

    ``everything`` says why all documents had to be looked at; ``touched`` counts those that were. ``digest``
    names the differences.
    """

    snapshot: int
    run_id: str
    old_rules: str
    new_rules: str
    rules: str
    documents: int
    touched: int
    everything: str
    changes: tuple[RuleChange, ...]
    differences: tuple[Difference, ...]
    unmatched: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    plan: Plan
    tables: dict[str, pa.Table]
    problems: pa.Table
    rulebook: Rulebook


def plan(workspace: Path, rules: Path | None) -> Plan:
    """Return what the rules would change in the current snapshot, from the store alone; keep it for ``apply``.

    RuleError where the rules are wrong, StoreError where there is no snapshot or its documents are not in
    the store.
    """
    store = Workspace(workspace)
    with store.lock():
        found = _outcome(store, rules).plan
        _keep(store, found)
    return found


def apply(workspace: Path) -> tuple[Plan, Path]:
    """Publish exactly what the last plan said; StoreError where workspace or rules have moved since."""
    store = Workspace(workspace)
    with store.lock():
        state = _kept(store)
        rules = Path(state["rules"]) if state["rules"] else None
        outcome = _outcome(store, rules)
        now = outcome.plan
        for name, zh, en in (
            ("run_id", "工作区在计划之后已变化", "the workspace moved since the plan"),
            ("new_rules", "规则在计划之后已变化", "the rules changed since the plan"),
            ("digest", "结果与计划不同", "the outcome is not the planned one"),
        ):
            if state[name] != getattr(now, name):
                raise StoreError(
                    f"{workspace}: {zh}，未应用；请重新运行 guibiao plan | {en}; not applied; run guibiao plan again"
                )
        keep_rulebook(store, outcome.rulebook, rules)
        snapshot = publish(store, outcome.tables, outcome.problems, outcome.rulebook)
        (store.root / PLAN).unlink(missing_ok=True)
    return now, snapshot


def _outcome(store: Workspace, rules: Path | None) -> _Outcome:
    index = Index(load_rulebook(rules))
    rulebook = index.rulebook
    snapshot = store.current()
    if snapshot is None:
        raise StoreError(
            f"{store.root}: 还没有数据；请先运行 guibiao run | nothing published here yet; run guibiao run first"
        )
    before = open_snapshot(store, snapshot, rulebook)
    old = kept_rulebook(store, before.rulebook)
    difference = compare(old, rulebook) if old is not None else None
    why = "no rules kept" if difference is None else difference.everything
    why = why or ("" if before.reusable else "another version of the program")
    grids = GridStore(store.root)
    names = {name for name, row in before.documents.items() if row["status"] != "failed"}
    if not why and difference is not None:
        names &= _touched(grids, before, difference, rulebook)
    tables, problems = _recomputed(index, before, grids, names, difference)
    own = {name: rows_of(table, names) for name, table in before.tables(rulebook.fields).items()}
    checks = before.tables(rulebook.fields, ("documents", "checks"))
    found = compare_tables(
        {**own, **checks},
        {**{name: rows_of(tables[name], names) for name in OWN}, **{name: tables[name] for name in checks}},
    )
    result = Plan(
        snapshot=int(snapshot.name),
        run_id=str(before.manifest["run_id"]),
        old_rules=before.rulebook,
        new_rules=rulebook.digest,
        rules=str(rules.resolve()) if rules is not None else "",
        documents=len(before.documents),
        touched=len(names),
        everything=why,
        changes=difference.changes if difference is not None else (),
        differences=tuple(found),
        unmatched=_unmatched(found),
        digest=digest(found),
    )
    return _Outcome(result, tables, problems, rulebook)


def _touched(grids: GridStore, before: Previous, difference: RuleDifference, rulebook: Rulebook) -> set[str]:
    found = touched(grids, difference.keys, difference.joined)
    if difference.lost:
        import pyarrow as pa
        import pyarrow.compute as pc

        lost = pa.array(sorted(difference.lost), pa.string())
        short: set[str] = set()
        for table in before.tables(rulebook.fields, ("cells", "lineage")).values():
            ids: Any = table.filter(pc.is_in(table.column("rule"), value_set=lost)).column("cell_id")
            cut: Any = pc.utf8_slice_codeunits(ids, 0, 16).unique()
            short |= {str(name) for name in cut.to_pylist()}
        found |= {name for name in before.documents if name[:16] in short}
    return found


def _recomputed(
    index: Index, before: Previous, grids: GridStore, names: set[str], difference: RuleDifference | None
) -> tuple[dict[str, pa.Table], pa.Table]:
    """Return all tables under the new rules: these documents interpreted, the rest taken over."""
    batch = Batch(index, before)
    for name, row in before.documents.items():
        if name in names:
            key, path = stored_key(grids, name, row)
            batch.waiting[key] = path
        else:
            batch.kept[name] = row
    batch.reusing = before.reusable and len(names) < len(before.documents)
    batch.interpret_stored(grids)
    relabel = _relabelling(index.rulebook.digest, difference)
    places: dict[str, Any] = {name: row["paths"] for name, row in before.documents.items()}
    return batch.tables(places, relabel)


def stored_key(grids: GridStore, name: str, row: dict[str, object]) -> tuple[Key, str]:
    """Return the reading behind a documents row and the path that its messages name; StoreError without one.

    A message names the first path in the order of the archive, which need not be the least.
    """
    keys = grids.keys_of(name, str(row["media_type"]), str(row["reader"] or ""))
    if not keys:
        raise StoreError(
            f"{grids.folder}: 文档 {name[:16]} 不在表格存储中；请重新运行 guibiao run | "
            f"document {name[:16]} is not in the grid store; run guibiao run again"
        )
    paths: Any = row["paths"] or [name]
    message = str(row["error_message"] or "")
    named = [one for one in paths if message.startswith(f"{one}: ")]
    return keys[0], max(named, key=len, default=paths[0])


def _relabelling(rulebook: str, difference: RuleDifference | None) -> Callable[[str, pa.Table], pa.Table]:
    """Return what brings rows of the old rules to the new: their digest, and rule lines that moved."""
    moved = difference.moved if difference is not None else {}

    def relabel(dataset: str, table: pa.Table) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        if dataset == "forms":
            place = table.schema.get_field_index("rulebook")
            value: Any = pa.repeat(pa.scalar(rulebook, pa.string()), table.num_rows)
            return table.set_column(place, table.schema.field(place), value)
        if dataset in ("cells", "lineage") and moved:
            place = table.schema.get_field_index("rule")
            column = table.column(place).combine_chunks()
            at = pc.index_in(column, value_set=pa.array(list(moved), pa.string()))
            value = pc.coalesce(pa.array(list(moved.values()), pa.string()).take(at), column)
            return table.set_column(place, table.schema.field(place), value)
        return table

    return relabel


def rows_of(table: pa.Table, names: set[str]) -> pa.Table:
    """Return the rows of a table of OWN that belong to these documents."""
    import pyarrow as pa
    import pyarrow.compute as pc

    short = pa.array(sorted({name[:16] for name in names}), pa.string())
    column = "document_id" if "document_id" in table.column_names else "form_id"
    return table.filter(pc.is_in(pc.utf8_slice_codeunits(table.column(column), 0, 16), value_set=short))


def _unmatched(found: list[Difference]) -> tuple[str, ...]:
    """Return the cells that no rule claims any more."""
    return tuple(
        "/".join(one.key)
        for one in found
        if one.dataset == "cells" and one.column == "role" and one.new == "unmatched"
    )


def _keep(store: Workspace, found: Plan) -> None:
    state = {name: getattr(found, name) for name in ("snapshot", "run_id", "new_rules", "rules", "digest")}
    try:
        make_folder(store.tmp, store.root)
        spare = store.tmp / f"plan-{secrets.token_hex(8)}"
        write(spare, json.dumps(state, ensure_ascii=False, sort_keys=True).encode())
        spare.replace(store.root / PLAN)
    except OSError as err:
        raise store_error(store.root, err) from err


def _kept(store: Workspace) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((store.root / PLAN).read_text("utf-8"))
        return found
    except (OSError, ValueError) as err:
        raise StoreError(
            f"{store.root}: 没有计划；请先运行 guibiao plan | there is no plan; run guibiao plan first"
        ) from err


def as_json(found: Plan) -> str:
    """Return a plan as JSON."""
    return json.dumps(asdict(found), ensure_ascii=False, indent=1)
