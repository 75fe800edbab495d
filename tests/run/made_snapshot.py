"""A published workspace out of rows that a test made up: plain Parquet and a manifest, two parts a partition."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.model import Field
from pipeline.rulebook.load import load_rulebook

FIELDS = load_rulebook(None).fields
Row = dict[str, Any]


def make(root: Path, rows: dict[str, list[Row]]) -> Path:
    """Publish the rows as snapshot 1; a row may name its ``fiscal_year``, columns that it lacks are null."""
    files = []
    snapshot = root / "snapshots" / "000001"
    for dataset in dict.fromkeys(field.dataset for field in FIELDS):
        fields = [field for field in FIELDS if field.dataset == dataset and field.name != "fiscal_year"]
        parts: dict[Any, list[Row]] = defaultdict(list)
        for row in rows.get(dataset, []):
            parts[row.get("fiscal_year")].append(row)
        for year, part in (parts or {0: []}).items():
            folder = f"{dataset}/fiscal_year={'__HIVE_DEFAULT_PARTITION__' if year is None else year}"
            for number, half in enumerate((part[::2], part[1::2]) if len(part) > 1 else (part,)):
                path = f"{folder}/part-{number}.parquet"
                table = pa.table(
                    {
                        field.name: pa.array([row.get(field.name) for row in half], _type(field))
                        for field in fields
                    }
                )
                (snapshot / folder).mkdir(parents=True, exist_ok=True)
                pq.write_table(table, snapshot / path)
                files.append({"path": path, "rows": len(half), "size": 0, "sha256": ""})
    manifest = {
        "contract_version": "1",
        "snapshot": 1,
        "parent": None,
        "run_id": "made",
        "rulebook": "0" * 64,
        "readers": ["txt/1"],
        "rows": {dataset: len(rows.get(dataset, [])) for dataset in dict.fromkeys(f.dataset for f in FIELDS)},
        "files": files,
    }
    (snapshot / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (root / "CURRENT").write_text("000001\n", "utf-8")
    return root


def _type(field: Field) -> pa.DataType:
    if field.type.startswith("decimal"):
        return pa.decimal128(20, 2)
    if field.type.startswith("list"):
        return pa.list_(pa.string() if "string" in field.type else pa.float32())
    return {"string": pa.string(), "double": pa.float64(), "int64": pa.int64()}.get(field.type, pa.int32())


def published_rows(root: Path, dataset: str) -> list[Row]:
    """Return what any reader sees of a dataset, as dicts."""
    with duckdb.connect() as con:
        files = sorted((root / "snapshots" / "000001" / dataset).rglob("*.parquet"))
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        cursor = con.execute(
            f"select * from read_parquet([{listed}], hive_partitioning=true, "
            "hive_types={'fiscal_year': SMALLINT})"
        )
        names = [column[0] for column in cursor.description]
        kept = {"fiscal_year", *(field.name for field in FIELDS if field.dataset == dataset)}
        return [
            {name: value for name, value in zip(names, row, strict=True) if name in kept}
            for row in cursor.fetchall()
        ]
