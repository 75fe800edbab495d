"""The pieces of work of a run: survey files, read documents, interpret them, check again, assemble parts, compare.

Each is a frozen dataclass that travels to a child process (``pool``), does its steps there and returns
figures and paths: documents and rows go to files, never through the pipe.
"""

from __future__ import annotations

import importlib
import os
import pickle
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import SourceError
from pipeline.model import Rulebook, Source
from pipeline.rulebook.index import Index
from pipeline.run.corrections import Corrections, Outcome, corrected
from pipeline.run.one import Extraction, failed
from pipeline.run.pool import MEMORY, SECONDS, LostError, Report, TiredError, Whole, is_tired
from pipeline.run.reading import key_of, read_source
from pipeline.run.rows import Collected, RowsFile, interpreted, write_rows
from pipeline.sources.rescan import Known, Seen, given_up, sources, survey
from pipeline.sources.walk import File
from pipeline.store.grids import GridStore, Reading

if TYPE_CHECKING:
    pass

#: ``module:function`` in place of ``read_source``: for tests with readers that misbehave on purpose.
READ_VARIABLE = "GUIBIAO_READ"
#: So many of the slowest documents of a piece of work are named.
SLOWEST = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """What all work of a run shares: the workspace, a file with the rules, and the limits of one document."""

    root: str
    rules: str
    generation: int = 0
    seconds: float | None = SECONDS
    memory: int | None = MEMORY


_NONE = Corrections()


class Slow(NamedTuple):
    """How long one document took."""

    seconds: float
    document_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of reading or interpreting some documents.

    ``failures`` counts error codes; ``media`` gives documents and seconds by medium; ``outcomes`` are those of
    corrections.
    """

    rows: RowsFile
    failures: dict[str, int]
    media: dict[str, tuple[int, float]]
    slowest: tuple[Slow, ...]
    size: int = 0
    shard: str = ""
    outcomes: tuple[Outcome, ...] = ()


class Guilt(NamedTuple):
    """Why a step was given up."""

    code: str
    detail: str


def keep_rules(path: Path, rulebook: Rulebook) -> None:
    """Write the rules for the children."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(rulebook, pickle.HIGHEST_PROTOCOL))


@lru_cache(maxsize=2)
def index_of(path: str) -> Index:
    """Return the rules that ``keep_rules`` wrote; each child loads them once."""
    rulebook: Rulebook = pickle.loads(Path(path).read_bytes())
    return Index(rulebook)


@dataclass(frozen=True, slots=True)
class Survey:
    """Open files on disk and say what each is or holds: lists of ``Seen``."""

    files: tuple[File, ...]
    seconds: float | None = SECONDS
    memory: int | None = MEMORY
    documents: int = 0
    guilty: Mapping[int, Guilt] = field(default_factory=dict)

    def run(self, report: Report) -> list[tuple[Seen, ...]]:
        """Return the contents of each file, in order."""
        found = []
        for step, file in enumerate(self.files):
            guilt = self.guilty.get(step)
            if guilt is not None:
                found.append(given_up(file, SourceError(guilt.code, detail=guilt.detail)))
                continue
            report(step)
            found.append(survey(file))
        return found

    def after(self, lost: LostError) -> Survey:
        """Give up the file at which the child was lost, and begin anew."""
        step = max(lost.step, 0)
        return replace(self, guilty={**self.guilty, step: Guilt(lost.code, lost.detail)})


class _Each:
    """Work over documents one by one: the limits are those of the setting."""

    __slots__ = ()
    if TYPE_CHECKING:
        setting: Setting
        items: tuple[Any, ...]

    @property
    def seconds(self) -> float | None:
        """Return the limit of one step."""
        return self.setting.seconds

    @property
    def memory(self) -> int | None:
        """Return the limit of address space in bytes."""
        return self.setting.memory

    @property
    def documents(self) -> int:
        """Return how many documents there are."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Read(_Each):
    """Read documents, keep what was seen as one shard of the grid store, interpret it and write the rows.

    Steps: one for reading each document, one for interpreting each, one for packing. What was read before a
    child was lost lies in ``spills`` and is not read again.
    """

    setting: Setting
    items: tuple[Known, ...]
    spills: tuple[str, ...] = ()
    guilty: Mapping[int, Guilt] = field(default_factory=dict)
    excused: frozenset[int] = frozenset()

    def run(self, report: Report) -> Done:
        """Read, keep and interpret."""
        times: dict[int, float] = {}
        readings = self._readings(report, times)
        count = len(self.items)
        for place, reading in enumerate(readings):
            guilt = self.guilty.get(count + place)
            if guilt is not None:
                readings[place] = replace(reading, outcome=SourceError(guilt.code, detail=guilt.detail))
        collected, failures = _interpreted(
            index_of(self.setting.rules),
            [(reading, item.path) for reading, item in zip(readings, self.items, strict=True)],
            report,
            count,
        )
        report(2 * count)
        root = Path(self.setting.root)
        shard = GridStore(root).keep(readings, self.setting.generation)
        rows = write_rows(rows_path(root), collected.tables())
        for spill in self._existing():
            Path(spill).unlink(missing_ok=True)
        media: dict[str, tuple[int, float]] = {}
        for place, item in enumerate(self.items):
            number, seconds = media.get(item.media_type, (0, 0.0))
            media[item.media_type] = (number + 1, seconds + times.get(place, 0.0))
        slow = sorted(((times[place], place) for place in times), reverse=True)[:SLOWEST]
        named = tuple(
            Slow(seconds, self.items[place].document_id, self.items[place].path) for seconds, place in slow
        )
        return Done(rows, failures, media, named, sum(item.size for item in self.items), shard)

    def after(self, lost: LostError) -> Read:
        """Give up the document at which the child was lost; one that was killed from outside has a second try."""
        count, step = len(self.items), lost.step
        if lost.code == "tired":
            return replace(self, spills=self._existing())
        left = [place for place in range(count) if not {place, count + place} & self.guilty.keys()]
        if not left:
            raise SourceError(lost.code, detail=lost.detail)
        if step < 0:
            step = left[0]
        elif step >= 2 * count:  # too much together: the largest is taken for the guilty one
            step = count + max(left, key=lambda place: self.items[place].size)
        spills = self._existing()
        if "SIGKILL" in lost.detail and step not in self.excused:
            return replace(self, spills=spills, excused=self.excused | {step})
        guilty = {**self.guilty, step: Guilt(lost.code, lost.detail)}
        return replace(self, spills=spills, guilty=guilty)

    def _base(self) -> Path:
        name = f"{self.items[0].document_id[:32]}-{len(self.items)}"
        return Path(self.setting.root) / ".tmp" / "spills" / name

    def _existing(self) -> tuple[str, ...]:
        base = self._base()
        return tuple(sorted(map(str, base.parent.glob(f"{base.name}-*"))))

    def _readings(self, report: Report, times: dict[int, float]) -> list[Reading]:
        """Return the readings in the order of the items; each new one is spilled as soon as it is there."""
        found = _recovered(self.spills)
        for place, guilt in self.guilty.items():
            if place < len(self.items):
                error = SourceError(guilt.code, detail=guilt.detail)
                found[place] = _failed_reading(self.items[place], error)
        base = self._base()
        base.parent.mkdir(parents=True, exist_ok=True)
        spill = base.with_name(f"{base.name}-{len(self.spills):06d}")
        read = _reader()
        with spill.open("wb") as file:
            for places in _by_file(self.items):
                self._file(places, found, report, times, read, file)
        for place, item in enumerate(self.items):
            if place not in found:
                error = SourceError("unreadable", detail="changed while the run was going on")
                found[place] = _failed_reading(item, error)
        return [found[place] for place in range(len(self.items))]

    def _file(
        self,
        places: list[int],
        found: dict[int, Reading],
        report: Report,
        times: dict[int, float],
        read: Callable[[Source], Reading],
        spill: Any,
    ) -> None:
        """Read the documents of one file on disk."""
        wanted = {self.items[place].path: place for place in places if place not in found}
        if not wanted:
            return
        report(min(wanted.values()))
        started = time.perf_counter()
        for source in sources(self.items[places[0]].file, frozenset(wanted)):
            place = wanted[source.paths[0]]
            if source.document_id != self.items[place].document_id:
                continue
            if times and is_tired(self.memory):
                raise TiredError  # what an earlier document left behind is not this one's fault
            report(place)
            found[place] = reading = read(source)
            if _is_starved(reading.outcome):
                raise MemoryError
            pickle.dump((place, reading), spill, pickle.HIGHEST_PROTOCOL)
            spill.flush()
            now = time.perf_counter()
            times[place], started = now - started, now


def _is_starved(outcome: object) -> bool:
    """Say whether a reader ended for want of memory, whatever it called it."""
    err: BaseException | None = outcome if isinstance(outcome, SourceError) else None
    named = isinstance(outcome, SourceError) and "MemoryError" in outcome.detail
    while err is not None and not named:
        named = isinstance(err, MemoryError)
        err = err.__cause__ or err.__context__
    return named


def _reader() -> Callable[[Source], Reading]:
    name = os.environ.get(READ_VARIABLE)
    if not name:
        return read_source
    module, _, function = name.partition(":")
    found: Callable[[Source], Reading] = getattr(importlib.import_module(module), function)
    return found


def _by_file(items: Sequence[Known]) -> Iterator[list[int]]:
    """Yield the places of the items that lie in one file on disk; those stand together."""
    places: list[int] = []
    for place, item in enumerate(items):
        if places and item.file.path != items[places[0]].file.path:
            yield places
            places = []
        places.append(place)
    if places:
        yield places


def _recovered(spills: Sequence[str]) -> dict[int, Reading]:
    """Return what children that were lost had read."""
    found: dict[int, Reading] = {}
    for spill in spills:
        try:
            with Path(spill).open("rb") as file:
                while True:
                    place, reading = pickle.load(file)
                    found[place] = reading
        except (OSError, EOFError, pickle.UnpicklingError, ValueError, AttributeError):
            continue
    return found


def _failed_reading(item: Known, error: SourceError) -> Reading:
    return Reading(key_of(item.document_id, item.media_type, item.path), item.size, error)


def rows_path(root: Path) -> Path:
    """Return the path of a new rows file."""
    folder = root / ".tmp" / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{secrets.token_hex(12)}.rows"


def _interpreted(
    index: Index,
    readings: Sequence[tuple[Reading, str]],
    report: Report,
    first: int,
    corrections: Corrections = _NONE,
    outcomes: list[Outcome] | None = None,
) -> tuple[Collected, dict[str, int]]:
    """Return the rows of readings in the order of their ids, and how many failed by code."""
    collected = Collected(index.rulebook)
    failures: dict[str, int] = {}
    order = sorted(range(len(readings)), key=lambda place: readings[place][0].key.document_id)
    for place in order:
        report(first + place)
        reading, path = readings[place]
        extraction = _extraction(reading, index, path)
        if outcomes is not None:
            extraction, found = corrected(extraction, corrections, index)
            outcomes += found
        code = extraction.lists["documents"][0]["error_code"]
        if code is not None:
            failures[str(code)] = failures.get(str(code), 0) + 1
        collected.add(extraction)
    return collected, failures


def _extraction(reading: Reading, index: Index, path: str) -> Extraction:
    try:
        return interpreted(reading, index, path)
    except MemoryError:
        raise
    except Exception as err:  # a fault of ours costs one document, not the run
        error = SourceError("internal", detail=f"{type(err).__name__}: {err}")
        return failed(reading.key.document_id, reading.key.media, reading.size, error, path)


class Stored(NamedTuple):
    """Where a reading lies in the grid store, and the path that its messages name."""

    shard: str
    row: int
    path: str


@dataclass(frozen=True, slots=True)
class Interpret(_Each):
    """Interpret documents of the grid store and write the rows."""

    setting: Setting
    items: tuple[Stored, ...]
    guilty: Mapping[int, Guilt] = field(default_factory=dict)
    corrections: Corrections = _NONE

    def run(self, report: Report) -> Done:
        """Load and interpret, shard by shard."""
        report(0)
        root = Path(self.setting.root)
        store = GridStore(root)
        shards: dict[str, dict[int, int]] = {}
        for place, item in enumerate(self.items):
            shards.setdefault(item.shard, {})[item.row] = place
        readings: dict[int, Reading] = {}
        for shard, rows in shards.items():
            for row, reading in store.fetch(shard, sorted(rows)):
                readings[rows[row]] = reading
        for place, guilt in self.guilty.items():
            readings[place] = replace(readings[place], outcome=SourceError(guilt.code, detail=guilt.detail))
        pairs = [(readings[place], item.path) for place, item in enumerate(self.items)]
        started = time.perf_counter()
        outcomes: list[Outcome] = []
        index = index_of(self.setting.rules)
        collected, failures = _interpreted(index, pairs, report, 0, self.corrections, outcomes)
        rows_file = write_rows(rows_path(root), collected.tables())
        media = {"": (len(pairs), time.perf_counter() - started)}
        return Done(rows_file, failures, media, (), outcomes=tuple(outcomes))

    def after(self, lost: LostError) -> Interpret:
        """Give up the document at which the child was lost, and begin anew."""
        step = max(lost.step, 0)
        if step in self.guilty:
            raise SourceError(lost.code, detail=lost.detail)
        return replace(self, guilty={**self.guilty, step: Guilt(lost.code, lost.detail)})


@dataclass(frozen=True, slots=True)
class Compact(Whole):
    """Merge the small shards of the grid store."""

    root: str

    def run(self, report: Report) -> int:
        """Return how many files went away."""
        return GridStore(Path(self.root)).compact()
