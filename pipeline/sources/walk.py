"""FOLDERS -> FILES: every regular file below the inputs, in one order on every machine."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import SourceError
from pipeline.sources.names import decode_names, is_litter, printable


class File(NamedTuple):
    """A file on disk and the path by which it is known: below the input root, ``/`` between folders."""

    path: str
    place: Path


class Failure(NamedTuple):
    """A folder that cannot be listed."""

    path: str
    error: SourceError


class Root(NamedTuple):
    """An input: its absolute place and the prefix of all paths found in it."""

    place: Path
    prefix: str


Note = Callable[[str, str], None]


def roots(inputs: Sequence[Path]) -> list[Root]:
    """Return the inputs with their prefixes; raise not_found for the first that does not exist.

    With one input, paths are relative to it, and a file is known by its name. With several, the
    input's name goes before: as many of its last folders as tell it from the others, so that two ``2020``
    become ``a/2020`` and ``b/2020``. An input given twice, or inside another, is read once.
    """
    for path in inputs:
        if not path.exists():
            raise SourceError("not_found", place=str(path))
    places = list(dict.fromkeys(path.resolve() for path in inputs))
    kept = [
        place
        for place in places
        if not any(place.is_relative_to(other) for other in places if other != place)
    ]
    if len(kept) == 1:
        place = kept[0]
        return [Root(place, "" if place.is_dir() else _readable(place.name))]
    return [Root(place, _prefix(place, kept)) for place in kept]


def _prefix(place: Path, places: Sequence[Path]) -> str:
    """Return the shortest tail of a place that no other of the places has."""
    parts = [part for part in place.parts if part != place.anchor] or [place.anchor.strip("/\\:") or "root"]
    for count in range(1, len(parts)):
        tail = parts[-count:]
        if sum(1 for other in places if list(other.parts[-count:]) == tail) == 1:
            return "/".join(map(_readable, tail))
    return "/".join(map(_readable, parts))


def _readable(name: str) -> str:
    """Return a file name as text; one in another encoding than the disk's is recognised."""
    if name.isascii():
        return printable(name)
    raw = os.fsencode(name)
    try:
        return printable(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return printable(decode_names([raw])[0])


def files(root: Root, *, skip: Sequence[Path], note: Note) -> Iterator[File | Failure]:
    """Yield the files below a root, folders and files sorted by name together.

    Links to folders are not followed, since what they show stands elsewhere below the root or outside;
    links to files are, while these lie below the root. Sockets, pipes and devices are never opened. ``note``
    is told the kind and path of whatever is left out; ``skip`` are places
    to leave out (the workspace).
    """
    if not root.place.is_dir():
        if stat.S_ISREG(root.place.stat().st_mode):
            yield File(root.prefix, root.place)
        else:
            note("special", root.prefix)
        return
    yield from _folder(root.place, root.prefix, root.place, frozenset(path.resolve() for path in skip), note)


def _folder(
    place: Path, prefix: str, root: Path, skip: frozenset[Path], note: Note
) -> Iterator[File | Failure]:
    try:
        with os.scandir(place) as listing:
            entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        yield Failure(prefix or place.name, SourceError("unreadable", detail=error.strerror or str(error)))
        return
    for entry in entries:
        here = place / entry.name
        name = _readable(entry.name)
        path = f"{prefix}/{name}" if prefix else name
        if is_litter(name):
            note("litter", path)
        elif here in skip:
            note("skipped", path)
        elif entry.is_symlink():
            if _leads_to_file_inside(here, root):
                yield File(path, here)
            else:
                note("link", path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _folder(here, path, root, skip, note)
        elif entry.is_file(follow_symlinks=False):
            yield File(path, here)
        else:
            note("special", path)


def _leads_to_file_inside(link: Path, root: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return target.is_relative_to(root) and target.is_file()
