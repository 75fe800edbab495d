"""The promises of the output contract, each on the published seed and on documents made to break it."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.model import Document, Source
from pipeline.readers import read, txt
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret, run
from tests.published import rows


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load_rulebook())


def document(text: str) -> Document:
    data = text.encode()
    return txt.read(Source(hashlib.sha256(data).hexdigest(), ("made.txt",), len(data), "text/plain", data))


def form(*lines: str) -> str:
    """Return tab-indented text: one argument is one row, its cells parted by |."""
    return "\n\n".join("\n".join("\t" + cell for cell in line.split("|")) for line in lines) + "\n"


TITLE = ("项目支出绩效自评表", "（2021年度）", "项目名称|道路养护", "主管部门|交通局|实施单位|公路段")
MONEY = "项目资金（万元）||年初预算数|全年预算数|全年执行数|分值|执行率|得分"
HEAD = "绩效指标|一级指标|二级指标|三级指标|年度指标值|实际完成值|分值|得分|偏差原因分析及改进措施"


def extracted(index: Index, *lines: str) -> dict[str, list[dict[str, Any]]]:
    return interpret(document(form(*lines)), index, "made.txt", 1).rows


def test_1_a_stated_zero_stays_zero(index: Index) -> None:
    found = extracted(
        index,
        *TITLE,
        MONEY,
        "|年度资金总额|0|0|0|10|0%|0",
        "|其中：当年财政拨款|90|90|90|—|100%|—",
        HEAD,
        "|产出指标|数量指标|养护里程|≥100公里|100公里|90|90|/",
        "总分|100|0|",
    )
    total, part = found["funding"]
    assert (total["initial_budget"], part["initial_budget"]) == (0, 900000)
    assert (total["execution_rate"], found["forms"][0]["total_score"]) == (0, 0)


def test_1_a_check_says_that_a_total_differs_from_its_parts(tmp_path: Path) -> None:
    text = form(
        *TITLE,
        MONEY,
        "|年度资金总额|0|0|0|10|0%|0",
        "|其中：当年财政拨款|90|90|90|—|100%|—",
        HEAD,
        "|产出指标|数量指标|养护里程|≥100公里|100公里|90|90|/",
        "总分|100|90|",
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(text, encoding="utf-8")
    run([tmp_path / "in"], tmp_path / "out")
    outcomes = {row["check"]: row["outcome"] for row in rows(tmp_path / "out", "checks")}
    assert outcomes["funding_subtotals"] == "fail"


@pytest.mark.parametrize("token", ["", "/", "—", "——", "-", "--", "…", "……", "无", "**", "****"])
def test_2_empty_is_not_zero(index: Index, token: str) -> None:
    found = extracted(
        index,
        *TITLE[:2],
        f"项目名称|{token}",
        TITLE[3],
        MONEY,
        f"|年度资金总额|{token}|100|{token}|10|{token}|{token}",
        HEAD,
        f"|产出指标|数量指标|养护里程|{token}|100公里|{token}|10|{token}",
        "总分|100|100|",
    )
    money, indicator, head = found["funding"][0], found["indicators"][0], found["forms"][0]
    values = [money.get(name) for name in ("initial_budget", "full_year_executed", "execution_rate", "score")]
    values += [indicator.get(name) for name in ("target_text", "target_value", "weight", "deviation_reason")]
    assert [*values, head.get("project_name")] == [None] * 9
    if token:
        assert token in {cell["text"] for cell in found["cells"]}


def test_3_every_value_has_a_cell_that_exists(published: Path) -> None:
    cells = {cell["cell_id"] for cell in rows(published, "cells")}
    lineage = rows(published, "lineage")
    assert lineage and {use["cell_id"] for use in lineage} <= cells
    known = {(use["form_id"], use["dataset"], use["row_index"], use["field"]) for use in lineage}
    made = {
        "form_id",
        "document_id",
        "form_index",
        "form_type",
        "coverage",
        "rulebook",
        "row_index",
        "horizon",
    }
    for dataset in ("forms", "funding", "indicators"):
        for row in rows(published, dataset):
            for name, value in row.items():
                # the year of funding and indicators is the partition that their form's year chose
                if name == "fiscal_year" and dataset != "forms":
                    continue
                if value is not None and name not in made:
                    assert (row["form_id"], dataset, row.get("row_index"), name) in known, (dataset, name)


def test_3_a_value_stands_in_its_cell(published: Path) -> None:
    text = {cell["cell_id"]: "".join(cell["text"].split()) for cell in rows(published, "cells")}
    for row in rows(published, "lineage", "dataset = 'indicators' and field in ('level3', 'target_text')"):
        value = rows(
            published, "indicators", f"form_id = '{row['form_id']}' and row_index = {row['row_index']}"
        )[0][row["field"]]
        assert "".join(value.split()) in text[row["cell_id"]]


def test_4_every_cell_is_accounted_for(published: Path, seed_folder: Path) -> None:
    ledger = {cell["cell_id"]: cell for cell in rows(published, "cells")}
    seen = 0
    for path in sorted(seed_folder.iterdir()):
        data = path.read_bytes()
        from pipeline.sources import sniff

        name = hashlib.sha256(data).hexdigest()
        for grid in read(Source(name, (path.name,), len(data), sniff(data, path.name), data)).grids:
            for cell in grid.cells:
                if cell.text.strip():
                    seen += 1
                    assert ledger[f"{name[:16]}/{grid.index}/{cell.row}/{cell.col}"]["text"] == cell.text
    assert seen == len([cell for cell in ledger.values() if cell["grid"] >= 0])


def test_4_what_no_rule_claims_is_unmatched(index: Index) -> None:
    found = extracted(
        index,
        *TITLE,
        "从未见过的标签|某个值",
        MONEY,
        "|年度资金总额|1|1|1|10|100%|10",
        HEAD,
        "|产出指标|数量指标|养护里程|≥100公里|100公里|90|90|/",
    )
    roles = {cell["text"]: cell["role"] for cell in found["cells"]}
    assert (roles["从未见过的标签"], roles["某个值"]) == ("unmatched", "unmatched")
    assert len(found["cells"]) == len({cell["cell_id"] for cell in found["cells"]})


def test_4_tables_of_a_document_without_a_form_are_in_the_ledger(index: Index) -> None:
    result = interpret(document(form("收入|支出", "1|2")), index, "made.txt", 1)
    assert result.status == "no_form"
    assert [(cell["text"], cell["role"], cell["form_id"]) for cell in result.rows["cells"]] == [
        (text, "unmatched", None) for text in ("收入", "支出", "1", "2")
    ]


def test_5_unknown_stays_unknown(index: Index) -> None:
    found = extracted(
        index,
        TITLE[0],
        *TITLE[2:],
        MONEY.replace("（万元）", ""),
        "|年度资金总额|13|13|13|10|100%|10",
        HEAD,
        "|产出指标|数量指标|养护里程|≥100公里|100公里|90|90|/",
    )
    assert found["forms"][0]["fiscal_year"] is None
    assert found["forms"][0].get("amount_unit") is None
    assert found["funding"][0].get("initial_budget") is None
    assert found["funding"][0]["execution_rate"] == 1


def test_5_a_missing_unit_is_said_by_a_check(tmp_path: Path) -> None:
    text = form(
        *TITLE,
        MONEY.replace("（万元）", ""),
        "|年度资金总额|13|13|13|10|100%|10",
        HEAD,
        "|产出指标|数量指标|养护里程|≥100公里|100公里|90|90|/",
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(text, encoding="utf-8")
    run([tmp_path / "in"], tmp_path / "out")
    outcomes = {row["check"]: row["outcome"] for row in rows(tmp_path / "out", "checks")}
    assert outcomes["amount_unit"] == "fail"


def data_files(workspace: Path) -> dict[str, bytes]:
    root = (workspace / "current").resolve()
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.parquet")}


def test_6_same_input_same_bytes(published: Path, seed_folder: Path, tmp_path: Path) -> None:
    run([seed_folder], tmp_path / "again")
    assert data_files(tmp_path / "again") == data_files(published)


def test_6_the_order_of_the_files_does_not_matter(seed_folder: Path, tmp_path: Path) -> None:
    for number, order in enumerate(([1, 2, 3], [3, 2, 1])):
        folder = tmp_path / f"in{number}"
        folder.mkdir()
        for name, path in zip(order, sorted(seed_folder.glob("form_*.docx")), strict=False):
            shutil.copy(path, folder / f"{name}.docx")
        run([folder], tmp_path / f"out{number}")
    left, right = data_files(tmp_path / "out0"), data_files(tmp_path / "out1")
    without = {name for name in left if not name.startswith("documents/")}
    assert {name: left[name] for name in without} == {name: right[name] for name in without}


def test_7_a_placeholder_line_is_no_row(index: Index) -> None:
    found = extracted(
        index,
        *TITLE,
        HEAD,
        "|产出指标|数量指标|养护里程|≥100公里|100公里|50|50|/",
        "||质量指标|/|/|/|/|/|/",
        "||时效指标||||||",
        "||成本指标|/|≤5万元|/|/|/|/",
    )
    names = [(row.get("level3"), row.get("target_text")) for row in found["indicators"]]
    assert names == [("养护里程", "≥100公里"), (None, "≤5万元")]
    roles = {cell["text"]: (cell["role"], cell["reason"]) for cell in found["cells"]}
    assert roles["质量指标"] == roles["时效指标"] == ("ignored", "placeholder")
