"""The public benchmark: what its truth says, what the pipeline finds, and where the two differ."""

import json
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.run.one import process
from pipeline.run.public import rules
from pipeline.sources import Refusal, Scan

FOLDER = Path(__file__).parent.parent / "fixtures" / "benchmark"
MEDIA = ("txt", "html", "docx", "doc", "xls", "xlsx", "pdf")
LAYOUTS = tuple(sorted(path.stem for path in (FOLDER / "truth").glob("*.json")))
DATASETS = ("forms", "funding", "indicators")
PROVENANCE = frozenset({"form_id", "document_id", "form_index", "row_index", "coverage", "rulebook"})

Row = dict[str, Any]
Forms = list[dict[str, list[Row]]]


class Difference(NamedTuple):
    """One column of one row in which truth and pipeline differ; None where one of them has nothing."""

    form: int
    dataset: str
    row: int
    column: str
    true: Any
    found: Any


def columns(dataset: str) -> list[str]:
    """Return the columns of a dataset that say something about the form and not about the file."""
    return [one.name for one in rules().rulebook.columns(dataset) if one.name not in PROVENANCE]


@lru_cache
def truth(layout: str) -> Forms:
    return json.loads((FOLDER / "truth" / f"{layout}.json").read_text(encoding="utf-8"))


@lru_cache
def found(medium: str, layout: str) -> Forms:
    return read(FOLDER / medium / f"{layout}.{medium}")


def read(path: Path) -> Forms:
    """Return the forms of one file as the pipeline reads them, amounts as text with two decimals."""
    (source,) = Scan((path,))
    assert not isinstance(source, Refusal)
    rows = process(source, rules()).rows
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


def _plain(value: object) -> object:
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def differences(true: Forms, seen: Forms) -> list[Difference]:
    """Return every column in which two lists of forms differ, rows compared by their place."""
    result: list[Difference] = []
    for form in range(max(len(true), len(seen))):
        for dataset in DATASETS:
            left = true[form][dataset] if form < len(true) else []
            right = seen[form][dataset] if form < len(seen) else []
            for row in range(max(len(left), len(right))):
                one = left[row] if row < len(left) else {}
                other = right[row] if row < len(right) else {}
                result += [
                    Difference(form, dataset, row, name, one.get(name), other.get(name))
                    for name in columns(dataset)
                    if one.get(name) != other.get(name)
                ]
    return result
