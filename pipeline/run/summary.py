"""What a run did, in figures: for the last lines that a person reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.model import PARTITION
from pipeline.text.labels import fold

if TYPE_CHECKING:
    from pipeline.store import Workspace

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


def summarise(store: Workspace, snapshot: Path, notices: tuple[str, ...]) -> Summary:
    """Return the figures of a snapshot, counted in its files."""
    import duckdb

    manifest = store.manifest(snapshot)
    with duckdb.connect(config={"threads": "1", "memory_limit": "512MB"}) as con:

        def ask(dataset: str, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
            files = [
                str(snapshot / file["path"])
                for file in manifest["files"]
                if file["path"].startswith(f"{dataset}/") and file["rows"]
            ]
            if not files:
                return []
            con.execute("set variable files = ?", [files])
            source = f"read_parquet(getvariable('files'), hive_partitioning = true, hive_types = {{'{PARTITION}': VARCHAR}})"
            return con.execute(f"select {columns} from {source} {rest}").fetchall()

        statuses = ask("documents", "status, count(*)", "group by all order by all")
        failures = ask(
            "documents",
            "error_code, count(*), min(error_message)",
            "where error_code is not null group by error_code order by error_code",
        )
        forms = ask("forms", f"form_type, try_cast({PARTITION} as int), count(*)", "group by all")
        checks = ask("checks", '"check", outcome, count(*)', "group by all order by all")
        texts = ask(
            "cells",
            "text, count(*)",
            f"where role = 'unmatched' and form_id is not null and length(text) < {4 * _LONGEST} group by text",
        )
    by_check: dict[str, dict[str, int]] = {}
    for name, outcome, count in checks:
        by_check.setdefault(name, {})[outcome] = count
    by_form = {(name, year): count for name, year, count in forms}
    return Summary(
        snapshot=snapshot,
        documents=dict(statuses),
        forms=dict(sorted(by_form.items(), key=lambda item: (item[0][0], item[0][1] or 0))),
        rows={name: count for name, count in manifest["rows"].items() if not name.startswith("_")},
        unmatched=_unmatched(texts),
        checks=by_check,
        failures=tuple((code, count, message) for code, count, message in failures),
        notices=notices,
    )


def _unmatched(texts: list[tuple[Any, ...]]) -> tuple[tuple[str, int], ...]:
    """Return the ten most frequent short unmatched texts inside forms, which are labels most likely."""
    counts: Counter[str] = Counter()
    for text, count in texts:
        key = fold(text)
        if 2 <= len(key) <= _LONGEST and not any(char.isdigit() for char in key):
            counts[key] += count
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10])
