"""Write .doc files with random tables, built byte by byte, for compare_doc_libreoffice.py.

    python tests/benchmarks/make_doc_tables.py FOLDER [--each 25]

Kinds: ``plain`` (random edges and vertical merges), ``continued`` (text in continued cells), ``nested``, in
which the reader and LibreOffice must agree; ``ragged`` (rows of different width), ``orphan`` (continued cells
with nothing above) and ``changed`` (merges, insertions and deletions behind a row's definition), in which
LibreOffice differs: docs/doc-reader.md says how.
"""

import argparse
import random
from itertools import pairwise
from pathlib import Path
from struct import pack

from tests.readers.word_binary import DEPTH_1, IN_TABLE, Doc, Part, build, define, row, sprm

RESTART, CONTINUE = 0b11 << 5, 0b01 << 5


def edges(chance: random.Random, kind: str, full: list[int]) -> list[int]:
    """Return a row's edges: some of the table's, the outer ones kept unless rows are ragged."""
    found = [full[0], *(edge for edge in full[1:-1] if chance.random() < 0.7), full[-1]]
    if kind == "ragged" and len(found) > 2 and chance.random() < 0.5:
        found = found[1:] if chance.random() < 0.5 else found[:-1]
    return found


def merges(
    chance: random.Random, kind: str, spans: list[tuple[int, int]], above: set[tuple[int, int]]
) -> list[int]:
    """Return the vertical flags of a row's cells."""
    if kind == "orphan":
        return [CONTINUE if chance.random() < 0.3 else 0 for _ in spans]
    if kind == "continued":
        return [CONTINUE if span in above else RESTART for span in spans]
    if kind != "plain":
        return [0] * len(spans)
    return [
        CONTINUE if span in above and chance.random() < 0.5 else RESTART if chance.random() < 0.4 else 0
        for span in spans
    ]


def change(chance: random.Random, texts: list[str]) -> bytes:
    """Return a modifier that follows the row's definition, and fit the texts to it."""
    kind = chance.randrange(4)
    if kind == 0 and len(texts) > 1:
        return sprm(0x5624, b"\x00\x02")
    if kind == 1:
        texts.append("inserted")
        return sprm(0x7621, bytes([chance.randrange(len(texts)), 1]) + pack("<H", 500))
    if kind == 2 and len(texts) > 1:
        texts.pop()
        return sprm(0x5622, b"\x00\x01")
    return sprm(0x7623, b"\x00\x01" + pack("<H", 700))


def document(kind: str, number: int) -> bytes:
    """Return one document with one table between two paragraphs."""
    chance = random.Random(f"{kind}/{number}")
    full = [0]
    for _ in range(chance.randint(2, 6)):
        full.append(full[-1] + chance.randint(400, 1500))
    parts, above = [Part("before\r")], set[tuple[int, int]]()
    for line in range(chance.randint(2, 6)):
        limits = edges(chance, kind, full)
        spans = list(pairwise(limits))
        flags = merges(chance, kind, spans, above)
        above = {span for span, flag in zip(spans, flags, strict=True) if flag}
        texts = [
            "" if flag == CONTINUE and kind == "plain" else f"r{line}c{k}" for k, flag in enumerate(flags)
        ]
        if kind == "nested" and chance.random() < 0.5:
            parts += [
                Part("host\r", IN_TABLE + DEPTH_1),
                *row([f"x{line}", "y"], define([0, 300, 600]), depth=2),
            ]
        after = change(chance, texts) if kind == "changed" else b""
        parts += row(texts, define(limits, flags) + after)
    return build(Doc([*parts, Part("after\r")]))


def main() -> None:
    """Write the files, a folder for each kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=25)
    options = parser.parse_args()
    for kind in ("plain", "continued", "nested", "ragged", "orphan", "changed"):
        folder = options.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(options.each):
            (folder / f"{kind}{number:03d}.doc").write_bytes(document(kind, number))


if __name__ == "__main__":
    main()
