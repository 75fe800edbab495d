"""Sheets -> PDF without vertical rules, or with none: print that only its alignment makes a table."""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from tests.synthetic import FOLDER

sys.path.insert(0, str(FOLDER))
from paper import _UNITS, FONT
from sheet import Placed, Sheet

_TALL, _WIDE = 841.89, 595.28
_LONG = 40


class Misfit(Exception):
    """A word or number is wider than its column: no layout engine would be blamed for what follows."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a table is set: sizes in points; ``leading`` and ``uneven`` are factors.

    ``rules``: ``all``, ``horizontal`` or ``none``. ``words`` and
    ``numbers`` say how short texts and amounts are set, ``middle`` whether cells are set to the middle of rows.
    """

    rules: str = "none"
    size: float = 8.0
    leading: float = 1.25
    pad_x: float = 2.5
    pad_y: float = 2.5
    words: str = "center"
    numbers: str = "center"
    middle: bool = True
    uneven: float = 0.0
    landscape: bool = False
    margin: float = 40.0
    seed: int = 0


DEVELOPMENT = {
    "size": (7.5, 8.0, 9.0),
    "leading": (1.2, 1.3, 1.5),
    "pad_x": (2.5, 4.0, 5.4),
    "pad_y": (2.5, 3.5, 5.0),
    "uneven": (0.0, 0.15),
    "margin": (36.0, 42.0),
}
HELD_OUT = {
    "size": (7.0, 8.5, 9.5),
    "leading": (1.15, 1.25, 1.4),
    "pad_x": (3.0, 4.5, 6.0),
    "pad_y": (2.2, 3.0, 4.2),
    "uneven": (0.08, 0.22),
    "margin": (30.0, 48.0),
}


def style(rng: random.Random, rules: str, choices: dict[str, Sequence[float]]) -> Style:
    """Return a random style from a set of choices."""
    picked = {name: rng.choice(values) for name, values in choices.items()}
    return Style(
        rules,
        words=rng.choice(("center", "center", "left")),
        numbers=rng.choice(("center", "right", "right", "left")),
        middle=rng.random() < 0.75,
        landscape=rng.random() < 0.4,
        seed=rng.randrange(1 << 30),
        **picked,
    )


def open_pdf(sheets: Sequence[Sheet], look: Style) -> bytes:
    """Return the pages of the forms, each on pages of its own; Misfit where a word is wider than its column."""
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfgen.canvas import Canvas

    registerFont(UnicodeCIDFont(FONT))
    buffer = BytesIO()
    size = (_TALL, _WIDE) if look.landscape else (_WIDE, _TALL)
    canvas = Canvas(buffer, pagesize=size, invariant=1, pageCompression=1)
    for number, sheet in enumerate(sheets):
        _Drawing(canvas, sheet, look, size, number).draw()
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


class _Drawing:
    """One form on its pages."""

    def __init__(
        self, canvas: Any, sheet: Sheet, look: Style, size: tuple[float, float], number: int
    ) -> None:
        self.canvas, self.sheet, self.look = canvas, sheet, look
        self.width, self.height = size
        rng = random.Random(look.seed + number)
        shares = [1.0 + look.uneven * rng.uniform(-1, 1) for _ in range(sheet.width)]
        unit = (self.width - 2 * look.margin) / sum(shares)
        self.xs = [look.margin]
        for share in shares:
            self.xs.append(self.xs[-1] + share * unit)
        self.step = look.size * look.leading
        self.lines = {cell: self._wrapped(cell) for cell in sheet.cells}
        self.tall = self._heights()

    def _room(self, cell: Placed) -> tuple[float, float]:
        return self.xs[cell.col] + self.look.pad_x, self.xs[cell.col + cell.cols] - self.look.pad_x

    def _wide(self, text: str) -> float:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(stringWidth(text, FONT, self.look.size))

    def _wrapped(self, cell: Placed) -> list[str]:
        left, right = self._room(cell)
        found: list[str] = []
        for paragraph in cell.text.split("\n"):
            line = ""
            for unit in _UNITS.findall(paragraph):
                if self._wide(unit.strip()) > right - left:
                    raise Misfit(unit)
                if line.strip() and self._wide((line + unit).rstrip()) > right - left:
                    found.append(line)
                    line = unit.lstrip()
                else:
                    line += unit
            found.append(line)
        return found

    def _heights(self) -> list[float]:
        found = [self.step + 2 * self.look.pad_y] * self.sheet.height
        for cell in sorted(self.sheet.cells, key=lambda cell: (cell.rows, cell.row)):
            needed = len(self.lines[cell]) * self.step + 2 * self.look.pad_y
            covered = range(cell.row, cell.row + cell.rows)
            found[covered[-1]] += max(0.0, needed - sum(found[row] for row in covered))
        return found

    def draw(self) -> None:
        """Draw the paragraphs and, page by page, the rows."""
        top = self.height - self.look.margin
        self._begin()
        for paragraph in self.sheet.above:
            self.canvas.drawCentredString(self.width / 2, top - self.look.size, paragraph)
            top -= self.step * 1.8
        done: dict[Placed, int] = {}
        bottom = top
        for number, (first, last) in enumerate(self._pages(top)):
            if number:
                self.canvas.showPage()
                self._begin()
                top = self.height - self.look.margin
            bottom = top - sum(self.tall[first:last])
            for cell in self.sheet.cells:
                begin, end = max(cell.row, first), min(cell.row + cell.rows, last)
                if begin < end:
                    self._cell(cell, begin, end, top - sum(self.tall[first:begin]), done)
        for paragraph in self.sheet.below:
            bottom -= self.step * 1.5
            self.canvas.drawString(self.look.margin, bottom - self.look.size, paragraph)

    def _begin(self) -> None:
        self.canvas.setFont(FONT, self.look.size)
        self.canvas.setLineWidth(0.5)

    def _pages(self, top: float) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        first, left = 0, top - self.look.margin - 2 * self.step * len(self.sheet.below)
        for row, height in enumerate(self.tall):
            if height > left and row > first:
                found.append((first, row))
                first, left = row, self.height - 2 * self.look.margin
            left -= height
        return [*found, (first, len(self.tall))]

    def _cell(self, cell: Placed, begin: int, end: int, top: float, done: dict[Placed, int]) -> None:
        height = sum(self.tall[begin:end])
        lines = self.lines[cell][done.get(cell, 0) :]
        if end < cell.row + cell.rows:
            lines = lines[: max(1, int((height - 2 * self.look.pad_y + 0.01) / self.step))]
        done[cell] = done.get(cell, 0) + len(lines)
        self._rules(cell, top, height)
        spare = max(0.0, height - len(lines) * self.step - 2 * self.look.pad_y)
        base = top - self.look.pad_y - self.look.size - (spare / 2 if self.look.middle else 0.0)
        left, right = self._room(cell)
        align = self._align(cell)
        for line in lines:
            text = line.strip()
            if not text:
                pass
            elif align == "left":
                self.canvas.drawString(left, base, line.rstrip())
            elif align == "right":
                self.canvas.drawRightString(right, base, text)
            else:
                self.canvas.drawCentredString((left + right) / 2, base, text)
            base -= self.step

    def _align(self, cell: Placed) -> str:
        if len(cell.text) > _LONG:
            return "left"
        if cell.cols == self.sheet.width:
            return "center"
        plain = cell.text.replace(",", "").replace(".", "").rstrip("%")
        if plain.isdigit():
            return self.look.numbers
        return self.look.words

    def _rules(self, cell: Placed, top: float, height: float) -> None:
        left, right = self.xs[cell.col], self.xs[cell.col + cell.cols]
        if self.look.rules == "all":
            self.canvas.rect(left, top - height, right - left, height)
        elif self.look.rules == "horizontal":
            self.canvas.line(left, top, right, top)
            self.canvas.line(left, top - height, right, top - height)
