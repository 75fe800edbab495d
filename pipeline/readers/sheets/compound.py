"""One stream out of an OLE compound file ([MS-CFB]), read straight from the bytes.

Opening a container through olefile costs as much as reading a whole form; this takes one stream of the root
storage and nothing else. Every chain is bounded by the number of sectors, so a ring ends in an error.
"""

import struct
from array import array
from struct import Struct, unpack_from
from sys import byteorder

from pipeline.errors import SourceError

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_LAST_REGULAR = 0xFFFFFFFA
_END = 0xFFFFFFFE
_ENTRY = Struct(
    "<64sHBBIII36xIII"
)  # name, its length, type, colour, left, right, child, start, size low, high
_STREAM, _ROOT = 2, 5
_ONE_ONLY = b"\xff" * 432  # the list of the sectors of the allocation table behind its first entry, none used


class Compound:
    """A compound file in memory: ``names()`` of the root's streams, ``stream(name)`` their bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._open()
        except (struct.error, IndexError, ValueError) as fault:
            raise SourceError("corrupt", place="OLE header", detail=str(fault)) from fault

    def _open(self) -> None:
        data = self._data
        if data[:8] != MAGIC or len(data) < 512:
            raise SourceError("corrupt" if data[:8] != MAGIC else "truncated", place="OLE header")
        shift, mini_shift = unpack_from("<HH", data, 30)
        if not 7 <= shift <= 16 or not 2 <= mini_shift <= shift:
            raise SourceError("corrupt", place="OLE header", detail=f"sector shift {shift}")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        fat_count, directory, _, self._cutoff, mini_fat, _, difat, _ = unpack_from(
            "<I I 4s I I I I I", data, 44
        )
        self._sectors = (len(data) - self._size + self._size - 1) // self._size
        self._fat = self._allocation(fat_count, difat)
        self._mini_fat_start = mini_fat
        self._entries: dict[str, tuple[int, int]] = {}
        self._root = (_END, 0)
        self._read_directory(self._chain(directory, None, "directory"))

    def _allocation(self, count: int, difat: int) -> "array[int]":
        """Return the allocation table: for each sector the next one of its chain."""
        per = self._size // 4
        if self._data[80:512] == _ONE_ONLY:
            numbers = [n for n in unpack_from("<I", self._data, 76) if n < _LAST_REGULAR]
        else:
            numbers = [n for n in unpack_from("<109I", self._data, 76) if n < _LAST_REGULAR]
        seen = 0
        while difat < _LAST_REGULAR and len(numbers) < count and seen <= self._sectors:
            block = unpack_from(f"<{per}I", self._sector(difat))
            numbers.extend(n for n in block[:-1] if n < _LAST_REGULAR)
            difat, seen = block[-1], seen + 1
        table = array("I")
        for number in numbers[: self._sectors // per + 1]:
            block_bytes = self._sector(number)
            table.frombytes(block_bytes[: len(block_bytes) // 4 * 4])
        if byteorder == "big":
            table.byteswap()
        return table

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        block = self._data[start : start + self._size]
        if not block:
            raise SourceError(
                "truncated", place="OLE container", detail=f"sector {number} lies beyond the end"
            )
        return block

    def _chain(self, start: int, size: int | None, what: str) -> bytes:
        """Return the bytes of a chain of sectors, up to ``size``; contiguous runs are taken in one slice."""
        fat, data, width = self._fat, self._data, self._size
        known = len(fat)
        limit = self._sectors + 1 if size is None else (size + width - 1) // width
        parts: list[bytes] = []
        taken = 0
        while start < _LAST_REGULAR and taken < limit:
            last, run = start, 1
            while last < known and fat[last] == last + 1 and taken + run < limit:
                last, run = last + 1, run + 1
            part = data[(start + 1) * width : (last + 2) * width]
            if len(part) <= (run - 1) * width:
                if size is None:
                    break
                raise SourceError("truncated", place=what, detail=f"sector {last} lies beyond the end")
            parts.append(part)
            taken += run
            if taken > self._sectors + 1:
                raise SourceError("corrupt", place=what, detail="the chain of sectors runs in a ring")
            start = fat[last] if last < known else _END
        found = b"".join(parts)
        if size is None:
            return found
        if len(found) < size:
            # a writer may leave the last sector short, but not bytes that the directory counts
            raise SourceError("truncated", place=what, detail=f"{len(found)} bytes of {size}")
        return found[:size]

    def _read_directory(self, directory: bytes) -> None:
        entries = [_ENTRY.unpack_from(directory, at) for at in range(0, len(directory) // 128 * 128, 128)]
        if not entries:
            raise SourceError("truncated", place="OLE directory", detail="it lies beyond the end")
        if entries[0][2] != _ROOT:
            raise SourceError("corrupt", place="OLE directory", detail="no root entry")
        self._root = (entries[0][7], entries[0][8])
        todo, seen = [entries[0][6]], set[int]()
        while todo:
            number = todo.pop()
            if number >= len(entries) or number in seen:
                continue
            seen.add(number)
            raw, length, kind, _, left, right, _, start, size, _ = entries[number]
            if kind == _STREAM:
                name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
                self._entries.setdefault(name.lower(), (start, size))
            todo += (left, right)

    def has(self, name: str) -> bool:
        """Say whether the root storage holds the stream; case does not matter."""
        return name.lower() in self._entries

    def stream(self, name: str) -> bytes:
        """Return the bytes of a stream of the root storage; SourceError where it is not whole."""
        start, size = self._entries[name.lower()]
        if size >= self._cutoff:
            return self._chain(start, min(size, len(self._data) + self._size), name)
        return self._small(start, size, name)

    def _small(self, start: int, size: int, name: str) -> bytes:
        """Return a stream below the cut-off, which lies in the root's own stream in small sectors."""
        width = self._mini_size
        table = self._chain(self._mini_fat_start, None, "OLE mini FAT")
        mini = self._chain(self._root[0], None, "OLE mini stream")
        parts: list[bytes] = []
        for _ in range((size + width - 1) // width):
            if not start < _LAST_REGULAR or start * 4 + 4 > len(table):
                raise SourceError("corrupt", place=name, detail="the chain of small sectors is broken")
            parts.append(mini[start * width : (start + 1) * width])
            (start,) = unpack_from("<I", table, start * 4)
        found = b"".join(parts)[:size]
        if len(found) < size:
            raise SourceError("truncated", place=name, detail=f"{len(found)} bytes of {size}")
        return found
