"""Goldens beside their documents, one per stage boundary: what the reader saw, which cell is what, the rows.

``make goldens`` rewrites them; a reader or stage whose golden changes must raise its version or say why.
"""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pipeline.model import Document, Source
from pipeline.readers import read
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run import interpret
from pipeline.sources import sniff

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = sorted(FIXTURES.glob("*/*/source/*"))
REWRITE = os.environ.get("REWRITE_GOLDENS") == "1"


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(load_rulebook())


def document(path: Path) -> Document:
    data = path.read_bytes()
    name = hashlib.sha256(data).hexdigest()
    return read(Source(name, (path.name,), len(data), sniff(data, path.name), data))


def grids(read_document: Document) -> Any:
    """Return grids and blocks as plain data: a cell is [row, col, row_span, col_span, text]."""
    return {
        "reader": read_document.reader,
        "grids": [
            {"locator": grid.locator, "spans": grid.spans, "cells": [list(cell[:5]) for cell in grid.cells]}
            for grid in read_document.grids
        ],
        "blocks": [{"text": block.text, "before_grid": block.before_grid} for block in read_document.blocks],
        "problems": list(read_document.problems),
    }


def claims(rows: dict[str, list[dict[str, Any]]]) -> Any:
    """Return the ledger as [grid, row, col, role, field or reason, tier]."""
    return [
        [cell["grid"], cell["row"], cell["col"], cell["role"], cell["field"] or cell["reason"], cell["match"]]
        for cell in rows["cells"]
    ]


def published(rows: dict[str, list[dict[str, Any]]]) -> Any:
    """Return forms, funding and indicators without what depends on the rulebook's digest."""
    return {
        name: [
            {key: str(value) for key, value in sorted(row.items()) if value is not None and key != "rulebook"}
            for row in rows.get(name, [])
        ]
        for name in ("forms", "funding", "indicators")
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_golden(path: Path, index: Index) -> None:
    seen = document(path)
    rows = interpret(seen, index, path.name, path.stat().st_size).rows
    stages = {"grids": grids(seen), "claims": claims(rows), "rows": published(rows)}
    folder = path.parent.parent / "golden"
    for stage, found in stages.items():
        golden = folder / f"{path.name}.{stage}.json"
        text = json.dumps(found, ensure_ascii=False, indent=1, default=asdict) + "\n"
        if REWRITE:
            folder.mkdir(exist_ok=True)
            golden.write_text(text, encoding="utf-8")
        assert json.loads(text) == json.loads(golden.read_text(encoding="utf-8")), f"{golden} differs"


def test_rewriting_is_off() -> None:
    if os.environ.get("CI"):
        assert not REWRITE, "goldens must not be rewritten in CI"
    assert CASES, "no fixture found"
