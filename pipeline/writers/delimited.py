"""Selected rows -> CSV: UTF-8 with a byte order mark, so that Excel opens it as what it is.

A spreadsheet runs a text that starts like a formula, and the texts come from foreign files. Such a text gets one
apostrophe in front, and so does a text that starts with an apostrophe: one leading apostrophe taken away from every
text that has one gives back what was there.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import OutputError
from pipeline.model import Field
from pipeline.model.export import Headers, Origin, Selection

if TYPE_CHECKING:
    import duckdb

_BOM = b"\xef\xbb\xbf"
#: Starts that Excel and LibreOffice take for a formula, the wide ones too; a plain signed number is none.
_STARTS = "^[=@＝＠＋－\\t\\r\\n'']"
_SIGNED = "^[+-]"
_NUMBER = "[+-][0-9][0-9,.]*[%％]?"


def write(
    con: duckdb.DuckDBPyConnection,
    selections: Sequence[Selection],
    origin: Origin,
    out: Path,
    headers: Headers,
    *,
    plain: bool = False,
) -> list[str]:
    """Write ``<dataset>.csv`` for each selection and ``export.json`` into a new folder; return notes for the person.

    Null is an empty field, lists are JSON, amounts keep both decimals. ``plain`` leaves texts that start
    like a formula as they are.
    """
    out.mkdir()
    notes: list[str] = []
    for one in selections:
        notes += write_one(con, one, out / f"{one.dataset}.csv", headers, plain=plain)
    facts = asdict(origin) | {"rows": {one.dataset: one.rows for one in selections}}
    (out / "export.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return notes


def write_one(
    con: duckdb.DuckDBPyConnection, one: Selection, out: Path, headers: Headers, *, plain: bool = False
) -> list[str]:
    """Write one dataset as one file, as ``write`` does; return notes. OutputError where DuckDB cannot write."""
    import duckdb

    body = out.with_name(f"{out.name}.body")
    columns = ", ".join(f"{_column(field, plain)} as {_name(field.name)}" for field in one.fields)
    texts = [] if plain else [field for field in one.fields if field.type == "string"]
    guarded = " + ".join(map(_counted, texts)) or "0"
    try:
        con.execute(
            f"copy (select {columns} from ({one.query})) to '{str(body).replace(chr(39), chr(39) * 2)}' "
            "(format csv, header false)"
        )
        row = con.execute(f"select coalesce(sum({guarded}), 0) from ({one.query})").fetchone()
        head = io.StringIO()
        csv.writer(head, lineterminator="\n").writerow(one.names(headers))
        with out.open("wb") as file, body.open("rb") as rows:
            file.write(_BOM + head.getvalue().encode())
            shutil.copyfileobj(rows, file, 1 << 20)
    except duckdb.Error as err:
        what = str(err).split("\n", 1)[0]
        raise OutputError(f"{out}: 无法写入（{what}） | cannot be written ({what})") from err
    finally:
        body.unlink(missing_ok=True)
    count = int(row[0]) if row else 0
    if not count:
        return []
    return [
        f"{one.dataset}: {count} 个文本以公式符号开头，前面加了一个撇号（--plain 则不加） | "
        f"{count} texts start like a formula and got an apostrophe in front (not with --plain)"
    ]


def _column(field: Field, plain: bool) -> str:
    """Return the SQL of a column: texts guarded, lists as JSON, the rest as it is."""
    name = _name(field.name)
    if field.type.startswith("list<"):
        return f"cast(to_json({name}) as varchar)"
    if plain or field.type != "string":
        return name
    return f"case when {_formula(name)} then '''' || {name} else {name} end"


def _counted(field: Field) -> str:
    return f"coalesce(cast({_formula(_name(field.name))} as integer), 0)"


def _formula(name: str) -> str:
    signed = f"regexp_matches({name}, '{_SIGNED}') and not regexp_full_match({name}, '{_NUMBER}')"
    return f"(regexp_matches({name}, '{_STARTS}') or ({signed}))"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
