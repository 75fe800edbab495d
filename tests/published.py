"""Read a published workspace the way an analyst does: DuckDB by path."""

from pathlib import Path
from typing import Any

import duckdb


def rows(workspace: Path, dataset: str, where: str = "true") -> list[dict[str, Any]]:
    """Return the rows of a dataset as dicts, in file order."""
    with duckdb.connect() as con:
        cursor = con.execute(
            f"select * from read_parquet('{workspace}/current/{dataset}/**/*.parquet', hive_partitioning=true) "
            f"where {where}"
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
