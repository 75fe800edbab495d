"""Print what folding costs a cell: ``python tests/benchmarks/bench_labels.py [FILE.txt ...]``.

The cells of tab-indented texts, as often as they are given; without arguments those of the fixtures. "first" folds each
document with an empty memory, "archive" many documents that share their labels and differ in part of their values.
"""

import sys
import time
from pathlib import Path

from pipeline.text import labels

FIXTURES = Path(__file__).parents[2] / "fixtures"
DOCUMENTS = 400


def cells_of(path: Path) -> list[str]:
    """Return the cells of a tab-indented text, blanks and all."""
    return path.read_text(encoding="utf-8").split("\n\t")


def forget() -> None:
    """Empty the memory of every memoised function of the module."""
    for value in vars(labels).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def microseconds(cells: list[str]) -> float:
    """Return the time that one fold of all cells takes, a cell."""
    begun = time.perf_counter()
    for cell in cells:
        labels.fold(cell)
    return (time.perf_counter() - begun) / len(cells) * 1e6


def archive(cells: list[str]) -> list[str]:
    """Return the cells of many documents: a tenth of the cells, those with digits first, say something new in each."""
    told_apart = [place for place, cell in enumerate(cells) if any(map(str.isdigit, cell))]
    told_apart = told_apart[: len(cells) // 10]
    mixed: list[str] = []
    for document in range(DOCUMENTS):
        own = list(cells)
        for place in told_apart:
            own[place] = f"{cells[place]}{document}"
        mixed += own
    return mixed


def main() -> None:
    """Print one line a file."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FIXTURES.rglob("*.txt"))
    for path in paths:
        cells = cells_of(path)
        forget()
        first = microseconds(cells)
        mixed = archive(cells)
        forget()
        whole = microseconds(mixed)
        print(f"{path.name}: {len(cells)} cells, {len(set(cells))} distinct: first {first:.2f} us a cell")
        print(
            f"  {DOCUMENTS} documents, {len(mixed)} cells, {len(set(mixed))} distinct: {whole:.3f} us a cell"
        )


if __name__ == "__main__":
    main()
