"""A grid drawn with box characters, spans kept, each cell in the colour of its role."""

import unicodedata
from collections.abc import Mapping

from pipeline.model import Cell, Key, Lattice

COLOURS = {
    "label": "cyan",
    "header": "magenta",
    "value": "green",
    "ignored": "bright_black",
    "unmatched": "red",
}
_NARROWEST = 4
_WIDEST = 24


def width(text: str) -> int:
    """Return how many columns a text takes in a terminal: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, columns: int) -> str:
    """Return a text cut or padded to so many columns, with … where something was cut."""
    flat = " ".join(text.split())
    if width(flat) > columns:
        kept, used = [], 0
        for char in flat:
            used += width(char)
            if used > columns - 1:
                break
            kept.append(char)
        flat = "".join(kept) + "…"
    return flat + " " * (columns - width(flat))


def draw(lattice: Lattice, roles: Mapping[Key, str], columns: int) -> list[str]:
    """Return the lines of a grid as rich markup, at most so many terminal columns wide where that is possible."""
    widths = _widths(lattice, columns)
    lines = [_rule(lattice, 0, widths)]
    for row in range(lattice.height):
        lines.append(_content(lattice, row, widths, roles))
        lines.append(_rule(lattice, row + 1, widths))
    return lines


def _widths(lattice: Lattice, columns: int) -> list[int]:
    wanted = [_NARROWEST] * lattice.width
    for cell in lattice.grid.cells:
        if cell.col_span == 1:
            needed = min(_WIDEST, width(" ".join(cell.text.split())))
            wanted[cell.col] = max(wanted[cell.col], needed)
    for cell in lattice.grid.cells:
        span = range(cell.col, cell.col + cell.col_span)
        missing = min(_WIDEST, width(cell.text.strip())) - sum(wanted[col] for col in span)
        if cell.col_span > 1 and missing > 0:
            for col in span:
                wanted[col] += -(-missing // cell.col_span)
    room = max(columns - lattice.width - 1, lattice.width * _NARROWEST)
    while sum(wanted) > room and max(wanted) > _NARROWEST:
        wanted[wanted.index(max(wanted))] -= 1
    return wanted


def _content(lattice: Lattice, row: int, widths: list[int], roles: Mapping[Key, str]) -> str:
    parts = ["│"]
    col = 0
    while col < lattice.width:
        cell = lattice.at(row, col)
        span = cell.col + cell.col_span - col if cell is not None else 1
        space = sum(widths[col : col + span]) + span - 1
        text = cell.text if cell is not None and cell.row == row else ""
        shown = cut(text, space).replace("[", r"\[")
        role = roles.get(lattice.key(cell), "") if cell is not None else ""
        colour = COLOURS.get(role)
        parts.append(f"[{colour}]{shown}[/{colour}]" if colour and text.strip() else shown)
        parts.append("│")
        col += span
    return "".join(parts)


def _rule(lattice: Lattice, row: int, widths: list[int]) -> str:
    """Return the line above a row: drawn where the cells above and below it differ."""
    marks = []
    for col in range(lattice.width + 1):
        up = row > 0 and _wall(lattice, row - 1, col)
        down = row < lattice.height and _wall(lattice, row, col)
        left = col > 0 and _edge(lattice, row, col - 1)
        right = col < lattice.width and _edge(lattice, row, col)
        marks.append(_JOINTS[up, down, left, right])
        if col < lattice.width:
            marks.append(("─" if right else " ") * widths[col])
    return "".join(marks)


def _wall(lattice: Lattice, row: int, col: int) -> bool:
    return col in (0, lattice.width) or not _same(lattice.at(row, col - 1), lattice.at(row, col))


def _edge(lattice: Lattice, row: int, col: int) -> bool:
    return row in (0, lattice.height) or not _same(lattice.at(row - 1, col), lattice.at(row, col))


def _same(one: Cell | None, other: Cell | None) -> bool:
    return one is not None and one is other


_JOINTS = {
    (False, False, False, False): " ",
    (True, True, False, False): "│",
    (False, False, True, True): "─",
    (False, True, False, True): "┌",
    (False, True, True, False): "┐",
    (True, False, False, True): "└",
    (True, False, True, False): "┘",
    (True, True, False, True): "├",
    (True, True, True, False): "┤",
    (False, True, True, True): "┬",
    (True, False, True, True): "┴",
    (True, True, True, True): "┼",
    (True, False, False, False): "╵",
    (False, True, False, False): "╷",
    (False, False, True, False): "╴",
    (False, False, False, True): "╶",
}
