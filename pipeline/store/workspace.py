"""The workspace of a run and the protocol by which a snapshot becomes current.

    DIR/data/<dataset>/fiscal_year=.../part-<digest>.parquet   immutable, named by content
    DIR/snapshots/000012/<dataset>/...                         hard links to data/, or else copies
    DIR/snapshots/000012/manifest.json                         what it holds and what made it
    DIR/current -> snapshots/000012                            swapped with one rename
    DIR/CURRENT                                                the same as text, where there are no such links
    DIR/.tmp/                                                  what a running or killed writer left unfinished

A snapshot gets its number by one rename when it is complete, and ``current`` moves by another, so a kill at
any moment leaves a complete snapshot current. The number is the highest one there is plus one, not the
current one plus one: a writer killed between the two renames has left a complete snapshot that is not
current, and its number is taken. Files and folders are flushed to the disk before the rename that makes
them count. What nothing refers to (data of a publication that was cut short, snapshots that never became
current) is harmless and left to a later clean-up.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.errors import StoreError
from pipeline.model.output import CONTRACT_VERSION, DataFile
from pipeline.store.disk import UNWRITABLE, Lock, flush, link_or_copy, make_folder, point, store_error, write

MANIFEST = "manifest.json"
# Manifest keys that say who published and when, not what: they alone do not make a new snapshot.
VOLATILE = frozenset({"run_id", "snapshot", "parent", "started_at", "finished_at"})
_NUMBER = re.compile(r"\d{6,}")


class Workspace:
    """One output folder: one writer at a time, any number of readers, who never see half of a run.

    Every method raises StoreError, with the path and the remedy, where the disk says no.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.snapshots_dir = root / "snapshots"
        self.link = root / "current"
        self.pointer = root / "CURRENT"
        self.tmp = root / ".tmp"
        self._lock: Lock | None = None

    # -- writing -----------------------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace as its only writer; StoreError at once when another one does. Nests."""
        if self._lock is not None:
            yield
            return
        with self._errors():
            make_folder(self.root, self.root)
            lock = Lock(self.root / ".lock")
            taken = lock.acquire()
        if not taken:
            who = lock.holder()
            raise StoreError(
                f"{self.root}: 另一个任务正在写入（{who}）；请等它结束或换一个输出目录 | "
                f"another run is writing here ({who}); wait for it or choose another output folder"
            )
        self._lock = lock
        try:
            self._sweep()
            yield
        except OSError as err:
            if err.errno not in UNWRITABLE:
                raise
            raise store_error(self.root, err) from err  # whoever wrote: a worker, a library
        finally:
            self._sweep()
            self._lock = None
            lock.release()

    def staging(self) -> Path:
        """Return a new empty folder on the workspace's file system for files to be published.

        Only under ``lock``: what is left in it goes when the lock goes.
        """
        if self._lock is None:
            raise RuntimeError("staging() outside lock()")
        with self._errors():
            path = self.tmp / f"stage-{secrets.token_hex(8)}"
            make_folder(path, self.root)
            return path

    def publish(self, files: Sequence[DataFile], staged: Path, manifest: Mapping[str, Any]) -> Path:
        """Make a snapshot of exactly these files, switch ``current`` to it and return its folder.

        A file is taken from ``staged`` (moved; same file system) or, where data/ has it already, from there.
        ``manifest`` holds what the caller knows: ``rulebook``, ``readers``...; contract version, number,
        parent, row counts, the file list and, where it lacks one, a ``run_id`` (a digest of the rest) are
        added. When the current snapshot already has the same content (VOLATILE keys aside) it stays, and
        its folder is returned.
        """
        with self.lock(), self._errors():
            before = self._current_or_none()
            filled = self._manifest(files, manifest, before)
            if before is not None and self._same(before, filled):
                if not self._agreed(before.name):
                    self._switch(before.name)
                return before
            self._keep_data(files, staged)
            path = self._build(files, filled)
            self._switch(path.name)
            return path

    def switch(self, number: int) -> Path:
        """Make an existing snapshot current and return its folder: one rename, whatever its size."""
        path = self.snapshots_dir / f"{number:06d}"
        if not (path / MANIFEST).is_file():
            known = ", ".join(str(one) for one in self.snapshots()) or "-"
            raise StoreError(f"{path}: 没有这个快照（现有：{known}） | no such snapshot (there are: {known})")
        with self.lock(), self._errors():
            self._switch(path.name)
        return path

    def prune(self, keep: int) -> list[int]:
        """Remove all but the latest ``keep`` snapshots and the current one, and data that none refers to.

        Return the numbers of those removed. Readers of a removed snapshot get "no such file", never other data.
        """
        with self.lock(), self._errors():
            current = self._current_or_none()
            numbers = self.snapshots()
            kept = set(numbers[max(0, len(numbers) - max(keep, 1)) :])
            kept |= {int(current.name)} if current is not None else set()
            gone = [number for number in numbers if number not in kept]
            make_folder(self.tmp, self.root)
            for number in gone:
                path = self.snapshots_dir / f"{number:06d}"
                path.rename(self.tmp / f"gone-{path.name}")
            if gone:
                flush(self.snapshots_dir)
            self._collect_garbage([self.manifest(self.snapshots_dir / f"{number:06d}") for number in kept])
            return gone

    # -- reading -----------------------------------------------------------------------------------------

    def current(self) -> Path | None:
        """Return the folder of the current snapshot, links resolved, or None before the first publication.

        A reader that keeps this path is not touched by later publications.
        """
        with self._errors():
            name = self._pointed()
            if name is None:
                return None
            path = self.snapshots_dir / name
            if not (path / MANIFEST).is_file():
                raise StoreError(
                    f"{self.link}: 指向的快照 {name} 不存在；请回滚到现有快照或重新运行 | "
                    f"points at snapshot {name}, which is gone; roll back to another one or run again"
                )
            return path

    def snapshots(self) -> list[int]:
        """Return the numbers of all complete snapshots, ascending."""
        with self._errors():
            if not self.snapshots_dir.is_dir():
                return []
            names = [path.name for path in self.snapshots_dir.iterdir()]
            return sorted(int(name) for name in names if _NUMBER.fullmatch(name))

    def manifest(self, snapshot: Path) -> dict[str, Any]:
        """Return the manifest of a snapshot folder."""
        path = snapshot / MANIFEST
        with self._errors():
            try:
                loaded: dict[str, Any] = json.loads(path.read_bytes())
            except ValueError as err:
                raise StoreError(
                    f"{path}: 清单已损坏（{err}）；请重新运行 | the manifest is damaged ({err}); run again"
                ) from err
            return loaded

    # -- the protocol ------------------------------------------------------------------------------------

    def _manifest(
        self, files: Sequence[DataFile], given: Mapping[str, Any], before: Path | None
    ) -> dict[str, Any]:
        rows: dict[str, int] = {}
        for file in sorted(files):
            _check_path(file.path)
            rows[file.dataset] = rows.get(file.dataset, 0) + file.rows
        listed = [
            {"path": file.path, "rows": file.rows, "size": file.size, "sha256": file.sha256}
            for file in sorted(files)
        ]
        if len({file.path for file in files}) != len(files):
            raise StoreError("two data files of one snapshot have the same path")
        filled = {
            **given,
            "contract_version": CONTRACT_VERSION,
            "snapshot": max(self.snapshots(), default=0) + 1,
            "parent": int(before.name) if before is not None else None,
            "rows": rows,
            "files": listed,
        }
        filled.setdefault("run_id", hashlib.sha256(_content(filled).encode()).hexdigest()[:16])
        return filled

    def _same(self, before: Path, filled: Mapping[str, Any]) -> bool:
        try:
            old = self.manifest(before)
        except StoreError:
            return False  # a damaged one must not keep the next publication from replacing it
        if _content(old) != _content(filled):
            return False
        return all(_has(before / file["path"], file["size"]) for file in filled["files"])

    def _keep_data(self, files: Iterable[DataFile], staged: Path) -> None:
        touched: set[Path] = set()
        for file in files:
            target, source = self.data / file.path, staged / file.path
            if _has(target, file.size):
                continue
            if not _has(source, file.size):
                raise StoreError(
                    f"{target}: 数据文件缺失或已损坏；请重新运行 | "
                    "the data file is missing or damaged; run again"
                )
            make_folder(target.parent, self.root)
            if os.name == "posix":
                with suppress(PermissionError):  # some file systems have no modes
                    source.chmod(0o444)  # shared by snapshots: an edit through one would reach them all
            flush(source)
            source.replace(target)
            touched.add(target.parent)
        for folder in sorted(touched):
            flush(folder)

    def _build(self, files: Iterable[DataFile], filled: dict[str, Any]) -> Path:
        make_folder(self.snapshots_dir, self.root)
        draft = self.tmp / f"snapshot-{secrets.token_hex(8)}"
        make_folder(draft, self.root)
        folders = {draft}
        for file in files:
            target = draft / file.path
            folders.update(draft / parent for parent in PurePosixPath(file.path).parents[:-1])
            target.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(self.data / file.path, target)
        text = json.dumps(filled, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write(draft / MANIFEST, text.encode())
        for folder in sorted(folders, reverse=True):
            flush(folder)
        path = self.snapshots_dir / f"{filled['snapshot']:06d}"
        draft.rename(path)
        flush(self.snapshots_dir)
        return path

    def _collect_garbage(self, manifests: Sequence[Mapping[str, Any]]) -> None:
        """Remove the data files, and what is kept beside a snapshot, that none of these refers to."""
        used = {file["path"] for manifest in manifests for file in manifest["files"]}
        for path in sorted(self.data.rglob("*.parquet")):
            if path.relative_to(self.data).as_posix() not in used:
                path.unlink()
        names = {str(manifest.get(key)) for manifest in manifests for key in ("run_id", "rulebook")}
        for folder in ("problems", "rulebooks"):
            for path in sorted((self.root / folder).glob("*")):
                if path.stem not in names:
                    path.unlink()

    def _switch(self, name: str) -> None:
        spare = self.tmp / f"pointer-{secrets.token_hex(8)}"
        make_folder(self.tmp, self.root)
        write(spare, f"{name}\n".encode())
        linked = point(self.link, f"{self.snapshots_dir.name}/{name}", self.tmp / f"link-{spare.name}")
        spare.replace(self.pointer)
        if not linked and self.link.is_symlink():
            self.link.unlink()  # it came from a system with links and would point at an old snapshot
        flush(self.root)

    def _pointed(self) -> str | None:
        """Return the name of the current snapshot; the link decides, the text where there is no link."""
        if self.link.is_symlink():
            return self.link.readlink().name
        if self.pointer.is_file():
            return self.pointer.read_text("utf-8").strip()
        return None

    def _agreed(self, name: str) -> bool:
        """Say whether link and text both name this snapshot: a writer may stop between the two."""
        texts = [self.pointer.read_text("utf-8").strip()] if self.pointer.is_file() else [""]
        if self.link.is_symlink():
            texts.append(self.link.readlink().name)
        return all(text == name for text in texts)

    def _current_or_none(self) -> Path | None:
        try:
            return self.current()
        except StoreError:
            return None  # a dangling pointer must not keep the next publication from mending it

    def _sweep(self) -> None:
        """Remove what was left unfinished, here or by a killed writer; only the holder of the lock may."""
        shutil.rmtree(self.tmp, ignore_errors=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            raise store_error(self.root, err) from err


def _content(manifest: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in manifest.items() if key not in VOLATILE}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _has(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if len(parts) < 3 or ".." in parts or path.startswith("/") or "\\" in path:
        raise StoreError(f"{path!r} is not the relative path of a data file")
