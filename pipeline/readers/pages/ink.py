"""What an engine saw on one page, in points of the upright page, origin top left, y downwards."""

from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model.document import BBox
from pipeline.readers.pages.lattice import Lattice

# text (any blank: one space), x0, top, x1, bottom: a plain tuple because a page has thousands
Char = tuple[str, float, float, float, float]


class Rule(NamedTuple):
    """One straight stroke at a y (horizontal) or x (vertical), from ``start`` to ``end``."""

    at: float
    start: float
    end: float


@dataclass(slots=True)
class Ink:
    """Everything that one page shows; ``number`` is 1-based.

    ``chars`` are the upright characters, ``sideways`` those that stand on their side (a quarter turn counted
    clockwise: 1 or 3; 2 is upside down), ``stamps`` text that lies across the page and belongs to no line.
    ``lattices`` is set by an engine that finds the tables itself. ``pictures`` is the share of the page that
    pictures cover, ``drawings`` the number of drawn objects of any kind; ``unreadable``: text is drawn, but none of
    it can be decoded; ``unmapped`` characters have no Unicode value, ``hidden`` ones are drawn invisibly and left
    out of ``chars``. ``fault`` says why the page is lost.
    """

    number: int
    width: float = 0.0
    height: float = 0.0
    chars: list[Char] = field(default_factory=list)
    sideways: list[tuple[int, Char]] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    horizontals: list[Rule] = field(default_factory=list)
    verticals: list[Rule] = field(default_factory=list)
    lattices: list[Lattice] | None = None
    pictures: float = 0.0
    drawings: int = 0
    unreadable: bool = False
    unmapped: int = 0
    hidden: int = 0
    fault: str = ""


def written(value: str, box: BBox) -> list[Char]:
    """Return the characters of a form field's value, spread over its box line by line."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    x0, top, x1, bottom = box
    step = (bottom - top) / len(lines)
    # never so wide that a line seems full: the line ends of a value are its own
    advance = min(step, (x1 - x0) / (max(map(len, lines)) + 3))
    return [
        (
            " " if char.isspace() else char,
            x0 + i * advance,
            top + row * step,
            x0 + (i + 1) * advance,
            top + (row + 1) * step,
        )
        for row, line in enumerate(lines)
        for i, char in enumerate(line)
    ]


def turned(box: BBox, quarters: int, width: float, height: float) -> BBox:
    """Return a box after the page (width x height) is turned clockwise by so many quarters."""
    x0, top, x1, bottom = box
    match quarters % 4:
        case 1:
            return height - bottom, x0, height - top, x1
        case 2:
            return width - x1, height - bottom, width - x0, height - top
        case 3:
            return top, width - x1, bottom, width - x0
    return box
