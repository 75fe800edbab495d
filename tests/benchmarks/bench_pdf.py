"""Time the PDF engines on the same files in one run and compare their grids cell by cell.

    python tests/benchmarks/bench_pdf.py FILE_OR_FOLDER... [--rounds 5]

CPU time per file, the median of interleaved rounds; ``text`` is PDFium's own whole-text extraction, the floor.
"""

import argparse
import ctypes
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers import pdf


def pdfium_text(data: bytes) -> None:
    """Open a file and take each page's text in one call: what PDFium itself needs."""
    import pypdfium2.raw as raw
    from pypdfium2 import PdfDocument

    document = PdfDocument(data)
    for number in range(len(document)):
        page = raw.FPDF_LoadPage(document.raw, number)
        text = raw.FPDFText_LoadPage(page)
        count = raw.FPDFText_CountChars(text)
        raw.FPDFText_GetText(text, 0, count, (ctypes.c_ushort * (count + 1))())
        raw.FPDFText_ClosePage(text)
        raw.FPDF_ClosePage(page)
    document.close()


def extract_tables(data: bytes) -> None:
    """Do what pdfplumber's manual says."""
    import pdfplumber

    with pdfplumber.open(io.BytesIO(data)) as document:
        for page in document.pages:
            page.extract_tables()
            page.close()


def grids(document: Document) -> dict[int, list[list[tuple[object, ...]]]]:
    """Return page -> tables -> cells (row, col, spans, text)."""
    found: dict[int, list[list[tuple[object, ...]]]] = {}
    for grid in document.grids:
        found.setdefault(grid.page or 0, []).append([cell[:5] for cell in grid.cells])
    return found


def timed(call: Callable[[bytes], object], sources: list[Source]) -> float:
    """Return the CPU milliseconds per file."""
    start = time.process_time()
    for source in sources:
        call(source.data)
    return (time.process_time() - start) * 1000 / len(sources)


def readable(paths: list[Path]) -> list[Source]:
    """Return the files that hold text, with the folders among the paths searched."""
    files = [file for path in paths for file in (sorted(path.rglob("*.pdf")) if path.is_dir() else [path])]
    found = []
    for file in files:
        data = file.read_bytes()
        source = Source("0" * 64, (str(file),), len(data), "application/pdf", data)
        try:
            pdf.read(source)
        except SourceError as error:
            print(f"left out: {error.message(file.name)}")
        else:
            found.append(source)
    return found


def main() -> None:
    """Print one line per engine, then the tables that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sources = readable(options.paths)
    if not sources:
        raise SystemExit("no PDF with text")
    whole = {source.data: source for source in sources}
    calls: dict[str, Callable[[bytes], object]] = {
        "text (PDFium)": pdfium_text,
        "pdfium": lambda data: pdf.read_with(whole[data], "pdfium"),
        "pdfplumber extract_tables": extract_tables,
        "pdfplumber (reference)": lambda data: pdf.read_with(whole[data], "pdfplumber"),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(options.rounds):
        for name, call in calls.items():
            times[name].append(timed(call, sources))
    own = times["pdfium"]
    print(f"{len(sources)} files, {options.rounds} rounds")
    for name, rounds in times.items():
        ratio = statistics.median(other / mine for other, mine in zip(rounds, own, strict=True))
        print(f"{name:28} {statistics.median(rounds):8.1f} ms/file  {ratio:6.2f} x pdfium")
    compare(sources)


def compare(sources: list[Source]) -> None:
    """Print how many of the reference's tables the fast engine gives cell by cell, and where it does not."""
    total = equal = 0
    for source in sources:
        fast, slow = (grids(pdf.read_with(source, engine)) for engine in pdf.ENGINES)
        for page in sorted(fast.keys() | slow.keys()):
            ours, theirs = fast.get(page, []), slow.get(page, [])
            total += len(theirs)
            equal += sum(table in ours for table in theirs)
            if ours != theirs:
                sizes = [len(table) for table in ours], [len(table) for table in theirs]
                print(f"{Path(source.paths[0]).name} page {page}: cells {sizes[0]}, reference {sizes[1]}")
    print(f"{equal} of {total} tables of the reference are equal cell by cell")


if __name__ == "__main__":
    main()
