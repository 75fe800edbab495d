"""The ledger by columns says of every cell what is known of it, cell by cell."""

from pipeline.extractors.ledger import cell_id, form_id, ledger, lineage
from pipeline.matcher import match
from pipeline.model import Block, Cell, Claim, Document, Grid, Origin, Use, Yield, place
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook

NAME = "ab" * 32
TITLE = "项目支出绩效自评表"
ROWS = (
    ("项目名称", "道路养护"),
    ("主管部门", "交通局", "实施单位", "公路处"),
    ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分"),
    ("产出指标", "数量指标", "里程", "≥100公里", "100公里", "10", "10"),
    ("", "", "", "", "", "", ""),
)


def made(**grid: object) -> Document:
    cells = tuple(Cell(row, col, text=text) for row, line in enumerate(ROWS) for col, text in enumerate(line))
    first = Grid(0, cells, **grid)  # type: ignore[arg-type]
    other = Grid(1, (Cell(0, 0, 2, 1, "别的", 3, (1.0, 2.0, 3.0, 4.0), "here", 0.5),))
    blocks = (Block(TITLE, 0, 0, 1, (0.0, 0.0, 9.0, 9.0)), Block("别的段落", 1, 1))
    return Document(NAME, "text/plain", "made/1", (first, other), blocks)


def expected(document: Document, found: list[tuple[object, Yield]]) -> list[dict[str, object]]:
    """Return the table cells of the ledger, each found out for itself."""
    rows: list[dict[str, object]] = []
    for grid in document.grids:
        for cell in grid.cells:
            if not cell.text.strip():
                continue
            key = (grid.index, cell.row, cell.col)
            claim = next((out.claims[key] for _form, out in found if key in out.claims), Claim("unmatched"))
            rows.append(
                {
                    "cell_id": cell_id(document, key),
                    "document_id": NAME,
                    "grid": grid.index,
                    "row": cell.row,
                    "col": cell.col,
                    "row_span": cell.row_span,
                    "col_span": cell.col_span,
                    "text": cell.text,
                    "page": cell.page if cell.page is not None else grid.page,
                    "bbox": cell.bbox,
                    "locator": place(grid, cell) or None,
                    "confidence": cell.confidence,
                    **claim._asdict(),
                }
            )
    return rows


def test_every_cell_stands_in_the_ledger_with_its_place_and_its_claim() -> None:
    from pipeline.extractors import extract

    index = Index(load_rulebook())
    for grid in ({}, {"page": 2, "locator": "p2"}, {"origin": Origin("表1", 4, 2)}):
        document = made(**grid)
        found = [(form, extract(form, index)) for form in match(document, index)]
        assert len(found) == 1
        columns = ledger(document, found)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        owners = {row["cell_id"]: row.pop("form_id") for row in rows}
        paragraphs = [row for row in rows if row["grid"] == -1]
        assert [(row["text"], row["role"], row["page"]) for row in paragraphs] == [(TITLE, "value", 1)]
        assert [row for row in rows if row["grid"] != -1] == expected(document, list(found))
        assert set(owners.values()) == {form_id(document, found[0][0])}


def test_a_cell_used_twice_for_one_value_counts_once_with_its_first_rule() -> None:
    index = Index(load_rulebook())
    document = made()
    (form,) = match(document, index)
    out = Yield()
    for field, rule in (("a", "x:1"), ("b", "x:2"), ("a", "x:3")):
        out.uses.append(Use("forms", None, field, (0, 1, 1), rule))
    columns = lineage(document, form, out)
    assert columns["field"] == ["a", "b"]
    assert columns["rule"] == ["x:1", "x:2"]
    assert columns["cell_id"] == [cell_id(document, (0, 1, 1))] * 2
    assert {len(values) for values in columns.values()} == {2}
    assert all(values == [] for values in lineage(document, form, Yield()).values())
