"""Recognised text of a page, put into its cells: characters with their places and each cell's confidence.

Detected boxes are cut at the walls of cells (one box may run over several narrow columns) and widened to ink that
they leave out; ink without any box is read by itself. Lone strokes are told by their shape.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.readers.pages.ink import Char
from pipeline.readers.pages.lines import is_cjk
from pipeline.readers.scans import engine
from pipeline.readers.scans.ruled import Tabled
from pipeline.readers.scans.straighten import Page
from pipeline.readers.scans.strokes import is_ambiguous, is_doubtful, placeholder
from pipeline.readers.scans.widths import chinese_widths

Box = tuple[float, float, float, float]

# in inches: the inside of a cell begins this far from its walls, ink this far from a box belongs to it,
# an overlap less than this is none
_INSET, _NEAR, _OVERLAP = 0.018, 0.25, 0.035
# what is left of a wall is no thicker than this and hugs the edge of the cell's inside
_WALL, _RIM = 0.035, 0.02
# a line of pixels along the edge with more ink than this is wall and no print
_WALLED = 0.2
_LEAST_INK = 0.03
# darker than the paper by this much is ink; what is a little lighter goes with it
_DARKER, _FAINT = 36, 24
# below this mean confidence a reading is no text
_READABLE = 0.5
_OUTSIDE = (-1, -1)
# a short text with digits and few words is read twice; two readings that differ leave it at this confidence
_NUMBER = re.compile(r"(?=.*\d)(?!(?:.*[㐀-鿿]){5}).{1,20}$", re.DOTALL)
_DISPUTED = 0.5
_BRACKETS = frozenset("()（）[]【】")


@dataclass(slots=True)
class Piece:
    """One line of print in one cell: (table, cell), -1 outside the tables, its box in pixels, what it reads."""

    place: tuple[int, int]
    box: Box
    reading: engine.Reading = field(default_factory=lambda: engine.Reading("", ()))


@dataclass(slots=True)
class Written:
    """What a page says: characters in pixels, and per table the confidence of each cell (None: no ink)."""

    chars: list[Char] = field(default_factory=list)
    confidences: list[list[float | None]] = field(default_factory=list)
    unread: int = 0


def write(page: Page, tables: Sequence[Tabled], boxes: Sequence[Box]) -> Written:
    """Return the text of a page, cell by cell; ``boxes`` are the detected lines of print."""
    cells = {(t, c): table.box(span) for t, table in enumerate(tables) for c, span in enumerate(table.spans)}
    dark = dark_of(page.grey)
    line = _line_height(boxes, page.dpi)
    pieces = [piece for box in boxes for piece in _cut(box, cells, page.dpi)]
    pieces = [part for piece in pieces for part in _lines(piece, dark, line)]
    by_cell: dict[tuple[int, int], list[Piece]] = {}
    for piece in pieces:
        by_cell.setdefault(piece.place, []).append(piece)
    for place, box in cells.items():
        own = by_cell.setdefault(place, [])
        _add_stray(own, place, _inside(box, page.dpi), dark, line, page.dpi)
        by_cell[place] = _merged(own)
    written = Written(confidences=[[None] * len(table.spans) for table in tables])
    for place, own in by_cell.items():
        inside = _inside(cells[place], page.dpi) if place in cells else None
        sure = _read_cell(own, inside, page, dark, written)
        if place in cells:
            doubtful = tables[place[0]].spans[place[1]].doubtful
            written.confidences[place[0]][place[1]] = 0.0 if doubtful and sure is not None else sure
    return written


def dark_of(grey: Any) -> Any:
    """Return which pixels of an evenly lit page are ink: faint ones only where they hang on dark ones.

    Both limits keep clear of the noise of the paper, which is learnt from its lighter half.
    """
    import cv2
    import numpy as np

    soft = cv2.GaussianBlur(grey, (0, 0), 0.8)
    paper = float(np.median(soft))
    light = soft[::3, ::3]
    light = light[light >= paper].astype(np.float32)
    noise = float(np.sqrt(np.mean((light - paper) ** 2))) if light.size else 0.0
    faint = (soft < paper - max(_FAINT, 4.0 * noise)).astype(np.uint8)
    _, labels = cv2.connectedComponents(faint, connectivity=8)
    seeds = np.unique(labels[(soft < paper - max(_DARKER, 5.5 * noise)) & (faint > 0)])
    kept = np.zeros(int(labels.max()) + 1, bool)
    kept[seeds] = True
    kept[0] = False
    return kept[labels]


def _line_height(boxes: Sequence[Box], dpi: float) -> float:
    heights = sorted(min(box[3] - box[1], box[2] - box[0]) for box in boxes)
    return heights[len(heights) // 2] if heights else dpi * 0.15


def _inside(box: Box, dpi: float) -> Box:
    inset = max(2.0, dpi * _INSET)
    return box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset


def own_ink(dark: Any, inside: Box, dpi: float) -> Any:
    """Return the ink of a cell's inside without what is left of its walls."""
    import cv2
    import numpy as np

    ink = dark[_slice(inside)].astype(np.uint8)
    if not ink.size:  # a cell narrower than its walls; OpenCV dies of an empty picture
        return np.zeros((1, 1), np.uint8)
    height, width = ink.shape
    for side in (ink, ink[::-1], ink.T, ink.T[::-1]):
        for line in side[: max(2, int(dpi * _RIM))]:
            if line.mean() < _WALLED:
                break
            line[:] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    thin = dpi * _WALL
    for i in range(1, count):
        x, y, across, down, _ = (int(value) for value in stats[i])
        level = down <= thin and (y <= 1 or y + down >= height - 1)
        upright = across <= thin and (x <= 1 or x + across >= width - 1)
        if (level and across > 2 * down) or (upright and down > 2 * across) or (level and upright):
            ink[labels == i] = 0
    return ink


def _cut(box: Box, cells: dict[tuple[int, int], Box], dpi: float) -> Iterator[Piece]:
    """Yield the parts of a detected box that lie in each cell; the whole box where it lies in none."""
    x0, top, x1, bottom = box
    least = dpi * _OVERLAP
    hit = []
    for place, (left, upper, right, lower) in cells.items():
        across, down = min(x1, right) - max(x0, left), min(bottom, lower) - max(top, upper)
        if across > min(least, 0.5 * (x1 - x0)) and down > 0.5 * min(bottom - top, lower - upper):
            hit.append(place)
    if not hit:
        yield Piece(_OUTSIDE, box)
    for place in hit:
        left, upper, right, lower = _inside(cells[place], dpi)
        part = max(x0, left), max(top, upper), min(x1, right), min(bottom, lower)
        if part[2] - part[0] >= 4 and part[3] - part[1] >= 4:
            yield Piece(place, part)


def _slice(box: Box) -> tuple[slice, slice]:
    x0, top, x1, bottom = box
    return slice(max(0, int(top)), max(0, int(bottom) + 1)), slice(max(0, int(x0)), max(0, int(x1) + 1))


def _lines(piece: Piece, dark: Any, line: float) -> Iterator[Piece]:
    """Yield the lines of a piece, cut where no ink is, each drawn in to its ink; nothing where it has none.

    Characters that stand one above the other in a narrow column are lines of one character.
    """
    x0, top, x1, bottom = piece.box
    ink = dark[_slice(piece.box)]
    rows = ink.any(1)
    if not rows.any():
        return
    if bottom - top < 1.5 * line:
        yield piece
        return
    parts: list[list[int]] = []
    for y in range(len(rows)):
        if not rows[y]:
            continue
        # the strokes of one character (二, 三) may stand apart
        if parts and (y == parts[-1][1] + 1 or y - parts[-1][0] < 0.6 * line):
            parts[-1][1] = y
        else:
            parts.append([y, y])
    if len(parts) < 2:
        yield piece
        return
    for first, last in parts:
        if last - first >= 3:
            yield Piece(
                piece.place, (x0, max(top, int(top) + first - 3), x1, min(bottom, int(top) + last + 4))
            )


def _add_stray(
    own: list[Piece], place: tuple[int, int], inside: Box, dark: Any, line: float, dpi: float
) -> None:
    """Widen a cell's pieces to ink beside them, and add pieces for ink that none covers."""
    import cv2

    area = _slice(inside)
    ink = own_ink(dark, inside, dpi)
    if not ink.any():
        return
    left, top = area[1].start, area[0].start
    for piece in own:
        x0, y0, x1, y1 = piece.box
        ink[
            max(0, int(y0 - top)) : max(0, int(y1 - top) + 1),
            max(0, int(x0 - left)) : max(0, int(x1 - left) + 1),
        ] = 0
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    least = dpi * _LEAST_INK
    blobs = []
    for i in range(1, count):
        x, y, width, height, area_px = (int(value) for value in stats[i])
        if max(width, height) >= least and area_px >= least * 1.5:
            blobs.append((left + x, top + y, left + x + width, top + y + height))
    fresh: list[Piece] = []
    for blob in sorted(blobs):
        near = _nearest(blob, own + fresh, dpi * _NEAR, line)
        if near is None:
            fresh.append(Piece(place, _grown(blob, inside)))
        else:
            near.box = _around(near.box, _grown(blob, inside))
    own += fresh


def _merged(own: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a cell with those that lie over one another on a line as one: no print is read twice."""
    kept: list[Piece] = []
    for piece in sorted(own, key=lambda one: one.box):
        x0, top, x1, bottom = piece.box
        for other in kept:
            left, upper, right, lower = other.box
            level = min(bottom, lower) - max(top, upper) > 0.5 * min(bottom - top, lower - upper)
            if level and min(x1, right) - max(x0, left) > 0:
                other.box = _around(other.box, piece.box)
                break
        else:
            kept.append(piece)
    return kept if len(kept) == len(own) else _merged(kept)


def _grown(box: Box, limit: Box) -> Box:
    x0, top, x1, bottom = box
    return max(limit[0], x0 - 3), max(limit[1], top - 3), min(limit[2], x1 + 3), min(limit[3], bottom + 3)


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _nearest(blob: Box, pieces: Sequence[Piece], reach: float, line: float) -> Piece | None:
    """Return the piece on whose line a blob stands, None where it stands on none or too far off."""
    best, distance = None, reach
    middle = (blob[1] + blob[3]) / 2
    for piece in pieces:
        x0, top, x1, bottom = piece.box
        level = top <= middle <= bottom or abs(middle - (top + bottom) / 2) < 0.35 * line
        gap = max(blob[0] - x1, x0 - blob[2], 0.0)
        if level and gap < distance and blob[3] - blob[1] < 1.6 * line:
            best, distance = piece, gap
    return best


def _read_cell(own: list[Piece], inside: Box | None, page: Page, dark: Any, written: Written) -> float | None:
    """Read the pieces of one cell and add their characters; return the cell's confidence, None without ink."""
    if not own:
        return None
    for piece in own:
        piece.reading = engine.recognise(_crop(page.grey, piece.box))
    read = [piece for piece in own if piece.reading.text.strip() and piece.reading.mean >= _READABLE]
    text = "".join(piece.reading.text for piece in read)
    sure = min((least(piece.reading) for piece in read), default=0.0)
    if len(read) < len(own):
        sure = 0.0
    if inside is not None and is_ambiguous(text):
        sign = placeholder(own_ink(dark, inside, page.dpi))
        if sign is not None:
            box = own[0].box
            for piece in own[1:]:
                box = _around(box, piece.box)
            written.chars += characters(sign, box)
            return 1.0
        if is_doubtful(text, own_ink(dark, inside, page.dpi)):
            sure = 0.0
    if inside is not None and sure > 0.0 and _NUMBER.match(text):
        sure = min(_confirmed(piece, page.grey, dark) for piece in read)
    if inside is not None and not text:
        written.unread += 1
    before = ""
    for piece in sorted(read, key=lambda one: (one.box[1] + one.box[3], one.box[0])):
        line = chinese_widths(piece.reading.text, piece.reading.sure, before)
        written.chars += characters(line, _tight(piece.box, dark))
        before = line if inside is not None else ""
    return sure


def _confirmed(piece: Piece, grey: Any, dark: Any) -> float:
    """Return how sure a piece's reading is after a second one, cut close to its ink and enlarged.

    Two that agree are as sure as the surer one. A lost decimal point does not lower a recogniser's confidence, but
    it seldom loses it twice.
    """
    import cv2

    close = cv2.resize(_crop(grey, _close(piece.box, dark)), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    again = engine.recognise(close)
    if _bare(again.text) != _bare(piece.reading.text):
        return min(_DISPUTED, least(piece.reading))
    return max(least(piece.reading), least(again))


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _close(box: Box, dark: Any) -> Box:
    """Return the box of a line cut down to its ink and a little around it."""
    import numpy as np

    area = _slice(box)
    ink = dark[area]
    rows = np.nonzero(ink.any(1))[0]
    if not rows.size:
        return box
    # the run of inked rows that holds the middle; what is parted from it belongs to another line or a wall
    runs = np.split(rows, np.nonzero(np.diff(rows) > 2)[0] + 1)
    middle = ink.shape[0] / 2
    run = min(runs, key=lambda one: (max(one[0] - middle, middle - one[-1], 0.0), -len(one)))
    columns = np.nonzero(ink[run[0] : run[-1] + 1].any(0))[0]
    left, top = area[1].start, area[0].start
    margin = 2 + 0.15 * (run[-1] - run[0])
    return (
        left + float(columns[0]) - margin,
        top + float(run[0]) - margin,
        left + float(columns[-1]) + margin,
        top + float(run[-1]) + margin,
    )


def least(reading: engine.Reading) -> float:
    """Return how sure the least sure character is; brackets, of which each is two to the recogniser, aside."""
    pairs = zip(reading.text, reading.sure, strict=True)
    return min((sure for char, sure in pairs if char not in _BRACKETS), default=reading.mean)


def _crop(grey: Any, box: Box) -> Any:
    import numpy as np

    x0, top, x1, bottom = box
    return np.ascontiguousarray(grey[_slice((x0 - 1, top, x1 + 1, bottom))])


def _tight(box: Box, dark: Any) -> Box:
    """Return where the print of a line's box lies.

    A box is larger than its print and may hold the edge of the next line: its middle is that of the line.
    """
    import numpy as np

    x0, top, x1, bottom = box
    middle, half = (top + bottom) / 2, 0.38 * (bottom - top)
    area = _slice((x0, middle - half, x1, middle + half))
    across = np.nonzero(dark[area].any(0))[0]
    if across.size:
        x0, x1 = float(area[1].start + across[0]), float(area[1].start + across[-1] + 1)
    return x0, middle - half, x1, middle + half


def characters(text: str, box: Box) -> list[Char]:
    """Return the characters of a line spread over its box: an ideograph is as wide as two Latin letters."""
    text = text.strip()
    x0, top, x1, bottom = box
    widths = [2 if is_cjk(char) else 1 for char in text]
    step = (x1 - x0) / max(1, sum(widths))
    chars: list[Char] = []
    at = x0
    for char, width in zip(text, widths, strict=True):
        chars.append((" " if char.isspace() else char, at, top, at + width * step, bottom))
        at += width * step
    return chars
