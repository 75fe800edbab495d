"""Pages to a Document: grids and blocks in reading order, and what could not be read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.errors import SourceError
from pipeline.model import Block, Document, Grid, Source
from pipeline.readers.pages.furniture import mark_furniture
from pipeline.readers.pages.ink import Ink
from pipeline.readers.pages.layout import Page, lay_out
from pipeline.readers.pages.stitching import Run, cells_of, stitch
from pipeline.readers.pages.unruled import DOUBT


def assemble(source: Source, reader: str, inks: Iterable[Ink], problems: Iterable[str] = ()) -> Document:
    """Return the document of a file's pages.

    SourceError: ``needs_ocr`` where no page has text, ``corrupt`` where none can be read.
    """
    seen = _Census(list(problems))
    pages: list[Page] = []
    for ink in inks:
        if seen.take(ink):
            pages.append(lay_out(ink, pages[-1].tail if pages else None))
    seen.judge()
    doubtful = [page.number for page in pages if page.doubts]
    if doubtful:
        seen.problems.append(f"{numbers(doubtful)}: {DOUBT}")
    grids, blocks = _in_order(pages)
    return Document(
        source.document_id,
        source.media_type,
        reader,
        tuple(grids),
        tuple(blocks),
        seen.pages,
        tuple(seen.problems),
    )


@dataclass(slots=True)
class _Census:
    """What the pages of a file hold in all, and what is wrong with them."""

    problems: list[str]
    pages: int = 0
    lost: int = 0
    written: int = 0
    drawn: int = 0
    pictured: int = 0
    unreadable: int = 0
    scans: list[int] = field(default_factory=list)

    def take(self, ink: Ink) -> bool:
        """Count one page; say whether there is anything to lay out."""
        self.pages += 1
        if ink.fault:
            self.lost += 1
            self.problems.append(f"page {ink.number}: cannot be read ({ink.fault})")
            return False
        self.drawn += bool(ink.drawings)
        self.pictured += ink.pictures > 0
        self.problems += [f"page {ink.number}: {remark}" for remark in ink.remarks]
        if ink.is_scan():
            self.scans.append(ink.number)
        elif ink.has_text():
            self.written += 1
        elif ink.unreadable:
            self.unreadable += 1
            self.problems.append(f"page {ink.number}: its text cannot be decoded")
        if ink.unmapped:
            self.problems.append(
                f"page {ink.number}: {ink.unmapped} characters have no Unicode value in the file"
            )
        return True

    def judge(self) -> None:
        """Raise SourceError where the file as a whole gives nothing; note the pages that are scans."""
        if self.pages and self.lost == self.pages:
            raise SourceError("corrupt", detail=self.problems[-1])
        if not self.written:
            if not self.drawn:
                raise SourceError("corrupt", detail=f"nothing is drawn on any of {self.pages} pages")
            if self.unreadable and not self.pictured:
                raise SourceError("corrupt", detail=self.problems[-1])
            seen = f"{self.pages} pages, {self.pictured} with pictures"
            raise SourceError("needs_ocr", detail="; ".join([seen, *self.problems[:3]]))
        if self.scans:
            self.problems.append(
                f"no text layer on {numbers(self.scans)}: a scan, which pip install guibiao[ocr] reads"
            )


def numbers(pages: list[int]) -> str:
    """Return page numbers for a message: the first twenty."""
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
    kind = " (unruled)" if run.parts[0].table.measures else ""
    return Grid(index, cells_of(run), first, f"page {first} table {number}{over}{kind}")
