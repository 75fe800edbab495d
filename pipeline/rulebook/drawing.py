"""Forms drawn in text -> DOCUMENT: the notation in which rule authors write examples.

    项目支出绩效自评表                 a line without a bar is a paragraph

    | 项目名称 | 道路养护 |            a line with bars is a row; a blank line ends the table
    | 资金     | 年初数 | 执行数 |     a short row's last cell reaches to the table's edge
    | ^        | 90     | 90     |     ^ goes on from above, < goes on from the left: merged cells

The bars at both ends of a row may be left out. A backslash before a bar, ^ or < takes it as it is; backslash n is
a line break inside a cell.
"""

import hashlib
from collections.abc import Iterable

from pipeline.model import Block, Cell, Document, Grid

READER = "example/1"
_ESCAPES = {"\\n": "\n", "\\^": "^", "\\<": "<"}
_BAR = "\ue000"


class DrawingError(ValueError):
    """The text cannot be read as a form; ``line`` counts its lines from 0."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_drawing(text: str) -> Document:
    """Return the document that a text draws; DrawingError where merged cells make no rectangle."""
    grids: list[Grid] = []
    blocks: list[Block] = []
    rows: list[tuple[int, list[str]]] = []

    def close() -> None:
        if rows:
            grids.append(Grid(len(grids), _cells(rows), locator=f"line {rows[0][0] + 1}"))
            rows.clear()

    for number, line in enumerate(text.splitlines()):
        marked = line.replace("\\|", _BAR)
        if "|" in marked:
            rows.append((number, _split(marked)))
            continue
        close()
        if line.strip():
            blocks.append(
                Block(_plain(marked.strip()), len(blocks), len(grids), locator=f"line {number + 1}")
            )
    close()
    name = hashlib.sha256(text.encode()).hexdigest()
    return Document(name, "text/plain", READER, tuple(grids), tuple(blocks))


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _plain(text: str) -> str:
    return _ESCAPES.get(text, text.replace("\\n", "\n")).replace(_BAR, "|")


def _cells(rows: list[tuple[int, list[str]]]) -> tuple[Cell, ...]:
    """Return the cells of a table, merged where the marks say so."""
    width = max(len(cells) for _number, cells in rows)
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for row, (number, cells) in enumerate(rows):
        for col in range(width):
            mark = cells[col] if col < len(cells) else "<"
            if mark == "<" and col:
                owner[row, col] = owner[row, col - 1]
            elif mark == "^":
                if not row:
                    raise DrawingError(number, "第一行不能有 ^ | no ^ in the first row of a table")
                owner[row, col] = owner[row - 1, col]
            else:
                owner[row, col] = (row, col)
    covered: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place, first in owner.items():
        covered.setdefault(first, []).append(place)
    return tuple(_cell(rows, first, places) for first, places in sorted(covered.items()))


def _cell(
    rows: list[tuple[int, list[str]]], first: tuple[int, int], places: Iterable[tuple[int, int]]
) -> Cell:
    row, col = first
    own = list(places)
    high = max(one for one, _ in own) - row + 1
    wide = max(one for _, one in own) - col + 1
    number, cells = rows[row]
    if len(own) != high * wide or min(one for _, one in own) < col:
        raise DrawingError(
            number, f"合并的单元格不是矩形：{cells[col]} | merged cells make no rectangle: {cells[col]}"
        )
    text = "" if cells[col] == "<" else _plain(cells[col])
    return Cell(row, col, high, wide, text, locator=f"line {number + 1}")
