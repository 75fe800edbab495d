"""TABLES -> CHECKS: run the SQL of rules/checks over the tables; one outcome per form and check.

A check is one SELECT that gives, for every row of ``forms`` exactly one row with the columns

    form_id, outcome, message, expected, actual, cells

``outcome`` is one of OUTCOMES, ``message`` one line ``中文 | English`` with the figures, ``expected`` and
``actual`` numbers or null, ``cells`` a list of cell ids (empty or null where there is nothing to point at).

It sees the tables forms, funding, indicators, cells and lineage of the contract (amounts in yuan, rates as
fractions; ``fiscal_year`` in each), and ``problems`` (form_id, dataset, row_index, field, cell_id, text,
message, kind): the printed values that could not be typed; ``kind`` is ``several`` where a target or result
says more than one value and stays text, else ``unread``. It may call

    exact(x)       x as DECIMAL(28, 6): sums of it do not depend on the order of the rows; null if too large
    half_unit(x)   half a unit of the last decimal digit that x shows, 0 for a whole number
    figure(x)      x as text without trailing zeros
    percent(x)     a fraction as text: 0.98 is 98%
    multiplier(u)  yuan in a printed amount unit: 万元 is 10000, anything without 万, 亿, 千, 百 is 1

It runs alone in memory: no files, no network, no settings. One thread, so that the same tables give the
same bytes.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import Fault, RuleError
from pipeline.model import Check, Field

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

TABLES = ("forms", "funding", "indicators", "cells", "lineage", "problems")
COLUMNS = ("form_id", "outcome", "message", "expected", "actual", "cells")
OUTCOMES = ("pass", "fail", "insufficient", "not_applicable", "parse_error")
PROBLEM_TYPES = {
    "form_id": "string",
    "dataset": "string",
    "row_index": "int32",
    "field": "string",
    "cell_id": "string",
    "text": "string",
    "message": "string",
    "kind": "string",
}

_MACROS = """
CREATE MACRO exact(x) AS try_cast(x AS DECIMAL(28, 6));
CREATE MACRO half_unit(x) AS CASE
    WHEN exact(x) % 1 = 0 THEN 0::DECIMAL(28, 7)
    WHEN exact(x) % 0.1 = 0 THEN 0.05
    WHEN exact(x) % 0.01 = 0 THEN 0.005
    WHEN exact(x) % 0.001 = 0 THEN 0.0005
    WHEN exact(x) % 0.0001 = 0 THEN 0.00005
    WHEN exact(x) % 0.00001 = 0 THEN 0.000005
    ELSE 0.0000005 END;
CREATE MACRO figure(x) AS
    coalesce(rtrim(rtrim(exact(x)::VARCHAR, '0'), '.'), x::VARCHAR);
CREATE MACRO percent(x) AS figure(x * 100) || '%';
CREATE MACRO multiplier(u) AS CASE
    WHEN u IS NULL THEN 1
    WHEN contains(u, '亿') THEN 100000000
    WHEN contains(u, '百万') THEN 1000000
    WHEN contains(u, '十万') THEN 100000
    WHEN contains(u, '万') THEN 10000
    WHEN contains(u, '千') THEN 1000
    WHEN contains(u, '百') THEN 100
    ELSE 1 END;
"""
_LEAD = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_LINE = re.compile(r"\nLINE (\d+): (.*)\n( *)\^", re.DOTALL)
_TYPES = {"string": "VARCHAR", "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "float": "FLOAT"}


def run(tables: Mapping[str, pa.Table], checks: Sequence[Check]) -> list[dict[str, object]]:
    """Return the rows of the dataset ``checks``, by form and check.

    ``tables`` are Arrow tables of the names in TABLES, those it lacks are an error of the caller. RuleError
    (file:line:column where DuckDB tells it) when a check is no valid SQL or gives something else than
    exactly one row per form; all such faults at once.
    """
    documents: dict[str, str] = dict(
        zip(
            map(str, tables["forms"].column("form_id").to_pylist()),
            map(str, tables["forms"].column("document_id").to_pylist()),
            strict=True,
        )
    )
    faults: list[Fault] = []
    rows: list[dict[str, object]] = []
    with _connect() as con:
        for name in TABLES:
            con.register(name, tables[name])
        _close_off(con)
        for check in checks:
            found = _select(con, check, faults)
            if found is not None:
                rows += _rows(check, found, documents, faults)
    if faults:
        raise RuleError(tuple(sorted(faults)))
    return sorted(rows, key=lambda row: (str(row["form_id"]), str(row["check"])))


def prove(checks: Sequence[Check], fields: Iterable[Field]) -> tuple[Fault, ...]:
    """Return the faults of the SQL itself (syntax, unknown columns, wrong result columns), without any data.

    For use before the first document is opened.
    """
    columns: dict[str, list[str]] = {name: [] for name in TABLES}
    for field in fields:
        if field.dataset in columns:
            columns[field.dataset].append(f'"{field.name}" {_sql_type(field.type)}')
    columns["problems"] = [f'"{name}" {_sql_type(kind)}' for name, kind in PROBLEM_TYPES.items()]
    faults: list[Fault] = []
    with _connect() as con:
        for name, parts in columns.items():
            if not any(part.startswith('"fiscal_year"') for part in parts) and name != "problems":
                parts.append('"fiscal_year" SMALLINT')
            con.execute(f'CREATE TABLE "{name}" ({", ".join(parts)})')
        _close_off(con)
        for check in checks:
            _select(con, check, faults)
    return tuple(sorted(faults))


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    con = duckdb.connect(":memory:", config={"threads": "1"})
    for statement in _MACROS.split(";\n"):
        if statement.strip():
            con.execute(statement)
    return con


def _close_off(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _sql_type(kind: str) -> str:
    if kind.startswith("list<"):
        return _sql_type(kind[5:-1]) + "[]"
    return _TYPES.get(kind, kind.replace("decimal128", "DECIMAL"))


def _select(con: duckdb.DuckDBPyConnection, check: Check, faults: list[Fault]) -> list[dict[str, Any]] | None:
    """Return the result of a check, or None and a fault."""
    import duckdb

    lead = _LEAD.match(check.sql)
    start = lead.end() if lead else 0
    body = check.sql[start:]  # DuckDB counts lines from the first word of the statement
    try:
        statements = con.extract_statements(body)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            _fault(faults, check, start, "应为一条 SELECT 语句", "must be exactly one SELECT statement")
            return None
        result = con.execute(body)
        names = [column[0] for column in result.description or []]
        values = result.fetchall()
    except duckdb.Error as err:
        _sql_fault(faults, check, start, str(err))
        return None
    if sorted(names) != sorted(COLUMNS):
        want, have = ", ".join(COLUMNS), ", ".join(names)
        _fault(faults, check, start, f"结果列应为 {want}，实为 {have}", f"must give {want}, gives {have}")
        return None
    return [dict(zip(names, line, strict=True)) for line in values]


def _rows(
    check: Check, found: Iterable[Mapping[str, Any]], documents: Mapping[str, str], faults: list[Fault]
) -> list[dict[str, object]]:
    rows: dict[str, dict[str, object]] = {}
    for line in found:
        form_id = line["form_id"]
        wrong = _wrong(line)
        if form_id not in documents:
            wrong = ("没有这张表", "no such form")
        elif form_id in rows:
            wrong = ("每张表只能有一行", "more than one row for the form")
        if wrong is not None:
            _fault(faults, check, 0, f"{form_id}：{wrong[0]}", f"{form_id}: {wrong[1]}")
            return []
        rows[form_id] = {
            "form_id": form_id,
            "document_id": documents[form_id],
            "check": check.name,
            "outcome": line["outcome"],
            "severity": check.severity,
            "message": line["message"],
            "expected": None if line["expected"] is None else float(line["expected"]),
            "actual": None if line["actual"] is None else float(line["actual"]),
            "cells": sorted(set(line["cells"] or ())),
        }
    missing = [form_id for form_id in documents if form_id not in rows]
    if missing:
        _fault(faults, check, 0, f"没有给出表 {missing[0]} 的结果", f"gives no row for form {missing[0]}")
        return []
    return list(rows.values())


def _wrong(line: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with one row of a result, in Chinese and English."""
    outcome, message, cells = line["outcome"], line["message"], line["cells"]
    if outcome not in OUTCOMES:
        return f"未知的结果 {outcome!r}", f"unknown outcome {outcome!r}; one of {', '.join(OUTCOMES)}"
    if not isinstance(message, str) or not message.strip():
        return "没有说明文字", "no message"
    for name in ("expected", "actual"):
        try:
            finite = line[name] is None or math.isfinite(float(line[name]))
        except (TypeError, ValueError):
            finite = False
        if not finite:
            return f"{name} 不是数字：{line[name]!r}", f"{name} is not a number: {line[name]!r}"
    if cells is not None and not (isinstance(cells, list) and all(isinstance(one, str) for one in cells)):
        return "cells 应为单元格标识的列表", "cells must be a list of cell ids"
    return None


def _sql_fault(faults: list[Fault], check: Check, start: int, message: str) -> None:
    what = message.split("\n\nLINE", 1)[0].split("\n", 1)[0]
    found = _LINE.search(message)
    place = start
    if found is not None:
        lines = check.sql[start:].splitlines(keepends=True)
        number = int(found[1]) - 1
        if number < len(lines):
            indent = len(found[3]) - len(f"LINE {found[1]}: ")
            place = start + sum(map(len, lines[:number])) + _column(lines[number], found[2], indent)
    _fault(faults, check, place, f"SQL 错误：{what}", f"SQL error: {what}")


def _column(line: str, shown: str, width: int) -> int:
    """Return the index in ``line`` of what stands ``width`` terminal columns into the excerpt ``shown``."""
    index = 0
    for char in shown:
        if width <= 0:
            break
        width -= 2 if unicodedata.east_asian_width(char) in "WF" else 1
        index += 1
    if not shown.startswith("..."):
        return index
    excerpt = shown[3:].removesuffix("...")
    return max(0, line.find(excerpt)) + index - 3


def _fault(faults: list[Fault], check: Check, place: int, zh: str, en: str) -> None:
    before = check.sql[:place]
    line = before.count("\n") + 1
    column = place - (before.rfind("\n") + 1) + 1
    faults.append(Fault(check.path, line, column, f"{zh} | {en}"))
