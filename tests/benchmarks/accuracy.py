"""Precision and recall by medium and by layout on the public benchmark, into docs/accuracy.md.

    python -m tests.benchmarks.accuracy [--check]

A field is one column of one row that is not null. Recall is the share of the truth's fields that the
pipeline gives with the same value; precision is the share of the pipeline's fields that the truth has.
Rows are paired by their names in order, so that one lost row costs its own fields and no others.
"""

import argparse
import sys
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from tests.synthetic import DATASETS, LAYOUTS, MEDIA, PROVENANCE, Forms, Row, found, truth

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "accuracy.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


class Count(NamedTuple):
    """Fields that the truth has, that the pipeline gives, and that are equal; rows and forms of the truth."""

    true: int = 0
    found: int = 0
    equal: int = 0
    rows: int = 0
    forms: int = 0

    def plus(self, other: "Count") -> "Count":
        return Count(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def precision(self) -> float:
        return self.equal / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.equal / self.true if self.true else 0.0


def paired(true: list[Row], seen: list[Row]) -> Iterable[tuple[Row, Row]]:
    """Yield (row of the truth, row found), an empty one where there is no partner."""
    matcher = SequenceMatcher(
        None, [_name(row) for row in true], [_name(row) for row in seen], autojunk=False
    )
    for _, left, left_end, right, right_end in matcher.get_opcodes():
        for at in range(max(left_end - left, right_end - right)):
            one = true[left + at] if left + at < left_end else {}
            yield one, seen[right + at] if right + at < right_end else {}


def _name(row: Row) -> tuple[object, ...]:
    return tuple(row.get(name) for name in ("level2", "level3", "fund_source_label", "horizon"))


def counted(true: Forms, seen: Forms, dataset: str) -> Count:
    """Return the counts of one dataset of one file."""
    total = Count(forms=len(true) if dataset == "forms" else 0)
    for at in range(max(len(true), len(seen))):
        left = true[at][dataset] if at < len(true) else []
        right = seen[at][dataset] if at < len(seen) else []
        total = total.plus(Count(rows=len(left)))
        for one, other in paired(left, right):
            full = {name for name, value in one.items() if value is not None}
            given = {name for name, value in other.items() if value is not None} - PROVENANCE
            equal = sum(one[name] == other[name] for name in full & given)
            total = total.plus(Count(len(full), len(given), equal))
    return total


def tables() -> str:
    """Return both tables as Markdown."""
    counts = {
        (medium, layout, dataset): counted(truth(layout), found(medium, layout), dataset)
        for medium in MEDIA
        for layout in LAYOUTS
        for dataset in DATASETS
    }

    def summed(medium: str | None = None, layout: str | None = None, dataset: str | None = None) -> Count:
        total = Count()
        for (one, two, three), count in counts.items():
            if medium in (None, one) and layout in (None, two) and dataset in (None, three):
                total = total.plus(count)
        return total

    lines = [
        f"| medium | files | forms | rows | fields | {' | '.join(f'{name}: precision / recall' for name in DATASETS)} | all |",
        "|---" * (6 + len(DATASETS)) + "|",
    ]
    for medium in MEDIA:
        own = summed(medium)
        parts = [summed(medium, dataset=name) for name in DATASETS]
        cells = " | ".join(_shares(part) for part in [*parts, own])
        lines.append(f"| {medium} | {len(LAYOUTS)} | {own.forms} | {own.rows} | {own.true} | {cells} |")
    lines += [
        "",
        f"| layout | forms | rows | fields | {' | '.join(MEDIA)} |",
        "|---" * (4 + len(MEDIA)) + "|",
    ]
    for layout in LAYOUTS:
        own = summed(MEDIA[0], layout)
        cells = " | ".join(_shares(summed(medium, layout)) for medium in MEDIA)
        lines.append(f"| {layout} | {own.forms} | {own.rows} | {own.true} | {cells} |")
    return "\n".join(lines)


def _shares(count: Count) -> str:
    """Return precision / recall, rounded down so that 1.0000 means every field."""
    return " / ".join(f"{int(share * 10000) / 10000:.4f}" for share in (count.precision, count.recall))


def rendered(document: str) -> str:
    """Return the document with the tables as measured now between its marks."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Rewrite the tables; with --check only say whether they still hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="exit 1 where the document is not what is measured"
    )
    options = parser.parse_args()
    old = DOCUMENT.read_text(encoding="utf-8")
    new = rendered(old)
    if options.check:
        return int(new != old)
    DOCUMENT.write_text(new, encoding="utf-8")
    print(tables())
    return 0


if __name__ == "__main__":
    sys.exit(main())
