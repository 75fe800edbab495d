"""The catalogue's layouts: rendered on the fly, read by the pipeline, and where the two differ."""

import hashlib
import sys
from decimal import Decimal
from typing import Any

from pipeline.model import Document, Source
from pipeline.readers import html
from pipeline.rulebook.index import Index
from pipeline.run import interpret
from pipeline.run.public import rules
from tests.synthetic import DATASETS, FOLDER, Forms, columns

sys.path.insert(0, str(FOLDER))
from catalogue import LAYOUTS, NEGATIVES, Rendered, Template, render

__all__ = ["LAYOUTS", "NEGATIVES", "Rendered", "Template", "document", "found", "render"]


def document(page: Rendered) -> Document:
    """Return what the HTML reader saw of a rendered page."""
    data = page.html
    return html.read(Source(hashlib.sha256(data).hexdigest(), ("a.html",), len(data), "text/html", data))


def found(page: Rendered, index: Index | None = None) -> Forms:
    """Return the forms that the pipeline reads from a page, amounts as text with two decimals."""
    rows = interpret(document(page), index or rules(), "a.html", len(page.html)).rows
    forms = sorted(rows.get("forms", []), key=lambda row: row["form_index"])
    return [
        {
            dataset: [
                {name: _plain(row.get(name)) for name in columns(dataset)}
                for row in sorted(rows.get(dataset, []), key=lambda row: row.get("row_index", 0))
                if row["form_id"] == form["form_id"]
            ]
            for dataset in DATASETS
        }
        for form in forms
    ]


def _plain(value: Any) -> Any:
    return f"{value:.2f}" if isinstance(value, Decimal) else value
