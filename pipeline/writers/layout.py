"""Which rows of a dataset share a file: by fiscal year, and within a year by the first digits of the document.

A year is cut into as many parts as its forms (for ``documents``: its documents) need for files of about
PART_ROWS rows, a power of two and never more than 1024, so that a change of a few documents rewrites a few
small files. The cut depends on nothing but those numbers: the same rows always lie in the same files.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.model.output import PARTITION, UNKNOWN_PARTITION

PART_ROWS = 16_384
DEPTH = 10
#: Rows that one form gives, by dataset: measured on the benchmark forms, rounded up to a power of two.
ROWS_OF_A_FORM = {
    "documents": 1,
    "forms": 1,
    "funding": 4,
    "indicators": 16,
    "checks": 16,
    "cells": 256,
    "lineage": 128,
}
_NAME = re.compile(r"part-(?:(\d{4})-of-(\d{4})-)?[0-9a-f]+\.parquet")


class Part(NamedTuple):
    """One of the ``of`` parts into which a year of a dataset is cut."""

    dataset: str
    year: int | None
    number: int
    of: int

    @property
    def folder(self) -> str:
        """Return the folder of its files, relative to the snapshot."""
        return f"{self.dataset}/{PARTITION}={UNKNOWN_PARTITION if self.year is None else self.year}"

    @property
    def bounds(self) -> tuple[str, str]:
        """Return the least first four digits of a document in it, and those after its last."""
        return bound(self.number, self.of), bound(self.number + 1, self.of)

    def name(self, digest: str) -> str:
        """Return the path of a file of this content, relative to the snapshot."""
        return f"{self.folder}/part-{self.number:04d}-of-{self.of:04d}-{digest}.parquet"


def bound(number: int, count: int) -> str:
    """Return the first four hex digits at which a part begins; ``g``, after all digits, beyond the last."""
    return "g" if number >= count else f"{number * 65_536 // count:04x}"


def parts_of(dataset: str, forms: int) -> int:
    """Return into how many parts a year with so many forms (or documents) is cut."""
    rows = forms * ROWS_OF_A_FORM.get(dataset, 1)
    depth = 0
    while rows > PART_ROWS << depth and depth < DEPTH:
        depth += 1
    return 1 << depth


def part_of(path: str) -> Part | None:
    """Return the part that a data file is of, None for a file of no year; one without numbers is the whole year."""
    dataset, _, rest = path.partition("/")
    folder, _, name = rest.partition("/")
    found = _NAME.fullmatch(name)
    year = folder.removeprefix(f"{PARTITION}=")
    if found is None or not (year.isdigit() or year == UNKNOWN_PARTITION):
        return None
    return Part(dataset, int(year) if year.isdigit() else None, int(found[1] or 0), int(found[2] or 1))


def flag(document_id: str) -> int:
    """Return the bit of a document in a set of the 1024 finest parts."""
    return 1 << (int(document_id[:4], 16) >> (16 - DEPTH))


def is_touched(part: Part, flags: int) -> bool:
    """Say whether one of the finest parts in ``flags`` lies in this part."""
    width = (1 << DEPTH) // part.of
    return bool(flags >> (part.number * width) & ((1 << width) - 1))
