"""Other rules over the documents of a workspace: say what they would change, then publish exactly that.

A plan interprets what the new rules can touch, once, and keeps the rows beside the workspace; ``apply``
publishes those very rows.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError
from pipeline.model import Rulebook
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.assembly import Compare, Relabel
from pipeline.run.batch import CHUNK, Limits
from pipeline.run.correction_lines import PREFIX, keys_of, load
from pipeline.run.correction_rows import Layer, at_paths, concerned, layer_of
from pipeline.run.corrections import Corrections
from pipeline.run.difference import Difference, digest
from pipeline.run.footprint import RuleChange, RuleDifference, compare, touched
from pipeline.run.pool import Pool
from pipeline.run.previous import Brief, Previous, open_snapshot, stored_key
from pipeline.run.publish import Changed, publish, recheck
from pipeline.run.reading import versions
from pipeline.run.rows import RowsFile
from pipeline.run.rulebooks import keep_rulebook, kept_rulebook
from pipeline.run.work import Done, Interpret, Setting, Stored, keep_rules
from pipeline.store import Workspace
from pipeline.store.disk import make_folder, store_error, write
from pipeline.store.grids import GridStore
from pipeline.writers.layout import bound

PLAN = "plan"
_STATE = "plan.json"
#: Documents whose rows are compared at once.
_COMPARED = 2048
#: Documents from which on several processes compare.
_SHARED = 16


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


def plan(workspace: Path, rules: Path | None, limits: Limits | None = None) -> Plan:
    """Return what the rules would change in the current snapshot, from the store alone; keep it for ``apply``.

    RuleError where the rules are wrong, StoreError where there is no snapshot or its documents are not in
    the store.
    """
    index = Index(load_rulebook(rules))
    rulebook = index.rulebook
    limits = limits or Limits()
    store = Workspace(workspace)
    with store.lock(), Pool(limits.processes) as pool:
        before = _current(store, rulebook)
        old = kept_rulebook(store, before.rulebook)
        difference = compare(old, rulebook) if old is not None else None
        why = "no rules kept" if difference is None else difference.everything
        why = why or ("" if before.reusable else "another version of the program")
        grids = GridStore(store.root)
        names = {name.hex() for name, brief in before.documents.items() if is_read(brief)}
        if not why and difference is not None:
            names &= _touched(grids, before, difference)
        layer = layer_of(workspace, rulebook, before)
        layer.resolve(at_paths(before, layer.now))
        names |= concerned(layer, (name.hex() for name, brief in before.documents.items() if is_read(brief)))
        setting = setting_of(store, rulebook, limits)
        rows = interpret_stored(pool, setting, stored_items(before, grids, names), layer)
        moved = difference.moved if difference is not None and not why else {}
        changed = Changed(
            rows,
            before,
            names,
            relabel=Relabel(rulebook.digest, moved),
            recheck=old is None or checks_of(old) != checks_of(rulebook),
            corrections=layer.entries({name.hex()[:PREFIX] for name in before.documents}),
        )
        if changed.recheck:
            changed.rows += recheck(pool, setting, changed)
        found = compare_rows(pool, setting, changed)
        result = Plan(
            snapshot=int(before.snapshot.name),
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
        _keep(store, result, changed, layer)
    return result


def apply(workspace: Path, limits: Limits | None = None) -> tuple[Plan, Path]:
    """Publish exactly what the last plan said; StoreError where workspace or rules have moved since."""
    limits = limits or Limits()
    store = Workspace(workspace)
    with store.lock(), Pool(limits.processes) as pool:
        state = _kept(store)
        rules = Path(state["plan"]["rules"]) if state["plan"]["rules"] else None
        rulebook = load_rulebook(rules)
        before = _current(store, rulebook)
        for same, zh, en in (
            (
                state["plan"]["run_id"] == before.manifest["run_id"]
                and state["plan"]["snapshot"] == int(before.snapshot.name),
                "工作区在计划之后已变化",
                "the workspace moved since the plan",
            ),
            (
                state["plan"]["new_rules"] == rulebook.digest,
                "规则在计划之后已变化",
                "the rules changed since the plan",
            ),
            (state["versions"] == versions(), "程序在计划之后已更新", "the program changed since the plan"),
            (
                state["corrected"] == keys_of(load(workspace, rulebook.fields)),
                "更正在计划之后已变化",
                "the corrections changed since the plan",
            ),
            (_is_whole(store, state), "计划的数据不完整", "the data of the plan are not all there"),
        ):
            if not same:
                raise StoreError(
                    f"{workspace}: {zh}，未应用；请重新运行 guibiao plan | {en}; not applied; run guibiao plan again"
                )
        changed = Changed(
            [
                RowsFile.from_json({**one, "path": str(store.root / PLAN / one["path"])})
                for one in state["rows"]
            ],
            before,
            set(state["names"]),
            relabel=Relabel(state["relabel"]["rulebook"], state["relabel"]["moved"]),
            corrections=state["corrections"],
        )
        changed.paths = before.paths(changed.dropped)
        changed.checked = bool(state["recheck"])
        keep_rulebook(store, rulebook, rules)
        snapshot, _written = publish(store, pool, setting_of(store, rulebook, limits), rulebook, changed)
        shutil.rmtree(store.root / PLAN, ignore_errors=True)
    return _plan_of(state["plan"]), snapshot


def _plan_of(state: dict[str, Any]) -> Plan:
    changes = tuple(RuleChange(**one) for one in state["changes"])
    differences = tuple(Difference(**{**one, "key": tuple(one["key"])}) for one in state["differences"])
    return Plan(
        **{**state, "changes": changes, "differences": differences, "unmatched": tuple(state["unmatched"])}
    )


def _current(store: Workspace, rulebook: Rulebook) -> Previous:
    snapshot = store.current()
    if snapshot is None:
        raise StoreError(
            f"{store.root}: 还没有数据；请先运行 guibiao run | nothing published here yet; run guibiao run first"
        )
    return open_snapshot(store, snapshot, rulebook)


def setting_of(store: Workspace, rulebook: Rulebook, limits: Limits) -> Setting:
    """Return what work needs, under the workspace's lock."""
    rules = store.staging() / "rules.pickle"
    keep_rules(rules, rulebook)
    return Setting(str(store.root), str(rules), 0, limits.seconds, limits.memory)


def checks_of(rulebook: Rulebook) -> dict[str, str]:
    """Return the digests of the files of checks."""
    return {name: text for name, text in rulebook.files.items() if name.startswith("checks/")}


def is_read(brief: Brief) -> bool:
    """Say whether a document was read, so that its rows depend on the rules."""
    return brief.status not in ("failed", "quarantined")


def _touched(grids: GridStore, before: Previous, difference: RuleDifference) -> set[str]:
    found = touched(grids, difference.keys, difference.joined)
    if difference.lost:
        import pyarrow as pa
        import pyarrow.compute as pc

        lost = pa.array(sorted(difference.lost), pa.string())
        short: set[str] = set()
        for dataset in ("cells", "lineage"):
            for table in before.scan(dataset, ["rule", "cell_id"]):
                ids: Any = table.filter(pc.is_in(table.column("rule"), value_set=lost)).column("cell_id")
                cut: Any = pc.utf8_slice_codeunits(ids, 0, 16).unique()
                short |= {str(name) for name in cut.to_pylist()}
        found |= {name.hex() for name in before.documents if name.hex()[:16] in short}
    return found


def stored_items(before: Previous, grids: GridStore, names: Collection[str]) -> list[Stored]:
    """Return where the readings of some documents of a snapshot lie; StoreError where one is not in the store."""
    found: list[Stored] = []
    if not names:
        return found
    for row in before.document_rows(names.__contains__):
        key, path = stored_key(grids, str(row["document_id"]), row)
        entry = grids.index[key]
        found.append(Stored(entry.shard, entry.row, path))
    return sorted(found)


def interpret_stored(
    pool: Pool, setting: Setting, items: list[Stored], layer: Layer | None = None
) -> list[RowsFile]:
    """Interpret documents of the store, with the corrections of a layer; return where their rows are."""
    width = max(1, min(CHUNK, -(-len(items) // pool.workers)))
    corrections = layer.now if layer is not None else Corrections()
    works = [
        Interpret(setting, tuple(items[start : start + width]), corrections=corrections)
        for start in range(0, len(items), width)
    ]
    done: list[Done] = [future.result() for future in [pool.submit(work) for work in works]]
    if layer is not None:
        layer.outcomes += [outcome for one in done for outcome in one.outcomes]
    return [one.rows for one in done]


def compare_rows(pool: Pool, setting: Setting, changed: Changed) -> list[Difference]:
    """Return how new rows differ from those of the snapshot that they replace, sorted."""
    before, names = changed.before, sorted(changed.dropped)
    if before is None or not (names or changed.recheck):
        return []
    looked = len(before.documents) if changed.recheck else len(names)
    count = 1
    while (looked > _COMPARED * count or (looked > _SHARED and count < pool.workers)) and count < 1024:
        count *= 2
    paths = tuple(file.path for file in changed.rows)
    works = []
    for number in range(count):
        low, high = bound(number, count), bound(number + 1, count)
        own = frozenset(name for name in names if low <= name < high)
        if own or changed.recheck:
            works.append(Compare(setting, str(before.snapshot), low, high, own, paths, changed.recheck))
    found: list[Difference] = []
    for future in [pool.submit(work) for work in works]:
        found += future.result()
    return sorted(found)


def _unmatched(found: Iterable[Difference]) -> tuple[str, ...]:
    """Return the cells that no rule claims any more."""
    return tuple(
        "/".join(one.key)
        for one in found
        if one.dataset == "cells" and one.column == "role" and one.new == "unmatched"
    )


def _keep(store: Workspace, found: Plan, changed: Changed, layer: Layer) -> None:
    """Keep a plan and its rows; the state is written last, so a plan that was cut short is none."""
    folder = store.root / PLAN
    try:
        shutil.rmtree(folder, ignore_errors=True)
        make_folder(folder, store.root)
        rows = []
        for number, file in enumerate(changed.rows):
            name = f"{number:06d}.rows"
            Path(file.path).replace(folder / name)
            rows.append({**file.as_json(), "path": name, "size": (folder / name).stat().st_size})
        state = {
            "plan": asdict(found),
            "versions": dict(versions()),
            "rows": [{key: value for key, value in row.items() if key != "size"} for row in rows],
            "sizes": [row["size"] for row in rows],
            "names": sorted(changed.dropped),
            "relabel": asdict(changed.relabel),
            "recheck": changed.recheck,
            "corrections": changed.corrections,
            "corrected": keys_of(layer.now.items),
        }
        write(folder / _STATE, json.dumps(state, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except OSError as err:
        raise store_error(store.root, err) from err


def _kept(store: Workspace) -> dict[str, Any]:
    try:
        text = (store.root / PLAN / _STATE).read_bytes().decode("utf-8", "surrogatepass")
        found: dict[str, Any] = json.loads(text)
        return found
    except (OSError, ValueError) as err:
        raise StoreError(
            f"{store.root}: 没有计划；请先运行 guibiao plan | there is no plan; run guibiao plan first"
        ) from err


def _is_whole(store: Workspace, state: dict[str, Any]) -> bool:
    for one, size in zip(state["rows"], state["sizes"], strict=True):
        path = store.root / PLAN / one["path"]
        if not path.is_file() or path.stat().st_size != size:
            return False
    return True


def as_json(found: Plan) -> str:
    """Return a plan as JSON."""
    return json.dumps(asdict(found), ensure_ascii=False, indent=1)
