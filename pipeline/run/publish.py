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
from pipeline.run.rows import RowsFile, all_fields, name_of, year_of
from pipeline.run.work import Setting
from pipeline.store import Workspace
from pipeline.writers.layout import Part, bound, flag, is_touched, parts_of

#: Parts that one piece of work writes at most; with those of a single part, what a writer holds at once.
TOGETHER = 10
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
            wanted: list[Part] = []
            for year in self._years(dataset):
                stay, write = self._year(dataset, year)
                found += stay
                wanted += write
            for group in self._groups(wanted):
                work = self._work(group)
                if dataset == "documents":
                    found += work.run(lambda step: None)
                else:
                    waiting.append(self._pool.submit(work))
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

    def _old(self, dataset: str, year: int | None) -> list[tuple[Part, DataFile]]:
        """Return the files of the snapshot before that hold rows of a year which may count."""
        changed = self._changed
        if changed.before is None:
            return []
        return [(part, file) for part, file in changed.before.parts(dataset, year) if file.rows]

    def _is_fresh(self, dataset: str) -> bool:
        """Say whether no old row of a dataset counts."""
        return (self._changed.recheck or self._changed.checked) and dataset == "checks"

    def _year(self, dataset: str, year: int | None) -> tuple[list[DataFile], list[Part]]:
        """Return the files of a year that stay, and the parts that are written."""
        forms = (self._documents if dataset == "documents" else self._forms).get(year, 0)
        count = parts_of(dataset, forms)
        old = self._old(dataset, year)
        every = self._every or self._is_fresh(dataset) or self._changed.relabel.concerns(dataset)
        every = every or any(part.of != count for part, _file in old)
        flags = self._flags(dataset, year)
        stay: list[DataFile] = []
        write: list[Part] = []
        for number in range(count):
            part = Part(dataset, year, number, count)
            if every or is_touched(part, flags):
                write.append(part)
            else:
                stay += [file for one, file in old if one == part]
        return stay, write

    def _groups(self, parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
        """Yield parts that are written together: neighbours of one year, or the same stretch of all years.

        What most rows files have rows of is read once for all years, else each year reads its own files.
        """
        files = self._changed.rows
        years = {part.year for part in parts}
        held = sum(file.has(parts[0].dataset, year) for file in files for year in years) if parts else 0
        mixed = len(years) > 1 and 2 * held > len(files) * len(years)
        group: list[Part] = []
        for part in sorted(parts, key=(lambda one: (one.of, one.number)) if mixed else _by_year):
            last = group[-1] if group else part
            apart = (
                part.of != last.of or (not mixed and part.year != last.year) or part.number > last.number + 1
            )
            if group and (apart or len(group) >= TOGETHER):
                yield tuple(group)
                group = []
            group.append(part)
        if group:
            yield tuple(group)

    def _flags(self, dataset: str, year: int | None) -> int:
        flags = (self._document_flags if dataset == "documents" else self._form_flags).get(year, 0)
        name = "" if year is None else str(year)
        for file in self._changed.rows:
            flags |= file.flags.get(dataset, {}).get(name, 0)
        return flags

    def _work(self, parts: tuple[Part, ...]) -> Assemble:
        changed, dataset = self._changed, parts[0].dataset
        low, high = min(part.bounds[0] for part in parts), max(part.bounds[1] for part in parts)
        rows = tuple(
            file.path
            for file in changed.rows
            if any(is_touched(part, file.flags.get(dataset, {}).get(name_of(part.year), 0)) for part in parts)
        )
        kept = tuple(
            file
            for year in {part.year: None for part in parts}
            for part, file in ([] if self._is_fresh(dataset) else self._old(dataset, year))
            if part.bounds[0] < high and low < part.bounds[1]
        )
        return Assemble(
            self._setting,
            parts,
            rows,
            kept,
            str(changed.before.snapshot) if changed.before is not None else "",
            frozenset(_between(self._dropped, low, high)) if kept else frozenset(),
            changed.relabel,
            changed.paths if dataset == "documents" else {},
            str(self._staged),
        )


def _by_year(part: Part) -> tuple[int, int, int]:
    return (-1 if part.year is None else part.year, part.of, part.number)


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
