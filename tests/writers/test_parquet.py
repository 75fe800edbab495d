import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipeline.errors import OutputError
from pipeline.model import Field
from pipeline.model.output import DataFile
from pipeline.rulebook.fields import load_fields
from pipeline.writers import parquet

RULES = Path(__file__).parents[2] / "rules"
FIELDS, FAULTS = load_fields(RULES)
DATASETS = tuple(dict.fromkeys(field.dataset for field in FIELDS))
Rows = dict[str, list[dict[str, object]]]


def form(number: int, year: int | None) -> dict[str, object]:
    return {
        "form_id": f"{number:016x}-000",
        "document_id": f"{number:064x}",
        "form_index": 0,
        "title": f"({year}年度)",
        "total_score": 96.0,
        "fiscal_year": year,
    }


def funding(number: int, row: int, year: int | None, amount: str | None = "130000.00") -> dict[str, object]:
    return {
        "form_id": f"{number:016x}-000",
        "row_index": row,
        "fund_source": "total",
        "full_year_budget": None if amount is None else Decimal(amount),
        "execution_rate": 0.5,
        "fiscal_year": year,
    }


def sample(years: Sequence[int | None]) -> Rows:
    return {
        "forms": [form(number, year) for number, year in enumerate(years)],
        "funding": [funding(number, row, year) for number, year in enumerate(years) for row in range(3)],
        "documents": [
            {
                "document_id": f"{number:064x}",
                "paths": ["a.txt", "b.zip!c.txt"],
                "size": 3,
                "fiscal_year": year,
            }
            for number, year in enumerate(years)
        ],
    }


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(out)): file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()
    }


def test_the_files_lie_in_hive_partitions_and_are_named_by_their_content(tmp_path: Path) -> None:
    files = parquet.write(sample([2020, 2021, None]), FIELDS, tmp_path)
    assert sorted(contents(tmp_path)) == [file.path for file in files]
    partitions = {file.partition: file.rows for file in files if file.dataset == "funding"}
    assert partitions == {
        "fiscal_year=2020": 3,
        "fiscal_year=2021": 3,
        "fiscal_year=__HIVE_DEFAULT_PARTITION__": 3,
    }
    import hashlib

    for file in files:
        data = (tmp_path / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert file.path.endswith(f"/part-0000-of-0001-{file.sha256[:16]}.parquet")


def test_the_same_rows_in_any_order_and_in_any_chunks_give_the_same_bytes(tmp_path: Path) -> None:
    rows = sample([2020, None, 2021, 2020, 2020, None])
    parquet.write(rows, FIELDS, tmp_path / "a")
    shuffled = {name: random.Random(5).sample(part, len(part)) for name, part in rows.items()}
    parquet.write(shuffled, FIELDS, tmp_path / "b")
    tables = {}
    for dataset in reversed(DATASETS):
        part = shuffled.get(dataset, [])
        tables[dataset] = pa.concat_tables(
            parquet.to_table(dataset, part[start : start + 2], FIELDS) for start in range(0, len(part) + 1, 2)
        )
    parquet.write_tables(tables, FIELDS, tmp_path / "c")
    assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")


def test_rows_are_sorted_by_the_key_of_their_dataset(tmp_path: Path) -> None:
    cells = [
        {"document_id": "d", "grid": grid, "row": row, "col": col, "cell_id": "x", "fiscal_year": 2020}
        for grid in (1, -1, 0)
        for row in (10, 9)
        for col in (1, 0)
    ]
    (file,) = (file for file in parquet.write({"cells": cells}, FIELDS, tmp_path) if file.dataset == "cells")
    table = pq.ParquetFile(tmp_path / file.path).read()
    keys = list(
        zip(table["grid"].to_pylist(), table["row"].to_pylist(), table["col"].to_pylist(), strict=True)
    )
    assert keys == sorted(keys)


def test_every_column_carries_its_dictionary_entry_and_the_file_the_contract_version(tmp_path: Path) -> None:
    by_name: dict[tuple[str, str], Field] = {(field.dataset, field.name): field for field in FIELDS}
    for file in parquet.write({}, FIELDS, tmp_path):
        schema = pq.read_schema(tmp_path / file.path)
        assert schema.metadata[b"contract_version"] == b"1"
        expected = [f.name for f in FIELDS if f.dataset == file.dataset and f.name != "fiscal_year"]
        assert schema.names == expected
        for column in schema:
            field = by_name[file.dataset, column.name]
            meta = {key.decode(): value.decode() for key, value in column.metadata.items()}
            meta.pop("PARQUET:field_id", None)
            wanted = {
                "label_zh": field.label_zh,
                "label_en": field.label_en,
                "description": field.description,
            }
            assert meta == wanted | ({"unit": field.unit} if field.unit else {})
            assert str(column.type).replace("list<element: ", "list<").startswith(field.type.split("<")[0])


def test_file_format_is_zstd_in_small_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 10)
    monkeypatch.setattr(parquet, "FILE_ROWS", 25)
    monkeypatch.setattr(parquet, "_CHUNK", 7)
    rows = [funding(number, 0, 2020) for number in range(30)]
    files = [f for f in parquet.write({"funding": rows}, FIELDS, tmp_path) if f.dataset == "funding"]
    assert sorted(file.rows for file in files) == [5, 25]
    large = max(files, key=lambda file: file.rows)
    meta = pq.read_metadata(tmp_path / large.path)
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [10, 10, 5]
    assert meta.row_group(0).column(0).compression == "ZSTD"
    ids = ds.dataset(tmp_path / "funding").to_table().column("form_id").to_pylist()
    assert sorted(ids) == [row["form_id"] for row in rows]


def test_a_column_of_more_text_than_an_offset_can_address_is_still_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = sample([2020, 2020, None])
    parquet.write(rows, FIELDS, tmp_path / "a")
    monkeypatch.setattr(parquet, "_OFFSET_LIMIT", 10)
    parquet.write(rows, FIELDS, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


YEARS = {
    "known": [2020, 2021],
    "known and unknown": [2020, None],
    "unknown": [None],
    "no rows": [],
}


@pytest.mark.parametrize("name", YEARS)
def test_duckdb_reads_the_folders_with_the_year_as_a_number(tmp_path: Path, name: str) -> None:
    years = YEARS[name]
    parquet.write(sample(years), FIELDS, tmp_path)
    with duckdb.connect() as con:
        for dataset in DATASETS:
            source = f"read_parquet('{tmp_path}/{dataset}/**/*.parquet', hive_partitioning=true)"
            described = con.execute(f"describe select * from {source}").fetchall()
            types = {row[0]: row[1] for row in described}
            assert types["fiscal_year"] == "BIGINT"
            if dataset == "funding":
                assert types["full_year_budget"] == "DECIMAL(20,2)"
        found = con.execute(
            f"select fiscal_year from read_parquet('{tmp_path}/forms/**/*.parquet', hive_partitioning=true) "
            "order by form_id"
        ).fetchall()
    assert [row[0] for row in found] == years


@pytest.mark.parametrize("name", YEARS)
def test_pyarrow_reads_the_folders_with_the_year_as_a_number(tmp_path: Path, name: str) -> None:
    years = YEARS[name]
    parquet.write(sample(years), FIELDS, tmp_path)
    for dataset in DATASETS:
        read = ds.dataset(tmp_path / dataset, partitioning="hive")
        assert read.schema.field("fiscal_year").type == pa.int32()
        assert "fiscal_year" in pq.read_table(tmp_path / dataset).column_names
    table = ds.dataset(tmp_path / "funding", partitioning="hive").to_table()
    assert sorted(table["fiscal_year"].to_pylist(), key=str) == sorted([*years] * 3, key=str)
    assert set(table["full_year_budget"].to_pylist()) <= {Decimal("130000.00")}


@pytest.mark.parametrize("name", ["known", "no rows"])
def test_pandas_reads_the_folders_as_they_are(tmp_path: Path, name: str) -> None:
    import pandas as pd

    parquet.write(sample(YEARS[name]), FIELDS, tmp_path)
    frame = pd.read_parquet(tmp_path / "forms")
    assert sorted(int(year) for year in frame["fiscal_year"]) == YEARS[name]


@pytest.mark.parametrize("name", YEARS)
def test_pandas_reads_unknown_years_when_told_the_partition(tmp_path: Path, name: str) -> None:
    import pandas as pd

    parquet.write(sample(YEARS[name]), FIELDS, tmp_path)
    partitioning = ds.partitioning(pa.schema([("fiscal_year", pa.int16())]), flavor="hive")
    frame = pd.read_parquet(tmp_path / "forms", partitioning=partitioning)
    found = [None if pd.isna(year) else int(year) for year in frame.sort_values("form_id")["fiscal_year"]]
    assert found == YEARS[name]


def test_amounts_are_exact_and_empty_is_not_zero(tmp_path: Path) -> None:
    rows = [
        funding(0, 0, 2020, "0.00"),
        funding(0, 1, 2020, None),
        funding(0, 2, 2020, "0.10"),
        funding(0, 3, 2020, "999999999999999999.99"),
    ]
    parquet.write({"funding": rows}, FIELDS, tmp_path)
    table = ds.dataset(tmp_path / "funding").to_table()
    assert table["full_year_budget"].to_pylist() == [
        Decimal("0.00"),
        None,
        Decimal("0.10"),
        Decimal("999999999999999999.99"),
    ]
    assert pc.sum(table["full_year_budget"]).as_py() == Decimal("1000000000000000000.09")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"forms": [form(1, 2020) | {"titel": "x"}]}, "forms: no such column: titel"),
        ({"forms": [{"form_id": "x"}]}, "forms: a row lacks fiscal_year"),
        ({"forms": [form(1, 20200)], "funding": []}, None),
        ({"forms": [form(1, 2020) | {"total_score": "96"}]}, "forms.total_score"),
        ({"funding": [funding(1, 0, 2020, "0.001")]}, "funding.full_year_budget"),
        ({"form": []}, "unknown dataset 'form'"),
    ],
)
def test_what_does_not_fit_the_contract_is_an_error_that_names_it(
    tmp_path: Path, rows: Mapping[str, Sequence[Mapping[str, object]]], words: str | None
) -> None:
    if words is None:
        parquet.write(rows, FIELDS, tmp_path)
        return
    with pytest.raises(OutputError, match=words):
        parquet.write(rows, FIELDS, tmp_path)
    assert contents(tmp_path) == {}


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "forms").write_text("in the way")
    with pytest.raises(OutputError, match="check free space and permissions"):
        parquet.write({}, FIELDS, tmp_path)


def test_a_data_file_says_its_dataset_and_partition() -> None:
    file = DataFile("forms/fiscal_year=2020/part-0.parquet", 1, 2, "0")
    assert (file.dataset, file.partition) == ("forms", "fiscal_year=2020")


def test_writing_does_not_import_pandas(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from decimal import Decimal\n"
        "from pipeline.rulebook.fields import load_fields; from pipeline.writers import parquet\n"
        f"fields, _ = load_fields(Path({str(RULES)!r}))\n"
        "rows = {'funding': [{'form_id': 'a', 'row_index': 0, 'fiscal_year': 2020,"
        " 'initial_budget': Decimal('1.00')}, {'form_id': 'b', 'row_index': 0, 'fiscal_year': None}]}\n"
        f"parquet.write(rows, fields, Path({str(tmp_path)!r}))\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=RULES.parent)


def test_columns_give_the_table_that_rows_give() -> None:
    rows = sample([2020, None])["funding"]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    assert parquet.to_table("funding", columns, FIELDS).equals(parquet.to_table("funding", rows, FIELDS))


@pytest.mark.parametrize("columns", [{"fiscal_year": [None], "stray": [1]}, {"form_id": ["a"]}])
def test_columns_that_are_not_the_datasets_are_refused(columns: dict[str, list[object]]) -> None:
    with pytest.raises(OutputError, match=r"stray|fiscal_year"):
        parquet.to_table("funding", columns, FIELDS)
