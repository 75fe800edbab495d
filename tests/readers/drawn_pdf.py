"""Draw PDFs of ruled tables for tests: a small layout engine of its own, so that wraps have a known truth."""

import io
import re
from dataclasses import dataclass

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
SIZE = 9.0
PAD = 5.0
_TOKEN = re.compile(r"[A-Za-z0-9.,%≥≤/:-]+|\s|.")


@dataclass
class Drawn:
    """One cell to draw; ``text`` may hold newlines, the drawing wraps what does not fit."""

    row: int
    col: int
    text: str = ""
    row_span: int = 1
    col_span: int = 1
    align: str = "left"


def canvas(size=(595.0, 842.0), encrypt=None):
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    buffer = io.BytesIO()
    secret = StandardEncryption(encrypt, strength=128) if encrypt else None
    page = Canvas(buffer, pagesize=size, encrypt=secret, invariant=1)
    page.setLineWidth(0.5)
    return page, buffer


def finish(page, buffer):
    page.save()
    return buffer.getvalue()


def wrap(text, width, size=SIZE):
    """Return the lines of one paragraph: Chinese breaks anywhere, words and numbers only when too long."""
    lines, line = [], ""
    for token in _TOKEN.findall(text):
        pieces = [token] if pdfmetrics.stringWidth(token, FONT, size) <= width else list(token)
        for piece in pieces:
            if line and pdfmetrics.stringWidth(line + piece, FONT, size) > width:
                pushed = ""
                if piece in "，。；：、）％%" and len(line) > 1:
                    line, pushed = line[:-1], line[-1]
                lines.append(line)
                line = pushed
                if piece == " ":
                    continue
            line += piece
    return [*lines, line]


def text_lines(page, lines, x, top, width, align, size=SIZE, leading=1.3):
    for number, line in enumerate(lines):
        wide = pdfmetrics.stringWidth(line, FONT, size)
        left = {"left": x, "center": x + (width - wide) / 2, "right": x + width - wide}[align]
        page.setFont(FONT, size)
        page.drawString(left, page._pagesize[1] - top - size * (number * leading + 0.9), line)


def table(page, x, top, widths, heights, cells, rects=False, skip_bottom=False, skip_top=False):
    """Draw cells over columns and rows; returns nothing. ``rects`` draws thin filled rectangles for rules."""
    xs = [x + sum(widths[:i]) for i in range(len(widths) + 1)]
    ys = [top + sum(heights[:i]) for i in range(len(heights) + 1)]
    height = page._pagesize[1]

    def rule(x0, y0, x1, y1):
        if rects and x0 == x1:
            page.rect(x0 - 0.25, height - y1, 0.5, y1 - y0, stroke=0, fill=1)
        elif rects:
            page.rect(x0, height - y0 - 0.25, x1 - x0, 0.5, stroke=0, fill=1)
        else:
            page.line(x0, height - y0, x1, height - y1)

    for cell in cells:
        x0, x1 = xs[cell.col], xs[cell.col + cell.col_span]
        y0, y1 = ys[cell.row], ys[cell.row + cell.row_span]
        if not (skip_top and cell.row == 0):
            rule(x0, y0, x1, y0)
        if not (skip_bottom and cell.row + cell.row_span == len(heights)):
            rule(x0, y1, x1, y1)
        rule(x0, y0, x0, y1)
        rule(x1, y0, x1, y1)
        lines = [line for part in cell.text.split("\n") for line in wrap(part, x1 - x0 - 2 * PAD)]
        room = y1 - y0 - len(lines) * SIZE * 1.3
        text_lines(page, lines, x0 + PAD, y0 + max(room / 2, 1.0), x1 - x0 - 2 * PAD, cell.align)


def plain(rows, first_row=0):
    """Return one drawn cell per text."""
    return [Drawn(r + first_row, c, text) for r, row in enumerate(rows) for c, text in enumerate(row)]


def form_rows(count):
    """Return the rows of a long list with a two-level label column merged down; texts tell the row."""
    cells = [Drawn(0, c, text) for c, text in enumerate(("一级指标", "三级指标", "指标值", "得分"))]
    for row in range(1, count + 1):
        if row % 5 == 1:
            cells.append(Drawn(row, 0, f"指标组{row // 5 + 1}", row_span=min(5, count + 1 - row)))
        cells += [
            Drawn(row, 1, f"第{row}项工作完成率"),
            Drawn(row, 2, f"≥{row}%"),
            Drawn(row, 3, str(row % 10)),
        ]
    return cells


def cut_rows(cells, first, last, header=0):
    """Return the drawn cells of rows first..last (exclusive) moved to row 0, as a page break leaves them."""
    shown = []
    for cell in cells:
        if cell.row < header:
            shown.append(cell)
            continue
        top, bottom = max(cell.row, first), min(cell.row + cell.row_span, last)
        if top < bottom:
            text = cell.text if cell.row >= first else ""
            shown.append(Drawn(top - first + header, cell.col, text, bottom - top, cell.col_span, cell.align))
    return shown
