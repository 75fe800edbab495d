"""Two sets of tables to what differs between them, cell by cell, with the rule line that gave each value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
#: What is compared, by which key, and the columns that say who made a row and not what it says.
KEYS: dict[str, tuple[str, ...]] = {
    "documents": ("document_id",),
    "forms": ("form_id",),
    "funding": ("form_id", "row_index"),
    "indicators": ("form_id", "row_index"),
    "checks": ("form_id", "document_id", "check"),
    "cells": ("cell_id",),
}
_ASIDE = {"documents": {"paths"}, "forms": {"rulebook"}, "cells": {"rule"}}
_TYPED = ("forms", "funding", "indicators")


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One row gained or lost, or one value that is another: texts as a person reads them.

    ``kind`` is ``gained``, ``lost`` or ``changed``; ``key`` names the row, ``column`` is empty for a whole
    row; ``rule`` is the line that gave the new value, or, where there is none now, the old one.
    """

    dataset: str
    key: tuple[str, ...]
    kind: str
    column: str
    old: str
    new: str
    rule: str


def compare_tables(old: Mapping[str, pa.Table], new: Mapping[str, pa.Table]) -> list[Difference]:
    """Return the differences, sorted; line numbers and digests of the rules alone make none."""
    import duckdb

    found: list[Difference] = []
    with duckdb.connect() as con:
        con.execute("set threads = 1")
        only: dict[str, tuple[list[Row], list[Row]]] = {}
        for dataset in KEYS:
            if dataset in old and dataset in new:
                only[dataset] = (
                    _only(con, dataset, old[dataset], new[dataset]),
                    _only(con, dataset, new[dataset], old[dataset]),
                )
    rules = _Rules(old.get("lineage"), new.get("lineage"), only)
    for dataset, (gone, come) in only.items():
        found += _pairs(dataset, gone, come, rules)
    return sorted(found)


def digest(differences: Iterable[Difference]) -> str:
    """Return what names a list of differences."""
    text = json.dumps([asdict(one) for one in differences], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _only(con: Any, dataset: str, one: pa.Table, other: pa.Table) -> list[Row]:
    """Return the rows of one table that the other does not have."""
    columns = [name for name in one.column_names if name not in _ASIDE.get(dataset, ())]
    both = [name for name in columns if name in other.column_names]
    shown = ", ".join(f'"{name}"' for name in both)
    con.register("one", one.select(both))
    con.register("other", other.select(both))
    cursor = con.execute(f"select {shown} from one except all select {shown} from other")
    rows = [dict(zip(both, row, strict=True)) for row in cursor.fetchall()]
    con.unregister("one")
    con.unregister("other")
    return rows


def _pairs(dataset: str, gone: list[Row], come: list[Row], rules: _Rules) -> list[Difference]:
    before, after = ({_key(dataset, row): row for row in rows} for rows in (gone, come))
    found: list[Difference] = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is not None and new is not None:
            for column in old:
                if old[column] != new[column]:
                    rule = rules.of(dataset, old, new, column)
                    found.append(
                        Difference(
                            dataset, key, "changed", column, _text(old[column]), _text(new[column]), rule
                        )
                    )
            continue
        kind = "gained" if old is None else "lost"
        row = new if new is not None else old or {}
        if (
            dataset == "cells"
        ):  # the same cells are there whatever the rules; these feed a form or no longer do
            found.append(Difference(dataset, key, kind, "", "", _text(row.get("text")), ""))
            continue
        found.append(Difference(dataset, key, kind, "", "", "", ""))
        for column, value in row.items():
            if value is not None and column not in KEYS[dataset] and dataset in _TYPED:
                texts = ("", _text(value)) if old is None else (_text(value), "")
                rule = rules.of(dataset, old or row, new or row, column)
                found.append(Difference(dataset, key, kind, column, *texts, rule))
    return found


def _key(dataset: str, row: Row) -> tuple[str, ...]:
    return tuple(
        f"{row[name]:06d}" if isinstance(row[name], int) else str(row[name] if row[name] is not None else "")
        for name in KEYS[dataset]
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


class _Rules:
    """The rule line of a value, from the lineage of the rows that differ."""

    def __init__(
        self,
        old: pa.Table | None,
        new: pa.Table | None,
        only: Mapping[str, tuple[Sequence[Row], Sequence[Row]]],
    ) -> None:
        forms = {str(row["form_id"]) for name in _TYPED for rows in only.get(name, ((), ())) for row in rows}
        self._lines = [_lines(table, forms) for table in (new, old) if table is not None]

    def of(self, dataset: str, old: Row, new: Row, column: str) -> str:
        row = new or old
        if dataset not in _TYPED:
            return ""
        name = (row["form_id"], dataset, row.get("row_index"), column)
        return next((lines[name] for lines in self._lines if name in lines), "")


def _lines(table: pa.Table, forms: set[str]) -> dict[tuple[Any, ...], str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    own = table.filter(pc.is_in(table.column("form_id"), value_set=pa.array(sorted(forms), pa.string())))
    names = ("form_id", "dataset", "row_index", "field")
    columns = [own.column(name).to_pylist() for name in (*names, "rule")]
    found: dict[tuple[Any, ...], str] = {}
    for *name, rule in zip(*columns, strict=True):
        found.setdefault(tuple(name), rule)
    return found
