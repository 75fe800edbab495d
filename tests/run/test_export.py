import csv
import json
import math
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from pipeline.errors import GuibiaoError, OutputError, StoreError
from pipeline.model.export import Selection
from pipeline.run.export import ORDER, export
from pipeline.run.report import report
from pipeline.writers import workbook
from tests.run.hostile import LONG, TEXTS, workspace
from tests.run.made_snapshot import FIELDS, make, published_rows

DATASETS = tuple(ORDER)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # a folder whose name means something to a glob, to SQL and to a hive path
    return workspace(tmp_path_factory.mktemp("ws") / "it's [1] a=b *")


def expected(root: Path, dataset: str) -> list[dict[str, Any]]:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(-1 if row[name.strip('"')] is None else row[name.strip('"')] for name in ORDER[dataset])

    return sorted(published_rows(root, dataset), key=key)


def columns(dataset: str) -> list[str]:
    names = [field.name for field in FIELDS if field.dataset == dataset]
    return names if "fiscal_year" in names else [*names, "fiscal_year"]


def test_the_database_holds_every_row_and_explains_itself(hostile: Path, tmp_path: Path) -> None:
    done = export(hostile, tmp_path / "out.duckdb")
    moved = tmp_path / "moved elsewhere.duckdb"
    done.target.rename(moved)
    with duckdb.connect(str(moved), read_only=True) as con:
        for dataset in DATASETS:
            cursor = con.execute(f"select * from {dataset}")
            names = [one[0] for one in cursor.description]
            assert names == columns(dataset)
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            assert sorted(found, key=repr) == sorted(
                ({name: row[name] for name in names} for row in published_rows(hostile, dataset)), key=repr
            )
        comments = dict(
            con.execute(
                "select column_name, comment from duckdb_columns() where table_name = 'funding' and schema_name = 'main'"
            ).fetchall()
        )
        assert "全年预算数 | full-year budget（单位 unit: 元）" in comments["full_year_budget"]
        assert all(comments.values())
        assert con.execute('select count(distinct "项目名称") from zh.forms').fetchone() == (len(TEXTS) + 1,)
        joined = con.execute("select project_name, level3 from indicators_with_form").fetchall()
        assert len(joined) == len(TEXTS) + 1 and all(one == other for one, other in joined)
        assert con.execute("select count(*) from dictionary where label_zh is not null").fetchone() == (
            sum(len(columns(dataset)) for dataset in DATASETS),
        )
        assert ("快照 snapshot", "000001") in con.execute("select * from export_info").fetchall()
    assert "全年预算数" in done.dictionary.read_text("utf-8")


@pytest.mark.parametrize("headers", ["en", "zh"])
def test_the_workbook_holds_every_row(hostile: Path, tmp_path: Path, headers: Any) -> None:
    done = export(hostile, tmp_path / "out.xlsx", headers=headers)
    book = openpyxl.load_workbook(done.target)
    long = long_texts(book)
    for dataset in DATASETS:
        sheet = book[workbook.SHEETS_ZH[dataset] if headers == "zh" else dataset]
        heads = [cell.value for cell in sheet[1]]
        labels = {field.name: field.label_zh for field in FIELDS if field.dataset == dataset}
        labels.setdefault("fiscal_year", "年度")
        names = columns(dataset)
        assert heads == (names if headers == "en" else [labels[name] for name in names])
        rows = list(sheet.iter_rows(min_row=2))
        want = expected(hostile, dataset)
        assert len(rows) == len(want) == done.rows[dataset]
        for cells, row in zip(rows, want, strict=True):
            for cell, name in zip(cells, names, strict=True):
                assert cell.data_type != "f" and cell.hyperlink is None
                assert same(cell.value, row[name], long), (dataset, name, cell.value, row[name])
    assert len(done.notes) == 2  # long texts, amounts of too many digits
    assert str(book.worksheets[0]["A1"].value).startswith("归表")


def same(value: Any, want: Any, long: dict[str, str]) -> bool:
    if isinstance(want, str):
        if isinstance(value, str) and value.startswith(f"→ {workbook.LONG}"):
            return long[value.rpartition("#")[2]] == want
        # openpyxl leaves the escapes of the format as they are; XML reads a line's end as \n
        return isinstance(value, str) and unescape(value) == want
    if isinstance(want, list):
        return value is not None and json.loads(unescape(value)) == want
    if isinstance(want, Decimal):
        return Decimal(value) == want if isinstance(value, str) else Decimal(repr(value)) == want
    if isinstance(want, float):
        return isinstance(value, int | float) and float(value) == want
    return bool(value == want)


def long_texts(book: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, _sheet, _cell, _part, text in book[workbook.LONG].iter_rows(min_row=2, values_only=True):
        assert len(text.encode("utf-16-le")) // 2 <= workbook.CELL_UNITS
        found[str(number)] = found.get(str(number), "") + text
    return found


def test_long_texts_stand_whole_on_their_own_sheet(hostile: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export(hostile, tmp_path / "out.xlsx", datasets=["forms"]).target)
    assert set(long_texts(book).values()) == {LONG}
    sheets = {row[1:3] for row in book[workbook.LONG].iter_rows(min_row=2, values_only=True)}
    for name, cell in sheets:
        assert str(book[name][cell].value).startswith("→")


def test_rows_beyond_a_sheet_go_on_to_the_next(
    hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 10)
    done = export(hostile, tmp_path / "out.xlsx", datasets=["forms", "indicators"])
    book = openpyxl.load_workbook(done.target)
    assert book.sheetnames[1:4] == ["forms", "forms (2)", "forms (3)"]
    found = [
        row[0] for name in book.sheetnames[1:4] for row in book[name].iter_rows(min_row=2, values_only=True)
    ]
    assert found == [row["form_id"] for row in expected(hostile, "forms")]
    assert any("3 张工作表" in note for note in done.notes)


def test_a_workbook_of_too_many_rows_is_refused(
    hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "WORKBOOK_ROWS", 20)
    with pytest.raises(OutputError, match=r"上限 20.*--where.*at most 20"):
        export(hostile, tmp_path / "out.xlsx", datasets=["forms"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("plain", [False, True])
def test_csv_holds_every_row(hostile: Path, tmp_path: Path, plain: bool) -> None:
    done = export(hostile, tmp_path / "out", plain=plain)
    assert bool(done.notes) is not plain
    for dataset in DATASETS:
        data = (done.target / f"{dataset}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf") and not data.startswith(b"\xef\xbb\xbf\xef\xbb\xbf")
        with (done.target / f"{dataset}.csv").open(encoding="utf-8-sig", newline="") as file:
            heads, *lines = csv.reader(file)
        assert heads == columns(dataset)
        want = expected(hostile, dataset)
        assert len(lines) == len(want)
        for line, row in zip(lines, want, strict=True):
            for text, name in zip(line, heads, strict=True):
                value = row[name]
                if isinstance(value, str):
                    assert plain or text[:1] not in "=@＝＠\t\r" or not text
                    assert (text if plain else text.removeprefix("'")) == value
                elif isinstance(value, list):
                    assert json.loads(text) == value
                elif value is None:
                    assert text == ""
                elif isinstance(value, Decimal):
                    assert Decimal(text) == value and text.partition(".")[2] != ""
                else:
                    assert math.isclose(float(text), value, rel_tol=0)
    assert (done.target / "dictionary.md").is_file()
    assert json.loads((done.target / "export.json").read_text("utf-8"))["snapshot"] == 1


def test_one_dataset_fits_into_one_csv_file(hostile: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--dataset"):
        export(hostile, tmp_path / "x.csv")
    done = export(hostile, tmp_path / "x.csv", datasets=["funding"], headers="zh")
    assert done.target.read_text("utf-8-sig").startswith("表标识,行序号,")
    assert done.dictionary == tmp_path / "x.dictionary.md"


def ids(done: Path, dataset: str) -> set[str]:
    with duckdb.connect(str(done), read_only=True) as con:
        name = "document_id" if dataset == "documents" else "form_id"
        return {row[0] for row in con.execute(f"select {name} from {dataset}").fetchall()}


@pytest.mark.parametrize(
    "condition",
    [
        "fiscal_year = 2020",
        "年度 = 2020",
        "FISCAL_YEAR = 2020 -- a remark",
        "fiscal_year = 2020 AND status = 'ok' AND (region IS NULL OR true)",
        "form_id IN (SELECT form_id FROM forms WHERE fiscal_year = 2020)",
        "EXISTS (SELECT 1 FROM funding f WHERE f.form_id = candidates.form_id AND f.fiscal_year = 2020)",
    ],
)
def test_a_condition_chooses_forms_and_all_that_is_theirs(
    hostile: Path, tmp_path: Path, condition: str
) -> None:
    want = {row["form_id"] for row in published_rows(hostile, "forms") if row["fiscal_year"] == 2020}
    assert 0 < len(want) < len(TEXTS)
    done = export(hostile, tmp_path / "out.duckdb", where=condition)
    for dataset in ("forms", "funding", "indicators", "checks", "cells", "lineage"):
        assert ids(done.target, dataset) == want
    documents = {row["document_id"] for row in published_rows(hostile, "forms") if row["fiscal_year"] == 2020}
    assert ids(done.target, "documents") == documents


def test_a_condition_on_documents_chooses_those_without_a_form(hostile: Path, tmp_path: Path) -> None:
    done = export(hostile, tmp_path / "out.duckdb", where="status = 'failed'")
    assert ids(done.target, "documents") == {"f" * 64}
    assert done.rows["forms"] == done.rows["cells"] == 0


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "条件为空"),
        ("1", "INTEGER"),
        ("foo = 1", "没有列 foo"),
        ("execution_rate > 1", "form_id IN \\(SELECT form_id FROM funding WHERE execution_rate"),
        ("执行率 > 1", "不在 forms 或 documents 中"),
        ("true) UNION ALL SELECT 'a', 'b' FROM candidates WHERE (true", "not a statement"),
        ("true) LIMIT 1 OFFSET (0", "not a statement"),
        ("true) GROUP BY (1", "not a statement"),
        ("true; DROP TABLE forms", "syntax error"),
        ("true); COPY forms TO '/tmp/x'; SELECT (true", "the condition is wrong|not a statement"),
        ("form_id IN (SELECT content FROM read_text('/etc/passwd'))", "may not read read_text"),
        ("form_id IN (SELECT column0 FROM '/etc/passwd')", "may not read /etc/passwd"),
        ("EXISTS (SELECT 1 FROM duckdb_settings())", "may not read duckdb_settings"),
        ("EXISTS (WITH x AS (SELECT * FROM glob('/*')) SELECT 1 FROM x)", "may not read"),
        ("total_score > 'abc'", "Could not convert"),
        ("count(*) > 1", "aggregates"),
        ("fiscal_year = ?", "parameters"),
        ("/* open", "the condition is wrong"),
    ],
)
def test_what_is_no_condition_is_refused(hostile: Path, tmp_path: Path, condition: str, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        export(hostile, tmp_path / "out.duckdb", where=condition)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_kept_unless_told(hostile: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.duckdb"
    target.write_text("mine")
    with pytest.raises(OutputError, match="--overwrite"):
        export(hostile, target)
    assert target.read_text() == "mine"
    export(hostile, target, overwrite=True)
    assert ids(target, "forms")
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    export(hostile, folder, overwrite=True, datasets=["forms"])
    assert (folder / "notes.txt").read_text() == "mine" and (folder / "forms.csv").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["csv", "out.dictionary.md", "out.duckdb"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("out.parquet", {}),
        ("out", {"form": "ods"}),
        ("out.xlsx", {"datasets": ["nonsense"]}),
        ("file/out.xlsx", {}),
    ],
)
def test_errors_name_the_thing_in_both_languages(
    hostile: Path, tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match=r"[一-鿿].* \| .*[a-z]"):
        export(hostile, tmp_path / name, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_empty_workspace_is_an_error_and_an_empty_snapshot_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="guibiao run"):
        export(tmp_path / "none", tmp_path / "out.xlsx")
    made = make(tmp_path / "empty", {})
    for name in ("out.xlsx", "out.duckdb", "out"):
        assert set(export(made, tmp_path / name).rows.values()) == {0}


def test_a_file_cut_off_is_an_error(tmp_path: Path) -> None:
    made = workspace(tmp_path / "ws")
    for part in (made / "snapshots").rglob("cells/**/*.parquet"):
        data = bytearray(part.read_bytes())
        data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)  # the footer is whole, the pages are not
        part.write_bytes(data)
    for name in ("out.duckdb", "out.xlsx", "out"):
        with pytest.raises(GuibiaoError, match=r"[一-鿿]"):
            export(made, tmp_path / name)
    with pytest.raises(StoreError, match="guibiao verify"):
        report(made)
    assert [path.name for path in tmp_path.iterdir()] == ["ws"]


def test_labels_that_stand_twice_keep_their_columns_apart() -> None:
    field = FIELDS[0]
    both = Selection("d", "", "", (field, replace(field, name="other"), replace(field, label_zh="乙")), "", 0)
    assert both.names("zh") == (f"{field.label_zh} {field.name}", f"{field.label_zh} other", "乙")
    assert both.names("en") == (field.name, "other", field.name)


def test_what_a_snapshot_keeps_for_itself_is_not_exported(tmp_path: Path) -> None:
    made = workspace(tmp_path / "ws")
    path = made / "snapshots" / "000001" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    own = [
        file | {"path": "_" + file["path"]}
        for file in manifest["files"]
        if file["path"].startswith("checks/")
    ]
    shutil.copytree(path.parent / "checks", path.parent / "_checks")
    manifest |= {"rows": manifest["rows"] | {"_checks": 3}, "files": manifest["files"] + own}
    path.write_text(json.dumps(manifest), "utf-8")
    assert set(export(made, tmp_path / "out").rows) == set(DATASETS)
    with pytest.raises(OutputError, match="may not read _checks"):
        export(made, tmp_path / "out.duckdb", where="form_id IN (SELECT form_id FROM _checks)")


def test_a_lost_file_is_an_error(tmp_path: Path) -> None:
    made = workspace(tmp_path / "ws")
    next(made.rglob("snapshots/*/forms/**/*.parquet")).unlink()
    with pytest.raises(GuibiaoError, match="guibiao verify"):
        export(made, tmp_path / "out.duckdb")
