"""Time the PDF engines on the same files in one run and compare their grids cell by cell.

    python tests/benchmarks/bench_pdf.py FILE_OR_FOLDER... [--rounds 5] [--peers PYTHON] [--no-reference]

CPU time per file, the median of interleaved rounds; ``text`` is PDFium's own whole-text extraction, once with the
machine's fonts as PDFium does it of its own accord, once with the reader's one font. ``--peers`` names the Python of an
environment that has pdfplumber, camelot-py and PyMuPDF: they are timed in the same rounds, in a process of their own, and
the filled cells and characters of all tables are counted for each tool. ``--no-reference`` leaves out the slow
reference engine and the comparison with it.
"""

import argparse
import ctypes
import io
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers import pdf
from pipeline.readers.pages.pdfium_fonts import one_font

PEERS = ("pdfplumber", "camelot", "pymupdf")


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


def pdfium_text_one_font(data: bytes) -> None:
    """Do the same with the reader's one font."""
    with one_font():
        pdfium_text(data)


class Peers:
    """Other tools in a process of their own: answers requests one after the other."""

    def __init__(self, python: str, sources: list[Source]) -> None:
        script = Path(__file__).with_name("peers_pdf.py")
        self._process = subprocess.Popen(
            [python, str(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._paths = [source.paths[0] for source in sources]

    def take(self, name: str) -> dict[str, float]:
        """Return CPU seconds, filled cells and characters of all files."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked and answers
        print(name, *self._paths, sep="\t", file=asked, flush=True)
        found: dict[str, float] = json.loads(answers.readline())
        return found


def own_counts(sources: list[Source]) -> tuple[int, int]:
    """Return the filled cells of our grids and their characters."""
    texts = [
        "".join(cell.text.split())
        for source in sources
        for grid in pdf.read(source).grids
        for cell in grid.cells
    ]
    return sum(map(bool, texts)), sum(map(len, texts))


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
    parser.add_argument("--peers", help="a Python with pdfplumber, camelot-py and PyMuPDF")
    parser.add_argument("--no-reference", action="store_true")
    options = parser.parse_args()
    sources = readable(options.paths)
    if not sources:
        raise SystemExit("no PDF with text")
    whole = {source.data: source for source in sources}
    calls: dict[str, Callable[[bytes], object]] = {
        "text (PDFium)": pdfium_text,
        "text (PDFium, one font)": pdfium_text_one_font,
        "pdfium": lambda data: pdf.read_with(whole[data], "pdfium"),
        "pdfplumber extract_tables": extract_tables,
        "pdfplumber (reference)": lambda data: pdf.read_with(whole[data], "pdfplumber"),
    }
    if options.no_reference:
        del calls["pdfplumber (reference)"]
    peers = Peers(options.peers, sources) if options.peers else None
    times: dict[str, list[float]] = {name: [] for name in calls}
    counts: dict[str, dict[str, float]] = {}
    for _ in range(options.rounds):
        for name, call in calls.items():
            times[name].append(timed(call, sources))
        for name in PEERS if peers else ():
            assert peers
            counts[name] = peers.take(name)
            times.setdefault(f"peer: {name}", []).append(counts[name]["cpu"] * 1000 / len(sources))
    own = times["pdfium"]
    print(f"{len(sources)} files, {options.rounds} rounds")
    for name, rounds in times.items():
        ratio = statistics.median(other / mine for other, mine in zip(rounds, own, strict=True))
        print(f"{name:28} {statistics.median(rounds):8.1f} ms/file  {ratio:6.2f} x pdfium")
    if peers:
        print("tables: filled cells, characters: ours {}, {}".format(*own_counts(sources)))
        for name, found in counts.items():
            print(f"tables: filled cells, characters: {name} {found['cells']}, {found['chars']}")
    if not options.no_reference:
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
