"""Measure the readers of spreadsheets against xlrd and openpyxl on generated forms, in one run.

    python tests/benchmarks/bench_sheets.py [--files 40] [--rounds 5] [FOLDER ...]

CPU time per file, medians over interleaved rounds. The peers are measured twice: ``raw`` opens the file with
formats and merged ranges and walks the stored values; ``same`` makes what our readers make of it, cells with
spans and shown numbers. With folders, the workbooks in them that both can read are measured instead, ``raw`` only.
"""

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.model import Cell, Source  # noqa: E402
from pipeline.readers import xls, xlsx  # noqa: E402
from pipeline.readers.sheets.formats import display  # noqa: E402
from tests.readers import sheet_samples as samples  # noqa: E402

Form = list[tuple[int, int, int, int, "str | float", str]]


def long_form(seed: int) -> Form:
    """Return three forms below each other: about 50 rows and 250 cells, as a real one has."""
    cells: Form = []
    start = 0
    for part in range(3):
        form = samples.form(seed * 3 + part)
        cells += [(row + start, *rest) for row, *rest in form]  # type: ignore[misc]
        start += max(row + height for row, _, height, *_ in form)
    return cells


def xlrd_raw(source: Source) -> list[Any]:
    """Return (row, column, rows, columns, value) as xlrd gives them."""
    import xlrd

    book = xlrd.open_workbook(file_contents=source.data, formatting_info=True)
    out = []
    for sheet in book.sheets():
        spans, covered = _xlrd_spans(sheet)
        for row in range(sheet.nrows):
            for col, value in enumerate(sheet.row_values(row)):
                if (row, col) not in covered:
                    out.append((row, col, *spans.get((row, col), (1, 1)), str(value)))
    return out


def _xlrd_spans(sheet: Any) -> tuple[dict[tuple[int, int], tuple[int, int]], set[tuple[int, int]]]:
    spans, covered = {}, set()
    for top, bottom, left, right in sheet.merged_cells:
        spans[top, left] = (bottom - top, right - left)
        covered |= {(row, col) for row in range(top, bottom) for col in range(left, right)} - {(top, left)}
    return spans, covered


def xlrd_same(source: Source) -> list[Cell]:
    """Return the cells that our reader returns, made with xlrd."""
    import xlrd

    book = xlrd.open_workbook(file_contents=source.data, formatting_info=True)
    out = []
    for sheet in book.sheets():
        spans, covered = _xlrd_spans(sheet)
        for row in range(sheet.nrows):
            for col in range(sheet.ncols):
                if (row, col) in covered:
                    continue
                value = sheet.cell_value(row, col)
                if sheet.cell_type(row, col) in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                    style = book.xf_list[sheet.cell_xf_index(row, col)]
                    value = display(book.format_map[style.format_key].format_str)(value)
                out.append(Cell(row, col, *spans.get((row, col), (1, 1)), value, sheet.number + 1))
    return out


def openpyxl_raw(source: Source) -> list[Any]:
    """Return (row, column, rows, columns, value) as openpyxl gives them."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(source.data), data_only=True)
    out = []
    for sheet in book.worksheets:
        spans = _openpyxl_spans(sheet)
        for row in sheet.iter_rows():
            for cell in row:
                if type(cell).__name__ != "MergedCell":
                    text = "" if cell.value is None else str(cell.value)
                    out.append(
                        (cell.row - 1, cell.column - 1, *spans.get((cell.row, cell.column), (1, 1)), text)
                    )
    return out


def _openpyxl_spans(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    return {
        (box.min_row, box.min_col): (box.max_row - box.min_row + 1, box.max_col - box.min_col + 1)
        for box in sheet.merged_cells.ranges
    }


def openpyxl_same(source: Source) -> list[Cell]:
    """Return the cells that our reader returns, made with openpyxl."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(source.data), data_only=True)
    out = []
    for number, sheet in enumerate(book.worksheets, 1):
        spans = _openpyxl_spans(sheet)
        for row in sheet.iter_rows():
            for cell in row:
                if type(cell).__name__ == "MergedCell":
                    continue
                value = "" if cell.value is None else cell.value
                if not isinstance(value, str):
                    value = display(cell.number_format)(value)
                span = spans.get((cell.row, cell.column), (1, 1))
                out.append(Cell(cell.row - 1, cell.column - 1, *span, value, number))
    return out


def ours(reader: Any) -> Callable[[Source], list[Cell]]:
    """Return our reader as a function to cells."""
    return lambda source: [cell for grid in reader.read(source).grids for cell in grid.cells]


def cpu_ms(candidate: Callable[[Source], Any], sources: list[Source]) -> float:
    """Return the CPU milliseconds per file of one pass."""
    start = time.process_time()
    for source in sources:
        candidate(source)
    return (time.process_time() - start) / len(sources) * 1000


def measure(
    title: str, sources: list[Source], candidates: dict[str, Callable[[Source], Any]], rounds: int
) -> None:
    """Print the median of each candidate and its ratio to the last one, which is ours."""
    own = list(candidates)[-1]
    for name, candidate in candidates.items():
        if name.endswith("same"):
            assert all(candidate(source) == candidates[own](source) for source in sources), f"{name} differs"
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            times[name].append(cpu_ms(candidate, sources))
    for name, found in times.items():
        ratios = sorted(a / b for a, b in zip(found, times[own], strict=True))
        print(
            f"{title:22} {name:14} {statistics.median(found):8.3f} ms/file  {statistics.median(ratios):6.2f} x ours"
            f" ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        )


def readable(folders: list[Path], suffix: str, reader: Any, peer: Callable[[Source], Any]) -> list[Source]:
    """Return the workbooks of the folders that both the reader and its peer read, up to 1 MB each."""
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob(f"*{suffix}")):
        if path.stat().st_size < 1_000_000:
            one = samples.source(path.read_bytes(), reader.MEDIA[0])
            try:
                reader.read(one)
                peer(one)
            except Exception:  # whatever the peer raises: such a file is not measured
                continue
            found.append(one)
    return found


def main() -> None:
    """Make the forms and measure all readers on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("folders", nargs="*", type=Path)
    given = parser.parse_args()
    if given.folders:
        for suffix, reader, peer in ((".xls", xls, xlrd_raw), (".xlsx", xlsx, openpyxl_raw)):
            sources = readable(given.folders, suffix, reader, peer)
            print(f"{len(sources)} files *{suffix}")
            if sources:
                measure(suffix, sources, {"peer raw": peer, "ours": ours(reader)}, given.rounds)
        return
    forms = [long_form(seed) for seed in range(given.files)]
    binary = [
        samples.source(
            samples.xls_bytes(lambda book, form=form: samples.write_form_xls(book, form)), samples.XLS
        )  # type: ignore[misc]
        for form in forms
    ]
    in_place = [
        samples.source(
            samples.xlsx_bytes(lambda book, form=form: samples.write_form_xlsx(book, form)), samples.XLSX
        )  # type: ignore[misc]
        for form in forms
    ]
    shared = [samples.source(samples.as_excel_writes(form), samples.XLSX) for form in forms]
    print(f"{given.files} files, {sum(len(form) for form in forms) / len(forms):.0f} full cells each")
    peers = {"xlrd raw": xlrd_raw, "xlrd same": xlrd_same, "ours": ours(xls)}
    measure("xls", binary, peers, given.rounds)
    peers = {"openpyxl raw": openpyxl_raw, "openpyxl same": openpyxl_same, "ours": ours(xlsx)}
    measure("xlsx (texts in place)", in_place, peers, given.rounds)
    measure("xlsx (shared texts)", shared, peers, given.rounds)


if __name__ == "__main__":
    main()
