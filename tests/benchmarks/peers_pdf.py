"""Take the tables of PDFs with another tool, for bench_pdf.py; runs in an environment of its own.

    python tests/benchmarks/peers_pdf.py

Reads lines ``TOOL<tab>PATH...`` and answers each with JSON: CPU seconds, filled cells and characters (white space left
out) in the tables found, in all. The tools are imported before the clock starts. Imports nothing of the project.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable

Texts = Iterable[str | None]


def camelot(path: str) -> Texts:
    """Tables by their lines, as ``read_pdf`` does it unless told otherwise."""
    from camelot import read_pdf

    for table in read_pdf(path, pages="all", flavor="lattice", suppress_stdout=True):
        for row in table.df.values.tolist():
            yield from row


def pymupdf(path: str) -> Texts:
    """Tables by ``find_tables``."""
    import pymupdf as library

    with library.open(path) as document:
        for page in document:
            for table in page.find_tables().tables:
                for row in table.extract():
                    yield from row


def pdfplumber(path: str) -> Texts:
    """Tables by ``extract_tables``."""
    import pdfplumber as library

    with library.open(path) as document:
        for page in document.pages:
            for table in page.extract_tables():
                for row in table:
                    yield from row
            page.close()


TOOLS: dict[str, Callable[[str], Texts]] = {"pdfplumber": pdfplumber, "camelot": camelot, "pymupdf": pymupdf}


def main() -> None:
    """Answer requests until the input ends."""
    for line in sys.stdin:
        name, *paths = line.rstrip("\n").split("\t")
        take = TOOLS[name]
        __import__(name)
        start = time.process_time()
        texts = ["".join((text or "").split()) for path in paths for text in take(path)]
        seconds = time.process_time() - start
        filled = [text for text in texts if text]
        print(json.dumps({"cpu": seconds, "cells": len(filled), "chars": sum(map(len, filled))}), flush=True)


if __name__ == "__main__":
    main()
