"""Rows to a snapshot: which parts of which years have to be written, who writes them, and the switch.

A part in which no document is new, changed, gone or relabelled is the same file as before: it is neither read
nor written. The result depends on the rows alone: the same bytes come of a first run and of any history.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipeline.model import Rulebook
from pipeline.model.output import DataFile
from pipeline.run.assembly import Assemble, Recheck, Relabel
from pipeline.run.pool import Pool
from pipeline.run.previous import Previous
from pipeline.run.reading import versions
from pipeline.run.rows import RowsFile, all_fields, year_of
from pipeline.run.work import Setting
from pipeline.store import Workspace
from pipeline.writers.layout import Part, bound, flag, is_touched, parts_of

#: Parts that one piece of work writes at most; with those of a single part, what a writer holds at once.
TOGETHER = 4
_RECHECK_FORMS = 4096


class Paths(Protocol):
    """Where documents were found."""

    def __contains__(self, document_id: object) -> bool:
        """Say whether anything is known of a document's paths."""

    def __getitem__(self, document_id: str) -> tuple[str, ...]:
        """Return all paths of a document."""


@dataclass(slots=True)
class Changed:
    """What is to be published: new rows, and what of the snapshot before no longer counts.

    ``dropped`` are the ids of documents whose old rows do not count, because they are gone or have new ones;
    ``repathed`` those whose rows count but whose paths are others. ``before`` is None where no row counts.
    ``recheck`` asks for all checks on all forms; ``checked`` says that ``rows`` hold those outcomes already.
    ``corrections`` are the lines of corrections.csv with their state, for the manifest.
    """

    rows: list[RowsFile]
    before: Previous | None = None
    dropped: set[str] = field(default_factory=set)
    repathed: set[str] = field(default_factory=set)
    paths: Any = field(default_factory=dict)
    relabel: Relabel = field(default_factory=Relabel)
    recheck: bool = False
    checked: bool = False
    corrections: list[dict[str, Any]] = field(default_factory=list)


def publish(
    store: Workspace, pool: Pool, setting: Setting, rulebook: Rulebook, changed: Changed
) -> tuple[Path, dict[str, int]]:
    """Make what is to be published the current snapshot; return its folder and how many files were written."""
    staged = store.staging()
    if changed.recheck:
        changed.rows += recheck(pool, setting, changed)
    files = assemble(pool, setting, rulebook, changed, staged)
    manifest = {
        "rulebook": rulebook.digest,
        "rules": dict(rulebook.files),
        "readers": _readers(changed, files, staged),
        "versions": dict(versions()),
        **({"corrections": changed.corrections} if changed.corrections else {}),
    }
    written = sum((staged / file.path).is_file() for file in files)
    return store.publish(files, staged, manifest), {"files": len(files), "written": written}


def assemble(
    pool: Pool, setting: Setting, rulebook: Rulebook, changed: Changed, staged: Path, *, every: bool = False
) -> list[DataFile]:
    """Return the files of the snapshot to be; ``every`` writes also those that could stay."""
    return _Assembly(pool, setting, rulebook, changed, staged, every).files()


def recheck(pool: Pool, setting: Setting, changed: Changed) -> list[RowsFile]:
    """Return the outcomes of all checks on all forms that are taken over."""
    before = changed.before
    if before is None:
        return []
    count = 1
    forms = sum(before.rows("forms", year) for year in before.years("forms"))
    while forms > _RECHECK_FORMS * count and count < 1024:
        count *= 2
    dropped = sorted(changed.dropped)
    works = [
        Recheck(
            setting,
            str(before.snapshot),
            bound(number, count),
            bound(number + 1, count),
            frozenset(_between(dropped, bound(number, count), bound(number + 1, count))),
            changed.relabel,
        )
        for number in range(count)
    ]
    return [future.result() for future in [pool.submit(work) for work in works]]


def _between(ids: Sequence[str], low: str, high: str) -> Sequence[str]:
    return ids[bisect_left(ids, low) : bisect_left(ids, high)]


class _Assembly:
    """One publication: what each year of each dataset is cut into, and which parts are written anew."""

    def __init__(
        self,
        pool: Pool,
        setting: Setting,
        rulebook: Rulebook,
        changed: Changed,
        staged: Path,
        every: bool,
    ) -> None:
        self._every = every
        self._pool = pool
        self._setting = setting
        self._fields = all_fields(rulebook.fields)
        self._changed = changed
        self._staged = staged
        self._dropped = sorted(changed.dropped)
        self._forms: dict[int | None, int] = {}
        self._documents: dict[int | None, int] = {}
        self._form_flags: dict[int | None, int] = {}
        self._document_flags: dict[int | None, int] = {}
        self._count()

    def files(self) -> list[DataFile]:
        """Return the files of the snapshot to be, those taken over and those written."""
        from pipeline.writers.parquet import write_anchor

        found: list[DataFile] = []
        waiting: list[Future[list[DataFile]]] = []
        known: set[str] = set()
        datasets = list(dict.fromkeys(column.dataset for column in self._fields))
        for dataset in datasets:
            for year in self._years(dataset):
                for one in self._year(dataset, year):
                    if isinstance(one, DataFile):
                        found.append(one)
                    elif dataset == "documents":
                        found += one.run(lambda step: None)
                    else:
                        waiting.append(self._pool.submit(one))
        for future in waiting:
            found += future.result()
        for file in found:
            if file.partition.rpartition("=")[2].isdigit():
                known.add(file.dataset)
        found += [
            write_anchor(dataset, self._fields, self._staged) for dataset in datasets if dataset not in known
        ]
        return sorted(found)

    def _count(self) -> None:
        """Count forms and documents by year as they will be, and note where old rows go."""
        changed, before = self._changed, self._changed.before
        for file in changed.rows:
            for dataset, counts in (("forms", self._forms), ("documents", self._documents)):
                for name, rows in file.rows.get(dataset, {}).items():
                    counts[year_of(name)] = counts.get(year_of(name), 0) + rows
        if before is None:
            return
        for dataset, counts in (("forms", self._forms), ("documents", self._documents)):
            for year in before.years(dataset):
                counts[year] = counts.get(year, 0) + before.rows(dataset, year)
        for name in self._dropped:
            brief = before.documents[bytes.fromhex(name)]
            self._documents[brief.year] -= 1
            for flags in (self._document_flags, self._form_flags):
                flags[brief.year] = flags.get(brief.year, 0) | flag(name)
        for name, year in before.form_years(changed.dropped):
            self._forms[year] -= 1
            self._form_flags[year] = self._form_flags.get(year, 0) | flag(name)
        for name in changed.repathed - changed.dropped:
            year = before.documents[bytes.fromhex(name)].year
            self._document_flags[year] = self._document_flags.get(year, 0) | flag(name)

    def _years(self, dataset: str) -> list[int | None]:
        years = {year_of(name) for file in self._changed.rows for name in file.rows.get(dataset, {})}
        if self._changed.before is not None:
            years |= set(self._changed.before.years(dataset))
        return sorted(years, key=lambda year: -1 if year is None else year)

    def _year(self, dataset: str, year: int | None) -> Iterator[DataFile | Assemble]:
        """Yield the files of a year that stay, and the work that writes the others."""
        changed = self._changed
        forms = (self._documents if dataset == "documents" else self._forms).get(year, 0)
        count = parts_of(dataset, forms)
        old = changed.before.parts(dataset, year) if changed.before is not None else []
        old = [(part, file) for part, file in old if file.rows]
        every = (
            self._every or changed.relabel.concerns(dataset) or any(part.of != count for part, _file in old)
        )
        fresh = (changed.recheck or changed.checked) and dataset == "checks"
        flags = self._flags(dataset, year)
        wanted = []
        for number in range(count):
            part = Part(dataset, year, number, count)
            if every or fresh or is_touched(part, flags):
                wanted.append(part)
            else:
                yield from (file for one, file in old if one == part)
        for group in _groups(wanted):
            yield self._work(group, [] if fresh else old)

    def _flags(self, dataset: str, year: int | None) -> int:
        flags = (self._document_flags if dataset == "documents" else self._form_flags).get(year, 0)
        name = "" if year is None else str(year)
        for file in self._changed.rows:
            flags |= file.flags.get(dataset, {}).get(name, 0)
        return flags

    def _work(self, parts: tuple[Part, ...], old: list[tuple[Part, DataFile]]) -> Assemble:
        changed, first = self._changed, parts[0]
        low, high = first.bounds[0], parts[-1].bounds[1]
        name = "" if first.year is None else str(first.year)
        rows = tuple(
            file.path
            for file in changed.rows
            if any(is_touched(part, file.flags.get(first.dataset, {}).get(name, 0)) for part in parts)
        )
        kept = tuple(file for part, file in old if part.bounds[0] < high and low < part.bounds[1])
        return Assemble(
            self._setting,
            parts,
            rows,
            kept,
            str(changed.before.snapshot) if changed.before is not None else "",
            frozenset(_between(self._dropped, low, high)) if kept else frozenset(),
            changed.relabel,
            changed.paths if first.dataset == "documents" else {},
            str(self._staged),
        )


def _groups(parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
    """Yield stretches of neighbouring parts, each for one piece of work."""
    group: list[Part] = []
    for part in parts:
        if group and (part.number != group[-1].number + 1 or len(group) == TOGETHER):
            yield tuple(group)
            group = []
        group.append(part)
    if group:
        yield tuple(group)


def _readers(changed: Changed, files: Sequence[DataFile], staged: Path) -> list[str]:
    """Return the readers of all documents."""
    import pyarrow.parquet as pq

    found: set[str] = set()
    for file in files:
        if file.dataset == "documents" and file.rows:
            path = staged / file.path
            if not path.is_file() and changed.before is not None:
                path = changed.before.snapshot / file.path
            with pq.ParquetFile(path) as opened:
                names = opened.read(columns=["reader"], use_threads=False).column("reader").unique()
            found |= {str(name) for name in names.to_pylist() if name}
    return sorted(found)


__all__ = ["Changed", "Paths", "publish", "recheck"]
