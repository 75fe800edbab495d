"""The skip index: which file on disk held what, and how it looked from outside (size, times, inode).

    DIR/catalogue.sqlite

A hint and nothing more: without it, or when it disagrees, files are opened and hashed again, and what was
already read is not read again. So it may be deleted, and a fault in it never stops a run.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.errors import StoreError

#: Times this close to now (nanoseconds) may hide a later edit within the clock's grain; two seconds is FAT's.
_RACY = 2_000_000_000
_SCHEMA = """
create table if not exists files (
    folder text not null, name text not null, size integer, mtime integer, ctime integer, inode text,
    document_id text, media text, more text, primary key (folder, name)
) without rowid
"""
_VERSION = 2

Look = tuple[int, int, int, int]
#: The content and medium of a file that is one document; of any other file what it holds, each as a tuple.
Held = tuple[str, str] | Sequence[Sequence[object]]


class Catalogue:
    """What each file held when it was last opened; a context manager that commits what was remembered."""

    def __init__(self, root: Path) -> None:
        self._path = root / "catalogue.sqlite"
        self._folder: str | None = None
        self._files: dict[str, tuple[Any, ...]] = {}
        self._waiting: list[tuple[object, ...]] = []
        try:
            self._con = self._open()
        except sqlite3.DatabaseError:  # not ours, or damaged: begin anew
            self._path.unlink(missing_ok=True)
            try:
                self._con = self._open()
            except sqlite3.Error as err:
                raise StoreError(f"{self._path}: 无法打开 | cannot be opened: {err}") from err

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._con.close()

    def held(self, path: str, look: Look) -> Held | None:
        """Return what a file held if it looks as it did then, None otherwise."""
        folder, _, name = path.rpartition("/")
        if folder != self._folder:
            rows = self._con.execute(
                "select name, size, mtime, ctime, inode, document_id, media, more from files where folder = ?",
                (folder,),
            )
            self._folder, self._files = folder, {row[0]: row[1:] for row in rows}
        row = self._files.get(name)
        if row is None or row[:4] != (look[0], look[1], look[2], str(look[3])):
            return None
        if row[6] is None:
            return row[4], row[5]
        try:
            found: list[list[object]] = json.loads(row[6])
        except ValueError:
            return None
        return found

    def keep(self, path: str, look: Look, held: Held, *, now: Callable[[], int] = time.time_ns) -> None:
        """Remember what a file held, unless it was changed so lately that another edit might not show."""
        if max(look[1], look[2]) + _RACY > now():
            return
        folder, _, name = path.rpartition("/")
        one = held if len(held) == 2 and isinstance(held[0], str) else (None, None)
        more = None if one is held else json.dumps(held, ensure_ascii=False)
        self._waiting.append((folder, name, *look[:3], str(look[3]), *one, more))

    def commit(self) -> None:
        """Write what was remembered; call it when all of that is safe elsewhere. A full disk costs only speed."""
        try:
            with self._con:
                self._con.executemany(
                    "insert or replace into files values (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._waiting
                )
            self._waiting = []
        except (sqlite3.Error, UnicodeEncodeError):
            self._waiting = []

    def forget(self, paths: Sequence[str]) -> None:
        """Drop files that are gone."""
        try:
            with self._con:
                parts = (path.rpartition("/") for path in paths)
                self._con.executemany(
                    "delete from files where folder = ? and name = ?",
                    ((folder, name) for folder, _, name in parts),
                )
        except sqlite3.Error:
            return

    def _open(self) -> sqlite3.Connection:
        con = sqlite3.connect(self._path, timeout=5)
        con.execute("pragma synchronous = normal")
        if con.execute("pragma user_version").fetchone()[0] != _VERSION:
            con.execute("drop table if exists files")
            con.execute(f"pragma user_version = {_VERSION}")
        con.execute(_SCHEMA)
        con.commit()
        return con
