"""Binary Excel workbooks (``.xls``, ``.et``): every sheet as grids with shown texts and merged ranges.

Excel 97 to 2003 is read natively, older ones through xlrd. Hidden rows and columns are read like others; the
grid of a hidden sheet says so in its locator. Headers, footers and text boxes become blocks. A formula gives
its stored result. A book locked with Excel's own default password is opened, as Excel does.
"""

from pipeline.errors import SourceError
from pipeline.model import Document, Source
from pipeline.readers.sheets.biff import BIFF8, read_book, read_sheets, version
from pipeline.readers.sheets.compound import MAGIC, Compound
from pipeline.readers.sheets.default_password import unlocked
from pipeline.readers.sheets.layout import Layout
from pipeline.readers.sheets.legacy import read_legacy

MEDIA = ("application/vnd.ms-excel",)
VERSION = 2


def read(source: Source) -> Document:
    """Return one grid per used region of each sheet; ``pages`` counts the sheets."""
    stream = unlocked(_stream(source.data))
    layout = Layout()
    if version(stream) == BIFF8:
        book = read_book(stream)
        pages = len(book.listed)
        broken = 0
        for sheet, problem in read_sheets(book):
            layout.add_columns(sheet)
            if problem:
                layout.problems.append(problem)
                broken += not sheet.rows
        if broken and not layout.grids:
            raise SourceError("corrupt", place=layout.problems[0])
    else:
        old = read_legacy(stream)  # not the container: xlrd walks a ring of sectors for ever
        pages = len(old)
        for one in old:
            layout.add(one)
    return Document(
        source.document_id,
        source.media_type,
        f"xls/{VERSION}",
        tuple(layout.grids),
        tuple(layout.blocks),
        pages,
        tuple(layout.problems),
    )


def _stream(data: bytes) -> bytes:
    """Return the records of the workbook: a stream of the container, or the file itself when it has none."""
    if data[:8] != MAGIC:
        if data[:1] == b"\x09" and data[1:2] in (b"\0", b"\2", b"\4", b"\x08"):
            return data
        raise SourceError("corrupt", detail="not an Excel workbook of the binary kind")
    container = Compound(data)
    for name in ("Workbook", "Book"):
        if container.has(name):
            return container.stream(name)
    if container.has("EncryptedPackage"):
        raise SourceError("encrypted", place="OLE container")
    raise SourceError("corrupt", place="OLE directory", detail="no stream named Workbook or Book")
