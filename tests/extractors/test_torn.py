"""Level names that a page break tears in two."""

import hashlib
from dataclasses import replace

import pytest

from pipeline.model import Source
from pipeline.readers import html
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret
from tests.test_layouts import Rows, page

HEAD = ["项目名称@1x2|修路@1x2|主管部门|交通局", "一级指标|二级指标|三级指标|指标值|完成值|分值"]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load_rulebook())


def over_pages(index: Index, rows: list[str], first_rows: int) -> Rows:
    """Return the rows of a form whose first rows stand on page 1 and the others on page 2."""
    data = page([*HEAD, *rows], "2020年度项目支出绩效自评表")
    source = Source(hashlib.sha256(data).hexdigest(), ("a.html",), len(data), "text/html", data)
    document = html.read(source)
    cells = tuple(
        cell._replace(page=1 if cell.row < first_rows + len(HEAD) else 2) for cell in document.grids[0].cells
    )
    document = replace(document, grids=(replace(document.grids[0], cells=cells),))
    return interpret(document, index, "a.html", len(data)).rows


def test_the_parts_of_a_torn_name_are_one_name(index: Index) -> None:
    rows = ["满意度|服务对象满|群众|≥90%|95%|5", "指标|意度指标|企业|≥90%|95%|5"]
    found = over_pages(index, rows, 1)
    names = {(row["level1"], row["level2"], row["level2_code"]) for row in found["indicators"]}
    assert names == {("满意度指标", "服务对象满意度指标", "satisfaction")}
    used = [row["cell_id"].split("/", 1)[1] for row in found["lineage"] if row["field"] == "level2"]
    assert used == ["0/2/1", "0/3/1", "0/2/1", "0/3/1"]


def test_on_one_page_nothing_is_torn(index: Index) -> None:
    found = over_pages(index, ["满意度|服务对象满|群众|≥90%|95%|5", "指标|意度指标|企业|≥90%|95%|5"], 2)
    assert [row["level2"] for row in found["indicators"]] == ["服务对象满", "意度指标"]


@pytest.mark.parametrize("below", ["效益指标", "其他指标", "产出指标"])
def test_two_names_are_not_joined(index: Index, below: str) -> None:
    rows = ["产出指标|数量指标|道路|5公里|5公里|10", f"{below}|社会效益指标|出行|便利|便利|10"]
    assert [row["level1"] for row in over_pages(index, rows, 1)["indicators"]] == ["产出指标", below]
