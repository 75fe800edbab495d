"""The batch around the stages: scan, read, interpret, check, publish, by several processes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from pipeline.errors import OutputError, RuleError
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.correction_lines import PREFIX
from pipeline.run.correction_rows import Layer, layer_of, settle
from pipeline.run.corrections import Corrections, Entry
from pipeline.run.ingest import Changes, Ingest
from pipeline.run.one import Extraction, failed
from pipeline.run.pool import MEMORY, SECONDS, Pool, Work
from pipeline.run.previous import Row, previous, stored_key
from pipeline.run.publish import Changed, publish
from pipeline.run.rows import PROBLEMS, Collected, RowsFile, write_rows
from pipeline.run.rulebooks import keep_rulebook
from pipeline.run.summary import Summary, summarise
from pipeline.run.tally import Tally
from pipeline.run.work import Done, Interpret, Read, Setting, Slow, Stored, keep_rules
from pipeline.sources import Refusal
from pipeline.sources.rescan import Known
from pipeline.store.disk import make_folder, store_error, write
from pipeline.store.grids import GridStore

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.store import Workspace

#: What one piece of work holds at most: documents, bytes of files, and seconds as far as they can be foretold.
CHUNK, CHUNK_BYTES, CHUNK_SECONDS = 256, 48 << 20, 5.0
#: A file of more bytes is a piece of work by itself and goes ahead of the smaller ones that wait.
BIG = 8 << 20
#: Seconds that a document of a medium takes, before any was seen.
_GUESS = {"application/pdf": 0.1, "application/ofd": 0.1}
_PICTURE, _OTHER = 5.0, 0.01
#: Documents to be interpreted that are gathered before they are handed out shard by shard.
_GATHERED = 4096
_SLOWEST = 100
#: Seconds of work below which a second process does not pay.
_WORTH_SPLITTING = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take, and how many processes read: None is one for each processor."""

    seconds: float | None = SECONDS
    memory: int | None = MEMORY
    workers: int | None = None

    @property
    def processes(self) -> int:
        """Return the number of processes."""
        return self.workers or os.cpu_count() or 1


def run(
    inputs: Sequence[Path],
    workspace: Path,
    *,
    rules: Path | None = None,
    tally: Tally | None = None,
    prune_missing: bool = False,
    limits: Limits | None = None,
    again: frozenset[str] = frozenset(),
) -> Summary:
    """Read what is new in the inputs and publish the datasets of all; return what happened.

    What was read before is not read again, but for the documents in ``again``; documents gone from the inputs
    keep their data until ``prune_missing``. The result is that of a first run over the same inputs with the
    same rules. Ctrl-C ends the reading and publishes what is whole; a second one ends all at once.
    RuleError before the first document where the rules are wrong, SourceError where an input does not
    exist, StoreError where the workspace cannot be written; a document that fails is a row, not an error.
    """
    from pipeline.checks import prove
    from pipeline.store import Workspace

    index = Index(load_rulebook(rules))
    faults = prove(index.rulebook.checks, index.rulebook.fields)
    if faults:
        raise RuleError(faults)
    limits, tally = limits or Limits(), tally or Tally()
    ingest = Ingest(inputs, workspace)
    ingest.again = again
    store = Workspace(workspace)
    with store.lock(), Pool(limits.processes) as pool, _stoppable(tally):
        tally.within = lambda: pool.steps
        batch = Batch(store, pool, index, ingest.grids, limits, tally)
        batch.layer = layer_of(workspace, index.rulebook, batch.before)
        batch.walk(ingest)
        changes = batch.settle(ingest, prune_missing)
        corrections = batch.correct(ingest)
        tally.stage = "publish"
        keep_rulebook(store, index.rulebook, rules)
        snapshot, written = publish(
            store, pool, batch.setting, index.rulebook, batch.changed(ingest, corrections)
        )
        ingest.settle(changes)
        _keep_results(store, inputs, rules, batch, written)
    tally.stage = "done"
    notices = (
        *ingest.notices,
        *changes.lines(prune_missing),
        *batch.notices,
        *batch.layer.lines(corrections),
    )
    return summarise(store, snapshot, notices)


class Batch:
    """A run: what is in the hands of the pool, what came back, and what of the snapshot before stays."""

    def __init__(
        self, store: Workspace, pool: Pool, index: Index, grids: GridStore, limits: Limits, tally: Tally
    ) -> None:
        self.store = store
        self.index = index
        self.tally = tally
        self.before = previous(store, index.rulebook)
        same = self.before is not None and self.before.rulebook == index.rulebook.digest
        self.reusing = same and self.before is not None and self.before.reusable
        self.done: list[RowsFile] = []
        self.slowest: list[Slow] = []
        self.notices: tuple[str, ...] = ()
        self._pool = pool
        self._grids = grids
        self._kept: set[bytes] = set()
        self._seen: set[bytes] = set()
        self._repathed: set[str] = set()
        self._vanished: dict[str, tuple[str, ...]] = {}
        self._refused: list[Extraction] = []
        self._reads: list[Known] = []
        self._load = (0, 0.0)
        self._stored: list[Stored] = []
        self._flying: dict[Future[Any], int] = {}
        self._costs: dict[str, tuple[int, float]] = {}
        self.layer = Layer(Corrections())
        self._correcting = self.layer.now
        rules = store.staging() / "rules.pickle"
        keep_rules(rules, index.rulebook)
        generation = grids.generation
        self.setting = Setting(str(store.root), str(rules), generation, limits.seconds, limits.memory)

    # -- the walk ------------------------------------------------------------------------------------------

    def walk(self, ingest: Ingest) -> None:
        """Take every content of the inputs and have it read, interpreted or taken over."""
        limits = self.setting
        for item in ingest.found(self._pool, limits.seconds, limits.memory):
            self.tally.found += 1
            self.tally.path = item.path
            if isinstance(item, Refusal):
                self._refuse(failed(item.document_id, item.media_type, item.size, item.error, item.path))
                continue
            self.tally.found_size += item.size
            if self.before is not None:
                self._seen.add(bytes.fromhex(item.document_id))
            key = ingest.key(item)
            if ingest.has(key):
                self._take_stored(key.document_id, self._grids.index[key], item.path)
            else:
                self._take_new(item)
            if self.tally.stopping:
                break
        self.tally.walked = not self.tally.stopping
        if not self.tally.stopping:
            self._hand_out(last=True)

    def settle(self, ingest: Ingest, prune_missing: bool) -> Changes:
        """Account for documents of the snapshot before that the walk did not meet, and wait for all work."""
        before = self.before
        if self.tally.stopping:
            changes = Changes()
            self.notices = (
                "已中断：已读的已发布，其余下次继续 | stopped: what was read is published, the next run goes on",
            )
            missed = {name.hex() for name in before.documents if name not in self._seen} if before else set()
            if before is not None and missed:
                for row in before.document_rows(missed.__contains__):
                    paths: Any = row["paths"]
                    self._take_vanished(str(row["document_id"]), tuple(paths))
        else:
            changes = ingest.changes(before, self._repathed.add)
            for name, places in {} if prune_missing else changes.vanished.items():
                self._take_vanished(name, tuple(places))
        self._interpret(last=True)
        self._wait(0)
        self._flush_refused()
        return changes

    def correct(self, ingest: Ingest) -> list[Entry]:
        """Bring the rows up to corrections.csv, the paths of all documents being known; return what is to be kept."""
        layer = self.layer
        if not layer:
            return []
        at = {path: name.hex() for path, name in ingest.by_path().items()}
        at |= {path: name for name, places in self._vanished.items() for path in places}
        layer.resolve(at)
        self._correcting = layer.now
        present = set(at.values())
        paths, grids = _Paths(ingest, self._vanished), GridStore(self.store.root)

        def redo(rows: list[Row]) -> None:
            for row in rows:
                name = str(row["document_id"])
                key, path = stored_key(grids, name, {**row, "paths": paths[name]})
                self._stored.append(Stored(grids.index[key].shard, grids.index[key].row, path))
            self._interpret(last=True)
            self._wait(0)

        settle(layer, self.done, self._kept, self.before, present, self.store.root, redo)
        return layer.entries({name[:PREFIX] for name in present})

    def changed(self, ingest: Ingest, corrections: list[Entry]) -> Changed:
        """Return what is to be published."""
        before = self.before if self.reusing or self._kept else None
        dropped = (
            {name.hex() for name in before.documents.keys() - self._kept} if before is not None else set()
        )
        return Changed(
            self.done,
            before,
            dropped,
            {name for name in self._repathed if bytes.fromhex(name) in self._kept},
            _Paths(ingest, self._vanished),
            corrections=corrections,
        )

    def _refuse(self, extraction: Extraction) -> None:
        self._refused.append(extraction)
        self.tally.done += 1
        self.tally.statuses[extraction.status] += 1
        self.tally.failures[str(extraction.lists["documents"][0]["error_code"])] += 1
        if len(self._refused) >= _GATHERED:
            self._flush_refused()

    def _flush_refused(self) -> None:
        if not self._refused:
            return
        collected = Collected(self.index.rulebook)
        for extraction in sorted(self._refused, key=lambda one: one.document_id):
            collected.add(extraction)
        self._refused = []
        folder = self.store.tmp / "rows"
        folder.mkdir(parents=True, exist_ok=True)
        self.done.append(write_rows(folder / f"{secrets.token_hex(12)}.rows", collected.tables()))

    def _take_stored(self, document_id: str, entry: Any, path: str) -> None:
        """Keep the rows of a known document, or queue it for interpretation."""
        brief = self.before.brief(document_id) if self.before is not None and self.reusing else None
        same = brief is not None and (brief.media_type, brief.reader) == (entry.media_type, entry.reader)
        if brief is not None and same and not brief.message:
            self._kept.add(bytes.fromhex(document_id))
            self.tally.kept += 1
            self.tally.statuses[brief.status] += 1
        else:
            self._stored.append(Stored(entry.shard, entry.row, path))
            if len(self._stored) >= _GATHERED:
                self._interpret()

    def _take_vanished(self, document_id: str, paths: tuple[str, ...]) -> None:
        """Keep a document that is gone from the archive: by the store, or its row where it was never read."""
        brief = self.before.brief(document_id) if self.before is not None else None
        if brief is None:
            return
        self._vanished[document_id] = paths
        self.tally.found += 1
        keys = self._grids.keys_of(document_id, brief.media_type, brief.reader)
        if brief.status == "failed" or not keys:
            self._kept.add(bytes.fromhex(document_id))
            self.tally.kept += 1
            self._repathed.add(document_id)
        else:
            self._take_stored(document_id, self._grids.index[keys[0]], paths[0])
            self._repathed.add(document_id)

    # -- work ----------------------------------------------------------------------------------------------

    def _take_new(self, item: Known) -> None:
        if (
            item.size > BIG and item.path == item.file.path
        ):  # at once and alone: the longest must not come last
            self._submit(Read(self.setting, (item,)), 1)
            return
        size, cost = self._load[0] + item.size, self._load[1] + self._cost(item.media_type)
        full = len(self._reads) >= CHUNK or size > CHUNK_BYTES or cost > CHUNK_SECONDS
        if full and self._reads and item.file.path != self._reads[-1].file.path:
            self._hand_out()
            size, cost = item.size, self._cost(item.media_type)
        self._reads.append(item)
        self._load = (size, cost)

    def _cost(self, media: str) -> float:
        number, seconds = self._costs.get(media, (0, 0.0))
        guess = _PICTURE if media.startswith("image/") else _GUESS.get(media, _OTHER)
        return (seconds + guess) / (number + 1)

    def _hand_out(self, *, last: bool = False) -> None:
        """Give the waiting documents to the pool; the last ones in as many pieces as there are processes."""
        groups = [self._reads]
        if last and self._pool.workers > 1 and self._load[1] > _WORTH_SPLITTING:
            groups = list(_split(self._reads, self._pool.workers))
        self._reads, self._load = [], (0, 0.0)
        for group in groups:
            if group:
                self._submit(Read(self.setting, tuple(group)), len(group))

    def _interpret(self, *, last: bool = False) -> None:
        """Give the documents that wait for interpretation to the pool, shard by shard."""
        waiting = sorted(self._stored, key=lambda one: one[:2])
        self._stored = []
        width = CHUNK if len(waiting) > CHUNK * self._pool.workers else -(-len(waiting) // self._pool.workers)
        for start in range(0, len(waiting), max(width, 1)):
            part = tuple(waiting[start : start + width])
            self._submit(Interpret(self.setting, part, corrections=self._correcting), len(part))

    def _submit(self, work: Work, documents: int) -> None:
        self._wait(2 * self._pool.workers)
        self._flying[self._pool.submit(work)] = documents

    def _wait(self, most: int) -> None:
        """Take what is finished; wait while more than ``most`` pieces of work are under way."""
        self._collect([future for future in self._flying if future.done()])
        while len(self._flying) > most:
            finished, _ = wait(self._flying, timeout=0.5, return_when=FIRST_COMPLETED)
            self._collect(finished)

    def _collect(self, finished: Iterable[Future[Any]]) -> None:
        for future in finished:
            self._flying.pop(future)
            done: Done = future.result()
            self.done.append(done.rows)
            self.layer.outcomes += done.outcomes
            tally = self.tally
            tally.done += done.rows.documents
            tally.done_size += done.size
            tally.statuses.update(done.rows.statuses)
            tally.failures.update(done.failures)
            for media, (number, seconds) in done.media.items():
                known = self._costs.get(media, (0, 0.0))
                self._costs[media] = (known[0] + number, known[1] + seconds)
            self.slowest = sorted([*self.slowest, *done.slowest], reverse=True)[:_SLOWEST]

    @property
    def costs(self) -> dict[str, tuple[int, float]]:
        """Return documents read and seconds by medium."""
        return self._costs


@dataclass(frozen=True, slots=True)
class _Paths:
    """The paths of documents: those found, and the old ones of documents that are gone."""

    ingest: Ingest
    vanished: Mapping[str, tuple[str, ...]]

    def __contains__(self, document_id: object) -> bool:
        name = str(document_id)
        return name in self.vanished or bool(self.ingest.paths_of(name))

    def __getitem__(self, document_id: str) -> tuple[str, ...]:
        return self.vanished.get(document_id) or self.ingest.paths_of(document_id)


def _split(items: Sequence[Known], count: int) -> Iterator[list[Known]]:
    """Yield stretches of about equal length; what lies in one file stays together."""
    group: list[Known] = []
    for item in items:
        if len(group) >= -(-len(items) // count) and item.file.path != group[-1].file.path:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


@contextlib.contextmanager
def _stoppable(tally: Tally) -> Iterator[None]:
    """Let the first Ctrl-C ask for an orderly end, the next one end all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if tally.stopping:
            raise KeyboardInterrupt
        tally.stopping = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _keep_results(
    store: Workspace, inputs: Sequence[Path], rules: Path | None, batch: Batch, written: Mapping[str, int]
) -> None:
    """Write what the run did beside the data: figures, the slowest documents, and where the inputs were."""
    tally = batch.tally
    state = {
        **tally.as_event(),
        "inputs": [str(Path(one).resolve()) for one in inputs],
        "rules": str(rules.resolve()) if rules is not None else "",
        "workers": batch._pool.workers,
        "media": {
            media: {"documents": number, "seconds": round(seconds, 3)}
            for media, (number, seconds) in sorted(batch.costs.items())
            if media
        },
        "slowest": [
            {"seconds": round(one.seconds, 3), "document_id": one.document_id, "path": one.path}
            for one in batch.slowest
        ],
        "files": dict(written),
    }
    current = store.current()
    run_id = str(store.manifest(current)["run_id"]) if current is not None else "none"
    folder = store.root / "runs" / run_id
    try:
        make_folder(store.root / "runs", store.root)
        make_folder(folder, store.root)
        write(folder / "results.json", json.dumps(state, ensure_ascii=False, indent=1).encode())
        write(store.root / "runs" / "last.json", json.dumps(state, ensure_ascii=False, indent=1).encode())
    except OSError as err:
        raise store_error(store.root, err) from err


def datasets(
    extractions: Iterable[Extraction], paths: Mapping[str, Sequence[str]], index: Index
) -> dict[str, pa.Table]:
    """Return the seven datasets of some documents as Arrow tables, nothing written to disk."""
    from pipeline.run.assembly import with_paths

    collected = Collected(index.rulebook)
    for extraction in extractions:
        collected.add(extraction)
    try:
        tables = collected.tables()
    except ValueError as err:
        raise OutputError(str(err)) from err
    tables["documents"] = with_paths(
        tables["documents"], {name: tuple(found) for name, found in paths.items()}
    )
    return {name: table for name, table in tables.items() if name != PROBLEMS}
