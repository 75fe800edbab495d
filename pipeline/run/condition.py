"""``--where``: one SQL condition over forms and their documents -> the forms and documents that it chooses.

The condition comes from a person and may quote a foreign file, so it is parsed before it is run: it must be one
expression, and a subquery in it may name the datasets and nothing else. It runs on a connection of its own that may
open the files of the snapshot only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import OutputError
from pipeline.model import Field
from pipeline.run.tables import Tables, define_views, named, quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_VIEW = "candidates"
_MISSING = re.compile(r'Referenced column "(?P<name>[^"]+)" (?:was )?not found')
_EMPTY = ("modifiers", "group_expressions", "group_sets", "having", "qualify", "sample")


def choose(tables: Tables, condition: str) -> pa.Table:
    """Return (document_id, form_id) of the forms, and of the documents without a form, for which the condition is true.

    The condition is asked once for every form, with the columns of ``forms`` and ``documents`` (by name or Chinese
    label), and once for every document without a form, the columns of forms being null.
    OutputError where it is no such condition, naming what is wrong.
    """
    import duckdb

    with duckdb.connect() as con:
        define_views(con, tables.snapshot, tables.manifest)
        con.execute(_candidates(tables))
        _seal(con, tables)
        query = f"select document_id, form_id from {_VIEW} where (\n{condition}\n)"
        _inspect(con, query, condition, tables)
        try:
            kind = con.execute(f"describe select (\n{condition}\n) from {_VIEW}").fetchall()[0][1]
            if kind != "BOOLEAN":
                raise _refused(
                    condition,
                    f"结果是 {kind}，应为真或假，例如 fiscal_year = 2020",
                    f"it gives {kind}, not true or false; write e.g. fiscal_year = 2020",
                )
            found: pa.Table = con.sql(query).to_arrow_table()
            return found
        except duckdb.Error as err:
            raise _explained(condition, str(err), tables) from err


def _candidates(tables: Tables) -> str:
    """Return the view that the condition sees: English names, and the Chinese labels beside them."""
    columns: dict[str, str] = {"document_id": "documents.document_id"}
    labels: dict[str, str] = {}
    for dataset in ("forms", "documents"):
        for field in tables.fields[dataset]:
            place = columns.setdefault(field.name, f"{dataset}.{named(field.name)}")
            labels.setdefault(field.label_zh, place)
    both = columns | {label: place for label, place in labels.items() if label not in columns}
    shown = ", ".join(f"{place} as {named(name)}" for name, place in both.items())
    return (
        f"create view {_VIEW} as select {shown} from documents "
        "left join forms on forms.document_id = documents.document_id"
    )


def _seal(con: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    con.execute(f"set allowed_directories = [{quoted(tables.snapshot.as_posix())}]")
    con.execute("set python_enable_replacements = false")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def _inspect(con: duckdb.DuckDBPyConnection, query: str, condition: str, tables: Tables) -> None:
    """Refuse what is not exactly one expression over the datasets."""
    if not condition.strip():
        raise _refused("", "条件为空", "the condition is empty")
    row = con.execute("select json_serialize_sql(?)", [query]).fetchone()
    parsed: dict[str, Any] = json.loads(row[0]) if row else {}
    if parsed.get("error", True):
        raise _explained(condition, str(parsed.get("error_message", "")), tables)
    statements = parsed["statements"]
    node = statements[0]["node"]
    ours = (
        len(statements) == 1
        and node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 2
        and node["from_table"].get("table_name") == _VIEW
        and not any(node.get(key) for key in _EMPTY)
    )
    if not ours:
        raise _refused(condition, "应为一个条件，而不是语句", "write one condition, not a statement")
    for table in _tables(node["where_clause"]):
        if table not in tables.fields:
            known = ", ".join(sorted(tables.fields))
            raise _refused(
                condition,
                f"子查询不能读取 {table}（可用：{known}）",
                f"a subquery may not read {table} (it may read: {known})",
            )


def _tables(node: object) -> Iterator[str]:
    """Yield the name of everything that stands in a FROM below a node of the parsed query."""
    if isinstance(node, list):
        for one in node:
            yield from _tables(one)
    elif isinstance(node, Mapping):
        if node.get("type") == "BASE_TABLE":
            path = [node.get(key) or "" for key in ("catalog_name", "schema_name", "table_name")]
            yield ".".join(part for part in path if part).lower()
        elif node.get("type") == "TABLE_FUNCTION":
            yield f"{node.get('function', {}).get('function_name', '?')}()"
        for one in node.values():
            yield from _tables(one)


def _explained(condition: str, message: str, tables: Tables) -> OutputError:
    """Return DuckDB's complaint in our words, with the remedy where we know it."""
    missing = _MISSING.search(message)
    if missing is None:
        what = message.split("\n", 1)[0]
        return _refused(condition, f"条件有误：{what}", f"the condition is wrong: {what}")
    name = missing["name"]
    elsewhere = [dataset for dataset in ("funding", "indicators", "checks") if _has(tables, dataset, name)]
    if elsewhere:
        example = f"form_id IN (SELECT form_id FROM {elsewhere[0]} WHERE {name} …)"
        return _refused(
            condition,
            f"列 {name} 不在 forms 或 documents 中，而在 {'、'.join(elsewhere)} 中；请写作 {example}",
            f"{name} is no column of forms or documents but of {', '.join(elsewhere)}; write {example}",
        )
    known = ", ".join(
        dict.fromkeys(field.name for key in ("forms", "documents") for field in tables.fields[key])
    )
    return _refused(
        condition, f"没有列 {name}（有：{known}）", f"there is no column {name} (there are: {known})"
    )


def _has(tables: Tables, dataset: str, name: str) -> bool:
    fields: tuple[Field, ...] = tables.fields.get(dataset, ())
    return any(name in (field.name, field.label_zh) for field in fields)


def _refused(condition: str, zh: str, en: str) -> OutputError:
    return OutputError(f"--where {condition}: {zh} | {en}")
