"""Pages to a Document: grids and blocks in reading order, and what could not be read."""

from collections.abc import Iterable, Sequence

from pipeline.errors import SourceError
from pipeline.model import Block, Document, Grid, Source
from pipeline.readers.pages.furniture import mark_furniture
from pipeline.readers.pages.ink import Ink
from pipeline.readers.pages.layout import Page, lay_out
from pipeline.readers.pages.stitching import Run, cells_of, stitch

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


def _in_order(pages: Sequence[Page]) -> tuple[list[Grid], list[Block]]:
    """Return the tables, whole over page breaks, and the paragraphs between them in reading order."""
    mark_furniture(pages)
    grids: list[Grid] = []
    blocks: list[Block] = []
    for page, runs in stitch(pages):
        waiting = list(enumerate(runs, start=1 + len(page.tables) - len(runs)))
        for stamp in page.stamps:
            blocks.append(
                Block(stamp, len(blocks), len(grids), page.number, None, f"page {page.number} across")
            )
        for paragraph in page.paragraphs:
            while waiting and waiting[0][1].parts[0].table.lattice.ys[0] < paragraph.bbox[1]:
                grids.append(_grid(len(grids), *waiting.pop(0)))
            place = f"page {page.number}{' margin' if paragraph.furniture else ''}"
            blocks.append(Block(paragraph.text, len(blocks), len(grids), page.number, paragraph.bbox, place))
        grids.extend(_grid(index, *one) for index, one in enumerate(waiting, start=len(grids)))
    return grids, blocks


def _grid(index: int, number: int, run: Run) -> Grid:
    first, last = run.parts[0].page, run.parts[-1].page
    over = f" to page {last}" if last != first else ""
    return Grid(index, cells_of(run), first, f"page {first} table {number}{over}")
