from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import checks
from pipeline.errors import RuleError
from pipeline.model import Check
from pipeline.rulebook.checks import load_checks
from pipeline.rulebook.fields import load_fields
from pipeline.writers.columns import arrow_type, column
from pipeline.writers.parquet import to_table

RULES = Path(__file__).parents[1] / "rules"
FIELDS, _ = load_fields(RULES)
SHIPPED, FAULTS = load_checks(RULES / "checks")
BY_NAME = {check.name: check for check in SHIPPED}
Rows = Sequence[Mapping[str, Any]]
FORM = "0123456789abcdef-000"
OTHER = "fedcba9876543210-000"


def tables(
    forms: Rows = ({},), funding: Rows = (), indicators: Rows = (), problems: Rows = (), cells: Rows = ()
) -> dict[str, pa.Table]:
    """Make the tables of one form (and an empty other one, which no check may mix up with it)."""
    year = {"fiscal_year": 2020}
    rows: dict[str, list[dict[str, Any]]] = {
        "forms": [{"form_id": FORM, "document_id": "d", **year, **form} for form in forms],
        "funding": [{"form_id": FORM, "row_index": i, **year, **row} for i, row in enumerate(funding)],
        "indicators": [{"form_id": FORM, "row_index": i, **year, **row} for i, row in enumerate(indicators)],
        "cells": [{"document_id": "d", **year, **row} for row in cells],
    }
    rows["forms"].append({"form_id": OTHER, "document_id": "e", "fiscal_year": None})
    rows["lineage"] = [
        {
            "form_id": FORM,
            "dataset": dataset,
            "row_index": row.get("row_index"),
            "field": field,
            "cell_id": f"{dataset}/{row.get('row_index', '')}/{field}",
            **year,
        }
        for dataset in ("forms", "funding", "indicators")
        for row in rows[dataset]
        for field, value in row.items()
        if value is not None and field not in ("form_id", "row_index")
    ]
    made = {dataset: to_table(dataset, part, FIELDS) for dataset, part in rows.items()}
    broken = [{"form_id": FORM, "text": "八十万", "cell_id": "bad", **row} for row in problems]
    made["problems"] = pa.Table.from_arrays(
        [
            column([row.get(name) for row in broken], arrow_type(kind))
            for name, kind in checks.PROBLEM_TYPES.items()
        ],
        names=list(checks.PROBLEM_TYPES),
    )
    return made


def outcome(name: str, **rows: Rows) -> dict[str, object]:
    found = checks.run(tables(**rows), [BY_NAME[name]])
    assert [row["form_id"] for row in found] == [FORM, OTHER]
    first = found[0]
    assert first["check"] == name
    assert first["document_id"] == "d"
    assert str(first["message"]).count(" | ") == 1
    return first


def money(source: str, amount: str | None, **more: object) -> dict[str, object]:
    value = None if amount is None else Decimal(amount)
    return {"fund_source": source, "fund_source_label": source, "full_year_budget": value, **more}


def test_every_shipped_check_loads_and_fits_the_contract() -> None:
    assert FAULTS == ()
    assert checks.prove(SHIPPED, FIELDS) == ()
    assert {check.severity for check in SHIPPED} == {"error", "warning", "info"}


def test_a_form_with_nothing_in_it_gets_an_outcome_of_every_check() -> None:
    found = {row["check"]: row["outcome"] for row in checks.run(tables(), SHIPPED) if row["form_id"] == OTHER}
    assert found == {
        "amount_unit": "not_applicable",
        "completion": "not_applicable",
        "deviation_reason": "not_applicable",
        "execution_rate": "not_applicable",
        "funding_subtotals": "not_applicable",
        "score_within_weight": "not_applicable",
        "scores_total": "not_applicable",
        "title_year": "insufficient",
        "values": "pass",
        "weights_total": "not_applicable",
    }


def test_no_form_at_all_is_no_error() -> None:
    made = tables()
    assert checks.run({**made, "forms": made["forms"].slice(0, 0)}, SHIPPED) == []


def weighted(*weights: float | None, field: str = "weight") -> Rows:
    return [{field: weight} for weight in weights]


@pytest.mark.parametrize("kind", ["weight", "score"])
@pytest.mark.parametrize(
    ("total", "funds", "parts", "expected"),
    [
        (100.0, 10.0, (45.0, 45.0), "pass"),
        (100.0, 10.0, (45.0, None, 45.0), "pass"),
        (100.0, None, (50.0, 50.0), "pass"),
        (0.0, 10.0, (45.0, 45.0), "fail"),
        (100.0, 10.0, (45.0, 44.0), "fail"),
        (100.0, 10.0, (45.0, 44.5), "fail"),
        (100.0, 0.01, (33.33, 33.33, 33.33), "pass"),
        (100.0, None, (33.33, 33.33, 33.33), "pass"),
        (96.4, 9.87, (43.25, 43.25), "pass"),
        (96.3, 9.87, (43.25, 43.25), "fail"),
        (None, 10.0, (45.0,), "insufficient"),
        (100.0, None, (None, None), "insufficient"),
        (None, None, (None, None), "not_applicable"),
        (None, None, (), "not_applicable"),
    ],
)
def test_parts_against_the_stated_total(
    kind: str, total: float | None, funds: float | None, parts: tuple[float | None, ...], expected: str
) -> None:
    found = outcome(
        f"{kind}s_total",
        forms=[{f"total_{kind}": total}],
        funding=[{"fund_source": "total", kind: funds}, {"fund_source": "fiscal_current", kind: None}],
        indicators=weighted(*parts, field=kind),
    )
    assert found["outcome"] == expected
    assert found["actual"] == total
    assert bool(found["cells"]) == (expected == "fail")


def test_parts_of_a_repeated_funding_weight_and_of_a_mid_term_are_not_counted() -> None:
    found = outcome(
        "weights_total",
        forms=[{"total_weight": 100.0}],
        funding=[
            {"fund_source": "total", "weight": 10.0},
            {"fund_source": "fiscal_current", "weight": 10.0},
        ],
        indicators=[{"weight": 90.0, "horizon": "annual"}, {"weight": 90.0, "horizon": "mid_term"}],
    )
    assert (found["outcome"], found["expected"]) == ("pass", 100.0)


def test_the_message_of_a_total_has_the_figures_and_the_cells_are_those_that_gave_them() -> None:
    found = outcome(
        "scores_total", forms=[{"total_score": 96.0}], indicators=weighted(90.5, 5.0, field="score")
    )
    assert found["message"] == (
        "各项得分合计 95.5，总得分 96 | the scores add up to 95.5, the stated total is 96"
    )
    assert (found["expected"], found["actual"]) == (95.5, 96.0)
    assert found["cells"] == ["forms//total_score", "indicators/0/score", "indicators/1/score"]


@pytest.mark.parametrize(
    ("name", "dataset", "field"),
    [
        ("weights_total", "indicators", "weight"),
        ("weights_total", "forms", "total_weight"),
        ("scores_total", "funding", "score"),
        ("score_within_weight", "indicators", "score"),
        ("deviation_reason", "indicators", "score"),
        ("completion", "indicators", "actual_value"),
        ("execution_rate", "funding", "execution_rate"),
        ("funding_subtotals", "funding", "full_year_budget"),
        ("values", "forms", "total_score"),
    ],
)
def test_a_value_that_could_not_be_read_is_a_parse_error_and_not_a_missing_one(
    name: str, dataset: str, field: str
) -> None:
    found = outcome(
        name,
        forms=[{"total_weight": 1.0}],
        indicators=[{"weight": 1.0}],
        funding=[money("total", "1.00"), money("other", None)],
        problems=[{"dataset": dataset, "row_index": 0, "field": field}],
    )
    assert (found["outcome"], found["cells"]) == ("parse_error", ["bad"])


def test_the_values_check_names_the_first_one() -> None:
    found = outcome(
        "values",
        problems=[
            {"dataset": "indicators", "row_index": 3, "field": "weight", "text": "x", "cell_id": "c"},
            {"dataset": "funding", "row_index": 1, "field": "initial_budget", "cell_id": "b"},
            {"dataset": "funding", "row_index": 2, "field": "initial_budget", "text": None, "cell_id": None},
        ],
    )
    assert found["message"] == (
        "3 个值无法解析，首个为 initial_budget“八十万” | "
        '3 values could not be read, the first is initial_budget "八十万"'
    )
    assert found["cells"] == ["b", "c"]


def test_several_values_in_a_cell_are_said_and_no_error() -> None:
    several = {
        "dataset": "indicators",
        "row_index": 0,
        "field": "target_text",
        "cell_id": "s",
        "kind": "several",
    }
    found = outcome("values", problems=[several])
    assert (found["outcome"], found["cells"]) == ("pass", ["s"])
    assert "1 格有几个值，按文字保留" in str(found["message"])
    assert outcome("completion", problems=[several])["outcome"] == "not_applicable"
    both = outcome("values", problems=[several, {**several, "kind": "unread", "cell_id": "u"}])
    assert (both["outcome"], both["cells"]) == ("parse_error", ["u"])
    assert str(both["message"]).startswith("1 个值")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(5.0, 5.0), (5.0, 4.9)], "pass"),
        ([(5.0, 5.1)], "fail"),
        ([(5.0, None), (None, 5.0)], "insufficient"),
        ([(None, None)], "not_applicable"),
    ],
)
@pytest.mark.parametrize("dataset", ["indicators", "funding"])
def test_score_within_weight(
    rows: list[tuple[float | None, float | None]], expected: str, dataset: str
) -> None:
    part = [{"weight": weight, "score": score} for weight, score in rows]
    found = outcome("score_within_weight", **{dataset: part})
    assert found["outcome"] == expected
    if expected == "fail":
        assert (found["expected"], found["actual"]) == (5.0, 5.1)
        assert found["cells"] == [f"{dataset}/0/score", f"{dataset}/0/weight"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(5.0, 5.0, None), (5.0, 3.0, "受疫情影响")], "pass"),
        ([(5.0, 5.0, None)], "pass"),
        ([(5.0, 3.0, None)], "fail"),
        ([(5.0, None, None)], "insufficient"),
        ([(None, None, "说明")], "not_applicable"),
    ],
)
def test_deviation_reason(rows: list[tuple[float | None, float | None, str | None]], expected: str) -> None:
    part = [{"weight": w, "score": s, "deviation_reason": reason} for w, s, reason in rows]
    found = outcome("deviation_reason", indicators=part)
    assert found["outcome"] == expected
    if expected == "fail":
        assert found["cells"] == ["indicators/0/score", "indicators/0/weight"]


@pytest.mark.parametrize(
    ("rate", "executed", "budget", "expected"),
    [
        (1.0, "130000.00", "130000.00", "pass"),
        (0.9957, "995700.00", "1000000.00", "pass"),
        (0.9957, "995500.00", "1000000.00", "fail"),
        (0.57, "5700.00", "10000.00", "pass"),
        (0.76, "130000.00", "170000.00", "pass"),
        (0.75, "130000.00", "170000.00", "fail"),
        (0.7647, "1300.00", "1700.00", "pass"),
        (0.71, "1300.00", "1700.00", "pass"),
        (0.70, "1300.00", "1700.00", "fail"),  # 0.13 and 0.17 万元: the amounts themselves are rounded
        (1.0, "0.00", "0.00", "insufficient"),
        (1.0, None, "1.00", "insufficient"),
        (None, "1.00", "1.00", "insufficient"),
        (None, None, "1.00", "not_applicable"),
    ],
)
def test_execution_rate(rate: float | None, executed: str | None, budget: str, expected: str) -> None:
    value = None if executed is None else Decimal(executed)
    row = money("total", budget, full_year_executed=value, execution_rate=rate)
    found = outcome("execution_rate", forms=[{"amount_unit": "万元"}], funding=[row])
    assert (found["outcome"], bool(found["cells"])) == (expected, expected == "fail")


def test_execution_rate_of_a_period() -> None:
    row = {
        "initial_budget": Decimal("200.00"),
        "period_executed": Decimal("50.00"),
        "period_execution_rate": 0.3,
    }
    found = outcome("execution_rate", funding=[row])
    assert (found["outcome"], found["expected"], found["actual"]) == ("fail", 0.25, 0.3)
    assert outcome("execution_rate", funding=[{**row, "period_execution_rate": 0.25}])["outcome"] == "pass"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("total", "13"), ("fiscal_current", "13"), ("carryover", None)], "pass"),
        ([("total", "13"), ("fiscal_current", "12"), ("other", "1")], "pass"),
        ([("total", "13"), ("fiscal_current", "12"), ("other", "0.99")], "fail"),
        ([("total", "13"), ("fiscal_current", "14"), ("other", None)], "fail"),
        ([("total", "0.00"), ("fiscal_current", "90.00")], "fail"),
        ([("total", "13"), ("fiscal_current", "12"), ("other", None)], "insufficient"),
        ([("total", None), ("fiscal_current", "12")], "insufficient"),
        ([("total", "13"), ("fiscal_current", None)], "insufficient"),
        ([("total", None), ("other", None)], "insufficient"),
        ([("total", "13")], "not_applicable"),
        ([], "not_applicable"),
        # amounts in 万元, nested in ways that the form does not state
        (
            [
                ("total", "100"),
                ("fiscal", "80.00"),
                ("central", "50.00"),
                ("county", "30.00"),
                ("other", "20.00"),
            ],
            "pass",
        ),
        ([("total", "100"), ("fiscal", "80.00"), ("carryover", "20.00")], "pass"),
        (
            [("total", "100"), ("fiscal", "100"), ("carryover", "20.00"), ("fiscal_current", "80.00")],
            "pass",
        ),
        ([("total", "100"), ("central", "60.00"), ("local", "40.00"), ("municipal", "40.00")], "pass"),
        ([("total", "100"), ("fiscal", "80.00"), ("central", "50.00"), ("other", "9.00")], "fail"),
        # 100.00 = 33.33 + 33.33 + 33.33 in 万元: rounding; but not when 0.02 are missing beyond it
        (
            [
                ("total", "100"),
                ("central", "33.33"),
                ("county", "33.33"),
                ("other", "33.33"),
            ],
            "pass",
        ),
        (
            [
                ("total", "100"),
                ("central", "33.33"),
                ("county", "33.33"),
                ("other", "33.31"),
            ],
            "fail",
        ),
    ],
)
def test_funding_subtotals(rows: list[tuple[str, str | None]], expected: str) -> None:
    found = outcome(
        "funding_subtotals",
        forms=[{"amount_unit": "万元"}],
        funding=[money(source, amount and f"{Decimal(amount) * 10000:.2f}") for source, amount in rows],
    )
    assert (found["outcome"], bool(found["cells"])) == (expected, expected == "fail")


def test_funding_subtotals_judge_each_column_and_each_horizon_by_itself() -> None:
    def row(source: str, horizon: str, initial: str, executed: str) -> dict[str, object]:
        return {
            "fund_source": source,
            "horizon": horizon,
            "initial_budget": Decimal(initial),
            "full_year_executed": Decimal(executed),
        }

    good = [
        row("total", "annual", "3.00", "2.00"),
        row("fiscal_current", "annual", "2.00", "1.00"),
        row("other", "annual", "1.00", "1.00"),
        row("total", "mid_term", "30.00", "20.00"),
        row("fiscal_current", "mid_term", "30.00", "20.00"),
    ]
    assert outcome("funding_subtotals", funding=good)["message"] == "4 列相符 | 4 columns add up"
    bad = [*good[:4], row("fiscal_current", "mid_term", "30.00", "21.00")]
    found = outcome("funding_subtotals", funding=bad)
    assert found["message"] == (
        "1 列不符，全年执行数总额 20 元、各来源合计 21 元 | "
        "1 columns do not add up, full year executed: total 20 yuan, sources 21 yuan"
    )
    assert (found["expected"], found["actual"]) == (21.0, 20.0)
    assert found["cells"] == [f"funding/{number}/full_year_executed" for number in range(5)]


def goal(
    target: tuple[str | None, float | None, str | None],
    actual: tuple[str | None, float | None, str | None],
    direction: str | None = None,
    **more: object,
) -> dict[str, object]:
    sides = {}
    for side, (comparator, value, unit) in (("target", target), ("actual", actual)):
        text = None if value is None else f"{comparator or ''}{value}{unit or ''}"
        sides |= {f"{side}_comparator": comparator, f"{side}_value": value}
        sides |= {f"{side}_unit": None if unit == "%" else unit, f"{side}_text": text}
    return {**sides, "direction": direction, **more}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (goal((None, 104.0, "家"), (None, 104.0, "家")), "pass"),
        (goal((None, 104.0, "家"), (None, 110.0, "家")), "insufficient"),
        (goal((None, 104.0, "家"), (None, 110.0, "家"), "正向"), "pass"),
        (goal((None, 104.0, "家"), (None, 100.0, "家"), "正向"), "fail"),
        (goal((None, 104.0, "家"), (None, 110.0, "家"), "反向"), "fail"),
        (goal(("=", 104.0, "家"), (None, 110.0, "家")), "fail"),
        (goal((">=", 0.98, "%"), (None, 0.99, "%")), "pass"),
        (goal((">=", 0.98, "%"), (">=", 0.98, "%")), "pass"),
        (goal((">=", 0.98, "%"), ("<=", 0.98, "%")), "insufficient"),
        (goal((">=", 0.98, "%"), (None, 0.97, "%")), "fail"),
        (goal((">=", 0.98, "%"), (None, 97.0, None)), "insufficient"),
        (goal((">=", 0.3, "元"), (None, 0.1 + 0.2, "元")), "pass"),
        (goal(("<=", 13.0, "元"), (None, 12.0, "元")), "pass"),
        (goal(("<=", 13.0, "元"), (None, 14.0, "元")), "fail"),
        (goal(("<", 13.0, "元"), (None, 13.0, "元")), "fail"),
        (goal(("<", 13.0, "元"), ("<", 13.0, "元")), "pass"),
        (goal((">", 13.0, "元"), (">", 13.0, "元")), "pass"),
        (goal((">", 13.0, "元"), (">", 12.0, "元")), "fail"),
        (goal((">", 13.0, "元"), (None, 13.0, "元")), "fail"),
        (goal(("~", 10.0, "人"), (None, 15.0, "人"), target_upper=20.0), "pass"),
        (goal(("~", 10.0, "人"), (None, 25.0, "人"), target_upper=20.0), "fail"),
        (goal(("~", 10.0, "人"), ("~", 12.0, "人"), target_upper=20.0, actual_upper=21.0), "fail"),
        (goal((">=", 10.0, "人"), (None, 9.0, "家")), "insufficient"),
        (goal((">=", 10.0, "人"), (None, None, None), actual_text="已完成"), "insufficient"),
        (goal((">=", 10.0, "人"), (None, None, None)), "not_applicable"),
    ],
)
def test_completion(row: dict[str, object], expected: str) -> None:
    found = outcome("completion", indicators=[row])
    assert (found["outcome"], bool(found["cells"])) == (expected, expected == "fail")


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [
        ("2020年度项目支出绩效自评表", 2020, "pass"),
        ("２０２０年度自评表", 2020, "pass"),
        ("二〇二〇年度自评表", 2020, "pass"),
        ("二○二○年一般公共预算", 2020, "pass"),
        ("2020一般公共预算自评表", 2020, "pass"),
        ("2019—2021年自评表", 2020, "fail"),
        ("2019—2021年自评表", 2021, "pass"),
        ("2021年度自评表", 2020, "fail"),
        ("2021年度自评表", None, "insufficient"),
        ("自评表（120201）", None, "insufficient"),
        (None, None, "insufficient"),
    ],
)
def test_title_year(title: str | None, year: int | None, expected: str) -> None:
    found = outcome("title_year", forms=[{"title": title, "fiscal_year": year}])
    assert (found["outcome"], bool(found["cells"])) == (expected, expected == "fail")


@pytest.mark.parametrize(
    ("text", "expected"), [("（2020年度）", "pass"), ("（2019年度）", "fail"), ("年度", "insufficient")]
)
def test_title_year_looks_at_the_cell_that_gave_the_year_where_the_title_has_none(
    text: str, expected: str
) -> None:
    found = outcome(
        "title_year",
        forms=[{"title": "项目支出绩效自评表"}],
        cells=[{"cell_id": "forms//fiscal_year", "text": text}],
    )
    assert found["outcome"] == expected


@pytest.mark.parametrize(
    ("unit", "amount", "expected"),
    [("万元", "1.00", "pass"), ("万元", None, "pass"), (None, "1.00", "pass"), (None, None, "fail")],
)
def test_amount_unit(unit: str | None, amount: str | None, expected: str) -> None:
    found = outcome("amount_unit", forms=[{"amount_unit": unit}], funding=[money("total", amount)])
    assert (found["outcome"], bool(found["cells"])) == (expected, expected == "fail")
    assert outcome("amount_unit", forms=[{"amount_unit": unit}])["outcome"] == "not_applicable"


def test_the_order_of_the_rows_does_not_matter() -> None:
    weights = [0.1, 0.2, 0.3, 33.33, 7.77, 12.121] * 5
    made = tables(forms=[{"total_weight": 99.9}], indicators=weighted(*weights))
    back = {
        name: table.take(pa.array(range(table.num_rows)[::-1], pa.int64())) for name, table in made.items()
    }
    assert checks.run(made, SHIPPED) == checks.run(back, list(reversed(SHIPPED)))


numbers = (
    st.none()
    | st.sampled_from([0.0, -0.0, 1.0, 5.5, -3.0, 1e300, -1e300, 1e-300])
    | st.floats(allow_nan=False, allow_infinity=False)
)
amounts = st.none() | st.decimals(
    Decimal("-999999999999999999.99"), Decimal("999999999999999999.99"), places=2
)
words = (
    st.none()
    | st.sampled_from(
        ["万元", "亿元", "正向", ">=", "~", "=", "total", "fiscal", "local", "%", "2020年", "9" * 50]
    )
    | st.text(max_size=5)
)
KINDS = {"double": numbers, "decimal128(20, 2)": amounts, "string": words}


def rows_of(dataset: str) -> st.SearchStrategy[list[dict[str, object]]]:
    columns = {
        field.name: KINDS[field.type]
        for field in FIELDS
        if field.dataset == dataset and field.type in KINDS and not field.name.endswith("_id")
    }
    return st.lists(st.fixed_dictionaries(columns), max_size=5)


@settings(max_examples=10, deadline=None)
@given(rows_of("forms").filter(bool), rows_of("funding"), rows_of("indicators"))
def test_no_value_of_one_form_stops_the_checks_of_all(forms: Rows, funding: Rows, indicators: Rows) -> None:
    found = checks.run(tables(forms=forms[:1], funding=funding, indicators=indicators), SHIPPED)
    assert len(found) == 2 * len(SHIPPED)
    rows = [{**row, "fiscal_year": None} for row in found]
    assert to_table("checks", rows, FIELDS).num_rows == len(found)


# -- the runner --------------------------------------------------------------------------------------------

PASS = "'pass' AS outcome, 'm' AS message, NULL AS expected, NULL AS actual, NULL AS cells"


def custom(sql: str) -> Check:
    return Check("custom", "info", "检查", "check", sql, "checks/custom.sql")


def test_a_check_gives_rows_of_the_dataset() -> None:
    sql = (
        "-- head\nSELECT form_id, 'fail' AS outcome, 'm' AS message, 1 AS expected, "
        "2.5::DECIMAL(5,2) AS actual, ['b', 'a', 'b'] AS cells FROM forms;"
    )
    assert checks.run(tables(), [custom(sql)])[0] == {
        "form_id": FORM,
        "document_id": "d",
        "check": "custom",
        "outcome": "fail",
        "severity": "info",
        "message": "m",
        "expected": 1.0,
        "actual": 2.5,
        "cells": ["a", "b"],
    }
    rows = [{**row, "fiscal_year": 2020} for row in checks.run(tables(), SHIPPED)]
    assert to_table("checks", rows, FIELDS).num_rows == 2 * len(SHIPPED)


@pytest.mark.parametrize(
    ("sql", "place", "words"),
    [
        ("-- head\n\nSELECT form_id,\n       nope FROM forms", "4:8", "nope"),
        ("-- head\nSELECT form_id\nFROM forms WHERE WHERE", "3:18", "syntax error"),
        ("/* 中文 */ SELECT '甲乙丙', nope FROM forms", "1:24", "nope"),
        ("SELECT " + "form_id, " * 40 + "nope, " + "form_id, " * 40 + "1 FROM forms", "1:368", "nope"),
        (f"-- head\nSELECT form_id, {PASS} FROM forms; SELECT 1", "2:1", "exactly one SELECT"),
        ("DROP VIEW forms", "1:1", "exactly one SELECT"),
        ("COPY forms TO 'x.csv'", "1:1", "exactly one SELECT"),
        ("SET threads = 4", "1:1", "exactly one SELECT"),
        ("SELECT form_id FROM forms", "1:1", "must give form_id, outcome"),
        (f"SELECT form_id, {PASS}, 1 AS more FROM forms", "1:1", "gives form_id, outcome"),
        (f"SELECT form_id, {PASS} FROM forms WHERE false", "1:1", f"gives no row for form {FORM}"),
        (f"SELECT form_id, {PASS} FROM forms, range(2)", "1:1", "more than one row"),
        (f"SELECT form_id || 'x' AS form_id, {PASS} FROM forms", "1:1", "no such form"),
        (f"SELECT form_id, {PASS} FROM forms".replace("'pass'", "'ok'"), "1:1", "unknown outcome 'ok'"),
        (f"SELECT form_id, {PASS} FROM forms".replace("'pass'", "NULL"), "1:1", "unknown outcome None"),
        (f"SELECT form_id, {PASS} FROM forms".replace("'m'", "NULL"), "1:1", "no message"),
        (f"SELECT form_id, {PASS} FROM forms".replace("NULL AS expected", "'x' AS expected"), "1:1", "'x'"),
        (
            f"SELECT form_id, {PASS} FROM forms".replace("NULL AS actual", "'nan'::DOUBLE AS actual"),
            "1:1",
            "actual is not a number",
        ),
        (
            f"SELECT form_id, {PASS} FROM forms".replace("NULL AS cells", "'c' AS cells"),
            "1:1",
            "list of cell",
        ),
    ],
)
def test_a_wrong_check_is_a_rule_error_with_its_place(sql: str, place: str, words: str) -> None:
    with pytest.raises(RuleError) as caught:
        checks.run(tables(), [*SHIPPED, custom(sql)])
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"checks/custom.sql:{place}: ")
    assert words in fault.message


@pytest.mark.parametrize(
    "source",
    [
        "read_text('/etc/hostname')",
        "glob('/*')",
        "read_csv('{here}')",
        "read_parquet('https://example.com/x')",
    ],
)
def test_a_check_reaches_no_file_and_no_network(source: str, tmp_path: Path) -> None:
    here = tmp_path / "secret.csv"
    here.write_text("a\n1\n")
    with pytest.raises(RuleError, match="disabled"):
        checks.run(tables(), [custom(f"SELECT * FROM {source.format(here=here)}")])


def test_a_check_sees_no_variable_of_python() -> None:
    secret = tables()["forms"]
    assert secret.num_rows
    with pytest.raises(RuleError, match="secret"):
        checks.run(tables(), [custom("SELECT * FROM secret")])


def test_all_wrong_checks_are_named_at_once_before_any_document() -> None:
    faults = checks.prove([custom("SELECT nope FROM forms"), custom("SELEC"), BY_NAME["values"]], FIELDS)
    assert len(faults) == 2
