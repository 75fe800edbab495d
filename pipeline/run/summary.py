"""What a run did, in figures: for the last lines that a person reads."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline.text.labels import fold

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST = 24


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of one run; ``failures`` are (code, number, first message), ``unmatched`` (label, cells)."""

    snapshot: Path
    documents: dict[str, int]
    forms: dict[tuple[str, int | None], int]
    rows: dict[str, int]
    unmatched: tuple[tuple[str, int], ...]
    checks: dict[str, dict[str, int]]
    failures: tuple[tuple[str, int, str], ...]
    notices: tuple[str, ...]

    @property
    def all_read(self) -> bool:
        """Say whether every document was read."""
        return not (self.documents.get("failed", 0) or self.documents.get("quarantined", 0))


def summarise(tables: dict[str, "pa.Table"], snapshot: Path, notices: tuple[str, ...]) -> Summary:
    """Return the figures of the published tables."""
    documents, forms, checks = tables["documents"], tables["forms"], tables["checks"]
    by_check: dict[str, Counter[str]] = {}
    for name, outcome in zip(_list(checks, "check"), _list(checks, "outcome"), strict=True):
        by_check.setdefault(str(name), Counter())[str(outcome)] += 1
    kinds: Counter[str] = Counter()
    first: dict[str, str] = {}
    for code, message in zip(_list(documents, "error_code"), _list(documents, "error_message"), strict=True):
        if code is not None:
            kinds[str(code)] += 1
            first[str(code)] = min(first.get(str(code), str(message)), str(message))
    return Summary(
        snapshot=snapshot,
        documents=dict(sorted(Counter(_list(documents, "status")).items())),
        forms=_forms(forms),
        rows={name: table.num_rows for name, table in tables.items()},
        unmatched=_unmatched(tables["cells"]),
        checks={name: dict(counts) for name, counts in sorted(by_check.items())},
        failures=tuple((code, count, first[code]) for code, count in sorted(kinds.items())),
        notices=notices,
    )


def _list(table: "pa.Table", column: str) -> list[str]:
    return cast(list[str], table.column(column).to_pylist())


def _forms(forms: "pa.Table") -> dict[tuple[str, int | None], int]:
    years: list[int | None] = forms.column("fiscal_year").to_pylist()
    counts = Counter(zip(_list(forms, "form_type"), years, strict=True))
    return dict(sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] or 0)))


def _unmatched(cells: "pa.Table") -> tuple[tuple[str, int], ...]:
    """Return the ten most frequent short unmatched texts inside forms, which are labels most likely."""
    import pyarrow.compute as pc

    inside = cells.filter((pc.field("role") == "unmatched") & pc.field("form_id").is_valid())
    counts: Counter[str] = Counter()
    for text in _list(inside, "text"):
        key = fold(text)
        if 2 <= len(key) <= _LONGEST and not any(char.isdigit() for char in key):
            counts[key] += 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10])
