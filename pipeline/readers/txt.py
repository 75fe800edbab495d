"""Plain text -> DOCUMENT: cells parted by tabs, bars, spaces or drawn lines."""

from pipeline.errors import SourceError
from pipeline.model import Block, Document, Grid, Source
from pipeline.readers.plain.layout import regions
from pipeline.readers.plain.region import Paragraph, locator
from pipeline.text.encoding import UndecodableText, recognise

MEDIA = ("text/plain",)
VERSION = 1

MAX_BYTES = 64 << 20


def read(source: Source) -> Document:
    """Return the tables and paragraphs of a text file.

    The layout is told anew for each stretch of lines. ``locator`` is ``line 31`` for cells and paragraphs,
    ``lines 31-90`` for grids. Raise ``undecodable`` for bytes that are no text, ``too_large`` for a text
    that falls into too many pieces; characters lost to bad bytes are a problem of the document.
    """
    if source.size > MAX_BYTES:
        raise SourceError("too_large", detail=f"{source.size} bytes of text, limit {MAX_BYTES}")
    try:
        decoded = recognise(source.data)
    except UndecodableText as error:
        raise SourceError("undecodable", detail=str(error)) from error
    problems: tuple[str, ...] = ()
    if decoded.replaced:
        problems = (f"{decoded.replaced} characters are not {decoded.encoding} and read as U+FFFD",)
    grids: list[Grid] = []
    blocks: list[Block] = []
    for region in regions(decoded.text.removeprefix("\ufeff")):
        if isinstance(region, Paragraph):
            blocks.append(Block(region.text, len(blocks), len(grids), locator=locator(region.line)))
        else:
            place = f"lines {region.first}-{region.last}"
            grids.append(Grid(len(grids), region.cells, locator=place, spans=region.spans))
    return Document(
        source.document_id, source.media_type, f"txt/{VERSION}", tuple(grids), tuple(blocks), None, problems
    )
