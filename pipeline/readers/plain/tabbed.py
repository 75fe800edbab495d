"""Tab-separated values: one line is one row, as Excel and WPS save a sheet as text."""

import csv
from collections.abc import Sequence

from pipeline.readers.plain.region import Region, Table, cells_of_rows, paragraphs

_LONGEST_QUOTED = 60

Row = list[tuple[int, str]]


def parse(line: int, lines: Sequence[str]) -> list[Region]:
    """Return the table of these lines, the first of which has number ``line``; or paragraphs.

    One row is no table. Lines without a tab after the last row are paragraphs; between rows they are rows
    of one cell.
    """
    rows = _quoted(line, lines) or [
        [(line + i, cell) for cell in text.split("\t")] for i, text in enumerate(lines) if text
    ]
    end = max((r for r, row in enumerate(rows) if len(row) > 1), default=-1) + 1
    rows, rest = rows[:end], rows[end:]
    if sum(1 for row in rows if len(row) > 1) < 2:
        return paragraphs(line, lines)
    width = max(c + 1 for row in rows for c, (_, text) in enumerate(row) if text.strip() or c == 0)
    cells = cells_of_rows([row[:width] for row in rows])
    last = rest[0][0][0] - 1 if rest else line + len(lines) - 1
    return [
        Table(line, last, cells, False),
        *(part for row in rest for part in paragraphs(row[0][0], row[0][1].split("\n"))),
    ]


def _quoted(line: int, lines: Sequence[str]) -> list[Row] | None:
    """Return the rows of lines with quoted cells, which may hold line ends; None without or if one is cut."""
    if not any(text[:1] == '"' or '\t"' in text for text in lines):
        return None
    reader = csv.reader((text + "\n" for text in lines), delimiter="\t", strict=True)
    rows: list[Row] = []
    done = 0
    try:
        for cells in reader:
            if reader.line_num - done > _LONGEST_QUOTED:
                return None
            if cells:
                rows.append([(line + done, cell.rstrip("\n")) for cell in cells])
            done = reader.line_num
    except csv.Error:
        return None
    return rows
