"""The current snapshot as tables: what the next one may take over, and what it has to account for."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import StoreError
from pipeline.model import PARTITION, Field, Rulebook
from pipeline.run.reading import versions
from pipeline.store import Workspace
from pipeline.store.disk import make_folder, store_error, write

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, object]
#: Datasets whose rows belong to one document each and depend on nothing else but the rules.
OWN = ("forms", "funding", "indicators", "cells", "lineage")
#: What two snapshots are compared by.
KEPT = ("documents", *OWN, "checks")
_PREFIX = 16


@dataclass(frozen=True, slots=True)
class Previous:
    """The current snapshot: its folder and manifest, and its documents rows by document id."""

    workspace: Workspace
    snapshot: Path
    manifest: Mapping[str, Any]
    documents: Mapping[str, Row]
    _read: dict[str, pa.Table] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rulebook(self) -> str:
        """Return the digest of the rules that made it."""
        return str(self.manifest.get("rulebook"))

    @property
    def reusable(self) -> bool:
        """Say whether the rows are what this program would make, and nothing needed beside them is lost."""
        return self.manifest.get("versions") == versions() and self._problems.is_file()

    def tables(self, fields: Sequence[Field], datasets: Sequence[str] = OWN) -> dict[str, pa.Table]:
        """Return datasets as ``to_table`` makes them, ``fiscal_year`` from the folders; each is read once."""
        for name in datasets:
            if name not in self._read:
                self._read[name] = read_dataset(self.snapshot, self.manifest, name, fields)
        return {name: self._read[name] for name in datasets}

    def problems(self) -> pa.Table:
        """Return the values that could not be typed."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._problems) as file:
            return file.read()

    def current_row(self, document_id: str) -> Row | None:
        """Return the documents row of a content, None where the snapshot has none."""
        return self.documents.get(document_id)

    @property
    def _problems(self) -> Path:
        return problems_file(self.workspace, self.manifest)


def previous(workspace: Workspace, rulebook: Rulebook) -> Previous | None:
    """Return the current snapshot, None where there is none that can be read."""
    try:
        snapshot = workspace.current()
        if snapshot is None:
            return None
        return open_snapshot(workspace, snapshot, rulebook)
    except (StoreError, OSError):
        return None


def open_snapshot(workspace: Workspace, snapshot: Path, rulebook: Rulebook) -> Previous:
    """Return one snapshot; StoreError where it cannot be read."""
    manifest = workspace.manifest(snapshot)
    table = read_dataset(snapshot, manifest, "documents", rulebook.fields)
    rows: list[Row] = table.to_pylist()
    return Previous(workspace, snapshot, manifest, {str(row["document_id"]): row for row in rows})


def read_dataset(
    snapshot: Path, manifest: Mapping[str, Any], dataset: str, fields: Sequence[Field]
) -> pa.Table:
    """Return one dataset of a snapshot with the columns that ``fields`` say, in their order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from pipeline.writers.parquet import schema

    target = schema(dataset, fields)
    parts = []
    for file in manifest["files"]:
        if not file["path"].startswith(f"{dataset}/") or not file["rows"]:
            continue
        try:
            with pq.ParquetFile(snapshot / file["path"]) as opened:
                table = opened.read()
        except (OSError, pa.ArrowException) as err:
            raise StoreError(
                f"{snapshot / file['path']}: 无法读取（{err}）；请重新运行 | cannot be read ({err}); run again"
            ) from err
        year = file["path"].split("/")[1].removeprefix(f"{PARTITION}=")
        value = pa.scalar(int(year) if year.isdigit() else None, pa.int16())
        whole = table.append_column(PARTITION, pa.repeat(value, table.num_rows))
        for one in target:
            if one.name not in whole.column_names:
                whole = whole.append_column(one.name, pa.nulls(whole.num_rows, one.type))
        parts.append(whole.select(target.names).cast(target))
    return pa.concat_tables(parts) if parts else pa.Table.from_batches([], schema=target)


def without(table: pa.Table, dropped: Collection[str]) -> pa.Table:
    """Return the rows of a table of OWN (or of problems) that belong to none of these documents."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not dropped or not table.num_rows:
        return table
    if "document_id" in table.column_names:
        own = pc.is_in(table.column("document_id"), value_set=pa.array(sorted(dropped), pa.string()))
    else:
        short = pa.array(sorted({name[:_PREFIX] for name in dropped}), pa.string())
        own = pc.is_in(pc.utf8_slice_codeunits(table.column("form_id"), 0, _PREFIX), value_set=short)
    return table.filter(pc.invert(own))


def problems_file(workspace: Workspace, manifest: Mapping[str, Any]) -> Path:
    """Return where the untyped values of a snapshot are kept: the checks need them, readers do not."""
    return workspace.root / "problems" / f"{manifest['run_id']}.parquet"


def keep_problems(workspace: Workspace, snapshot: Path, problems: pa.Table) -> None:
    """Write the untyped values of a new snapshot; without the file the next run interprets all anew."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = problems_file(workspace, workspace.manifest(snapshot))
    sink = pa.BufferOutputStream()
    pq.write_table(problems, sink, compression="zstd")
    try:
        make_folder(path.parent, workspace.root)
        make_folder(workspace.tmp, workspace.root)
        spare = workspace.tmp / f"problems-{secrets.token_hex(8)}"
        write(spare, sink.getvalue().to_pybytes())
        spare.replace(path)
    except OSError as err:
        raise store_error(workspace.root, err) from err


def is_path_id(document_id: str, path: str) -> bool:
    """Say whether an id was made from the path because the bytes could not be had."""
    return document_id == hashlib.sha256(b"path:" + path.encode("utf-8", errors="replace")).hexdigest()
