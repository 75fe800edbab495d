"""Rows as no honest file would give them: what starts like a formula, breaks markup, or fits into no cell."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.run.made_snapshot import make

TEXTS = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "＝HYPERLINK(1)",
    "'quoted",
    "-5%",
    "<r><t>raw</t></r>",
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>",
    'a,b"c"\r\nd\te',
    "_x0041_",
    "bell\x07nul\x00end",
    "noncharacters\ufffe\uffff",
    "  spaces  ",
    "000123456789012345",
    "2020-01-02",
    "1e5",
    "https://example.org/x",
    "😀𠮷",
    "\u202eright to left",
)
LONG = "长" * 20_000 + "𠮷" * 20_000


def workspace(root: Path) -> Path:
    """Publish one form per text, each with a funding line, an indicator, a check, cells and lineage."""
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("documents", "forms", "funding", "indicators", "checks", "cells", "lineage")
    }
    for number, text in enumerate((*TEXTS, LONG)):
        year = 2019 + number % 3 if number % 5 else None
        document = f"{number:064x}"
        form = f"{document[-16:]}-000"
        ids = {"form_id": form, "document_id": document, "fiscal_year": year}
        rows["documents"].append(
            {
                "document_id": document,
                "paths": [f"区[{number}]/a b'{number}.txt", text[:50]],
                "size": 2**40 + number,
                "media_type": "text/plain",
                "reader": "txt/1",
                "form_count": 1,
                "status": "ok",
                "fiscal_year": year,
            }
        )
        rows["forms"].append(
            ids
            | {
                "form_index": 0,
                "form_type": "project_self_evaluation",
                "title": text,
                "region": text[:20],
                "project_name": text,
                "project_code": "000123456789012345",
                "total_weight": 100.0,
                "total_score": 0.1 + 0.2 + number * 5,
                "coverage": (number + 1) / (len(TEXTS) + 2),
            }
        )
        rows["funding"].append(
            {
                "form_id": form,
                "row_index": 0,
                "fund_source": "total",
                "initial_budget": Decimal("123456789012345678.25"),
                "full_year_budget": Decimal("1234567890123.25"),
                "full_year_executed": Decimal("0.10") * number,
                "execution_rate": number / 19,
                "fiscal_year": year,
            }
        )
        rows["indicators"].append(
            {"form_id": form, "row_index": 0, "level3": text, "target_value": 1 / 3, "fiscal_year": year}
        )
        rows["checks"].append(
            ids
            | {
                "check": "scores_total",
                "outcome": "fail" if number % 2 else "pass",
                "severity": "error",
                "message": text,
                "cells": [f"{document[:16]}/0/0/0"],
            }
        )
        rows["cells"].append(
            ids
            | {
                "cell_id": f"{document[:16]}/{number}/0/0",
                "grid": 0,
                "row": 0,
                "col": 0,
                "row_span": 1,
                "col_span": 1,
                "bbox": [0.5, 1.25, 3.0, 4.0],
                "locator": "line 1",
                "text": text,
                "role": "unmatched",
            }
        )
        rows["lineage"].append(
            {
                "form_id": form,
                "dataset": "forms",
                "field": "total_score",
                "cell_id": f"{document[:16]}/{number}/0/0",
                "rule": "forms/x.yaml:1",
                "fiscal_year": year,
            }
        )
    failed = {"document_id": "f" * 64, "paths": ["坏.doc"], "size": 1, "media_type": "application/msword"}
    rows["documents"].append(
        failed
        | {"form_count": 0, "status": "failed", "error_code": "corrupt", "error_message": "坏.doc: <b>"}
    )
    return make(root, rows)
