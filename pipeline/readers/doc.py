"""Read binary Word documents (.doc, .dot and Kingsoft's .wps; Word 97 to 2003) without any office program."""

import struct

from pipeline.errors import SourceError
from pipeline.model import Block, Document, Grid, Source
from pipeline.readers.msdoc.characters import shown_text
from pipeline.readers.msdoc.container import open_streams
from pipeline.readers.msdoc.drawings import box_anchors
from pipeline.readers.msdoc.fib import ENDNOTES, FOOTNOTES, MAIN, Fib, read_fib
from pipeline.readers.msdoc.paragraphs import Paragraphs
from pipeline.readers.msdoc.pieces import read_pieces
from pipeline.readers.msdoc.stories import Line, Table, Walker

MEDIA = ("application/msword",)
VERSION = 1


def read(source: Source) -> Document:
    """Return the tables and paragraphs of a binary Word document, as they would be printed.

    Reading order: the main text with each text box behind the paragraph or table that it is anchored in, then
    footnotes and endnotes. A nested table is a grid of its own behind the one that holds it, and its text is
    not in the cell around it. Tracked deletions, hidden text, field codes and comments are left out, and so are
    headers and footers: what is printed on every page is no evidence of one form. ``pages`` is None: a .doc
    does not know its pages.

    Word 6/95 and before go through LibreOffice where it is installed; the ``reader`` of such a document is
    ``office/1``, so that they can be counted.

    SourceError: ``old_format`` (Word 6/95 and before, without LibreOffice), ``encrypted``, ``truncated``,
    ``corrupt``; for an old document also those of ``office.read_converted``.
    """
    try:
        return _read(source)
    except SourceError as error:
        if error.code == "old_format":
            return _read_old(source, error)
        raise
    except (struct.error, IndexError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise SourceError(
            "corrupt", place="WordDocument", detail=f"{type(error).__name__}: {error}"
        ) from error


def _read_old(source: Source, refusal: SourceError) -> Document:
    """Return what LibreOffice makes of a document of before Word 97; ``refusal`` where it is not installed."""
    from pipeline.readers import office

    try:
        return office.read_converted(source, "doc", "docx", f"office/{office.VERSION}")
    except SourceError as error:
        raise refusal if error.code == "needs_libreoffice" else error from error


def _read(source: Source) -> Document:
    streams = open_streams(source.data)
    fib = read_fib(streams)
    pieces = read_pieces(streams, fib)
    paragraphs = Paragraphs(fib, streams.word, streams.data, pieces)
    shown = shown_text(fib, streams.word, streams.data, pieces, paragraphs)
    pages = _Pages(Walker(shown, paragraphs))
    pages.main(fib)
    pages.notes(fib)
    problems: list[str] = []
    if paragraphs.lost_pages:
        problems.append(
            f"{paragraphs.lost_pages} pages of paragraph properties cannot be read: tables may be missing"
        )
    problems += [f"the stream {name} ends early" for name in streams.short]
    return Document(
        source.document_id,
        source.media_type,
        f"doc/{VERSION}",
        tuple(pages.grids),
        tuple(pages.blocks),
        None,
        tuple(problems),
    )


class _Pages:
    """Collects grids and blocks in reading order."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self.grids: list[Grid] = []
        self.blocks: list[Block] = []

    def main(self, fib: Fib) -> None:
        """Add the main text, and each text box where its anchor stands."""
        boxes = box_anchors(fib)
        done = 0
        for part in self._walker.walk(0, fib.lengths[MAIN]):
            self._add(part, "p")
            while done < len(boxes) and boxes[done][0] < part.end:
                self._box(done + 1, boxes[done])
                done += 1
        for number in range(done, len(boxes)):
            self._box(number + 1, boxes[number])

    def _box(self, number: int, box: tuple[int, int, int]) -> None:
        for part in self._walker.walk(box[1], box[2]):
            self._add(part, f"text box {number} p")

    def notes(self, fib: Fib) -> None:
        """Add footnotes and endnotes."""
        for story, name in ((FOOTNOTES, "footnotes p"), (ENDNOTES, "endnotes p")):
            start = sum(fib.lengths[:story])
            for part in self._walker.walk(start, start + fib.lengths[story]):
                self._add(part, name)

    def _add(self, part: Line | Table, name: str) -> None:
        if isinstance(part, Line):
            if part.text.strip():
                self._block(part.text, f"WordDocument {name} {part.number}")
            return
        for table in part.flat():
            if table.cells:
                index = len(self.grids)
                self.grids.append(Grid(index, table.cells, locator=f"WordDocument tbl {index + 1}"))

    def _block(self, text: str, locator: str) -> None:
        self.blocks.append(Block(text, len(self.blocks), len(self.grids), locator=locator))
