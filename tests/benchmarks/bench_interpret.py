"""Time interpretation of stored documents against reading the same documents from their files.

Run it as `python tests/benchmarks/bench_interpret.py [--rounds N] [--media docx doc pdf txt]`.

Reading is bytes in memory to Document. Interpretation is what a change of rules costs: the Document out of the
grid store, its forms matched and extracted, and the rows of all datasets, ledger and lineage included, as
Arrow tables. Each round interprets copies of the benchmark's files in which every figure and a third of the
longer values' characters are others, so that only labels are texts seen before. CPU time of one process, the
sides in turn; the figure is the median of the rounds.
"""

import argparse
import gc
import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.model import Cell, Document, Source
from pipeline.readers import read
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook
from pipeline.run.one import Extraction, interpret
from pipeline.sources import Refusal, Scan
from pipeline.store.grids import GridStore, Key, Reading
from pipeline.writers.parquet import to_table

FOLDER = Path(__file__).parents[2] / "fixtures" / "benchmark"
COPIES = 5


def sources(medium: str) -> list[Source]:
    """Return the benchmark's files of a medium, in memory."""
    found = [next(iter(Scan((path,)))) for path in sorted((FOLDER / medium).glob(f"*.{medium}"))]
    return [one for one in found if not isinstance(one, Refusal)]


def values(document: Document, index: Index) -> set[tuple[int, int, int]]:
    """Return the cells that hold a value below the first rows."""
    cells = interpret(document, index, "", 1).columns["cells"]
    places = zip(cells["grid"], cells["row"], cells["col"], cells["role"], cells["match"], strict=True)
    return {(grid, row, col) for grid, row, col, role, how in places if role == "value" and how != "pattern"}


def other(document: Document, cells: set[tuple[int, int, int]], name: str, rng: random.Random) -> Document:
    """Return a copy with other values in some cells."""
    grids = []
    for grid in document.grids:
        changed = [
            _other(cell, rng) if (grid.index, cell.row, cell.col) in cells and cell.row > 2 else cell
            for cell in grid.cells
        ]
        grids.append(replace(grid, cells=tuple(changed)))
    return replace(document, document_id=hashlib.sha256(name.encode()).hexdigest(), grids=tuple(grids))


def _other(cell: Cell, rng: random.Random) -> Cell:
    text = ""
    for char in cell.text:
        if char in "123456789":
            char = rng.choice("123456789")
        elif len(cell.text) > 8 and "\u4e00" <= char <= "\u9fff" and rng.random() < 1 / 3:
            char = chr(rng.randint(0x4E00, 0x8FFF))
        text += char
    return cell._replace(text=text)


def spent(work: Callable[[], object]) -> float:
    """Return the CPU seconds of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(medium: str, rounds: int, index: Index, rng: random.Random) -> None:
    """Print milliseconds a document and the ratio of one medium."""
    files = sources(medium)
    documents = [read(source) for source in files]
    cells = [values(document, index) for document in documents]
    times: dict[str, list[float]] = {"read": [], "load": [], "interpret": [], "tables": []}
    forms = filled = 0
    for number in range(rounds):
        made = [
            other(document, own, f"{medium}{number}{copy}{at}", rng)
            for copy in range(COPIES)
            for at, (document, own) in enumerate(zip(documents, cells, strict=True))
        ]
        times["read"].append(spent(partial(_read, files)) / len(files))
        found = _round(made, index, times)
        forms = sum(len(one.lists.get("forms", ())) for one in found)
        filled = sum(len(one.columns["cells"]["cell_id"]) for one in found)
    whole = [sum(each) for each in zip(times["load"], times["interpret"], times["tables"], strict=True)]
    ratios = [reading / own for reading, own in zip(times["read"], whole, strict=True)]
    shown = "  ".join(f"{name} {statistics.median(each) * 1000:.2f}" for name, each in times.items())
    print(
        f"{medium:5} {filled / len(made):4.0f} full cells, {forms / len(made):.2f} forms a file; ms CPU: {shown}"
    )
    print(
        f"      interpretation in all {statistics.median(whole) * 1000:.2f} ms, 1/{statistics.median(ratios):.1f} "
        f"of reading (1/{min(ratios):.1f} to 1/{max(ratios):.1f})"
    )


def _read(files: list[Source]) -> None:
    for source in files:
        read(source)


def _round(made: list[Document], index: Index, times: dict[str, list[float]]) -> list[Extraction]:
    """Store documents, load and interpret them; note the time of each step and return what came out."""
    loaded: list[Reading] = []
    found: list[Extraction] = []
    with tempfile.TemporaryDirectory() as folder:
        store = GridStore(Path(folder))
        for document in made:
            store.add(Reading(Key(document.document_id, document.media_type, document.reader), 1, document))
        store.flush()
        gc.collect()
        keys = list(store.index)
        times["load"].append(spent(lambda: loaded.extend(store.get(keys))) / len(made))
    outcomes = [reading.outcome for reading in loaded if isinstance(reading.outcome, Document)]
    times["interpret"].append(
        spent(lambda: found.extend(interpret(one, index, "", 1) for one in outcomes)) / len(made)
    )
    times["tables"].append(spent(lambda: _tables(found, index)) / len(made))
    return found


def _tables(found: list[Extraction], index: Index) -> None:
    fields = index.rulebook.fields
    for start in range(0, len(found), 200):
        lists: dict[str, list[dict[str, object]]] = {}
        columns: dict[str, dict[str, list[object]]] = {}
        for one in found[start : start + 200]:
            for dataset, rows in one.lists.items():
                lists.setdefault(dataset, []).extend(rows)
            for dataset, own in one.columns.items():
                known = columns.setdefault(dataset, {})
                for name, more in own.items():
                    known.setdefault(name, []).extend(more)
        for dataset, rows in lists.items():
            to_table(dataset, rows, fields)
        for dataset, own in columns.items():
            to_table(dataset, own, fields)


def main() -> None:
    """Print the figures of each medium."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--media", nargs="+", default=["docx", "doc", "pdf", "txt"])
    chosen = options.parse_args()
    start = time.process_time()
    index = Index(load_rulebook())
    print(f"rules and index: {(time.process_time() - start) * 1000:.0f} ms CPU")
    rng = random.Random(1)
    gc.freeze()
    for medium in chosen.media:
        measure(medium, chosen.rounds, index, rng)


if __name__ == "__main__":
    main()
