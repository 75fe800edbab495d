"""What an engine saw on one page, in points of the upright page, origin top left, y downwards."""

from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model.document import BBox
from pipeline.readers.pages.lattice import Lattice

# text (any blank: one space), x0, top, x1, bottom: a plain tuple because a page has thousands
Char = tuple[str, float, float, float, float]
# a picture over this share of a page without text is what the page shows; over the greater share it is
# the page, and text of no more characters than a mark has been put on it
_PICTURED, _FULL, _MARK = 0.1, 0.8, 24
# a page without text but with so many drawn objects may hold text as outlines
_OUTLINES = 60


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
    out of ``chars``. ``remarks`` say what on the page could not be read, ``fault`` why the page is lost;
    ``recognised``: it is a picture whose text was recognised.
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
    remarks: list[str] = field(default_factory=list)
    recognised: bool = False
    fault: str = ""

    def has_text(self) -> bool:
        """Say whether any character shows."""
        return bool(self.sideways) or any(char[0] != " " for char in self.chars)

    def is_scan(self) -> bool:
        """Say whether what the page shows is a picture: no text, or a line (a scanner's mark) over a full one."""
        if self.recognised:
            return False
        if not self.has_text():
            return self.pictures >= _PICTURED or self.drawings >= _OUTLINES
        return self.pictures >= _FULL and len(self.chars) + len(self.sideways) <= _MARK


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
