"""The current snapshot as DuckDB sees it: one connection, one view per dataset."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StoreError
from pipeline.model import PARTITION, Field, Rulebook
from pipeline.rulebook.fields import DATASETS
from pipeline.rulebook.load import load_rulebook
from pipeline.run.rulebooks import kept_rulebook
from pipeline.store import Workspace

if TYPE_CHECKING:
    import duckdb

#: More than this is spilled to the temporary folder: memory does not grow with the archive.
MEMORY = "2GB"
_UNSHOWN = re.compile("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Tables:
    """An open snapshot: views named like the datasets, the columns of each, and the rules that made them."""

    con: duckdb.DuckDBPyConnection
    root: Path
    snapshot: Path
    manifest: Mapping[str, Any]
    rulebook: Rulebook
    fields: Mapping[str, tuple[Field, ...]]

    def source(self, dataset: str) -> str:
        """Return the SQL by which anybody reads the whole dataset of this snapshot."""
        path = (self.root / "snapshots" / self.snapshot.name / dataset).as_posix()
        plain = re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", path)
        return f"read_parquet({quoted(f'{plain}/**/*.parquet')}, hive_partitioning=true)"


@contextmanager
def open_tables(root: Path) -> Iterator[Tables]:
    """Open the current snapshot of a workspace; StoreError where there is none or a file of it is missing."""
    import tempfile

    import duckdb

    store = Workspace(root)
    snapshot = store.current()
    if snapshot is None:
        raise StoreError(f"{root}: 还没有数据；请先运行 guibiao run | no data yet; run guibiao run first")
    manifest = store.manifest(snapshot)
    rulebook = kept_rulebook(store, str(manifest.get("rulebook"))) or load_rulebook(None)
    with tempfile.TemporaryDirectory(prefix="guibiao-") as spill, _connect(Path(spill)) as con:
        columns = define_views(con, snapshot, manifest)
        fields = {dataset: _fields(dataset, names, rulebook) for dataset, names in columns.items()}
        try:
            yield Tables(con, root, snapshot, manifest, rulebook, fields)
        except duckdb.Error as err:  # a file that was cut off, or removed by a prune meanwhile
            raise _unreadable(snapshot, err) from err


def _connect(spill: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(spill)})


def define_views(
    con: duckdb.DuckDBPyConnection, snapshot: Path, manifest: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Create one view per dataset over the files that the manifest lists; return their columns in order."""
    import duckdb

    columns: dict[str, tuple[str, ...]] = {}
    for dataset in (name for name in DATASETS if name in manifest["rows"]):  # the rest is not of the contract
        listed = [file for file in manifest["files"] if file["path"].startswith(f"{dataset}/")]
        # a file without rows only tells the columns
        filled = [file for file in listed if file["rows"]] or listed[:1]
        paths = ", ".join(quoted((snapshot / file["path"]).as_posix()) for file in filled)
        try:
            own = con.execute(f"describe from read_parquet([{paths}], hive_partitioning=false)").fetchall()
            # named one by one: a folder above the workspace that is called a=b is no column of ours
            names = [*(str(row[0]) for row in own if row[0] != PARTITION), PARTITION]
            con.execute(
                f"create view {dataset} as select {', '.join(map(named, names))} from read_parquet([{paths}], "
                f"hive_partitioning=true, hive_types={{'{PARTITION}': SMALLINT}})"
            )
        except duckdb.Error as err:
            raise _unreadable(snapshot / dataset, err) from err
        columns[dataset] = tuple(names)
    return columns


def _fields(dataset: str, names: tuple[str, ...], rulebook: Rulebook) -> tuple[Field, ...]:
    """Return the columns in contract order; the year, by which every dataset is parted, last."""
    known = {field.name: field for field in rulebook.columns(dataset)}
    if PARTITION in names and PARTITION not in known:
        year = next(field for field in rulebook.columns("forms") if field.name == PARTITION)
        known[PARTITION] = replace(year, dataset=dataset)
    for name in names:
        known.setdefault(name, Field(dataset, name, "string", name, name, " / "))
    return tuple(field for name, field in known.items() if name in names)


def quoted(text: str) -> str:
    """Return a text as an SQL literal that can be shown and copied: what does not show is written as its code."""
    doubled = text.replace("'", "''")
    return "'" + _UNSHOWN.sub(lambda found: f"' || chr({ord(found[0])}) || '", doubled) + "'"


def named(text: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def _unreadable(path: Path, err: Exception) -> StoreError:
    what = str(err).split("\n", 1)[0]
    return StoreError(
        f"{path}: 数据文件缺失或损坏（{what}）；请用 guibiao verify 检查 | "
        f"a data file is missing or damaged ({what}); look with guibiao verify"
    )
