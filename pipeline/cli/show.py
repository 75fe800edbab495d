"""``guibiao show``: a first look at the rows of a published workspace."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.errors import StoreError

#: The columns worth a first look, by dataset; the rest are a query away.
_COLUMNS = {
    "documents": ["document_id", "media_type", "reader", "form_count", "status", "error_code"],
    "forms": ["form_id", "fiscal_year", "project_name", "implementing_unit", "total_weight", "total_score"],
    "funding": [
        "fund_source_label",
        "fund_source",
        "initial_budget",
        "full_year_budget",
        "full_year_executed",
        "execution_rate",
        "score",
    ],
    "indicators": [
        "level2",
        "level3",
        "target_text",
        "target_comparator",
        "target_value",
        "actual_text",
        "score",
    ],
    "checks": ["form_id", "check", "outcome", "severity", "message"],
    "cells": ["cell_id", "text", "role", "field", "match", "rule"],
    "lineage": ["form_id", "dataset", "row_index", "field", "cell_id", "rule"],
}
_ORDER = {
    "funding": "form_id, row_index",
    "indicators": "form_id, row_index",
    "cells": '"grid", "row", "col"',
}


def show(workspace: Path, dataset: str, limit: int) -> None:
    """Print the first rows of a dataset, and how to ask for more; StoreError where there is none."""
    import duckdb

    if dataset not in _COLUMNS:
        known = ", ".join(_COLUMNS)
        raise StoreError(f"{dataset}: 没有这个数据集（有：{known}） | no such dataset (there are: {known})")
    folder = workspace / "current" / dataset
    if not folder.is_dir():
        raise StoreError(f"{folder}: 还没有数据；请先运行 guibiao run | no data yet; run guibiao run first")
    source = f"read_parquet('{folder.as_posix()}/**/*.parquet', hive_partitioning=true)"
    names = _COLUMNS[dataset]
    listed = ", ".join(f'"{name}"' for name in names)
    order = f" order by {_ORDER[dataset]}" if dataset in _ORDER else " order by 1"
    with duckdb.connect() as con:
        rows = con.execute(f"select {listed} from {source}{order} limit {int(limit)}").fetchall()
    labels = _labels(folder)
    table = Table(title=f"{dataset}", title_justify="left")
    for name in names:
        table.add_column(labels.get(name, name), overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console = Console(highlight=False)
    console.print(table, markup=False)
    console.print(f"SQL: select * from {source}", markup=False, soft_wrap=True)


def _labels(folder: Path) -> dict[str, str]:
    """Return column -> Chinese label, out of the files' own metadata."""
    import pyarrow.parquet as pq

    first = next(iter(sorted(folder.rglob("*.parquet"))), None)
    if first is None:
        return {}
    schema = pq.read_schema(first)
    return {field.name: (field.metadata or {}).get(b"label_zh", b"").decode() for field in schema}
