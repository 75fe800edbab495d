from pathlib import Path

import pytest

from pipeline.rulebook.fields import DATASETS, load_fields

RULES = Path(__file__).parents[2] / "rules"
CONTRACT = {
    "documents": "document_id paths size media_type reader pages form_count status error_code error_message",
    "forms": (
        "form_id document_id form_index form_type title fiscal_year region project_name project_code "
        "supervising_department supervising_department_code implementing_unit implementing_unit_code "
        "project_leader contact_phone goal_expected goal_actual goal_mid_term total_weight total_score grade "
        "amount_unit period coverage rulebook corrected_from"
    ),
    "funding": (
        "form_id row_index horizon fund_source fund_source_label initial_budget full_year_budget "
        "full_year_executed execution_rate weight score reason period_executed projected_executed "
        "period_execution_rate corrected_from"
    ),
    "indicators": (
        "form_id row_index horizon level1 level2 level3 level1_code level2_code target_text target_comparator "
        "target_value target_upper target_unit actual_text actual_comparator actual_value actual_upper "
        "actual_unit weight score reviewed_score deviation_reason nature direction scoring_standard note period_actual_text "
        "projected_actual_text attainability recipient corrected_from"
    ),
    "checks": "form_id document_id check outcome severity message expected actual cells",
    "cells": (
        "cell_id document_id form_id grid row col row_span col_span page bbox locator text role reason field "
        "match rule confidence"
    ),
    "lineage": "form_id dataset row_index field cell_id rule",
}
GOOD = "{type: string, zh: 甲, en: a, description: 甲 / a}"


def test_the_shipped_fields_are_the_columns_of_the_contract_in_its_order() -> None:
    fields, faults = load_fields(RULES)
    assert faults == ()
    found = {
        dataset: " ".join(field.name for field in fields if field.dataset == dataset) for dataset in DATASETS
    }
    assert found == CONTRACT


def test_one_name_means_one_thing() -> None:
    """The same column has the same type and unit in every dataset."""
    seen: dict[str, tuple[str, str | None]] = {}
    fields, _ = load_fields(RULES)
    for field in fields:
        if field.name in ("row", "rule", "field"):
            continue
        assert seen.setdefault(field.name, (field.type, field.unit)) == (field.type, field.unit), field


def test_amounts_are_exact_yuan_and_rates_are_fractions() -> None:
    fields, _ = load_fields(RULES)
    for field in fields:
        if field.type.startswith("decimal"):
            assert (field.type, field.unit) == ("decimal128(20, 2)", "元")
        if field.name.endswith("_rate"):
            assert (field.type, field.unit) == ("double", "1")


def write(folder: Path, **datasets: str) -> Path:
    text = "".join(f"{name}:\n{datasets.get(name, f'  x: {GOOD}')}\n" for name in DATASETS)
    (folder / "fields.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_file_itself_may_be_named(tmp_path: Path) -> None:
    fields, faults = load_fields(write(tmp_path) / "fields.yaml")
    assert ([field.dataset for field in fields], faults) == (list(DATASETS), ())


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("  x: {type: string, zh: 甲, en: a, description: 甲 / a, units: 元}", 55, "did you mean unit?"),
        ("  x: {type: strnig, zh: 甲, en: a, description: 甲 / a}", 13, "did you mean string?"),
        ("  x: {type: float64, zh: 甲, en: a, description: 甲 / a}", 13, "unknown type float64"),
        ("  x: {zh: 甲, en: a, description: 甲 / a}", 6, "missing key type"),
        ("  x: {type: string, zh: 甲, en: a, description: 甲}", 48, "write the description as"),
        ("  x: {type: string, zh: , en: a, description: 甲 / a}", 25, "the value is empty"),
        (f"  X: {GOOD}", 3, "must be lower-case"),
        (f"  甲: {GOOD}", 3, "must be lower-case"),
        ("  x: string", 6, "expected a mapping"),
        (f"  x: {GOOD}\n  x: {GOOD}", 3, "duplicate key x"),
        ("  - x", 3, "expected a mapping"),
    ],
)
def test_a_fault_has_its_place(tmp_path: Path, line: str, column: int, words: str) -> None:
    fields, faults = load_fields(write(tmp_path, funding=line))
    (fault,) = faults
    assert (fault.path, fault.column) == ("fields.yaml", column)
    assert fault.line == 6 + line.count("\n")
    assert words in fault.message
    assert len(fields) in (6, 7)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    _, faults = load_fields(write(tmp_path, funding="  x: 1", checks="  y: {type: text}"))
    assert [fault.line for fault in faults] == [6, 10, 10, 10, 10]
    (tmp_path / "fields.yaml").write_text("form: {}\n")
    _, faults = load_fields(tmp_path)
    assert len(faults) == 1 + len(DATASETS)
