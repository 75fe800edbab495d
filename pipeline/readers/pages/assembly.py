"""Pages to a Document: grids and blocks in reading order, and what could not be read."""

from collections.abc import Iterable

from pipeline.errors import SourceError
from pipeline.model import Block, Cell, Document, Grid, Source
from pipeline.readers.pages.ink import Ink
from pipeline.readers.pages.layout import Page, PageTable, lay_out

# a picture over this share of a page without text is what the page shows
_SCANNED = 0.1


def assemble(source: Source, reader: str, inks: Iterable[Ink], problems: Iterable[str] = ()) -> Document:
    """Return the document of a file's pages.

    SourceError: ``needs_ocr`` where no page has text, ``corrupt`` where none can be read.
    """
    troubles = list(problems)
    pages: list[Page] = []
    count = faults = texts = pictures = drawn = 0
    scans: list[int] = []
    for ink in inks:
        count += 1
        if ink.fault:
            faults += 1
            troubles.append(f"page {ink.number}: cannot be read ({ink.fault})")
            continue
        drawn += bool(ink.drawings)
        if ink.chars or ink.sideways:
            texts += 1
        elif ink.pictures >= _SCANNED:
            scans.append(ink.number)
        pictures += ink.pictures > 0
        if ink.unmapped:
            troubles.append(f"page {ink.number}: {ink.unmapped} characters have no Unicode value in the file")
        pages.append(lay_out(ink))
    if count and faults == count:
        raise SourceError("corrupt", detail=troubles[-1])
    if not texts:
        if not drawn:
            raise SourceError("corrupt", detail=f"nothing is drawn on any of {count} pages")
        raise SourceError("needs_ocr", detail=f"{count} pages, {pictures} with pictures")
    if scans:
        troubles.append(f"no text layer on {_numbers(scans)}: a scan")
    grids, blocks = _in_order(pages)
    return Document(
        source.document_id, source.media_type, reader, tuple(grids), tuple(blocks), count, tuple(troubles)
    )


def _numbers(pages: list[int]) -> str:
    shown = ", ".join(map(str, pages[:20]))
    more = f" and {len(pages) - 20} more" if len(pages) > 20 else ""
    return f"page{'s' if len(pages) > 1 else ''} {shown}{more}"


def _in_order(pages: Iterable[Page]) -> tuple[list[Grid], list[Block]]:
    grids: list[Grid] = []
    blocks: list[Block] = []
    for page in pages:
        tables = [(table.lattice.ys[0], table) for table in page.tables]
        at = 0
        for paragraph in page.paragraphs:
            while at < len(tables) and tables[at][0] < paragraph.bbox[1]:
                grids.append(_grid(len(grids), page, at, tables[at][1]))
                at += 1
            place = f"page {page.number}"
            blocks.append(Block(paragraph.text, len(blocks), len(grids), page.number, paragraph.bbox, place))
        for number in range(at, len(tables)):
            grids.append(_grid(len(grids), page, number, tables[number][1]))
    return grids, blocks


def _grid(index: int, page: Page, number: int, table: PageTable) -> Grid:
    cells = tuple(
        Cell(*box[:4], text, page.number, box[4:])
        for box, text in zip(table.lattice.boxes, table.texts, strict=True)
    )
    return Grid(index, cells, page.number, f"page {page.number} table {number + 1}")
