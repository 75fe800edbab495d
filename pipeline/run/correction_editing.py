"""What becomes of each correction of a workspace, and a new line at the end of the file, proved before it is written."""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.errors import Fault, RuleError, StoreError
from pipeline.model import Document
from pipeline.rulebook.index import Index
from pipeline.run.correction_lines import (
    COLUMNS,
    FILE,
    HEADER,
    PREFIX,
    Correction,
    decoded,
    load,
    parse,
    table,
)
from pipeline.run.correction_places import Refused, View, attach
from pipeline.run.correction_values import Values
from pipeline.run.corrections import APPLIED, Corrections, Outcome, corrected, from_entries
from pipeline.run.one import Extraction, interpret
from pipeline.run.rulebooks import rulebook_of
from pipeline.store import Workspace
from pipeline.store.disk import Lock, flush, store_error, write
from pipeline.store.grids import GridStore

_LOCK = ".corrections.lock"


@dataclass(frozen=True, slots=True)
class State:
    """One line of the file: what it would do now, and whether the current snapshot has it so."""

    correction: Correction
    document_id: str
    path: str
    state: str
    message: str
    published: bool


@dataclass(slots=True)
class Published:
    """The current snapshot as corrections see it: its rules, its documents, and the store."""

    store: Workspace
    manifest: Mapping[str, Any]
    index: Index
    documents: Mapping[str, Mapping[str, Any]]
    grids: GridStore
    _extractions: dict[str, Extraction | None] = field(default_factory=dict)

    @property
    def paths(self) -> dict[str, Sequence[str]]:
        """Return document id -> all its paths."""
        return {name: row["paths"] for name, row in self.documents.items()}

    def corrections(self, items: Iterable[Correction]) -> Corrections:
        """Return corrections with their paths resolved and what the snapshot remembers of them."""
        return (
            Corrections(tuple(items)).resolved(self.paths).remembering(self.manifest.get("corrections", ()))
        )

    def extraction(self, short: str) -> Extraction | None:
        """Return the rows of a document as the rules give them, without corrections; None where it was not read."""
        if short not in self._extractions:
            self._extractions[short] = self._interpreted(short)
        return self._extractions[short]

    def _interpreted(self, short: str) -> Extraction | None:
        name = next((one for one in self.documents if one[:PREFIX] == short), None)
        if name is None:
            return None
        row = self.documents[name]
        keys = self.grids.keys_of(name, str(row["media_type"]), str(row["reader"] or ""))
        for reading in self.grids.get(keys[:1]):
            if isinstance(reading.outcome, Document):
                return interpret(reading.outcome, self.index, str(row["paths"][0]), reading.size)
        return None


def published(workspace: Path) -> Published:
    """Return the current snapshot; StoreError where there is none."""
    store = Workspace(workspace)
    snapshot = store.current()
    if snapshot is None:
        raise StoreError(
            f"{workspace}: 还没有数据；请先运行 guibiao run | nothing published here yet; run guibiao run first"
        )
    manifest = store.manifest(snapshot)
    rulebook = rulebook_of(store, str(manifest["rulebook"]))
    return Published(store, manifest, Index(rulebook), _documents(snapshot, manifest), GridStore(workspace))


def _documents(snapshot: Path, manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[str, dict[str, Any]] = {}
    for file in manifest["files"]:
        if file["path"].startswith("documents/") and file["rows"]:
            try:
                with pq.ParquetFile(snapshot / file["path"]) as opened:
                    rows = opened.read(columns=["document_id", "paths", "media_type", "reader"]).to_pylist()
            except (OSError, pa.ArrowException) as err:
                path = snapshot / file["path"]
                raise StoreError(f"{path}: 无法读取（{err}） | cannot be read ({err})") from err
            found |= {str(row["document_id"]): row for row in rows}
    return found


def states(workspace: Path) -> list[State]:
    """Return every line of the file with what becomes of it now, from the store alone.

    RuleError where the file is wrong, StoreError where nothing is published.
    """
    now = published(workspace)
    corrections = now.corrections(load(workspace, now.index.rulebook.fields))
    outcomes = _outcomes(now, corrections)
    kept = {one.key: entry for one, entry in zip(*_kept(now), strict=True)}
    names = {name[:PREFIX]: name for name in now.documents}
    found = []
    for one in corrections.items:
        outcome = outcomes[one.line]
        owner = names.get(corrections.ids.get(one.document, one.document), "")
        entry = kept.get(one.key)
        same = entry is not None and (entry["state"], entry["message"]) == (outcome.state, outcome.message)
        path = str(now.documents[owner]["paths"][0]) if owner else one.document
        found.append(State(one, owner, path, outcome.state, outcome.message, same))
    return found


def _kept(now: Published) -> tuple[Sequence[Correction], Sequence[Mapping[str, Any]]]:
    kept = now.manifest.get("corrections", [])
    return from_entries(kept).items, kept


def _outcomes(now: Published, corrections: Corrections) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}
    for short in corrections.documents:
        extraction = now.extraction(short)
        if extraction is not None:
            _rows, outcomes = corrected(extraction, corrections, now.index)
            found |= {one.correction.line: one for one in outcomes}
    for one in corrections.items:
        missing = Outcome(one, "stale", f"没有文件 {one.document} | no document {one.document}", one.anchors)
        found.setdefault(one.line, missing)
    return found


# -- a new line ------------------------------------------------------------------------------------------------------


def add(workspace: Path, texts: Mapping[str, str]) -> Correction:
    """Write a line at the end of the file and return it as it will be applied; ``old`` may be left out.

    The line is tried first: RuleError where it is wrong, StoreError where it would not be applied; then the
    file stays as it is. Its encoding, its columns and its other lines are kept.
    """
    now = published(workspace)
    with _locked(workspace):
        path = workspace / FILE
        before = load(workspace, now.index.rulebook.fields)
        one = _parsed(texts, now)
        if not texts.get("old"):
            texts = {**texts, "old": _printed(one, now)}
            one = _parsed(texts, now)
        data = _appended(path, texts)
        items = parse(data, str(path), now.index.rulebook.fields)
        outcome = _outcomes(now, now.corrections(items))[items[-1].line]
        if len(items) != len(before) + 1 or outcome.state != APPLIED:
            raise StoreError(f"{path}: 未写入 not written: {outcome.message}")
        _replace(path, data, workspace)
    return replace(items[-1], anchors=outcome.anchors)


def _parsed(texts: Mapping[str, str], now: Published) -> Correction:
    """Return the correction that some texts make."""
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, [_guarded(texts.get(name, "")) for name in COLUMNS]])
    old = {} if texts.get("old") else {"old": "?"}  # it is not known yet, and no fault
    if old:
        return _parsed({**texts, **old}, now)
    (one,) = parse(text.getvalue().encode(), FILE, now.index.rulebook.fields)
    return one


def _printed(one: Correction, now: Published) -> str:
    """Return what the document prints where a line points; StoreError where that is not clear."""
    corrections = now.corrections([one])
    short = corrections.ids.get(one.document, one.document)
    extraction = now.extraction(short)
    if extraction is None:
        raise StoreError(
            f"{one.document}: 没有这个文件，或未能读取 | no such document, or it could not be read"
        )
    view = View(extraction)
    try:
        printed = {Values(view, now.index).printed(target) for target in attach(one, view)}
        cell = f"{view.short}/{one.cell}"
        if one.cell and not one.field and cell in view.cells:
            printed = {view.text(cell)}
    except Refused as err:
        raise StoreError(f"{FILE}: 未写入 not written: {err}") from err
    if len(printed) != 1:
        raise StoreError(f"{FILE}: 未写入：请写明原值 | not written: say the old value")
    return printed.pop()


def _guarded(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _appended(path: Path, texts: Mapping[str, str]) -> bytes:
    """Return the file with one line more, in its own encoding, columns and line ends."""
    data = path.read_bytes() if path.is_file() else b""
    if not data.strip():
        return _line(HEADER, "\r\n", ",").encode("utf-8-sig") + _line(
            [_guarded(texts.get(name, "")) for name in COLUMNS], "\r\n", ","
        ).encode("utf-8")
    text = decoded(data, str(path))
    heads, _lines = table(text, str(path))
    missing = [name for name in COLUMNS if texts.get(name) and name not in heads]
    if missing:
        names = ", ".join(f"{COLUMNS[name][0]} ({name})" for name in missing)
        raise RuleError((Fault(str(path), 1, 1, f"请先加上列 | add the columns first: {names}"),))
    cells = [""] * (max(heads.values()) + 1)
    for name, at in heads.items():
        cells[at] = _guarded(texts.get(name, ""))
    first = text.splitlines()[0]
    end = "\r\n" if "\r\n" in text else "\n"
    line = _line(cells, end, "\t" if "\t" in first and "," not in first else ",")
    try:
        data.decode("utf-8-sig")
        codec = "utf-8"
    except UnicodeDecodeError:
        codec = "gb18030"
    return data + ("" if text.endswith("\n") else end).encode(codec) + line.encode(codec)


def _line(cells: Sequence[str], end: str, delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerow(cells)
    return text.getvalue()


def _replace(path: Path, data: bytes, root: Path) -> None:
    spare = path.with_name(f".{FILE}-{secrets.token_hex(4)}")
    try:
        mode = path.stat().st_mode & 0o777 if path.is_file() else None
        write(spare, data)
        if mode is not None and os.name == "posix":
            spare.chmod(mode)
        spare.replace(path)
        flush(root)
    except OSError as err:
        spare.unlink(missing_ok=True)
        raise store_error(root, err) from err


@contextmanager
def _locked(workspace: Path) -> Iterator[None]:
    """Hold the file against another ``add``; the workspace itself may be in use."""
    lock = Lock(workspace / _LOCK)
    try:
        taken = lock.acquire()
    except OSError as err:
        raise store_error(workspace, err) from err
    if not taken:
        raise StoreError(
            f"{workspace / FILE}: 正被另一个命令修改，请重试 | another command is writing it; try again"
        )
    try:
        yield
    finally:
        lock.release()
