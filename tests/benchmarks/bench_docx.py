"""Time the docx reader against python-docx's row.cells on generated forms.

Run it as `python tests/benchmarks/bench_docx.py`.

Both read the same files from memory and must find the same cells. Times are CPU seconds of this process,
the two readers turn and turn about; the figure is the median of the ratios of the rounds.
"""

import argparse
import random
import statistics
import sys
import time
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "readers"))

from word_forms import document, form, form_xml, package, source, word_paragraph

from pipeline.readers import docx
from pipeline.readers.wordml.package import Package

Cells = list[list[tuple[int, int, int, int, str]]]


def row_cells(data: bytes) -> Cells:
    """Return the tables as python-docx gives them, merged cells told by identity."""
    from docx import Document

    tables: Cells = []
    for table in Document(BytesIO(data)).tables:
        seen: dict[object, list[int | str]] = {}
        for number, row in enumerate(table.rows):
            for col, cell in enumerate(row.cells, row.grid_cols_before):
                box = seen.setdefault(cell._tc, [number, col, number, col, ""])
                if box[0] == number and box[1] == col:
                    box[4] = cell.text
                box[2], box[3] = number, max(int(box[3]), col)
        tables.append(
            [
                (int(a), int(b), int(c) - int(a) + 1, int(d) - int(b) + 1, str(e))
                for a, b, c, d, e in seen.values()
            ]
        )
    return tables


def ours(data: bytes) -> Cells:
    """Return the tables as the reader gives them."""
    return [[cell[:5] for cell in grid.cells] for grid in docx.read(source(data)).grids]


def ours_by_tree(data: bytes) -> Cells:
    """Return the tables as the fallback gives them."""
    opened = Package(data)
    name = opened.main_part()
    return [
        [cell[:5] for cell in grid.cells]
        for grid in docx.by_tree(source(data), name, opened.part(name), opened).grids
    ]


def main() -> None:
    """Print CPU milliseconds a file and the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=20)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    rng = random.Random(1)
    files = []
    for number in range(chosen.files):
        tables = [form_xml(form(rng, rng.randint(25, 38))) for _ in range(1 + (number % 4 == 3))]
        files.append(package(document(word_paragraph("", 1).join(tables) + word_paragraph("", 2))))
    size = sum(len(Package(data).part("word/document.xml")) for data in files) / len(files)
    print(f"{len(files)} files, {size / 1000:.0f} kB of XML each")
    readers = {"python-docx row.cells": row_cells, "docx reader": ours, "its lxml fallback": ours_by_tree}
    truth = [row_cells(data) for data in files]
    if any(
        reader(data) != cells for reader in readers.values() for data, cells in zip(files, truth, strict=True)
    ):
        sys.exit("the readers disagree")
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(chosen.rounds):
        for name, reader in readers.items():
            start = time.process_time()
            for data in files:
                reader(data)
            times[name].append((time.process_time() - start) / len(files) * 1000)
    reference = times["python-docx row.cells"]
    for name, spent in times.items():
        ratio = statistics.median(a / b for a, b in zip(reference, spent, strict=True))
        print(f"{name:24} {statistics.median(spent):8.2f} ms CPU a file   {ratio:6.1f}x")


if __name__ == "__main__":
    main()
