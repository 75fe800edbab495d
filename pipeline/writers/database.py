"""Selected rows -> one DuckDB file: tables and views that explain themselves by comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import OutputError
from pipeline.model import Field
from pipeline.model.export import Origin, Selection

if TYPE_CHECKING:
    import duckdb

_OUT = "exported"
#: What an analyst joins first: the rows of a dataset with the form they stand in.
_FORM = ("fiscal_year", "form_type", "region", "project_name", "supervising_department", "implementing_unit")
_JOINED = ("funding", "indicators", "checks")


def write(
    con: duckdb.DuckDBPyConnection, selections: Sequence[Selection], origin: Origin, out: Path
) -> list[str]:
    """Write the file; return notes for the person (none).

    Tables are named like the datasets, ``zh.<dataset>`` are views of them with Chinese column names,
    ``<dataset>_with_form`` views of the rows beside the names of their form; ``dictionary`` lists the columns,
    ``export_info`` says where it all came from. Tables, views and columns carry comments (Chinese | English, with the
    unit). OutputError where DuckDB cannot write.
    """
    import duckdb

    home = con.execute("select current_database()").fetchone()
    try:
        con.execute(f"attach {_text(str(out))} as {_OUT}")
        for one in selections:
            con.execute(f"create table {_OUT}.{one.dataset} as {one.query}")
        con.execute(f"use {_OUT}")  # a view keeps the name of the database that its tables are named with
        con.execute("create schema zh")
        for one in selections:
            _describe(con, one)
        _with_form(con, selections)
        _listings(con, selections, origin)
        con.execute(f"use {_name(str(home[0] if home else 'memory'))}")
        con.execute(f"detach {_OUT}")
    except duckdb.Error as err:
        what = str(err).split("\n", 1)[0]
        raise OutputError(f"{out}: 无法写入（{what}） | cannot be written ({what})") from err
    return []


def _describe(con: duckdb.DuckDBPyConnection, one: Selection) -> None:
    """Comment a table and its columns, and add the view with Chinese names."""
    meaning = f"{one.zh} | {one.en}"
    con.execute(f"comment on table {one.dataset} is {_text(meaning)}")
    labels = one.names("zh")
    shown = ", ".join(
        f"{_name(field.name)} as {_name(label)}" for field, label in zip(one.fields, labels, strict=True)
    )
    con.execute(f"create view zh.{one.dataset} as select {shown} from main.{one.dataset}")
    con.execute(f"comment on view zh.{one.dataset} is {_text(meaning)}")
    for field, label in zip(one.fields, labels, strict=True):
        comment = _text(_comment(field))
        con.execute(f"comment on column {one.dataset}.{_name(field.name)} is {comment}")
        con.execute(f"comment on column zh.{one.dataset}.{_name(label)} is {comment}")


def _with_form(con: duckdb.DuckDBPyConnection, selections: Sequence[Selection]) -> None:
    by_name = {one.dataset: one for one in selections}
    if "forms" not in by_name:
        return
    there = {field.name: field for field in by_name["forms"].fields}
    for dataset in _JOINED:
        if dataset not in by_name:
            continue
        one = by_name[dataset]
        own = [field for field in one.fields if field.name not in _FORM]
        columns = [("row", field) for field in own]
        columns += [("form", there[name]) for name in _FORM if name in there]
        shown = ", ".join(f"{'d' if where == 'row' else 'f'}.{_name(field.name)}" for where, field in columns)
        view = f"{dataset}_with_form"
        con.execute(
            f"create view {view} as select {shown} from main.{dataset} d left join main.forms f using (form_id)"
        )
        con.execute(
            f"comment on view {view} is {_text(f'{one.zh}，连同所属表的信息 | {one.en}, beside its form')}"
        )
        for _where, field in columns:
            con.execute(f"comment on column {view}.{_name(field.name)} is {_text(_comment(field))}")


def _listings(con: duckdb.DuckDBPyConnection, selections: Sequence[Selection], origin: Origin) -> None:
    columns = ("dataset", '"column"', "type", "unit", "label_zh", "label_en", "description")
    con.execute(f"create table dictionary ({', '.join(f'{name} varchar' for name in columns)})")
    rows = [
        [one.dataset, field.name, field.type, field.unit, field.label_zh, field.label_en, field.description]
        for one in selections
        for field in one.fields
    ]
    con.executemany("insert into dictionary values (?, ?, ?, ?, ?, ?, ?)", rows)
    con.execute("comment on table dictionary is '数据字典 | the data dictionary'")
    con.execute("create table export_info (what varchar, value varchar)")
    con.executemany("insert into export_info values (?, ?)", [list(line) for line in origin.lines()])
    con.execute("comment on table export_info is '数据来源 | where the data came from'")


def _comment(field: Field) -> str:
    unit = f"（单位 unit: {field.unit}）" if field.unit else ""
    return f"{field.label_zh} | {field.label_en}{unit}: {field.description}"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
