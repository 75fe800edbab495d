"""Put tables together over page breaks, on geometric evidence only; no word of any form is known here.

A table goes on over a break when it ends where its next row would not have fitted any more, the next page
begins with a table between the same edges, and nothing but heads, feet and page numbers stands between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.model import Cell
from pipeline.readers.pages.lattice import EDGE_TOLERANCE, Box, cluster
from pipeline.readers.pages.layout import HEADER_ROWS, Page, PageTable, em_of
from pipeline.readers.pages.wrapping import joint, room

# the least lower margin that a page is taken to have, and the most
_MARGIN, _WIDEST_MARGIN = 72.0, 120.0
# where a table may begin on the page that goes on with it
_TOP_SHARE = 0.25
# mirrored margins move a table sideways by no more than this from page to page
_SHIFT = 60.0


@dataclass(slots=True)
class Part:
    """The piece of a table on one page.

    ``shift`` moves it under the first part, ``header`` counts the rows that repeat the table's header, ``cut``:
    the row after these is the rest of the row that ended the part before.
    """

    page: int
    table: PageTable
    shift: float = 0.0
    header: int = 0
    cut: bool = False


@dataclass(slots=True)
class Run:
    """One table, over one page or several."""

    parts: list[Part] = field(default_factory=list)


def stitch(pages: Sequence[Page]) -> Iterator[tuple[Page, list[Run]]]:
    """Yield each page with the tables that begin on it, whole."""
    margin = _margin(pages)
    begun: list[tuple[Page, list[Run]]] = []
    last: Page | None = None
    run: Run | None = None
    for page in pages:
        here: list[Run] = []
        for number, table in enumerate(page.tables):
            part = None
            if number == 0 and run is not None and last is not None and page.number == last.number + 1:
                part = _continuation(run, last, page, table, margin)
            if part is not None and run is not None:
                part.shift += run.parts[-1].shift
                run.parts.append(part)
            else:
                run = Run([Part(page.number, table)])
                here.append(run)
        if not page.tables:
            run = None
        last = page
        begun.append((page, here))
    yield from begun


def _margin(pages: Sequence[Page]) -> float:
    """Return the lower margin of the pages, taken to be no less than the upper one."""
    tops = [box for page in pages for box in _body_tops(page)]
    return min(max(_MARGIN, min(tops, default=_MARGIN)), _WIDEST_MARGIN)


def _body_tops(page: Page) -> Iterator[float]:
    yield from (table.lattice.ys[0] for table in page.tables)
    yield from (p.bbox[1] for p in page.paragraphs if not p.furniture)


def _continuation(run: Run, before: Page, page: Page, lower: PageTable, margin: float) -> Part | None:
    """Return the lower table as one more part of a table, None where it is another."""
    opening, upper = run.parts[0].table, run.parts[-1].table
    shift = upper.lattice.xs[0] - lower.lattice.xs[0]
    if abs(shift) > _SHIFT or abs(upper.lattice.xs[-1] - lower.lattice.xs[-1] - shift) > EDGE_TOLERANCE:
        return None
    if _text_between(before, upper, page, lower) or not _same_columns(upper, lower, shift):
        return None
    header = _repeated_header(opening, lower)
    if not (upper.lattice.open_bottom or lower.lattice.open_top) and (
        _begins_anew(opening, lower)
        or not (lower.goes_on or _had_no_room(before, upper, page, lower, margin, header))
    ):
        return None
    return Part(page.number, lower, shift, header, _is_cut(upper, lower, shift, header))


def _repeated_header(opening: PageTable, lower: PageTable) -> int:
    """Return how many rows at the top of a part repeat the table's first rows."""
    rows = 0
    most = min(len(opening.lattice.ys), len(lower.lattice.ys), HEADER_ROWS + 2) - 2
    while rows < most and any(texts := _row_texts(lower, rows)) and texts == _row_texts(opening, rows):
        rows += 1
    while rows and any(box.row < rows < box.row + box.row_span for box in lower.lattice.boxes):
        rows -= 1
    return rows


def _text_between(before: Page, upper: PageTable, page: Page, lower: PageTable) -> bool:
    bottom, top = upper.lattice.ys[-1], lower.lattice.ys[0]
    return any(p.bbox[3] > bottom and not p.furniture for p in before.paragraphs) or any(
        p.bbox[1] < top and not p.furniture for p in page.paragraphs
    )


def _same_columns(upper: PageTable, lower: PageTable, shift: float) -> bool:
    """Say whether the inner edges agree: one table's lie among the other's, or the meeting rows' do."""
    above = upper.lattice.xs
    below = [x + shift for x in lower.lattice.xs]
    last = [x for key in _ending(upper) for x in key]
    first = [x + shift for key in _beginning(lower, 0) for x in key]
    return _among(below, above) or _among(above, below) or (_among(last, first) and _among(first, last))


def _among(some: Sequence[float], others: Sequence[float]) -> bool:
    return all(any(abs(x - y) <= EDGE_TOLERANCE for y in others) for x in some)


def _begins_anew(opening: PageTable, lower: PageTable) -> bool:
    """Say whether the lower table opens as a new one does.

    Its first row is one cell over the whole width (a title), or it begins with the first cell of the table
    above and then holds something else (the next form of its kind); a repeated header is the same throughout.
    """
    first = _row_texts(lower, 0)
    if len(first) == 1 and first[0]:
        return True
    other = _row_texts(opening, 0)
    return first != other and any(first[:1]) and first[:1] == other[:1]


def _row_texts(table: PageTable, row: int) -> list[str]:
    return [text for box, text in zip(table.lattice.boxes, table.texts, strict=True) if box.row == row]


def _had_no_room(
    before: Page, upper: PageTable, page: Page, lower: PageTable, margin: float, header: int
) -> bool:
    """Say whether the upper table ended because the next row did not fit, and the lower one begins on top."""
    ys = lower.lattice.ys
    needed = ys[header + 1] - ys[0]
    return (
        upper.lattice.ys[-1] + needed > before.height - margin - EDGE_TOLERANCE
        and ys[0] <= page.height * _TOP_SHARE
    )


def _beginning(table: PageTable, row: int) -> dict[tuple[float, float], int]:
    """Return the cells that begin on a row: edges from left to right -> index."""
    return {(box.x0, box.x1): number for number, box in enumerate(table.lattice.boxes) if box.row == row}


def _ending(table: PageTable) -> dict[tuple[float, float], int]:
    """Return the cells at the table's lower end: edges from left to right -> index."""
    rows = len(table.lattice.ys) - 1
    boxes = enumerate(table.lattice.boxes)
    return {(box.x0, box.x1): number for number, box in boxes if box.row + box.row_span == rows}


def pairs(upper: PageTable, lower: PageTable, shift: float, header: int) -> dict[int, int]:
    """Return lower cell -> upper cell for cells that meet at the break between the same edges."""
    above = _ending(upper)
    found: dict[int, int] = {}
    for (x0, x1), number in _beginning(lower, header).items():
        for (left, right), other in above.items():
            if abs(left - x0 - shift) <= EDGE_TOLERANCE and abs(right - x1 - shift) <= EDGE_TOLERANCE:
                found[number] = other
    return found


def _is_cut(upper: PageTable, lower: PageTable, shift: float, header: int) -> bool:
    """Say whether the break cuts a row: no rule is drawn at it, or its text plainly goes on.

    Text goes on where every cell that holds some below follows one whose last line is full, one of these
    being full to its lower edge too, while other cells of the row are filled above and empty below.
    """
    met = pairs(upper, lower, shift, header)
    if not len(met) == len(_beginning(lower, header)) == len(_ending(upper)):
        return False
    if upper.lattice.open_bottom or (lower.lattice.open_top and not header):
        return True
    going_on = [(down, up) for down, up in met.items() if lower.texts[down]]
    ended = [up for down, up in met.items() if upper.texts[up] and not lower.texts[down]]
    # the columns of a table without vertical rules are as wide as their print: one line is always full
    if upper.measures and any(len(upper.lines.get(up, ())) < 2 for _, up in going_on):
        return False
    return (
        any(upper.lattice.boxes[up].row_span == 1 for up in ended)
        and any(_is_full(upper, up) for _, up in going_on)
        and all(upper.lines.get(up) and glue(upper, up, lower, down) != "\n" for down, up in going_on)
        and not any(
            upper.texts[up] == lower.texts[down] for down, up in going_on
        )  # a name printed on every row
    )


def _is_full(table: PageTable, number: int) -> bool:
    """Say whether a cell has no room for one more line below its last."""
    lines = table.lines.get(number)
    if not lines:
        return False
    return table.lattice.boxes[number].bottom - lines[-1].bottom < 1.5 * em_of(lines[-1])


def glue(upper: PageTable, up: int, lower: PageTable, down: int) -> str:
    """Return what stands between the two parts of a cut cell's text."""
    above, below = upper.lines.get(up), lower.lines.get(down)
    if not above or not below:
        return ""
    measure = upper.measure(up)
    widest = max(line.x1 - line.x0 for line in above)
    return joint(above[-1], below[0], room(above[-1], measure, max(measure.right - measure.left, widest)))


def cells_of(run: Run) -> tuple[Cell, ...]:
    """Return the cells of a table over all its pages; a cut cell keeps page and box of each part."""
    ranks = cluster(x + part.shift for part in run.parts for x in part.table.lattice.xs)
    cells: list[Cell] = []
    offset = 0
    places: dict[int, int] = {}
    before: Part | None = None
    for part in run.parts:
        met: dict[int, int] = {}
        if part.cut and before is not None:
            met = pairs(before.table, part.table, part.shift - before.shift, part.header)
        now: dict[int, int] = {}
        for index, (box, text) in enumerate(zip(part.table.lattice.boxes, part.table.texts, strict=True)):
            now[index] = len(cells)
            if index in met and before is not None:
                now[index] = at = places[met[index]]
                between = glue(before.table, met[index], part.table, index)
                cells[at] = _joined(cells[at], text, between, _sure(part, index))
                cells[at] = cells[at].continued(part.page, box[4:])
                if not part.header:
                    cells[at] = cells[at]._replace(row_span=cells[at].row_span + box.row_span - 1)
                elif box.row_span > 1:
                    # the repeated header stands between: what is left of the cell goes on below it, empty
                    rest = box._replace(row_span=box.row_span - 1)
                    cells.append(_cell(rest, "", part, offset, ranks))
            else:
                down = offset - bool(met and box.row > part.header)
                cells.append(_cell(box, text, part, down, ranks)._replace(confidence=_sure(part, index)))
        places, before = now, part
        offset += len(part.table.lattice.ys) - 1 - bool(met)
    cells.sort(key=lambda cell: (cell.row, cell.col))
    return tuple(cells)


def _sure(part: Part, index: int) -> float | None:
    """Return how surely the text of a part's cell was recognised, None where it was not recognised but read."""
    confidences = part.table.lattice.confidences
    return confidences[index] if confidences else None


def _joined(cell: Cell, text: str, between: str, sure: float | None = None) -> Cell:
    """Return a cut cell with the text of its next part; it is as sure as the less sure of the two."""
    known = [one for one in (cell.confidence, sure) if one is not None]
    return cell._replace(
        text=cell.text + between + text if cell.text and text else cell.text + text,
        confidence=min(known, default=None),
    )


def _cell(box: Box, text: str, part: Part, offset: int, ranks: dict[float, int]) -> Cell:
    xs = part.table.lattice.xs
    col, end = ranks[xs[box.col] + part.shift], ranks[xs[box.col + box.col_span] + part.shift]
    return Cell(box.row + offset, col, box.row_span, end - col, text, part.page, box[4:])
