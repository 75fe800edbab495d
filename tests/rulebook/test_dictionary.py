import json
from pathlib import Path

import pytest

from pipeline.model import Field
from pipeline.rulebook.dictionary import Language, dictionary
from pipeline.rulebook.fields import load_fields

FIELDS, _ = load_fields(Path(__file__).parents[2] / "rules")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_markdown_has_a_table_for_each_dataset_and_a_row_for_each_column(lang: Language) -> None:
    text = dictionary(FIELDS, "markdown", lang)
    sections = text.split("\n## ")[1:]
    for section, dataset in zip(sections, dict.fromkeys(field.dataset for field in FIELDS), strict=True):
        assert section.startswith(dataset + "\n")
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        columns = [field for field in FIELDS if field.dataset == dataset]
        assert len(rows) == len(columns)
        for row, field in zip(rows, columns, strict=True):
            label = field.label_zh if lang == "zh" else field.label_en
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            assert len(cells) == 5
            assert cells[0] == f"`{field.name}`"
            assert cells[1] == field.type.replace("<", "&lt;")
            assert cells[2:4] == [field.unit or "", label]


def test_markdown_is_in_one_language() -> None:
    english = dictionary(FIELDS, "markdown", "en")
    chinese = dictionary(FIELDS, "markdown", "zh")
    assert "which cell gave which value" in english
    assert "预算年度" not in english
    assert "budget year" not in chinese


def test_json_has_every_column_with_type_unit_and_both_languages() -> None:
    loaded = json.loads(dictionary(FIELDS, "json", "en"))
    assert loaded["contract_version"] == "1"
    assert loaded["partition"] == {"column": "fiscal_year", "unknown": "__HIVE_DEFAULT_PARTITION__"}
    found = {
        (dataset["name"], column["name"]): column
        for dataset in loaded["datasets"]
        for column in dataset["columns"]
    }
    assert list(found) == [(field.dataset, field.name) for field in FIELDS]
    budget = found["funding", "full_year_budget"]
    assert (budget["type"], budget["unit"]) == ("decimal128(20, 2)", "元")
    assert (budget["label"], budget["label_zh"]) == ("full-year budget", "全年预算数")
    assert budget["description"] == budget["description_en"]
    assert all(column["description_zh"] and column["description_en"] for column in found.values())


def test_a_bar_in_a_text_does_not_open_a_column() -> None:
    field = Field("forms", "x", "string", "甲|乙", "a|b", "说|明 / text|more")
    (row,) = (line for line in dictionary([field], "markdown", "en").splitlines() if line.startswith("| `"))
    assert row == "| `x` | string |  | a\\|b | text\\|more |"
