"""The texts above a form that say what it is: its title, its year, its unit."""

import re
from collections.abc import Sequence

from pipeline.matcher.items import Item, Stretch, only_cell
from pipeline.matcher.walk import Walk
from pipeline.model import Block, Key, Lattice, Line

_YEAR = re.compile(r"[(（]?\s*(?:19|20)\d\d\s*年?\s*[)）]?")


def leading(stretch: Stretch) -> tuple[Item, ...]:
    """Return the paragraphs between a title and its first table: they may serve all forms below."""
    found: list[Item] = []
    for item in stretch.items:
        if isinstance(item, Line) and found:
            break
        if isinstance(item, Block):
            found.append(item)
    return tuple(found)


def heading(
    stretch: Stretch, walk: Walk, lattices: Sequence[Lattice], before: tuple[Item, ...]
) -> list[tuple[Key, str]]:
    """Return the texts that say what a form is: above its first label, and its title's and year's printed before."""
    found = list(walk.heading)
    if stretch.title is not None and not _holds(stretch.items, stretch.title.key):
        found.insert(0, (stretch.title.key, stretch.title.text))
    return found + _context(before, lattices)


def _context(before: tuple[Item, ...], lattices: Sequence[Lattice]) -> list[tuple[Key, str]]:
    """Return the short texts with a year just before a form: printed once, they may serve the forms below."""
    found: list[tuple[Key, str]] = []
    for item in before[-8:]:
        if isinstance(item, Block):
            key, text = (-1, item.order, 0), item.text
        else:
            cell = only_cell(lattices[item.grid], item.row)
            if cell is None:
                continue
            key, text = lattices[item.grid].key(cell), cell.text
        if len(text) <= 40 and ("年度" in text or "单位" in text or _YEAR.fullmatch(text)):
            found.append((key, text))
    return found


def _holds(items: tuple[Item, ...], key: Key) -> bool:
    return any(
        (isinstance(item, Block) and key == (-1, item.order, 0))
        or (isinstance(item, Line) and key[:2] == (item.grid, item.row))
        for item in items
    )
