"""The current snapshot, whole or by a condition -> one file or folder that others open: DuckDB, Excel, CSV."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import OutputError
from pipeline.model.export import Headers, Origin, Selection
from pipeline.rulebook.dictionary import described, dictionary
from pipeline.run.condition import choose
from pipeline.run.tables import Tables, named, open_tables

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = {".duckdb": "duckdb", ".db": "duckdb", ".xlsx": "xlsx", ".csv": "csv", "": "csv"}
#: The order in which a person meets the datasets, and the key by which each is sorted.
ORDER = {
    "documents": ("document_id",),
    "forms": ("form_id",),
    "funding": ("form_id", "row_index"),
    "indicators": ("form_id", "row_index"),
    "checks": ("form_id", "document_id", '"check"'),
    "cells": ("document_id", '"grid"', '"row"', '"col"'),
    "lineage": ("form_id", "dataset", "row_index", "field", "cell_id", "rule"),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the file or folder, the dictionary beside it, rows by dataset, and what to know of it."""

    target: Path
    dictionary: Path
    rows: dict[str, int]
    notes: tuple[str, ...]


def export(
    workspace: Path,
    target: Path,
    *,
    form: str | None = None,
    where: str | None = None,
    datasets: Sequence[str] = (),
    headers: Headers = "en",
    plain: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write the current snapshot to ``target``; nothing is left behind where it fails.

    ``form`` is ``duckdb``, ``xlsx`` or ``csv`` (else the ending decides), ``where`` a condition as ``choose`` takes it,
    ``plain`` leaves texts in CSV as they are even if a spreadsheet would run them.
    StoreError where there is no snapshot, OutputError for everything about the target, the condition and the limits of the format.
    """
    kind = _kind(target, form)
    if target.exists() and not overwrite:
        raise OutputError(
            f"{target}: 已存在；请换一个名字或加 --overwrite | exists; choose another name or add --overwrite"
        )
    if target.is_dir() and kind != "csv":
        raise OutputError(f"{target}: 是目录，应为文件 | is a folder, not a file")
    with open_tables(workspace) as tables:
        wanted = _wanted(tables, datasets)
        single = kind == "csv" and target.suffix.lower() == ".csv"
        if single and len(wanted) != 1:
            raise OutputError(
                f"{target}: 一个 CSV 文件只能放一个数据集；请给出目录名，或用 --dataset 选一个 | "
                "one CSV file holds one dataset; name a folder, or choose one with --dataset"
            )
        if where is not None:
            _keep(tables, choose(tables, where))
        selections = [_selection(tables, name, where is not None) for name in wanted]
        origin = _origin(tables, where)
        text = _dictionary(selections)
        spare = target.parent / f".{target.name}.{secrets.token_hex(4)}.tmp"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            notes = _write(kind, single, tables, selections, origin, spare, headers, plain)
            beside = target.with_name(f"{target.stem}.dictionary.md")
            if spare.is_dir():
                beside = target / "dictionary.md"
                (spare / beside.name).write_text(text, "utf-8")
            else:
                beside.write_text(text, "utf-8")
            _settle(spare, target)
        except OutputError as err:  # a writer knows only the name that it was given
            raise OutputError(str(err).replace(str(spare), str(target))) from err
        except OSError as err:
            raise OutputError(
                f"{target}: 无法写入（{err.strerror}）；请检查磁盘空间与权限 | "
                f"cannot be written ({err.strerror}); check free space and permissions"
            ) from err
        finally:
            _remove(spare)
    return Exported(target, beside, {one.dataset: one.rows for one in selections}, tuple(notes))


def _kind(target: Path, form: str | None) -> str:
    if form is not None:
        if form not in FORMATS.values():
            raise OutputError(f"--format {form}: 应为 duckdb、xlsx 或 csv | duckdb, xlsx or csv")
        return form
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise OutputError(
            f"{target}: 从后缀看不出格式；请用 --format duckdb|xlsx|csv | "
            "the ending does not tell the format; add --format duckdb|xlsx|csv"
        )
    return kind


def _wanted(tables: Tables, datasets: Sequence[str]) -> list[str]:
    for name in datasets:
        if name not in tables.fields:
            known = ", ".join(one for one in ORDER if one in tables.fields)
            raise OutputError(f"{name}: 没有这个数据集（有：{known}） | no such dataset (there are: {known})")
    return [name for name in ORDER if name in tables.fields and (not datasets or name in datasets)]


def _keep(tables: Tables, chosen: pa.Table) -> None:
    """Remember the chosen forms and documents as tables of the connection."""
    con = tables.con
    con.register("chosen", chosen)
    con.execute("create temp table kept_documents as select distinct document_id from chosen")
    con.execute(
        "create temp table kept_forms as select distinct form_id from chosen where form_id is not null"
    )
    con.unregister("chosen")


def _selection(tables: Tables, dataset: str, filtered: bool) -> Selection:
    fields = tables.fields[dataset]
    names = {field.name for field in fields}
    of_form = "form_id in (select form_id from kept_forms)"
    of_document = "document_id in (select document_id from kept_documents)"
    condition = ""
    if filtered and dataset == "documents":
        condition = f" where {of_document}"
    elif filtered and "document_id" in names and dataset != "forms":
        condition = f" where {of_form} or (form_id is null and {of_document})"
    elif filtered:
        condition = f" where {of_form}"
    counted = tables.con.execute(f"select count(*) from {dataset}{condition}").fetchone()
    shown = ", ".join(named(field.name) for field in fields)
    query = f"select {shown} from {dataset}{condition} order by {', '.join(ORDER[dataset])}"
    zh, en = described(dataset)
    return Selection(dataset, zh, en, fields, query, counted[0] if counted else 0)


def _origin(tables: Tables, where: str | None) -> Origin:
    manifest = tables.manifest
    return Origin(
        snapshot=int(manifest["snapshot"]),
        run_id=str(manifest["run_id"]),
        rulebook=str(manifest["rulebook"]),
        contract=str(manifest["contract_version"]),
        condition=where or "",
    )


def _dictionary(selections: Sequence[Selection]) -> str:
    fields = [field for one in selections for field in one.fields]
    return dictionary(fields, "markdown", "zh") + "\n" + dictionary(fields, "markdown", "en")


def _write(
    kind: str,
    single: bool,
    tables: Tables,
    selections: Sequence[Selection],
    origin: Origin,
    out: Path,
    headers: Headers,
    plain: bool,
) -> list[str]:
    from pipeline.writers import database, delimited, workbook

    if kind == "duckdb":
        return database.write(tables.con, selections, origin, out)
    if kind == "xlsx":
        return workbook.write(tables.con, selections, origin, out, headers)
    if single:
        return delimited.write_one(tables.con, selections[0], out, headers, plain=plain)
    return delimited.write(tables.con, selections, origin, out, headers, plain=plain)


def _settle(spare: Path, target: Path) -> None:
    """Put what was written in its place: one rename, or file by file into a folder that is there."""
    if not spare.is_dir() or not target.exists():
        spare.replace(target)
        return
    for file in sorted(spare.iterdir()):
        file.replace(target / file.name)


def _remove(spare: Path) -> None:
    shutil.rmtree(spare, ignore_errors=True)
    for path in (spare, spare.with_name(f"{spare.name}.wal")):
        with suppress(OSError):  # the folder may not be one; what stopped the export is told already
            path.unlink()
